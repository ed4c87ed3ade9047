"""Clause III.7: erasing reaches archives, by the end of their keys; and it is told which hold sealed remains, until when."""

import json
import shutil
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.clauses.vendor import CANARY, RIGHTS, SUPPORT, Vendor
from tests.support.process import Troth

DAYS = timedelta(days=7)
ERASED, STAYS = "person1@example.com", "person2@example.com"
UNVERIFIED = 4


class Archived(NamedTuple):
    """A vendor with a backup from before an erasure; a raw copy of everything, as an attacker would have kept it."""

    vendor: Vendor
    backup: Path
    person: str

    @property
    def folder(self) -> Path:
        """Where everything is."""
        return self.vendor.data.parent

    def restore(self, name: str, *more: str | Path) -> Any:
        """Restore the backup into a new folder."""
        return self.vendor.json("restore", self.backup, "--to", self.folder / name, *more)

    def seen(self, name: str, who: str) -> dict[str, Any]:
        """What support gets to see of somebody in a restored folder."""
        program = Troth(self.folder / name, self.vendor.clock)
        key = json.loads(
            program.run(
                "--json", "access", "issue", "--name", "s", "--role", "staff.support",
                "--purpose", SUPPORT, "--case", "ticket",
            ).stdout
        )["key"]  # fmt: skip
        asked = {
            "act": "instruct", "order": "open-case", "case_type": "ticket", "purpose": SUPPORT,
            "identify": {"email": who},
        }  # fmt: skip
        with program.serving() as server, server.client(key) as client:
            opened = client.post("/v1/acts", json=asked)
            if not opened.is_success:
                return {"status": opened.status_code}
            case = {"person": opened.json()["person"], "case": opened.json()["case"]}
            read = {"act": "use", "purpose": SUPPORT, "fields": ["ticket_text"], **case}
            return dict(client.post("/v1/acts", json=read).json()["values"])

    def drill(self, status: int = 0) -> Any:
        """A restore drill."""
        return self.vendor.json("drill", status=status)


@pytest.fixture
def archived(vendor: Vendor) -> Archived:
    """Two people write in, a backup is made, and one of the two is erased on request."""
    backup = vendor.data.parent / "archives" / "monday"
    with vendor.open() as site:
        assert site.write_in(1, ticket_text=CANARY).is_success
        assert site.write_in(2, ticket_text="It stays.").is_success
        vendor.json("backup", backup)
        case, person = site.open_case(vendor.privacy_key, "request", RIGHTS, ERASED)
        assert site.act(vendor.privacy_key, "erase", RIGHTS, person=person, case=case).is_success
    return Archived(vendor, backup, person)


@pytest.mark.slow
@pytest.mark.clause("III.7")
def test_a_restored_backup_does_not_bring_an_erased_person_back(archived: Archived) -> None:
    """A backup from before the erasure, restored the same day: everybody is there but the person who was erased."""
    assert archived.restore("restored")["erased_again"]["people"] == 1
    assert archived.seen("restored", ERASED) == {"status": 404}
    assert archived.seen("restored", STAYS) == {"ticket_text": "It stays."}
    # A value that is sealed is found nowhere; that the search finds what is in clear is tried on the address book below.
    assert archived.vendor.files_with(CANARY) == []
    (archived.folder / "in-clear").write_text(f"kept: {CANARY}")
    assert archived.vendor.files_with(CANARY) == ["in-clear"]


@pytest.mark.slow
@pytest.mark.clause("III.7")
def test_a_backup_is_unreadable_for_good_once_its_epoch_key_is_gone(archived: Archived) -> None:
    """After seven days not even a kept copy of the backup and the root key opens anything; with the keys in use it does."""
    vendor = archived.vendor
    told = vendor.json("archives")["archives"][0]
    assert datetime.fromisoformat(told["until"]) <= vendor.clock.now() + DAYS
    shutil.copytree(archived.folder / "archives", archived.folder / "kept")
    shutil.copy(vendor.data / "keys" / "root.key", archived.folder / "kept" / "root.key")
    vendor.clock.set(datetime.fromisoformat(told["until"]))
    ran = vendor.json("jobs", "run")
    assert "epoch-keys" in ran["tasks"]
    assert list((vendor.data / "keys" / "epochs").glob("*.epoch")) == []
    assert vendor.json("archives")["archives"][0]["destroyed"]
    assert [one["detail"]["archive"] for one in vendor.ledger() if one["act"] == "epoch-destroyed"] == [
        told["archive"]
    ]
    lost = archived.folder / "nothing"
    given = ("--epochs", vendor.data / "keys" / "epochs", "--root", archived.folder / "kept" / "root.key")
    restored = vendor.command(
        "--json", "--data", lost, "restore", archived.folder / "kept" / "monday",
        "--to", archived.folder / "never", *given, status=1,
    )  # fmt: skip
    assert json.loads(restored.stdout)["error"]["code"] == "epoch-over"
    document = archived.restore("later")
    assert (document["keys_from"], document["erased_again"]["people"]) == ("key store in use", 1)
    assert archived.seen("later", ERASED) == {"status": 404}
    assert archived.seen("later", STAYS) == {"ticket_text": "It stays."}
    assert vendor.files_with(CANARY) == []
    holding = [
        file
        for file in vendor.files_with(archived.person)
        if file.endswith(("keystore.db", "keystore.db-wal", ".sealed"))
    ]
    assert holding == []  # no key of the person, wrapped or not, in any key store or archive of one


@pytest.mark.slow
@pytest.mark.clause("III.7")
def test_a_drill_tries_everybody_who_was_erased(archived: Archived) -> None:
    """The drill passes while nobody erased opens and somebody living does; before and after the epoch key's end."""
    for state in ("open", "shut"):
        done = archived.drill()
        assert done["passed"] is True
        assert (done["people"], done["opened"]) == (1, 0)
        assert done["fields"] >= 3
        assert done["controls"] > 0
        assert [one["state"] for one in done["archives"]] == [state]
        archived.vendor.clock.advance(DAYS)
        archived.vendor.json("jobs", "run")
    with archived.vendor.open() as site:
        shown = site.request("GET", "/security.json").json()
    assert shown["drill"]["passed"] is True
    drilled = [one["detail"] for one in archived.vendor.ledger() if one["act"] == "drilled"]
    assert {one["passed"] for one in drilled} == {"yes"}


@pytest.mark.slow
@pytest.mark.clause("III.7")
def test_a_drill_fails_when_somebody_erased_opens(archived: Archived, tmp_path: Path) -> None:
    """With the key store of before the erasure put back in use, the drill reads the person, says so and fails."""
    vendor = archived.vendor
    archived.restore("mixed")
    keys = vendor.data / "keys" / "keystore.db"
    before = _unsealed_key_store(archived, tmp_path)
    keys.write_bytes(before)
    failed = archived.drill(UNVERIFIED)
    assert failed["passed"] is False
    assert failed["opened"] >= 3
    with vendor.open() as site:
        checks = {one["name"]: one for one in site.request("GET", "/security.json").json()["checks"]}
    assert checks["backups"]["state"] == "fail"


def _unsealed_key_store(archived: Archived, tmp_path: Path) -> bytes:
    """The key store of before the erasure, as somebody with all four parts could get it: restored knowing of no erasure."""
    epochs = tmp_path / "epochs"
    shutil.copytree(archived.vendor.data / "keys" / "epochs", epochs)
    (epochs / "erasures.jsonl").write_text("")
    archived.vendor.command(
        "--data", tmp_path / "nothing", "restore", archived.backup, "--to", tmp_path / "forged",
        "--epochs", epochs, "--root", archived.vendor.data / "keys" / "root.key",
    )  # fmt: skip
    return (tmp_path / "forged" / "keys" / "keystore.db").read_bytes()


@pytest.mark.slow
@pytest.mark.clause("III.7")
def test_a_drill_that_reads_nobody_does_not_pass(archived: Archived) -> None:
    """When nobody living opens either, the drill proves nothing, and says so."""
    vendor = archived.vendor
    vendor.clock.advance(DAYS)
    vendor.json("jobs", "run")
    vendor.json("keys", "rekey")
    failed = archived.drill(UNVERIFIED)
    assert (failed["passed"], failed["opened"], failed["controls"]) == (False, 0, 0)


@pytest.mark.clause("III.7")
def test_it_is_told_which_archives_hold_sealed_remains_and_until_when(archived: Archived) -> None:
    """The page names each backup that was made before, with the instant of its end; after that, it names none."""
    vendor = archived.vendor
    until = vendor.json("archives")["archives"][0]["until"]
    with vendor.open() as site:
        told = site.request("GET", "/security.json").json()["archives"]
        page = site.request("GET", "/security").text
        assert [one["until"] for one in told] == [until]
        assert datetime.fromisoformat(until).strftime("%-d %B %Y, %H:%M:%S UTC") in page
    vendor.clock.set(datetime.fromisoformat(until))
    vendor.json("jobs", "run")
    with vendor.open() as site:
        assert site.request("GET", "/security.json").json()["archives"] == []
        assert "none holds anything readable" in site.request("GET", "/security").text
