"""Keys of backups and the journal of erasures, which several processes write."""

import os
from pathlib import Path
from typing import Any

import pytest

from tests.vault.stand import MemoryRoot
from troth.storage import Database
from troth.vault import Epoch, epochs_in, make_epoch, open_epoch
from troth.vault.erased import Erased, note_erased
from troth.vault.journal import read_journal, write_journal

UNTIL = 10_000
EPOCH = "e" * 32


def test_a_key_that_is_being_made_is_never_taken_for_one_that_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that looks for keys that are over, just when a backup makes its key, sees none or the whole one: it would destroy any other."""
    seen: list[Epoch] = []
    real = os.open

    def hooked(path: Any, *arguments: Any) -> int:
        opened = real(path, *arguments)
        if EPOCH in str(path):
            seen.extend(epochs_in(tmp_path))
        return opened

    root = MemoryRoot("root")
    monkeypatch.setattr(os, "open", hooked)
    sealing = make_epoch(root, EPOCH, UNTIL, [tmp_path])
    assert [one for one in seen if one.until != UNTIL] == []
    assert [one.until for one in epochs_in(tmp_path)] == [UNTIL]
    assert type(open_epoch(root, EPOCH, 1, [tmp_path])) is type(sealing)
    assert [one.name for one in tmp_path.iterdir()] == [f"{EPOCH}.epoch"]


def test_a_key_that_is_destroyed_during_a_look_is_none(tmp_path: Path) -> None:
    """Another process may destroy a key between its listing and its reading: then it is gone, and no error."""
    (tmp_path / "gone.epoch").symlink_to(tmp_path / "nowhere")
    assert epochs_in(tmp_path) == []


def test_two_who_begin_a_journal_lose_no_erasure(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A journal that another process began, and wrote to, while this one was about to begin it, keeps every erasure."""
    ann, ben = "a" * 32, "b" * 32
    real = os.fsync

    def hooked(descriptor: int) -> None:
        monkeypatch.setattr(os, "fsync", real)
        erase(database, ben)
        write_journal(database, [tmp_path])
        real(descriptor)

    erase(database, ann)
    monkeypatch.setattr(os, "fsync", hooked)
    write_journal(database, [tmp_path])
    write_journal(database, [tmp_path])
    assert {one.person for one in read_journal(tmp_path)} == {ann, ben}
    assert [one.name for one in tmp_path.glob("*erasures*")] == ["erasures.jsonl"]


def erase(database: Database, person: str) -> None:
    """Note that somebody was erased."""
    with database.transaction() as tx:
        note_erased(tx, [Erased(person, "", "", 1)])
