"""Files that several processes write: whole, and one after the other."""

import fcntl
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest

from troth.storage import held, put_whole


def test_a_file_is_put_in_its_place_whole(tmp_path: Path) -> None:
    """The new content replaces the old one, for the owner alone, and nothing is left beside it."""
    file = tmp_path / "one"
    put_whole(file, b"old")
    put_whole(file, b"new")
    assert file.read_bytes() == b"new"
    assert file.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [file]


def test_a_file_that_is_there_stays_where_it_shall(tmp_path: Path) -> None:
    """Of two who make a file the first one's stays, and nothing of the other's is left."""
    file = tmp_path / "one"
    put_whole(file, b"first", fresh=True)
    with pytest.raises(FileExistsError):
        put_whole(file, b"second", fresh=True)
    assert file.read_bytes() == b"first"
    assert list(tmp_path.iterdir()) == [file]


def test_who_waits_for_a_file_gets_the_one_that_replaced_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two hold a file one after the other, although the first replaces it meanwhile; both changes stay. A file that may only be read can be held."""
    file, asked, lock = tmp_path / "one", Event(), fcntl.flock
    put_whole(file, b"0", mode=0o400)

    def add() -> None:
        with held(file):
            put_whole(file, str(int(file.read_bytes()) + 1).encode(), mode=0o400)

    def watched(descriptor: int, how: int) -> None:
        asked.set()
        lock(descriptor, how)

    with ThreadPoolExecutor(1) as pool:
        with held(file):
            monkeypatch.setattr(fcntl, "flock", watched)
            other = pool.submit(add)
            assert asked.wait(60)
            put_whole(file, b"5", mode=0o400)
            assert not other.done()
        other.result()
    assert file.read_bytes() == b"6"
