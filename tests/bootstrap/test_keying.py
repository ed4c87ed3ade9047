"""Changing the root key while others open the folder, or change it too, and after a kill between its two steps."""

import fcntl
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import pytest

import troth
from troth.bootstrap import (
    Wish,
    backup_folder,
    change_root,
    keying,
    read_settings,
    restore_folder,
    rotate_folder,
)
from troth.cli.checks import root_key
from troth.kernel import Conflict
from troth.vault import WrongRoot


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture
def folder(data_folder: Path) -> Path:
    """A new folder."""
    troth.init_folder(data_folder)
    return data_folder


def between(monkeypatch: pytest.MonkeyPatch, work: Any) -> None:
    """Do something when the key store is under the new root key and the settings name the old one."""
    settle = keying._note_root

    def note(folder: Path, place: str) -> None:
        work()
        settle(folder, place)

    monkeypatch.setattr(keying, "_note_root", note)


def test_whoever_opens_the_folder_between_the_two_steps_goes_by_the_note(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A command that starts, and a folder that was open, work while the settings still name the old root key."""
    with troth.open(folder, sequencer=False) as running:

        def others() -> None:
            assert read_settings(folder).keys.root == "file:keys/root.key"
            with troth.open(folder, sequencer=False) as other:
                assert rotate_folder(other).key_no == 3
            running.vault.keys._learn_anew()

        between(monkeypatch, others)
        assert change_root(folder) == ("file:keys/root-2.key", 2)
        rotate_folder(running)
    assert read_settings(folder).keys.root == "file:keys/root-2.key"
    assert sorted(one.name for one in (folder / "keys").iterdir()) == [
        "keystore.db",
        "ledger.key",
        "root-2.key",
        "root.key",
    ]


def test_a_folder_whose_change_was_killed_opens_and_tells_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a kill between the steps everything goes on, the doctor says what to run, and that ends the change."""

    def kill() -> None:
        raise Killed

    with monkeypatch.context() as patched:
        between(patched, kill)
        with pytest.raises(Killed):
            change_root(folder)
    with troth.open(folder, sequencer=False) as opened:
        rotate_folder(opened)
        with pytest.raises(Conflict) as told:
            root_key(opened)
    assert "root-2.key" in told.value.what
    assert "troth keys rotate-root" in told.value.mend
    assert change_root(folder) == ("file:keys/root-2.key", 0)
    with troth.open(folder, sequencer=False) as opened:
        assert root_key(opened)


def test_two_changes_at_once_follow_one_another(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second change waits for the first; each makes a root key of its own, and the settings name the last."""
    asked, lock, others = Event(), fcntl.flock, list[Future[tuple[str, int]]]()

    def watched(file: int, how: int) -> None:
        asked.set()
        lock(file, how)

    with ThreadPoolExecutor(1) as pool:

        def second() -> None:
            if not others:
                monkeypatch.setattr(fcntl, "flock", watched)
                others.append(pool.submit(change_root, folder))
                assert asked.wait(60)

        between(monkeypatch, second)
        assert change_root(folder) == ("file:keys/root-2.key", 2)
        assert others[0].result() == ("file:keys/root-3.key", 2)
    assert read_settings(folder).keys.root == "file:keys/root-3.key"
    with troth.open(folder, sequencer=False):
        pass


def test_no_backup_is_kept_that_two_root_keys_would_have_to_open(folder: Path, tmp_path: Path) -> None:
    """A root key that is changed while a backup is made leaves its epoch key under the old one and its keys under the new: it is refused."""
    with troth.open(folder, sequencer=False) as running:

        def change(_: int, __: int) -> None:
            if read_settings(folder).keys.root == "file:keys/root.key":
                change_root(folder)

        halves = tmp_path / "half-data", tmp_path / "half-keys"
        with pytest.raises(Conflict) as told:
            backup_folder(running, *halves, change)
        assert "nothing of it was kept" in told.value.what
        assert not [one for one in halves if one.exists()]
        assert not list(folder.rglob("*.epoch"))
        backup_folder(running, *halves)
        assert [one.exists() for one in halves] == [True, True]


def test_a_backup_from_before_tells_the_root_key_that_it_needs(folder: Path, tmp_path: Path) -> None:
    """A backup's epoch key stays under the root key of its day; a restore with a later one names the one that it needs."""
    wish = Wish(tmp_path / "half-data", tmp_path / "half-keys", tmp_path / "restored")
    with troth.open(folder, sequencer=False) as running:
        backup_folder(running, wish.data, wish.keys)
        change_root(folder)
        with pytest.raises(WrongRoot) as told:
            restore_folder(wish._replace(present=folder))
    assert "file:root.key#" in told.value.what
    assert "--root" in told.value.mend
    restore_folder(wish._replace(present=folder, root=folder / "keys" / "root.key"))
    with troth.open(wish.to, sequencer=False):
        pass
