"""`troth backup`, `restore`, `doctor`, `migrate` and `init`."""

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import apsw
import pytest

from tests.cli.conftest import RIGHTS, SUPPORT, Desk, Program
from tests.support.postgres import create_database, drop_database, renamed
from tests.support.process import ClockFile
from troth.storage import HEADS, open_database


class Halves(NamedTuple):
    """A backup of Ann's folder, and where to restore it."""

    desk: Desk
    data: Path
    keys: Path
    root: Path
    to_data: Path
    to_keys: Path

    def restore(self, *more: str | Path) -> tuple[str | Path, ...]:
        """The command that restores it."""
        places = ("--data", self.to_data, "--keys", self.to_keys, "--root", self.root)
        return ("restore", self.data, "--from-keys", self.keys, *places, *more)


@pytest.fixture
def halves(desk: Desk, tmp_path: Path) -> Halves:
    """A backup, its halves apart, and the root key kept in a third place."""
    root = tmp_path / "safe-root.key"
    shutil.copy(desk.program.folder / "keys" / "root.key", root)
    made = Halves(
        desk, tmp_path / "b" / "data", tmp_path / "c" / "keys", root, tmp_path / "new", tmp_path / "new-keys"
    )
    document = desk.program.ok("backup", made.data, "--keys", made.keys)
    assert (document["data"], document["keys"]) == (str(made.data), str(made.keys))
    return made


def test_a_backup_is_restored_and_reads(halves: Halves) -> None:
    """What was backed up opens in new places, verifies, and answers as before."""
    program = halves.desk.program
    document = program.ok(*halves.restore())
    assert document["ledger"]["size"] == 2
    read = (
        "person",
        "show",
        halves.desk.person,
        "--purpose",
        SUPPORT,
        "--case",
        halves.desk.ticket,
        "--field",
        "name",
    )
    restored = program.ok(*read, "--data", halves.to_data, TROTH_KEY=halves.desk.support)
    assert restored["values"] == {"name": "Ann Example"}
    assert program.ok("doctor", "--data", halves.to_data)["ok"] is True


def test_a_restored_folder_says_what_enforces_each_clause(halves: Halves) -> None:
    """The enforcement table comes back too, and an altered copy of it is refused."""
    program = halves.desk.program
    table = (program.folder / "enforcement.yaml").read_bytes()
    program.ok(*halves.restore())
    assert (halves.to_data / "enforcement.yaml").read_bytes() == table
    (halves.data / "enforcement.yaml").write_bytes(table.replace(b"not-yet", b"gate"))
    again = ("--data", halves.to_data / "2", "--keys", halves.to_keys / "2")
    ended = program.run(*halves.restore()[:4], *again, "--root", halves.root, "--json")
    assert (ended.code, ended.error["code"]) == (4, "corrupt")
    assert not (halves.to_data / "2").exists()


def test_the_halves_stand_apart(halves: Halves) -> None:
    """No key lies with the data, no data with the keys, the root key in neither; all are for their owner only."""
    data, keys = sorted(p.name for p in halves.data.iterdir()), sorted(p.name for p in halves.keys.iterdir())
    assert data == ["data.db", "enforcement.yaml", "manifest.json", "troth.toml"]
    assert keys == ["keystore.db", "ledger.key", "manifest.json"]
    secret = halves.root.read_bytes()
    for file in [*halves.data.iterdir(), *halves.keys.iterdir()]:
        assert secret not in file.read_bytes()
        assert b"ann@example.com" not in file.read_bytes()
    private = [
        halves.data,
        halves.keys,
        halves.data / "data.db",
        halves.keys / "keystore.db",
        halves.keys / "ledger.key",
    ]
    assert all(path.stat().st_mode & 0o077 == 0 for path in private)


def test_a_restore_overwrites_nothing(halves: Halves) -> None:
    """A folder in use is not restored over; nothing of it changes."""
    program = halves.desk.program
    before = (program.folder / "troth.toml").read_bytes()
    ended = program.run(*halves.restore("--data", program.folder), "--json")
    assert (ended.code, ended.error["code"]) == (1, "conflict")
    assert (program.folder / "troth.toml").read_bytes() == before
    assert not halves.to_keys.exists()


def test_an_altered_backup_is_refused(halves: Halves) -> None:
    """One changed byte in either half ends with exit code 4 and restores nothing."""
    for file in (halves.data / "data.db", halves.keys / "keystore.db"):
        right = file.read_bytes()
        file.write_bytes(right[:5000] + bytes([right[5000] ^ 1]) + right[5001:])
        ended = halves.desk.program.run(*halves.restore(), "--json")
        assert (ended.code, ended.error["code"]) == (4, "corrupt")
        assert file.name in ended.error["what"]
        assert not halves.to_data.exists()
        file.write_bytes(right)


def test_the_wrong_root_key_opens_nothing(halves: Halves) -> None:
    """A root key that did not wrap the key store is told; without one the error asks for it."""
    halves.root.write_bytes(b"x" * 32)
    ended = halves.desk.program.run(*halves.restore(), "--json")
    assert (ended.code, ended.error["code"]) == (4, "wrong-root")
    assert [file for place in (halves.to_data, halves.to_keys) for file in place.iterdir()] == []
    asked = halves.desk.program.run(
        "restore", halves.data, "--from-keys", halves.keys, "--data", "x", "--keys", "y", "--json"
    )
    assert (asked.code, asked.error["field"]) == (1, "root")


def test_halves_cannot_be_mixed_up(halves: Halves) -> None:
    """The key store half is not taken for the data, nor any folder for a backup."""
    program = halves.desk.program
    swapped = program.run(
        "restore",
        halves.keys,
        "--from-keys",
        halves.data,
        "--root",
        halves.root,
        "--data",
        halves.to_data,
        "--keys",
        halves.to_keys,
    )
    assert swapped.code == 1
    other = program.run(*halves.restore()[:1], halves.root.parent, *halves.restore()[2:], "--json")
    assert other.error["code"] == "not-found"


def test_data_and_keys_do_not_go_into_one_folder(desk: Desk, tmp_path: Path) -> None:
    """A backup refuses to put both halves into one folder, or over files."""
    one = tmp_path / "one"
    assert desk.program.run("backup", one, "--keys", one, "--json").error["code"] == "invalid-input"
    (one).mkdir()
    (one / "letter").write_text("mine")
    assert desk.program.run("backup", one, "--json").error["code"] == "conflict"


def test_an_old_data_half_does_not_bring_an_erased_person_back(halves: Halves, tmp_path: Path) -> None:
    """The data of before an erasure, with the key store of after it, reads nobody who was erased."""
    desk = halves.desk
    case = desk.program.ok(
        "case", "open", "request", "--person", desk.person, "--purpose", RIGHTS, TROTH_KEY=desk.privacy
    )["case"]
    erase = ("person", "erase", desk.person, "--purpose", RIGHTS, "--case", case, "--yes")
    desk.program.ok(*erase, TROTH_KEY=desk.privacy)
    desk.program.ok("backup", tmp_path / "later", "--keys", tmp_path / "later-keys")
    desk.program.ok(*halves._replace(keys=tmp_path / "later-keys").restore())
    read = ("person", "show", desk.person, "--purpose", SUPPORT, "--case", desk.ticket, "--field", "name")
    ended = desk.program.run(*read, "--data", halves.to_data, "--json", TROTH_KEY=desk.support)
    assert (ended.code, ended.error["code"]) == (1, "key-missing")


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
        "events",
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
    """With PostgreSQL for data and keys a folder passes the doctor; its backup names pg_dump."""
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
        ended = program.run("backup", tmp_path / "b", "--json")
        assert (ended.code, ended.error["code"]) == (5, "unavailable")
        assert "pg_dump" in ended.error["mend"]
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
