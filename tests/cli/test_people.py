"""`troth act`, `person`, `case` and `access`: everything through the gate, with a key."""

import json
import os
import pty
import select
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import REGISTER, RIGHTS, SUPPORT, Desk, Program, registration
from tests.support.process import TROTH


def test_a_person_is_read_while_a_ticket_is_open(desk: Desk) -> None:
    """Support reads the fields it asks for under an open ticket, and the act is in the ledger."""
    read = ("person", "show", desk.person, "--purpose", SUPPORT, "--case", desk.ticket, "--field", "name")
    document = desk.program.ok(*read, TROTH_KEY=desk.support)
    assert document["values"] == {"name": "Ann Example"}
    assert document["clauses"] == ["II.12"]
    entry = desk.program.ok("ledger", "show", document["entry"])["entries"][0]["entry"]
    assert (entry["act"], entry["effect"], entry["person"]) == ("use", "permit", desk.person)
    text = desk.program.run(*read, TROTH_KEY=desk.support)
    assert "name: Ann Example" in text.out
    assert desk.support not in text.out + text.err


def test_a_person_is_found_by_an_identifier(desk: Desk) -> None:
    """`person find` gives the handle of who has an address, and `--by` stands for a handle elsewhere."""
    found = desk.program.ok(
        "person", "find", "--by", "email=ann@example.com", "--purpose", SUPPORT, "--case", desk.ticket,
        TROTH_KEY=desk.support,
    )  # fmt: skip
    assert found["person"] == desk.person


def test_without_named_fields_the_policy_chooses(desk: Desk) -> None:
    """`person show` without --field gives what the policy allows for the case, and names what it withheld."""
    document = desk.program.ok(
        "person", "show", desk.person, "--purpose", SUPPORT, "--case", desk.ticket, TROTH_KEY=desk.support
    )
    assert document["values"]["email"] == "ann@example.com"
    assert "payment_token" in document["withheld"]


def test_a_closed_ticket_ends_the_view(desk: Desk) -> None:
    """After the case is closed the same read is denied with exit code 3, the clause, and a ledger entry."""
    program = desk.program
    assert program.ok("case", "list")["cases"][0]["case"] == desk.ticket
    program.ok(
        "case", "close", desk.ticket, "--person", desk.person, "--purpose", SUPPORT, TROTH_KEY=desk.support
    )
    assert program.ok("case", "list")["cases"] == []
    read = ("person", "show", desk.person, "--purpose", SUPPORT, "--case", desk.ticket, "--field", "name")
    ended = program.run(*read, "--json", TROTH_KEY=desk.support)
    assert ended.code == 3
    assert ended.document["values"] == {}
    assert ended.error["clause"] == "II.12"
    assert ended.error == {
        "code": "refused",
        "exit": 3,
        **{name: ended.error[name] for name in ("what", "mend", "clause", "field")},
    }
    denied = program.ok("ledger", "show", ended.document["entry"])["entries"][0]["entry"]
    assert denied["effect"] == "deny"
    told = program.run(*read, TROTH_KEY=desk.support)
    assert (told.code, told.out) == (3, "")
    assert told.err.startswith("Not done: Denied by II.12")


def test_a_person_is_erased_for_good(desk: Desk) -> None:
    """`person erase` needs --yes where nobody can be asked; afterwards the person is unknown."""
    program = desk.program
    case = program.ok(
        "case", "open", "request", "--person", desk.person, "--purpose", RIGHTS, TROTH_KEY=desk.privacy
    )["case"]
    erase = ("person", "erase", desk.person, "--purpose", RIGHTS, "--case", case, "--json")
    refused = program.run(*erase, TROTH_KEY=desk.privacy)
    assert (refused.code, refused.error["field"]) == (2, "yes")
    assert program.run(*erase, "--yes", TROTH_KEY=desk.privacy).code == 0
    gone = program.run(*erase, "--yes", TROTH_KEY=desk.privacy)
    assert (gone.code, gone.error["code"]) == (1, "not-found")
    assert program.run("ledger", "verify").code == 0


def test_a_whole_act_may_be_given_as_json(desk: Desk) -> None:
    """`act --ask` performs an act written as JSON, also from standard input."""
    ask = {"act": "use", "purpose": SUPPORT, "person": desk.person, "fields": ["email"], "case": desk.ticket}
    given = desk.program.ok("act", "--ask", json.dumps(ask), TROTH_KEY=desk.support)
    assert given["values"] == {"email": "ann@example.com"}
    piped = desk.program.run("act", "--ask", "-", "--json", text=json.dumps(ask), TROTH_KEY=desk.support)
    assert piped.document["values"] == given["values"]


@pytest.mark.parametrize(
    ("ask", "field"),
    [
        ("{", "ask"),
        ('"use"', "ask"),
        ('{"act": "use", "purpose": "x", "shoe": 1}', "shoe"),
        ('{"act": "use", "purpose": 5}', "purpose"),
        ('{"act": "use", "purpose": "x", "fields": "email"}', "fields"),
        ('{"act": "dance", "purpose": "x"}', "act"),
        ('{"act": "use", "purpose": "x", "key": "troth_a_b"}', "key"),
    ],
)
def test_a_malformed_act_is_refused(desk: Desk, ask: str, field: str) -> None:
    """A malformed act names the member at fault, and nothing is recorded."""
    before = desk.program.ok("ledger", "head")["size"]
    ended = desk.program.run("act", "--ask", ask, "--json", TROTH_KEY=desk.support)
    assert ended.code in {1, 2}
    assert ended.error["field"] == field
    assert desk.program.ok("ledger", "head")["size"] == before


def test_an_undeclared_field_is_refused(desk: Desk) -> None:
    """A collection of a field that the policy does not declare stores nothing (clause 0.4)."""
    ended = desk.program.run(
        "act", "collect", "--purpose", REGISTER, "--point", "product-registration", "--channel", "web", "--notice",
        "registration-notice", "--age-passed", "--values", registration(shoe_size="44", email="bob@example.com", serial="EX-2"), "--json",
        TROTH_KEY=desk.collecting,
    )  # fmt: skip
    assert (ended.code, ended.error["clause"], ended.error["field"]) == (1, "0.4", "shoe_size")
    found = desk.program.run(
        "person", "find", "--by", "email=bob@example.com", "--purpose", SUPPORT, "--case", desk.ticket, "--json",
        TROTH_KEY=desk.support,
    )  # fmt: skip
    assert found.code != 0


def test_without_a_key_nobody_acts(desk: Desk) -> None:
    """A missing key is a usage error that names the variable and the option; a wrong one is denied."""
    read = ("act", "use", "--purpose", SUPPORT, "--person", desk.person, "--field", "name", "--json")
    missing = desk.program.run(*read)
    assert (missing.code, missing.error["field"]) == (2, "key")
    assert "TROTH_KEY" in missing.error["mend"]
    assert "--key-file" in missing.error["mend"]
    for wrong in ("nonsense", desk.support[:-2] + "xx"):
        ended = desk.program.run(*read, TROTH_KEY=wrong)
        assert (ended.code, ended.error["code"]) == (3, "unauthenticated")
        assert wrong not in ended.out


def test_a_key_may_stand_in_a_file(desk: Desk, tmp_path: Path) -> None:
    """`--key-file` is read before the variable; a file that is missing or empty is told."""
    file = tmp_path / "support.key"
    file.write_text(desk.support + "\n")
    read = (
        "act",
        "use",
        "--purpose",
        SUPPORT,
        "--person",
        desk.person,
        "--field",
        "name",
        "--case",
        desk.ticket,
    )
    assert desk.program.ok(*read, "--key-file", file, TROTH_KEY="nonsense")["effect"] == "permit"
    file.write_text("\n")
    assert desk.program.run(*read, "--key-file", file).code == 2
    assert desk.program.run(*read, "--key-file", tmp_path / "none").code == 1


def test_nobody_at_the_terminal_means_an_error(desk: Desk) -> None:
    """`person show` without purpose or case fails outside a terminal, and says which option is missing."""
    ended = desk.program.run("person", "show", desk.person, "--json", TROTH_KEY=desk.support)
    assert (ended.code, ended.error["field"]) == (2, "purpose")
    ended = desk.program.run(
        "person", "show", desk.person, "--purpose", SUPPORT, "--json", TROTH_KEY=desk.support
    )
    assert (ended.code, ended.error["field"]) == (2, "case")
    ended = desk.program.run("person", "show", "--purpose", SUPPORT, "--json", TROTH_KEY=desk.support)
    assert (ended.code, ended.error["field"]) == (2, "person")
    ended = desk.program.run("person", "show", "--by", "ann@example.com", "--json", TROTH_KEY=desk.support)
    assert ended.code == 2


def test_somebody_at_the_terminal_is_asked(desk: Desk) -> None:
    """On a terminal `person show` asks for purpose and case, and goes on with the answers."""
    ours, theirs = pty.openpty()
    environment = {
        **os.environ,
        **{k: v for k, v in desk.program.environment.items() if v},
        "TROTH_KEY": desk.support,
    }
    process = subprocess.Popen(
        [TROTH, "person", "show", desk.person, "--field", "name", "--data", desk.program.folder],
        stdin=theirs, stdout=subprocess.PIPE, stderr=theirs, env=environment, text=True,
    )  # fmt: skip
    os.close(theirs)
    try:
        _expect(ours, "data use")
        os.write(ours, f"{SUPPORT}\n".encode())
        _expect(ours, "open case")
        os.write(ours, f"{desk.ticket}\n".encode())
        out, _ = process.communicate(timeout=60)
    finally:
        os.close(ours)
        process.kill()
        process.wait()
    assert process.returncode == 0
    assert "name: Ann Example" in out


def _expect(terminal: int, words: str) -> None:
    seen = ""
    while words not in seen:
        ready, _, _ = select.select([terminal], [], [], 60)
        assert ready, f"waited in vain for {words!r} after {seen!r}"
        seen += os.read(terminal, 4096).decode()


def test_values_cannot_steer_a_terminal(desk: Desk) -> None:
    """Control characters in stored values are not printed, so that nobody's name can steer the reader's terminal."""
    escape = json.loads(registration(name="Eve \x1b[2J Example", email="eve@example.com", serial="EX-9"))
    made = desk.program.ok(
        "act", "collect", "--purpose", REGISTER, "--point", "product-registration", "--channel", "web", "--notice",
        "registration-notice", "--age-passed", "--values", json.dumps(escape), TROTH_KEY=desk.collecting,
    )  # fmt: skip
    case = desk.program.ok(
        "case", "open", "ticket", "--person", made["person"], "--purpose", SUPPORT, TROTH_KEY=desk.support
    )
    read = ("person", "show", made["person"], "--purpose", SUPPORT, "--case", case["case"], "--field", "name")
    assert "\x1b" not in desk.program.run(*read, TROTH_KEY=desk.support).out


def test_a_key_is_issued_listed_and_revoked(program: Program, tmp_path: Path) -> None:
    """A key is shown once or goes into a file of mode 0600; the list never shows it; a revoked one is refused."""
    file = tmp_path / "support.key"
    issued = program.ok(
        "access", "issue", "--name", "desk", "--role", "staff.support", "--purpose", SUPPORT, "--case", "ticket",
        "--expires", "2027-12-31", "--out", str(file),
    )  # fmt: skip
    secret = file.read_text().strip()
    assert issued["key"] == ""
    assert file.stat().st_mode & 0o777 == 0o600
    listed = program.ok("access", "list")["keys"][-1]
    assert listed["key_id"] == issued["key_id"]
    assert listed["expires"].startswith("2027-12-31")
    assert secret not in program.run("access", "list").out
    program.ok("access", "revoke", issued["key_id"])
    assert program.ok("access", "list")["keys"][-1]["revoked"]
    ended = program.run(
        "act", "use", "--purpose", SUPPORT, "--by", "email=x@example.com", "--json", TROTH_KEY=secret
    )
    assert (ended.code, ended.error["code"]) == (3, "unauthenticated")


def test_a_secret_never_overwrites_a_file(program: Program, tmp_path: Path) -> None:
    """A key is not written over a file that exists."""
    file = tmp_path / "taken"
    file.write_text("mine")
    ended = program.run(
        "access", "issue", "--name", "x", "--role", "staff.support", "--purpose", SUPPORT, "--out", file
    )
    assert ended.code == 1
    assert file.read_text() == "mine"


@pytest.mark.parametrize(
    ("options", "field"),
    [
        (("--role", "staff.wizard", "--purpose", SUPPORT), "role"),
        (("--role", "staff.support", "--purpose", SUPPORT, "--expires", "soon"), "on"),
        (("--role", "staff.support", "--purpose", "essential.service.suport"), "purpose"),
        (("--role", "staff.support", "--purpose", SUPPORT, "--case", "tickets"), "case"),
    ],
)
def test_a_key_needs_declared_words_and_a_date(
    program: Program, options: tuple[str, ...], field: str
) -> None:
    """A role, purpose or case that the policy does not know, or an end that is no date, is refused."""
    ended = program.run("access", "issue", "--name", "x", *options, "--json")
    assert (ended.code, ended.error["field"]) == (1, field)


def test_an_unknown_key_cannot_be_revoked(program: Program) -> None:
    """Revoking a key that does not exist says where keys are listed."""
    assert "access list" in program.run("access", "revoke", "0" * 32, "--json").error["mend"]
