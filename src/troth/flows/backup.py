"""Backups: the data in one place, the key store in another and sealed, so that no backup reveals anybody for long.

A copy of the data holds sealed fields only. The copy of the key store that opens them is itself sealed under the epoch
key of this backup, which is in neither half and is destroyed after some days. The root key is in neither half either.
From then on a copy of the data opens with the key store that is in use, from which whoever was erased is gone.
"""

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec

from troth.events import SALTS_TABLE
from troth.ingress import SECRETS_TABLE
from troth.kernel import Conflict, Corrupt, InvalidInput, NotFound, Unavailable
from troth.storage import (
    Database,
    Wrap,
    data_tables,
    dump_rows,
    key_tables,
    revision,
    write_rows,
)

MANIFEST = "manifest.json"
FORMAT = 2
DATA_FILE, ROWS_FILE, SEALED_FILE = "data.db", "data.rows", "keystore.sealed"
SIGNER_FILE, SETTINGS_FILE, CLAIMS_FILE = "ledger.key", "troth.toml", "enforcement.yaml"
_FOLDER_MODE, _FILE_MODE = 0o700, 0o600
_CHUNK = 1 << 20
Progress = Callable[[int, int], None]
"""Told (done, total) pages or rows; the total is 0 where nobody knows it."""
Part = Literal["data", "keys"]


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a half holds: SHA-256 (hexadecimal) by file name, when it was made, of which backup, and until when it opens."""

    format: int
    part: Part
    pair: str
    made: datetime
    until: datetime
    files: dict[str, str]


class Backup(msgspec.Struct, frozen=True, kw_only=True):
    """The two halves of a backup: its id, when it was begun, and when its epoch key is destroyed at the latest."""

    data: Path
    keys: Path
    made: datetime
    until: datetime
    pair: str


class Contents(NamedTuple):
    """What a backup is made of.

    Args:
        database: The data database.
        keystore: The key store.
        settings: The settings file.
        claims: The enforcement table, which the policy page shows; left out when it does not exist.
        signer: The ledger's signing key; goes with the key store, for it is a secret.
    """

    database: Database
    keystore: Database
    settings: Path
    claims: Path
    signer: Path


def make_halves(data_to: Path, keys_to: Path) -> None:
    """Make the two folders of a backup.

    Raises:
        Conflict: One exists already and is not empty.
        InvalidInput: They are the same folder.
    """
    if data_to.resolve() == keys_to.resolve():
        raise InvalidInput(
            "Data and key store would lie in one folder.", field="keys", mend="Name two different folders."
        )
    for folder in (data_to, keys_to):
        if folder.exists() and any(folder.iterdir()):
            raise Conflict(f"{folder} is not empty.", mend="Name a folder that does not exist yet.")
    for folder in (data_to, keys_to):
        folder.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)


def write_backup(
    contents: Contents,
    backup: Backup,
    seal: Wrap,
    progress: Progress | None = None,
    check: Callable[[], None] = lambda: None,
) -> None:
    """Copy a running folder into the two folders of a backup.

    The data is copied first: a key that is added meanwhile is then in the key store's copy, never missing from it.

    Args:
        contents: What to copy.
        backup: Where to.
        seal: Seals the pieces of the key store's copy, so that no byte of a key is written unsealed.
        progress: Told how far the copying of each store is.
        check: Called when everything is copied; after what it raises nothing of the backup is kept.

    Raises:
        Unavailable: The disk is full; what was written was removed.
    """
    with _taken_back_unless_written(backup.data, backup.keys):
        _write_data(contents, backup.data, progress)
        _seal_folder(backup, "data")
        frames = dump_rows(contents.keystore, key_tables, leave_out=(SALTS_TABLE, SECRETS_TABLE))
        known = revision(contents.keystore, key_store=True) or ""
        write_rows(backup.keys / SEALED_FILE, known, frames, seal, progress)
        shutil.copyfile(contents.signer, backup.keys / SIGNER_FILE)
        check()
        _seal_folder(backup, "keys")


def check_data(folder: Path) -> Manifest:
    """Check the data half of a backup, byte by byte, against its manifest.

    Raises:
        NotFound: The half or one of its files is missing.
        Corrupt: A file is not the one that was written.
        InvalidInput: It is the other half.
    """
    return _checked(folder, "data")


def check_keys(folder: Path) -> Manifest:
    """Check the key store half of a backup, as `check_data` does the other."""
    return _checked(folder, "keys")


def copy_file(source: Path, place: Path) -> None:
    """Copy a file to a new one that only its owner reads, on disk when it returns.

    Raises:
        FileExistsError: There is a file already.
    """
    descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _FILE_MODE)
    with source.open("rb") as content, os.fdopen(descriptor, "wb") as file:
        shutil.copyfileobj(content, file, _CHUNK)
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def _taken_back_unless_written(*folders: Path) -> Iterator[None]:
    """Remove what was written when it could not be finished: half a backup is none, and takes room."""
    try:
        yield
    except BaseException as error:
        for folder in folders:
            for file in folder.iterdir():
                file.unlink()
            folder.rmdir()
        if isinstance(error, OSError):
            raise Unavailable(
                f"The backup cannot be written ({error.strerror}); nothing of it was kept.",
                mend="Choose a place on a disk with room, where you may write.",
            ) from error
        raise


def _write_data(contents: Contents, folder: Path, progress: Progress | None) -> None:
    database = contents.database
    if database.dialect == "sqlite":
        database.copy_to(str(folder / DATA_FILE), progress)
    else:
        frames = dump_rows(database, data_tables)
        write_rows(folder / ROWS_FILE, revision(database) or "", frames, progress=progress)
    shutil.copyfile(contents.settings, folder / SETTINGS_FILE)
    if contents.claims.is_file():
        shutil.copyfile(contents.claims, folder / CLAIMS_FILE)


def _seal_folder(backup: Backup, part: Part) -> None:
    """Write the manifest, the last file of a half: without it the half is not taken for a backup. It is there whole, or not."""
    folder = backup.data if part == "data" else backup.keys
    copied = sorted(folder.iterdir())
    for one in copied:
        one.chmod(_FILE_MODE)
    manifest = Manifest(
        format=FORMAT,
        part=part,
        pair=backup.pair,
        made=backup.made,
        until=backup.until,
        files={one.name: _digest(one) for one in copied},
    )
    beside = folder / f"{MANIFEST}.part"
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _FILE_MODE), "wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(manifest)))
        file.flush()
        os.fsync(file.fileno())
    beside.rename(folder / MANIFEST)


def _checked(folder: Path, part: Part) -> Manifest:
    manifest = _manifest(folder, part)
    for name, digest in manifest.files.items():
        file = folder / name
        if Path(name).name != name or not file.is_file():
            raise NotFound(f"{file} is missing.", mend="Use another backup.")
        if _digest(file) != digest:
            raise Corrupt(f"{file} is not the file that was backed up.", mend="Use another backup.")
    return manifest


def _manifest(folder: Path, part: Part) -> Manifest:
    file = folder / MANIFEST
    if not file.is_file():
        raise NotFound(
            f"{folder} is no backup of {'the data' if part == 'data' else 'the key store'}: it has no {MANIFEST}.",
            mend="Name the folder that `troth backup` wrote to its end.",
        )
    try:
        manifest = msgspec.json.decode(file.read_bytes(), type=Manifest)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Corrupt(f"{file} is damaged ({error}).", mend="Use another backup.") from error
    if manifest.part != part or manifest.format != FORMAT:
        raise InvalidInput(
            f"{folder} holds the {manifest.part} half in format {manifest.format}, not the {part} half.",
            field=part,
            mend="Name each half by its own option.",
        )
    return manifest


def _digest(file: Path) -> str:
    found: Any = hashlib.sha256()
    with file.open("rb") as content:
        while chunk := content.read(_CHUNK):
            found.update(chunk)
    digest: str = found.hexdigest()
    return digest
