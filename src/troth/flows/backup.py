"""Backups: the data in one place, the key store in another, so that neither alone reveals anybody.

A copy of the data holds sealed fields only. A copy of the key store opens them, together with the root key, which is in
neither: keep it elsewhere. An erased person stays erased in a restored pair only when the copy of the key store is
younger than the erasure. Therefore keep key store copies for days, not years; sealing them under an epoch key that is
destroyed after some days is not built yet.
"""

import hashlib
import os
import shutil
from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import msgspec

from troth.events import forget_salts
from troth.kernel import Conflict, Corrupt, InvalidInput, NotFound
from troth.storage import Database, open_database

MANIFEST = "manifest.json"
FORMAT = 1
DATA_FILE, KEYSTORE_FILE, SIGNER_FILE, SETTINGS_FILE = "data.db", "keystore.db", "ledger.key", "troth.toml"
CLAIMS_FILE = "enforcement.yaml"
_FOLDER_MODE, _FILE_MODE = 0o700, 0o600
_CHUNK = 1 << 20
Progress = Callable[[int, int], None]
Part = Literal["data", "keys"]


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a copy holds: SHA-256 (hexadecimal) by file name, when it was made, and of which pair it is one half."""

    format: int
    part: Part
    pair: str
    made: datetime
    files: dict[str, str]


class Backup(msgspec.Struct, frozen=True, kw_only=True):
    """The two halves of a backup, checked against their manifests."""

    data: Path
    keys: Path
    made: datetime
    pair: str


def write_backup(
    database: Database,
    keystore: Database,
    *,
    settings: Path,
    claims: Path,
    signer: Path,
    data_to: Path,
    keys_to: Path,
    pair: str,
    now: datetime,
    progress: Progress | None = None,
) -> Backup:
    """Copy a running folder into two new folders.

    The data is copied first: a key that is added meanwhile is then in the key store's copy, never missing from it.

    Args:
        database: The data database.
        keystore: The key store.
        settings: The settings file.
        claims: The enforcement table, which the policy page shows; left out of the copy when it does not exist.
        signer: The ledger's signing key; goes with the key store, for it is a secret.
        data_to: Folder to make for the data.
        keys_to: Folder to make for the key store.
        pair: Id of this backup, the same in both halves.
        now: Instant of the backup.
        progress: Told (pages done, pages in all) of each database.

    Raises:
        Conflict: A folder exists already and is not empty.
        InvalidInput: Both halves would go into one folder.
        Unavailable: A store does not offer copies (PostgreSQL: use pg_dump), or the disk is full.
    """
    if data_to.resolve() == keys_to.resolve():
        raise InvalidInput(
            "Data and key store would lie in one folder.", field="keys", mend="Name two different folders."
        )
    _make_folders(data_to, keys_to)
    database.copy_to(str(data_to / DATA_FILE), progress)
    shutil.copyfile(settings, data_to / SETTINGS_FILE)
    if claims.is_file():
        shutil.copyfile(claims, data_to / CLAIMS_FILE)
    keystore.copy_to(str(keys_to / KEYSTORE_FILE), progress)
    with closing(open_database(str(keys_to / KEYSTORE_FILE), key_store=True)) as copied:
        forget_salts(copied)
    shutil.copyfile(signer, keys_to / SIGNER_FILE)
    _seal_folder(data_to, "data", pair, now)
    _seal_folder(keys_to, "keys", pair, now)
    return Backup(data=data_to, keys=keys_to, made=now, pair=pair)


def check_backup(data: Path, keys: Path) -> Backup:
    """Check both halves of a backup, byte by byte, against their manifests.

    Raises:
        NotFound: A half or one of its files is missing.
        Corrupt: A file is not the one that was written.
        InvalidInput: A half is of the other kind.
    """
    halves: Mapping[Part, Path] = {"data": data, "keys": keys}
    manifests = {part: _manifest(folder, part) for part, folder in halves.items()}
    for part, folder in halves.items():
        for name, digest in manifests[part].files.items():
            _check_file(folder / name, digest)
    return Backup(data=data, keys=keys, made=manifests["data"].made, pair=manifests["data"].pair)


def restore_files(backup: Backup, *, data_to: Path, keys_to: Path) -> None:
    """Put both halves of a checked backup into two places; nothing there is overwritten.

    Args:
        backup: As `check_backup` gives it.
        data_to: Folder for the data and settings.
        keys_to: Folder for the key store and the ledger's signing key.

    Raises:
        Conflict: A file stands in the way; nothing was written.
    """
    places = {
        backup.data / DATA_FILE: data_to / DATA_FILE,
        backup.data / SETTINGS_FILE: data_to / SETTINGS_FILE,
        backup.keys / KEYSTORE_FILE: keys_to / KEYSTORE_FILE,
        backup.keys / SIGNER_FILE: keys_to / SIGNER_FILE,
    }
    if (backup.data / CLAIMS_FILE).is_file():  # copies of folders without a table have none
        places[backup.data / CLAIMS_FILE] = data_to / CLAIMS_FILE
    for place in (*places.values(), data_to / CLAIMS_FILE):
        if place.exists() or place.with_name(place.name + "-wal").exists():
            raise Conflict(
                f"{place} exists; nothing was restored.", mend="Restore into new folders and compare."
            )
    for folder in (data_to, keys_to):
        folder.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
    for source, place in places.items():
        _copy_secret(source, place)


def _make_folders(*folders: Path) -> None:
    for folder in folders:
        if folder.exists() and any(folder.iterdir()):
            raise Conflict(f"{folder} is not empty.", mend="Name a folder that does not exist yet.")
    for folder in folders:
        folder.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)


def _seal_folder(folder: Path, part: Part, pair: str, now: datetime) -> None:
    """Write the manifest, the last file of a half: without it the half is not taken for a backup."""
    copied = sorted(folder.iterdir())
    for one in copied:
        one.chmod(_FILE_MODE)
    files = {one.name: _digest(one) for one in copied}
    manifest = Manifest(format=FORMAT, part=part, pair=pair, made=now, files=files)
    with (folder / MANIFEST).open("wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(manifest)))
        file.flush()
        os.fsync(file.fileno())


def _manifest(folder: Path, part: Part) -> Manifest:
    file = folder / MANIFEST
    if not file.is_file():
        raise NotFound(
            f"{folder} is no backup of {'the data' if part == 'data' else 'the key store'}: it has no {MANIFEST}.",
            mend="Name the folder that `troth backup` wrote.",
        )
    try:
        manifest = msgspec.json.decode(file.read_bytes(), type=Manifest)
    except msgspec.MsgspecError as error:
        raise Corrupt(f"{file} is damaged ({error}).", mend="Use another backup.") from error
    if manifest.part != part or manifest.format != FORMAT:
        raise InvalidInput(
            f"{folder} holds the {manifest.part} half in format {manifest.format}, not the {part} half.",
            field=part,
            mend="Name each half by its own option.",
        )
    return manifest


def _check_file(file: Path, digest: str) -> None:
    if not file.is_file():
        raise NotFound(f"{file} is missing.", mend="Use another backup.")
    if _digest(file) != digest:
        raise Corrupt(f"{file} is not the file that was backed up.", mend="Use another backup.")


def _digest(file: Path) -> str:
    found: Any = hashlib.sha256()
    with file.open("rb") as content:
        while chunk := content.read(_CHUNK):
            found.update(chunk)
    digest: str = found.hexdigest()
    return digest


def _copy_secret(source: Path, place: Path) -> None:
    descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _FILE_MODE)
    with source.open("rb") as content, os.fdopen(descriptor, "wb") as file:
        shutil.copyfileobj(content, file, _CHUNK)
        file.flush()
        os.fsync(file.fileno())
