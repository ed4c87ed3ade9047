"""`troth doctor`, `migrate` and `init`."""

import json
from datetime import UTC, datetime
from pathlib import Path

import apsw
import pytest

from tests.cli.conftest import Desk, Program
from tests.support.postgres import create_database, drop_database, renamed
from tests.support.process import ClockFile
from troth.storage import HEADS, open_database


def test_a_sound_folder_passes_the_doctor(program: Program) -> None:
    """Every check of a fresh folder is ok, and each says what it found."""
    document = program.ok("doctor")
    names = [line["name"] for line in document["checks"]]
    assert names == [
        "settings",
        "permissions",
        "disk",
        "root key",
        "data database",
        "key store",
        "clock",
        "policy",
        "ledger",
        "mail",
        "signatures",
        "mailbox",
        "reminders",
        "events",
        "reports",
    ]
    assert all(line["ok"] and line["detail"] for line in document["checks"])
    assert program.run("doctor").out.count("ok   ") == len(names)


def failing(program: Program, name: str) -> tuple[int, str]:
    """The exit code of the doctor, and the mend of the check that must have failed."""
    ended = program.run("doctor", "--json")
    line = next(line for line in ended.document["checks"] if line["name"] == name)
    assert line["ok"] is False
    assert ended.document["ok"] is False
    assert ended.error["what"]
    return ended.code, line["mend"]


def test_the_doctor_sees_a_key_that_others_can_read(program: Program) -> None:
    """A root key with mode 0644 fails with the command that mends it."""
    (program.folder / "keys" / "root.key").chmod(0o644)
    code, mend = failing(program, "permissions")
    assert code == 4
    assert "chmod go-rwx" in mend


def test_the_doctor_sees_a_missing_and_a_wrong_root_key(program: Program) -> None:
    """Without its root key, or with another, the folder does not open; the check says so."""
    root = program.folder / "keys" / "root.key"
    root.write_bytes(b"y" * 32)
    assert failing(program, "opens")[0] == 4
    root.unlink()
    assert "Put it back" in failing(program, "opens")[1]


def test_the_doctor_sees_a_clock_that_went_back(program: Program, steered: ClockFile) -> None:
    """A clock behind what was signed fails: deadlines are counted by it."""
    steered.set(datetime(2020, 1, 1, tzinfo=UTC))
    assert failing(program, "clock")[0] == 1


def test_the_doctor_sees_an_altered_policy(program: Program) -> None:
    """A policy version whose stored bytes changed fails verification under clause 0.1."""
    database = apsw.Connection(str(program.folder / "data.db"))
    database.execute("UPDATE policy_version SET text = CAST(replace(text, 'e', 'f') AS BLOB)")
    database.close()
    ended = program.run("doctor", "--json")
    assert ended.code == 4
    assert ended.error["clause"] == "0.1"


def test_the_doctor_sees_an_altered_ledger(desk: Desk) -> None:
    """A ledger entry that was changed in the database fails verification."""
    desk.program.ok("ledger", "verify")
    database = apsw.Connection(str(desk.program.folder / "data.db"))
    database.execute(
        "UPDATE ledger_entry SET body = CAST(replace(body, 'permit', 'denied') AS BLOB) WHERE leaf_index = 0"
    )
    database.close()
    assert failing(desk.program, "ledger")[0] == 4


def test_the_doctor_survives_what_nobody_expected(desk: Desk) -> None:
    """A check that breaks on a damaged store fails as a check; the others still tell what they found."""
    database = apsw.Connection(str(desk.program.folder / "data.db"))
    database.execute("DROP TABLE policy_version")
    database.execute(
        "CREATE TABLE policy_version (sha256, number, source, captured_on, last_updated, added_at, posted_at)"
    )
    database.execute("INSERT INTO policy_version (sha256) VALUES (7)")
    database.close()
    assert failing(desk.program, "policy")[0] in {1, 4}
    assert any(
        line["name"] == "ledger" and line["ok"]
        for line in desk.program.run("doctor", "--json").document["checks"]
    )


def test_the_doctor_sees_broken_settings(program: Program) -> None:
    """Settings that cannot be read fail, and nothing else is looked at."""
    (program.folder / "troth.toml").write_text("[data\n")
    ended = program.run("doctor", "--json")
    assert ended.code == 1
    assert ended.document["checks"][0]["ok"] is False


def test_the_doctor_sees_an_old_schema(program: Program) -> None:
    """A store that is not at this version's revision fails with the command that mends it."""
    database = open_database(str(program.folder / "data.db"))
    with database.transaction() as tx:
        tx.script("UPDATE schema_revision_data SET version_num = '0000'")
    database.close()
    ended = program.run("doctor", "--json")
    assert ended.code == 1
    assert "later" in json.dumps(ended.document) or "migrate" in json.dumps(ended.document)


def test_migrating_a_current_folder_changes_nothing(program: Program) -> None:
    """`migrate up` on a current folder leaves it at its revision, and it verifies as before."""
    document = program.ok("migrate", "up")
    assert document == dict(HEADS)
    assert program.ok("doctor")["ok"] is True


@pytest.mark.parametrize(
    "options", [("sideways",), ("down",), ("down", "--to", "base"), ("up", "--to", "9999")], ids=" ".join
)
def test_a_migration_must_be_meant(program: Program, options: tuple[str, ...]) -> None:
    """An unknown direction or revision, or going down unconfirmed, changes nothing."""
    assert program.run("migrate", *options).code in {1, 2}
    assert program.ok("doctor")["ok"] is True


def test_init_makes_a_folder_once(tmp_path: Path) -> None:
    """`init` makes a folder that passes the doctor; a second time it is refused and nothing changes."""
    program = Program(tmp_path / "mine", {"TROTH_KEY": None})
    made = program.ok("init", "--key-out", tmp_path / "first.key")
    assert made["key"] == ""
    assert (tmp_path / "first.key").stat().st_mode & 0o777 == 0o600
    assert program.ok("doctor")["ok"] is True
    root = (tmp_path / "mine" / "keys" / "root.key").read_bytes()
    again = program.run("init", tmp_path / "mine", "--json")
    assert (again.code, again.error["code"]) == (1, "conflict")
    assert (tmp_path / "mine" / "keys" / "root.key").read_bytes() == root


def test_init_with_a_faulty_policy_can_be_tried_again(tmp_path: Path) -> None:
    """A policy with findings makes no folder, so that `init` may simply be run again."""
    bad = tmp_path / "bad.md"
    bad.write_text("# Nothing\n")
    program = Program(tmp_path / "mine", {"TROTH_KEY": None})
    assert program.run("init", "--policy", bad, "--json").error["code"] == "policy-errors"
    assert program.run("init", "--json").code == 0


def test_a_folder_on_postgresql_works_alike(tmp_path: Path, postgres_server: str, worker_name: str) -> None:
    """With PostgreSQL for data and keys a folder passes the doctor; and its ledger verifies."""
    urls = [renamed(postgres_server, f"{worker_name}_cli_{part}") for part in ("data", "keys")]
    for part in ("data", "keys"):
        create_database(postgres_server, f"{worker_name}_cli_{part}")
    program = Program(tmp_path / "mine", {"TROTH_KEY": None})
    try:
        program.ok("init", "--database", urls[0], "--keystore", urls[1])
        checks = {line["name"]: line["detail"] for line in program.ok("doctor")["checks"]}
        assert checks["data database"].startswith("postgresql")
        assert checks["key store"].startswith("postgresql")
        assert program.ok("ledger", "verify")["size"] == 0
    finally:
        for part in ("data", "keys"):
            drop_database(postgres_server, f"{worker_name}_cli_{part}")


def test_the_doctor_looks_at_the_way_of_mail(program: Program) -> None:
    """The way of mail is told; a transport that is none is trouble, named by its setting."""
    found = {check["name"]: check for check in program.ok("doctor")["checks"]}
    assert found["mail"]["detail"] == "mail goes out by folder, carried by email-provider"
    settings = program.folder / "troth.toml"
    settings.write_text(settings.read_text().replace('transport = "folder"', 'transport = "pigeon"'))
    ended = program.run("doctor", "--json")
    assert ended.code == 1
    assert ended.document["error"]["field"] == "mail.transport"
