"""`troth backup` and `troth restore`: what comes back, and who does not."""

import shutil
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.cli.conftest import RIGHTS, SUPPORT, Desk, Ended, Program
from tests.support.postgres import create_database, drop_database, renamed
from tests.support.process import ClockFile


class Halves(NamedTuple):
    """A backup of Ann's folder, and where to restore it."""

    desk: Desk
    data: Path
    keys: Path
    to: Path

    @property
    def live(self) -> Path:
        """The folder in use."""
        return self.desk.program.folder

    @property
    def epochs(self) -> Path:
        """Its folder of epoch keys."""
        return self.live / "keys" / "epochs"

    def restore(self, *more: str | Path) -> tuple[str | Path, ...]:
        """The command that restores it."""
        return ("restore", self.data, "--from-keys", self.keys, "--to", self.to, *more)

    def refused(self, *more: str | Path) -> tuple[int, str]:
        """Exit code and error of a restore that must fail, and leave nothing behind."""
        ended = self.desk.program.run(*self.restore(*more), "--json")
        assert not self.to.exists() or not any(self.to.iterdir())
        return ended.code, ended.error["code"]

    def read(self, folder: Path, field: str = "name") -> Ended:
        """Support reads a field of Ann in a folder."""
        read = ("person", "show", self.desk.person, "--purpose", SUPPORT, "--case", self.desk.ticket)
        return self.desk.program.run(
            *read, "--field", field, "--data", folder, "--json", TROTH_KEY=self.desk.support
        )

    def erase(self, *more: str) -> None:
        """Ann is erased, or fields of hers."""
        request = ("case", "open", "request", "--person", self.desk.person, "--purpose", RIGHTS)
        case = self.desk.program.ok(*request, TROTH_KEY=self.desk.privacy)["case"]
        erase = ("act", "erase", "--person", self.desk.person, "--purpose", RIGHTS, "--case", case, *more)
        self.desk.program.ok(*erase, TROTH_KEY=self.desk.privacy)

    def lose(self) -> tuple[str | Path, ...]:
        """The folder in use is lost; gives the options that name what a second machine has: epoch keys and root key."""
        saved = self.to.with_name("saved")
        shutil.copytree(self.epochs, saved)
        shutil.copy(self.live / "keys" / "root.key", saved / "root.key")
        shutil.rmtree(self.live)
        return ("--epochs", saved, "--root", saved / "root.key")


@pytest.fixture
def halves(desk: Desk, tmp_path: Path) -> Halves:
    """A backup, its halves apart."""
    made = Halves(desk, tmp_path / "b" / "data", tmp_path / "c" / "keys", tmp_path / "new")
    document = desk.program.ok("backup", made.data, "--keys", made.keys)
    assert (document["data"], document["keys"]) == (str(made.data), str(made.keys))
    assert document["epochs"] == [str(made.epochs)]
    return made


def test_a_backup_is_restored_and_reads(halves: Halves) -> None:
    """What was backed up opens in a new folder, verifies, and answers as before."""
    program = halves.desk.program
    document = program.ok(*halves.restore())
    assert document["ledger"]["size"] == 2
    assert document["keys_from"] == "backup"
    assert halves.read(halves.to).document["values"] == {"name": "Ann Example"}
    assert program.ok("doctor", "--data", halves.to)["ok"] is True
    assert not (halves.to / "restoring.json").exists()


def test_a_restored_folder_says_what_enforces_each_clause(halves: Halves) -> None:
    """The enforcement table comes back too, and an altered copy of it is refused."""
    table = (halves.live / "enforcement.yaml").read_bytes()
    halves.desk.program.ok(*halves.restore())
    assert (halves.to / "enforcement.yaml").read_bytes() == table
    (halves.data / "enforcement.yaml").write_bytes(table.replace(b"not-yet", b"gate"))
    assert halves._replace(to=halves.to / "2").refused() == (4, "corrupt")


def test_the_halves_stand_apart(halves: Halves) -> None:
    """No key lies with the data, no data with the keys, root and epoch key in neither; all are for their owner only."""
    data, keys = sorted(p.name for p in halves.data.iterdir()), sorted(p.name for p in halves.keys.iterdir())
    assert data == ["data.db", "enforcement.yaml", "manifest.json", "troth.toml"]
    assert keys == ["keystore.sealed", "ledger.key", "manifest.json"]
    secrets = [(halves.live / "keys" / "root.key").read_bytes()]
    secrets += [path.read_bytes() for path in halves.epochs.glob("*.epoch")]
    assert len(secrets) == 2
    for file in [*halves.data.iterdir(), *halves.keys.iterdir()]:
        assert not any(secret in file.read_bytes() for secret in secrets)
        assert b"ann@example.com" not in file.read_bytes()
    private = [halves.data, halves.keys, halves.data / "data.db", *halves.keys.glob("[!m]*")]
    private += [halves.epochs, *halves.epochs.iterdir()]
    assert all(path.stat().st_mode & 0o077 == 0 for path in private)


def test_the_key_store_half_is_sealed(halves: Halves) -> None:
    """No byte of a key, not even a wrapped one, and no handle stands in the key store half."""
    sealed = (halves.keys / "keystore.sealed").read_bytes()
    assert halves.desk.person.encode() not in sealed
    assert b"person_key" not in sealed
    assert halves.desk.person.encode() in (halves.live / "keys" / "keystore.db").read_bytes()


def test_a_restore_overwrites_nothing(halves: Halves) -> None:
    """A folder in use is not restored over; nothing of it changes."""
    before = {path: path.read_bytes() for path in halves.live.rglob("*") if path.is_file()}
    ended = halves.desk.program.run(*halves._replace(to=halves.live).restore(), "--json")
    assert (ended.code, ended.error["code"]) == (1, "conflict")
    assert {path: path.read_bytes() for path in before} == before


def test_an_altered_backup_is_refused(halves: Halves) -> None:
    """One changed byte in either half ends with exit code 4 and restores nothing."""
    for file, place in ((halves.data / "data.db", 5000), (halves.keys / "keystore.sealed", 200)):
        right = file.read_bytes()
        file.write_bytes(right[:place] + bytes([right[place] ^ 1]) + right[place + 1 :])
        assert halves.refused() == (4, "corrupt")
        file.write_bytes(right)


def test_a_sealed_half_with_a_forged_manifest_is_refused(halves: Halves) -> None:
    """Whoever alters or cuts the sealed half and its manifest too is found out by the seal itself."""
    from hashlib import sha256

    file, manifest = halves.keys / "keystore.sealed", halves.keys / "manifest.json"
    right, told = file.read_bytes(), manifest.read_text()
    for altered in (right[:200] + bytes([right[200] ^ 1]) + right[201:], right[:-40], right + b"\0\0\0\1x"):
        file.write_bytes(altered)
        manifest.write_text(told.replace(sha256(right).hexdigest(), sha256(altered).hexdigest()))
        assert halves.refused()[0] == 4
    for name in ("made", "until"):
        assert name in told
    file.write_bytes(right)
    manifest.write_text(told)
    halves.desk.program.ok(*halves.restore())


def test_the_wrong_root_key_opens_nothing(halves: Halves, tmp_path: Path) -> None:
    """A root key that did not wrap the epoch key is told; with none at hand the error asks for it."""
    wrong = tmp_path / "wrong.key"
    wrong.write_bytes(b"x" * 32)
    wrong.chmod(0o600)
    assert halves.refused("--root", wrong) == (4, "wrong-root")
    epochs, *_ = halves.lose()[1::2]
    asked = halves.desk.program.run(*halves.restore("--epochs", epochs), "--json")
    assert (asked.code, asked.error["field"]) == (1, "root")


def test_halves_cannot_be_mixed_up(halves: Halves) -> None:
    """The key store half is not taken for the data, nor any folder for a backup."""
    program = halves.desk.program
    swapped = program.run("restore", halves.keys, "--from-keys", halves.data, "--to", halves.to, "--json")
    assert (swapped.code, swapped.error["code"]) == (1, "invalid-input")
    other = program.run("restore", halves.to.parent, "--to", halves.to, "--json")
    assert other.error["code"] == "not-found"


def test_data_and_keys_do_not_go_into_one_folder(desk: Desk, tmp_path: Path) -> None:
    """A backup refuses to put both halves into one folder, or over files."""
    one = tmp_path / "one"
    assert desk.program.run("backup", one, "--keys", one, "--json").error["code"] == "invalid-input"
    one.mkdir()
    (one / "letter").write_text("mine")
    assert desk.program.run("backup", one, "--json").error["code"] == "conflict"


def test_a_missing_folder_of_epoch_keys_is_told(desk: Desk, tmp_path: Path) -> None:
    """A backup is refused while a folder of epoch keys outside the data folder is not there, such as a disk not mounted."""
    settings = desk.program.folder / "troth.toml"
    outside = tmp_path / "disk"
    settings.write_text(settings.read_text().replace('["keys/epochs"]', f'["keys/epochs", "{outside}"]'))
    ended = desk.program.run("backup", tmp_path / "b", "--json")
    assert (ended.code, ended.error["field"]) == (1, "backup.epochs")
    outside.mkdir()
    desk.program.ok("backup", tmp_path / "b")
    assert len(list(outside.glob("*.epoch"))) == 1


def test_an_erased_person_does_not_come_back(halves: Halves) -> None:
    """Whoever was erased after the backup is erased again before the restored folder opens, keys and all."""
    halves.erase()
    document = halves.desk.program.ok(*halves.restore())
    assert document["erased_again"] == {"people": 1, "slots": 0}
    ledger = halves.desk.program.ok("ledger", "verify", "--data", halves.to)
    assert ledger["size"] == 2 + 1 + 1  # what was backed up, who was erased again, that it was restored
    assert halves.read(halves.to).error["code"] == "not-found"
    person = halves.desk.person.encode()
    assert person not in (halves.to / "keys" / "keystore.db").read_bytes()


def test_an_erased_person_does_not_come_back_when_all_is_lost(halves: Halves) -> None:
    """With the folder in use gone, the journal beside the epoch keys tells who was erased."""
    halves.erase()
    halves.desk.program.ok("jobs", "run")
    options = halves.lose()
    document = halves.desk.program.ok(*halves.restore(*options))
    assert document["erased_again"] == {"people": 1, "slots": 0}
    assert halves.read(halves.to).error["code"] == "not-found"


def test_a_lost_folder_is_restored(halves: Halves) -> None:
    """With epoch key, root key and backup, and nothing else left, everybody else is back."""
    document = halves.desk.program.ok(*halves.restore(*halves.lose()))
    assert document["erased_again"] == {"people": 0, "slots": 0}
    assert halves.read(halves.to).document["values"] == {"name": "Ann Example"}


def test_nothing_is_restored_when_nobody_knows_who_was_erased(halves: Halves) -> None:
    """Epoch and root key alone are not enough: without a journal nobody erased could be kept out."""
    options = halves.lose()
    (halves.to.with_name("saved") / "erasures.jsonl").unlink()
    assert halves.refused(*options) == (1, "not-found")


def test_an_erased_field_does_not_come_back(halves: Halves) -> None:
    """A field that was erased after the backup is gone from the restored folder, the others are there."""
    halves.erase("--field", "name")
    document = halves.desk.program.ok(*halves.restore())
    assert document["erased_again"] == {"people": 0, "slots": 1}
    assert halves.read(halves.to).document["values"] == {}
    assert halves.read(halves.to, "email").document["values"] == {"email": "ann@example.com"}


def test_an_old_backup_opens_with_the_key_store_in_use_alone(halves: Halves, steered: ClockFile) -> None:
    """Once its epoch key is gone, a backup's data opens with the key store in use, from which the erased are gone."""
    steered.advance(timedelta(days=7))
    assert "epoch-keys" in halves.desk.program.ok("jobs", "run")["tasks"]
    assert list(halves.epochs.glob("*.epoch")) == []
    document = halves.desk.program.ok(*halves.restore())
    assert (document["keys_from"], document["lost"]) == ("key store in use", {"people": 0, "values": {}})
    assert halves.read(halves.to).document["values"] == {"name": "Ann Example"}


def test_what_opens_with_no_key_is_left_out_and_told(halves: Halves, steered: ClockFile) -> None:
    """A field erased since ended the key of those beside it: once the epoch key is gone they are lost, and the restore says so."""
    program = halves.desk.program
    halves.erase("--field", "email")
    steered.advance(timedelta(days=7))
    program.ok("jobs", "run")
    told = program.run(*halves._replace(to=halves.to / "1").restore())
    assert (told.code, "LOST: 1 values of 1 people" in told.out) == (0, True)
    assert "1 of name" in told.out
    assert "Ann" not in told.out
    document = program.ok(*halves._replace(to=halves.to / "2").restore())
    assert document["erased_again"] == {"people": 0, "slots": 1}
    assert document["lost"] == {"people": 1, "values": {"name": 1}}
    entries = [one["entry"] for one in program.ok("ledger", "show", "--data", halves.to / "2")["entries"]]
    assert [(one["act"], one.get("fields", [])) for one in entries[-3:-1]] == [
        ("erased", ["email"]),
        ("lost", ["name"]),
    ]
    assert entries[-1]["detail"]["lost"] == "1"
    assert halves.read(halves.to / "2").document["values"] == {}
    assert program.ok("doctor", "--data", halves.to / "2")["ok"] is True


def test_without_the_key_store_in_use_an_old_backup_is_shut(halves: Halves, steered: ClockFile) -> None:
    """Once its epoch key is gone, a backup opens with no key that was ever kept beside it."""
    steered.advance(timedelta(days=7))
    halves.desk.program.ok("jobs", "run")
    assert halves.refused(*halves.lose()) == (1, "epoch-over")


def test_an_epoch_key_past_its_end_opens_nothing(halves: Halves, steered: ClockFile) -> None:
    """An epoch key that somebody kept a copy of is not taken after its end."""
    options = halves.lose()
    steered.advance(timedelta(days=7))
    assert halves.refused(*options) == (1, "epoch-over")


def test_lost_data_is_restored_with_the_key_store_in_use(halves: Halves, steered: ClockFile) -> None:
    """With only the data lost and no epoch key left, people without keys are taken for erased."""
    halves.erase()
    steered.advance(timedelta(days=7))
    halves.desk.program.ok("jobs", "run")
    (halves.epochs / "erasures.jsonl").unlink()
    (halves.live / "data.db").unlink()
    document = halves.desk.program.ok(*halves.restore())
    assert document["keys_from"] == "key store in use"
    assert document["erased_again"] == {"people": 1, "slots": 0}
    assert halves.read(halves.to).error["code"] == "not-found"


def test_an_interrupted_restore_begins_anew_or_is_refused(halves: Halves, tmp_path: Path) -> None:
    """A folder with half a restore takes the same backup again, and no other."""
    program = halves.desk.program
    program.ok(*halves.restore())
    pair = (halves.data / "manifest.json").read_text().partition('"pair": "')[2][:32]
    (halves.to / "troth.toml").unlink()
    (halves.to / "restoring.json").write_text(f'{{"pair": "{pair}"}}')
    program.ok("backup", tmp_path / "later")
    other = program.run("restore", tmp_path / "later", "--to", halves.to, "--json")
    assert (other.code, other.error["code"]) == (1, "conflict")
    assert halves.read(halves.to).error["code"] == "not-found"  # it has no settings, and so is no folder yet
    program.ok(*halves.restore())
    assert halves.read(halves.to).document["values"] == {"name": "Ann Example"}


def test_a_folder_on_postgresql_is_backed_up_and_restored(
    tmp_path: Path, postgres_server: str, worker_name: str
) -> None:
    """With PostgreSQL for data and keys a backup is made all the same, and restores into a folder of files."""
    urls = [renamed(postgres_server, f"{worker_name}_bak_{part}") for part in ("data", "keys")]
    for part in ("data", "keys"):
        create_database(postgres_server, f"{worker_name}_bak_{part}")
    program = Program(tmp_path / "mine", {"TROTH_KEY": None})
    try:
        program.ok("init", "--database", urls[0], "--keystore", urls[1])
        made = program.ok("backup", tmp_path / "b")
        assert (tmp_path / "b" / "data.rows").is_file()
        document = program.ok("restore", made["data"], "--to", tmp_path / "new")
        assert document["versions"] == 1
        assert program.ok("doctor", "--data", tmp_path / "new")["ok"] is True
    finally:
        for part in ("data", "keys"):
            drop_database(postgres_server, f"{worker_name}_bak_{part}")
