"""A root key in a file."""

import stat
from pathlib import Path

import pytest

from troth.adapters import create_root_key_file, open_root_key
from troth.kernel import Corrupt, NotFound


def test_a_new_file_is_its_owners_alone(tmp_path: Path) -> None:
    """The file has mode 0600, its new folder 0700, and two files hold two keys."""
    create_root_key_file(tmp_path / "keys" / "root.key")
    create_root_key_file(tmp_path / "keys" / "other.key")
    assert stat.S_IMODE((tmp_path / "keys" / "root.key").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700
    assert (tmp_path / "keys" / "root.key").read_bytes() != (tmp_path / "keys" / "other.key").read_bytes()


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    """Making a root key where one is leaves it as it is."""
    create_root_key_file(tmp_path / "root.key")
    before = (tmp_path / "root.key").read_bytes()
    with pytest.raises(FileExistsError):
        create_root_key_file(tmp_path / "root.key")
    assert (tmp_path / "root.key").read_bytes() == before


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o601, 0o610])
def test_a_file_that_others_can_touch_is_refused(tmp_path: Path, mode: int) -> None:
    """Any right of group or others stops Troth, and the message says how to mend it."""
    create_root_key_file(tmp_path / "root.key")
    (tmp_path / "root.key").chmod(mode)
    with pytest.raises(Corrupt, match=f"mode {mode:04o}") as told:
        open_root_key("file:root.key", tmp_path)
    assert told.value.mend.startswith("chmod 600")


def test_a_read_only_file_will_do(tmp_path: Path) -> None:
    """Mode 0400 is stricter still."""
    create_root_key_file(tmp_path / "root.key")
    (tmp_path / "root.key").chmod(0o400)
    open_root_key("file:root.key", tmp_path)


@pytest.mark.parametrize("content", [b"", b"short", bytes(31), bytes(33)])
def test_a_file_of_another_size_is_no_key(tmp_path: Path, content: bytes) -> None:
    """A file cut off or filled up is refused before anything is opened with it."""
    (tmp_path / "root.key").write_bytes(content)
    (tmp_path / "root.key").chmod(0o600)
    with pytest.raises(Corrupt, match="32 bytes"):
        open_root_key("file:root.key", tmp_path)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    """A missing file, or a folder in its place, is not taken for a key."""
    (tmp_path / "folder").mkdir()
    for place in ("file:root.key", "file:folder"):
        with pytest.raises(NotFound):
            open_root_key(place, tmp_path)


def test_its_name_and_repr_tell_nothing_of_the_key(tmp_path: Path) -> None:
    """Name, repr and errors hold no part of the key."""
    create_root_key_file(tmp_path / "root.key")
    secret = (tmp_path / "root.key").read_bytes()
    root = open_root_key("file:root.key", tmp_path)
    for shown in (root.name, repr(root)):
        assert not any(secret[at : at + 4].hex() in shown for at in range(len(secret) - 3))


def test_the_name_follows_the_key_not_the_file(tmp_path: Path) -> None:
    """A copied key keeps its name's mark; another key in a file of the same name has another."""
    create_root_key_file(tmp_path / "root.key")
    (tmp_path / "copy").mkdir()
    create_root_key_file(tmp_path / "other" / "root.key")
    (tmp_path / "copy" / "root.key").write_bytes((tmp_path / "root.key").read_bytes())
    (tmp_path / "copy" / "root.key").chmod(0o600)
    one, copy, other = (
        open_root_key(f"file:{place}root.key", tmp_path).name for place in ("", "copy/", "other/")
    )
    assert one == copy != other
