"""Epoch keys: each seals the key store half of one backup, and is destroyed at a fixed instant.

An epoch key lies in files, wrapped under the root key, in folders that no backup takes: a copy of the key store must not
bring along what opens it, and the loss of the key store must not take away what opens its copy. The instant of its end
is bound into the wrapping, so that a changed date opens nothing.
"""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from troth.kernel import Corrupt, NotFound, Unavailable
from troth.storage import put_whole, sync_folder
from troth.vault import crypto
from troth.vault.errors import WrongRoot
from troth.vault.store_keys import RootKey

SUFFIX = ".epoch"
FORMAT = 1
_FOLDER_MODE = 0o700


class EpochOver(NotFound):
    """The epoch key of a backup was destroyed, or was never there: its copy of the key store opens no more."""

    status = 410
    code = "epoch-over"


class Epoch(NamedTuple):
    """An epoch key's file: the backup that it seals, and the instant (microseconds) of its end."""

    epoch: str
    until: int
    file: Path


class _File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    format: int
    epoch: str
    until: int
    root: str
    wrapped: bytes


def make_epoch(root: RootKey, epoch: str, until: int, places: Sequence[Path]) -> crypto.StreamCipher:
    """Make the epoch key of a backup, on disk in every place when this returns; gives what seals with it.

    Raises:
        OSError: A place cannot be written.
        Unavailable: The root key cannot be asked.
    """
    secret = crypto.new_secret()
    wrapped = root.wrap(secret, _context(epoch, until))
    content = msgspec.json.encode(
        _File(format=FORMAT, epoch=epoch, until=until, root=root.name, wrapped=wrapped)
    )
    for place in places:
        place.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
        # Whole: whoever looks for keys that are over takes an empty file for one, and removes it.
        put_whole(place / f"{epoch}{SUFFIX}", content, fresh=True)
    return _cipher(secret, epoch)


def open_epoch(root: RootKey, epoch: str, now: int, places: Sequence[Path]) -> crypto.StreamCipher:
    """What opens the sealed half of a backup at an instant (microseconds).

    Raises:
        EpochOver: The key is in no place, or its end has come.
        Corrupt: Its file is damaged.
        WrongRoot: Another root key wrapped it, or its file was changed.
    """
    for place in places:
        path = place / f"{epoch}{SUFFIX}"
        found = _read(path)
        if found is not None:
            if found.epoch != epoch:
                raise Corrupt(f"{path} is the epoch key of another backup.", mend="Put its own file back.")
            if found.until <= now:
                break
            return _cipher(_opened(root, found), epoch)
    raise EpochOver(
        "The epoch key of this backup is gone, and with it its copy of the key store.",
        clause="III.7",
        mend="Restore the data with the key store that is in use, or use a younger backup.",
    )


def epochs_in(place: Path) -> list[Epoch]:
    """The epoch keys in a place.

    Raises:
        Unavailable: The place is not there, so that nobody knows what it holds.
        Corrupt: A file is damaged.
    """
    if not place.is_dir():
        raise Unavailable(
            f"The folder of epoch keys {place} is not there.",
            mend="Mount it again; if it is gone for good, take it out of the setting `epochs` of [backup].",
        )
    found = [(path, _read(path)) for path in sorted(place.glob(f"*{SUFFIX}"))]
    return [Epoch(one.epoch, one.until, path) for path, one in found if one is not None]


def destroy_file(file: Path) -> None:
    """Overwrite and remove a file that holds keys; one that is gone already is fine.

    Raises:
        OSError: The system does not let it.
    """
    try:
        with file.open("r+b") as old:
            size = old.seek(0, os.SEEK_END)
            old.seek(0)
            old.write(bytes(size))
            old.flush()
            os.fsync(old.fileno())
        file.unlink()
    except FileNotFoundError:
        return
    sync_folder(file.parent)


def is_in(places: Iterable[Path], epoch: str) -> bool:
    """Whether an epoch key lies in one of some places.

    Raises:
        Unavailable: A place is not there, so that nobody knows.
    """
    return any(one.epoch == epoch for place in places for one in epochs_in(place))


def _read(path: Path) -> _File | None:
    """What a file holds; None where there is none, for another process may have destroyed it just now."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    if not content.strip(b"\0"):
        # A kill between overwriting and removing: the key is gone, and nobody needs to know its end.
        return _File(format=FORMAT, epoch=path.name.removesuffix(SUFFIX), until=0, root="", wrapped=b"")
    try:
        return msgspec.json.decode(content, type=_File)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Corrupt(f"{path} holds no epoch key.", mend="Remove it, if it is none of Troth's.") from error


def _opened(root: RootKey, found: _File) -> bytes:
    try:
        return root.unwrap(found.wrapped, _context(found.epoch, found.until))
    except WrongRoot as error:
        if found.root == root.name:
            raise
        raise WrongRoot(
            f"The epoch key of this backup is under the root key {found.root}; {root.name} does not open it.",
            clause="IV.1",
            field="root",
            mend="Name that root key with --root: it was in use until `troth keys rotate-root`.",
        ) from error


def _context(epoch: str, until: int) -> bytes:
    return f"troth.epoch|{FORMAT}|{epoch}|{until}".encode()


def _cipher(secret: bytes, epoch: str) -> crypto.StreamCipher:
    return crypto.StreamCipher(crypto.derive(secret, "archive"), f"troth.archive|{epoch}")
