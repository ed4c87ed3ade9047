"""Killed while backing up, restoring, drilling or ending epoch keys: nothing is half done, and nobody erased comes back."""

import multiprocessing
import os
from collections.abc import Callable
from pathlib import Path

import pytest

import troth
from tests.support.archiving import WEEK, Company
from tests.support.waiting import wait_until
from troth.bootstrap import Wish, backup_folder, destroy_due_epochs, drill_folder, restore_folder
from troth.kernel import Conflict, FileClock, NotFound
from troth.vault import archives

SPAWNING = multiprocessing.get_context("forkserver")
SPAWNING.set_forkserver_preload(["troth.bootstrap", "troth.bootstrap.work", "tests.support.archiving"])


def work(what: str, base: Path) -> None:
    """What a killed process did."""
    clock = FileClock(base / "clock")
    if what == "restore":
        restore_folder(Wish(base / "first", base / "first-keys", base / "new", base / "data"), clock)
        return
    with troth.open(base / "data", clock=clock, sequencer=False) as running:
        if what == "backup":
            backup_folder(running, base / "second", base / "second-keys")
        elif what == "drill":
            drill_folder(running)
        else:
            destroy_due_epochs(running)


def kill(what: str, base: Path, seen: Callable[[], bool]) -> bool:
    """Let a process do it, and kill it as soon as something is seen; whether it was killed before its end."""
    process = SPAWNING.Process(target=work, args=(what, base))
    process.start()
    wait_until(lambda: seen() or not process.is_alive(), f"{what} has begun", 120)
    process.kill()
    process.join(60)
    return process.exitcode == -9


@pytest.fixture
def company(tmp_path: Path) -> Company:
    """A closed folder of three hundred people, backed up, with one erased since."""
    made = Company(tmp_path, 300)
    made.back_up("first")
    made.erase(made.people[0])
    made.troth.close()
    (tmp_path / "clock").write_text(made.clock.now().isoformat())
    return made


def restored_well(company: Company) -> None:
    """The restored folder has everybody but the one who was erased."""
    with troth.open(company.folder / "new", clock=company.clock) as back:
        assert company.read(back, company.people[0]) == {}
        assert company.read(back, company.people[1])["email"] == "p1@example.com"


@pytest.mark.slow
@pytest.mark.parametrize("point", ["epoch", "second/data.db", "second-keys/keystore.sealed"])
def test_a_killed_backup_is_none(company: Company, point: str) -> None:
    """A half without manifest is refused, every epoch key is on record and ends on time, and the next backup is whole."""
    base = company.folder
    epochs = base / "data" / "keys" / "epochs"

    def seen() -> bool:
        return len(list(epochs.glob("*.epoch"))) == 2 if point == "epoch" else (base / point).exists()

    killed = kill("backup", base, seen)
    wish = Wish(base / "second", base / "second-keys", base / "no", base / "data")
    if killed and not (base / "second" / "manifest.json").exists():
        with pytest.raises(NotFound):
            restore_folder(wish, company.clock)
    elif killed and not (base / "second-keys" / "manifest.json").exists():
        assert restore_folder(wish, company.clock).keys_from == "key store in use"
    company.troth = company.open()
    with company.troth.database.snapshot() as tx:
        assert {one.archive for one in archives(tx)} >= {path.stem for path in epochs.glob("*.epoch")}
    company.back_up("third")
    company.clock.advance(WEEK)
    destroy_due_epochs(company.troth)
    assert list(epochs.glob("*.epoch")) == []
    with company.troth.database.snapshot() as tx:
        assert all(one.destroyed_at for one in archives(tx))
    company.troth.close()


def test_a_manifest_is_there_once_it_is_on_disk(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that is killed while it writes one leaves no half of it, which would be taken for a damaged backup."""
    halves = [company.folder / "second", company.folder / "second-keys"]
    seen: list[list[bool]] = []
    really = os.fsync

    def sync(descriptor: int) -> None:
        place = Path(f"/proc/self/fd/{descriptor}").resolve()
        if place.parent in halves and place.name.startswith("manifest"):
            seen.append([(one / "manifest.json").exists() for one in halves])
        really(descriptor)

    monkeypatch.setattr(os, "fsync", sync)
    company.troth = company.open()
    company.back_up("second")
    assert seen == [[False, False], [True, False]]
    assert [(one / "manifest.json").stat().st_mode & 0o777 for one in halves] == [0o600, 0o600]
    assert [list(one.glob("*.part")) for one in halves] == [[], []]
    company.troth.close()


@pytest.mark.slow
@pytest.mark.parametrize("point", ["restoring.json", "data.db", "keys/keystore.db", "keys/keystore.db-wal"])
def test_a_killed_restore_opens_nothing_and_begins_anew(company: Company, point: str) -> None:
    """A folder with half a restore does not open; the same restore again makes it whole, without the erased person."""
    base = company.folder
    killed = kill("restore", base, (base / "new" / point).exists)
    if killed and not (base / "new" / "troth.toml").exists():
        with pytest.raises(NotFound):
            troth.open(base / "new")
    if (base / "new" / "restoring.json").exists():
        restore_folder(company.wish("first", "new"), company.clock)
    else:
        with pytest.raises(Conflict):
            restore_folder(company.wish("first", "new"), company.clock)
    restored_well(company)


@pytest.mark.slow
@pytest.mark.parametrize("point", ["raw.db", "restored", "restored/keys/keystore.db"])
def test_a_killed_drill_leaves_no_keys_for_long(company: Company, point: str) -> None:
    """The next drill passes, and removes what the killed one left."""
    base = company.folder
    kill("drill", base, (base / "data" / "drill" / point).exists)
    with company.open() as running:
        assert drill_folder(running).passed
    assert [path.name for path in (base / "data" / "drill").iterdir()] == ["lock"]


@pytest.mark.slow
def test_a_killed_end_of_epoch_keys_goes_on(company: Company) -> None:
    """Whatever was destroyed stays so and is noted once; the rest is destroyed by the next call."""
    base = company.folder
    epochs = base / "data" / "keys" / "epochs"
    company.troth = company.open()
    for number in range(5):
        company.back_up(f"more-{number}")
    company.troth.close()
    company.clock.advance(WEEK)
    (base / "clock").write_text(company.clock.now().isoformat())
    kill("end", base, lambda: len(list(epochs.glob("*.epoch"))) < 6)
    with company.open() as running:
        destroy_due_epochs(running)
        assert list(epochs.glob("*.epoch")) == []
        with running.database.snapshot() as tx:
            assert all(one.destroyed_at for one in archives(tx))
