"""`troth ledger`: what anybody can check, with and without the data folder."""

import json
from pathlib import Path

import apsw
import pytest

from tests.cli.conftest import SUPPORT, Desk, Program


@pytest.fixture
def vkey(desk: Desk) -> str:
    """The log's verifier key, as its operator publishes it."""
    key: str = desk.program.ok("ledger", "head")["key"]
    return key


@pytest.fixture
def receipt(desk: Desk, tmp_path: Path) -> Path:
    """The receipt of Ann's registration."""
    file = tmp_path / "receipt.txt"
    document = desk.program.ok("ledger", "prove", desk.entry, "--out", file)
    assert document["receipt"] == file.read_text()
    return file


@pytest.fixture
def stranger(tmp_path: Path) -> Program:
    """The program of somebody who has no data folder."""
    return Program(tmp_path / "nothing", {"TROTH_KEY": None})


def test_a_receipt_verifies_offline(receipt: Path, vkey: str, stranger: Program) -> None:
    """A receipt verifies with nothing but the log's key, and tells which decision it proves."""
    document = stranger.ok("ledger", "verify", receipt, "--key", vkey)
    assert document["entry"]["clauses"] == ["I.9"]
    assert document["entry"]["effect"] == "permit"
    assert "collect permit by I.9" in stranger.run("ledger", "verify", receipt, "--key", vkey).out


def test_a_stranger_must_know_the_key(receipt: Path, stranger: Program) -> None:
    """Without a data folder the log's key must be given, and the error says where it comes from."""
    ended = stranger.run("ledger", "verify", receipt, "--json")
    assert (ended.code, ended.error["field"]) == (2, "key")
    assert "ledger head" in ended.error["mend"]


def test_an_altered_receipt_fails(receipt: Path, vkey: str, stranger: Program) -> None:
    """One changed character, or another log's key, ends with exit code 4 or names what is malformed."""
    text = receipt.read_text()
    lines = text.splitlines()
    body = next(number for number, line in enumerate(lines) if line.startswith("extra "))
    lines[body] = lines[body][:40] + ("A" if lines[body][40] != "A" else "B") + lines[body][41:]
    receipt.write_text("\n".join(lines) + "\n")
    altered = stranger.run("ledger", "verify", receipt, "--key", vkey, "--json")
    assert altered.code == 4, altered
    receipt.write_text(text)
    other = vkey[:-4] + "AAAA"
    assert stranger.run("ledger", "verify", receipt, "--key", other).code in {1, 4}


def test_the_folders_own_log_verifies(desk: Desk) -> None:
    """`ledger verify` without a place checks the data folder's own log, counts included."""
    document = desk.program.ok("ledger", "verify")
    assert document["size"] == desk.program.ok("ledger", "head")["size"] == 2


def test_a_changed_entry_is_found(desk: Desk) -> None:
    """Whoever changes an entry in the database is found out: exit code 4, and the leaf is named."""
    desk.program.ok("ledger", "verify")
    database = apsw.Connection(str(desk.program.folder / "data.db"))
    database.execute(
        "UPDATE ledger_entry SET body = CAST(replace(body, 'permit', 'denied') AS BLOB) WHERE leaf_index = 1"
    )
    database.close()
    ended = desk.program.run("ledger", "verify", "--json")
    assert (ended.code, ended.error["code"]) == (4, "entry-altered")
    assert "leaf 1" in ended.error["what"]


@pytest.mark.parametrize("value", ["'text'", "zeroblob(70000)", "CAST(zeroblob(0) AS BLOB)", "5"])
def test_whatever_stands_in_an_entrys_place_is_found(desk: Desk, value: str) -> None:
    """Text, a number, nothing or too much in place of an entry is an altered entry, never a crash."""
    desk.program.ok("ledger", "verify")
    database = apsw.Connection(str(desk.program.folder / "data.db"))
    database.execute(f"UPDATE ledger_entry SET body = {value} WHERE leaf_index = 0")  # noqa: S608  the test's own
    database.close()
    ended = desk.program.run("ledger", "verify", "--json")
    assert (ended.code, ended.error["code"]) == (4, "entry-altered")


def test_an_export_verifies_elsewhere(desk: Desk, vkey: str, stranger: Program, tmp_path: Path) -> None:
    """Exported tiles verify without the data folder, and an export goes on where it stopped."""
    tiles = tmp_path / "tiles"
    first = desk.program.ok("ledger", "export", tiles)
    assert stranger.ok("ledger", "verify", tiles, "--key", vkey)["size"] == first["size"] == 2
    earlier = (tiles / "checkpoint").read_text()
    desk.program.run(
        "act", "use", "--purpose", SUPPORT, "--person", desk.person, "--field", "name", TROTH_KEY=desk.support
    )
    assert desk.program.ok("ledger", "export", tiles)["size"] == 3
    since = tmp_path / "earlier"
    since.write_text(earlier)
    assert stranger.ok("ledger", "verify", tiles, "--key", vkey, "--since", since)["size"] == 3


def test_a_witness_sees_growth_and_a_log_cut_short(
    desk: Desk, vkey: str, stranger: Program, tmp_path: Path
) -> None:
    """`ledger watch` cosigns what grew, and ends with code 4 on a log that lost entries it has seen."""
    state, short, long = tmp_path / "witness", tmp_path / "short", tmp_path / "long"
    desk.program.ok("ledger", "export", short)
    desk.program.run(
        "act", "use", "--purpose", SUPPORT, "--person", desk.person, "--field", "name", TROTH_KEY=desk.support
    )
    desk.program.ok("ledger", "export", long)
    watch = ("ledger", "watch", "--key", vkey, "--state", state)
    assert stranger.ok(*watch, short)["size"] == 2
    seen = stranger.ok(*watch, long)
    assert seen["size"] == 3
    assert seen["checkpoint"].count("\n— ") == 2
    ended = stranger.run(*watch, short, "--json")
    assert (ended.code, ended.error["code"]) == (4, "truncated")


def test_a_witness_watches_the_folder_itself(desk: Desk, tmp_path: Path) -> None:
    """Without a place the witness looks at the data folder's own log."""
    assert desk.program.ok("ledger", "watch", "--state", tmp_path / "witness")["size"] == 2


def test_entries_are_shown(desk: Desk) -> None:
    """`ledger show` gives the newest entries, those about a person, or one; none holds a personal value."""
    newest = desk.program.ok("ledger", "show", "--last", "1")["entries"]
    assert [one["entry"]["act"] for one in newest] == ["open-case"]
    about = desk.program.run("ledger", "show", "--person", desk.person, "--json")
    assert [one["entry"]["act"] for one in about.document["entries"]] == ["collect", "open-case"]
    assert "ann@example.com" not in about.out
    text = desk.program.run("ledger", "show").out
    assert desk.entry in text
    both = desk.program.run("ledger", "show", desk.entry, "--person", desk.person, "--json")
    assert both.code == 2


@pytest.mark.parametrize("command", ["prove", "show"])
def test_an_unknown_entry_is_told(desk: Desk, command: str) -> None:
    """An entry that does not exist is unknown."""
    ended = desk.program.run("ledger", command, "0" * 32, "--json")
    assert (ended.code, ended.error["code"]) == (1, "not-found")


def test_what_is_no_log_is_told(desk: Desk, tmp_path: Path) -> None:
    """A folder without a checkpoint, a file that is no receipt and a wrong key each say what they lack."""
    (tmp_path / "empty").mkdir()
    assert desk.program.run("ledger", "verify", tmp_path / "empty").code == 4
    (tmp_path / "letter").write_text("Dear Ann")
    ended = desk.program.run("ledger", "verify", tmp_path / "letter", "--json")
    assert (ended.code, ended.error["code"]) == (1, "malformed-note")
    assert (
        desk.program.run("ledger", "verify", "--key", "nonsense", "--json").error["code"] == "malformed-note"
    )


def test_a_receipt_goes_to_standard_output(desk: Desk) -> None:
    """Without --out the receipt itself is printed, ready to be redirected."""
    printed = desk.program.run("ledger", "prove", desk.entry).out
    assert printed == desk.program.ok("ledger", "prove", desk.entry)["receipt"]
    assert json.dumps(printed)
