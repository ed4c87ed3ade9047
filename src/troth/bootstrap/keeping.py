"""Backup and restore of a whole folder: the flows, wired to its settings."""

import os
import shutil
from pathlib import Path
from typing import NamedTuple

import msgspec

from troth.bootstrap.runtime import Troth, open_troth
from troth.bootstrap.settings import SETTINGS_FILE, KeySettings, Settings, read_settings, settings_text
from troth.flows import CLAIMS_FILE, Backup, Progress, check_backup, restore_files, write_backup
from troth.kernel import InvalidInput, NotFound, TrothError, new_id
from troth.ledger import DatabaseSource, recount, verify_log

_FILE_ROOT = "file:"
_OWNER_ONLY = 0o600


class Restored(NamedTuple):
    """What was restored and verified: where, the ledger's size and root, and how many policy versions."""

    data: Path
    keys: Path
    ledger_size: int
    ledger_root: str
    versions: int


def backup_folder(troth: Troth, data_to: Path, keys_to: Path, progress: Progress | None = None) -> Backup:
    """Back up a running folder, data and key store apart; the root key goes into neither.

    Raises:
        Conflict: A folder exists already and is not empty.
        InvalidInput: Both are the same folder.
        Unavailable: A store is not SQLite (use pg_dump), or the disk is full.
    """
    troth.flush_ledger()
    return write_backup(
        troth.database,
        troth.keystore,
        settings=troth.folder / SETTINGS_FILE,
        claims=troth.folder / CLAIMS_FILE,
        signer=troth.folder / troth.settings.ledger.signer,
        data_to=data_to,
        keys_to=keys_to,
        pair=new_id(),
        now=troth.clock.now(),
        progress=progress,
    )


def restore_folder(
    data_from: Path, keys_from: Path, *, data_to: Path, keys_to: Path, root: Path | None
) -> Restored:
    """Restore a backup into new places, and verify that it opens and that its ledger and policy are whole.

    Args:
        data_from: The data half of a backup.
        keys_from: The key store half; of the same backup or of a younger one.
        data_to: Folder to make for data and settings.
        keys_to: Folder to make for key store and keys.
        root: File with the root key, when it is kept in a file.

    Raises:
        Conflict: A file stands in the way; nothing was written.
        Corrupt: The backup was altered, or what was restored does not verify; it was taken back.
        NotFound: A half, or the root key, is missing.
    """
    backup = check_backup(data_from, keys_from)
    settings = read_settings(data_from, {})
    _check_root(settings, root)
    restore_files(backup, data_to=data_to, keys_to=keys_to)
    try:
        moved = _moved(settings, data_to, keys_to)
        if root is not None:
            shutil.copyfile(root, keys_to / "root.key")
            (keys_to / "root.key").chmod(_OWNER_ONLY)
        (data_to / SETTINGS_FILE).write_text(settings_text(moved), encoding="utf-8")
        return verify_folder(data_to, keys_to)
    except TrothError:
        _take_back(data_to, keys_to)
        raise


def verify_folder(data: Path, keys: Path) -> Restored:
    """Verify that a folder opens, and that its ledger and every policy version are whole.

    Raises:
        Corrupt: Something is not as it was signed or published.
    """
    with open_troth(data, sequencer=False) as troth:
        versions = troth.policy_versions()
        for version in versions:
            troth.policy_text(version.sha256)
        with troth.database.snapshot() as tx:
            ledger = verify_log(DatabaseSource(tx), troth.signer.verifier_key)
            recount(tx)
    return Restored(data, keys, ledger.size, ledger.root.hex(), len(versions))


def _check_root(settings: Settings, root: Path | None) -> None:
    if settings.keys.root.startswith(_FILE_ROOT):
        if root is None:
            raise InvalidInput(
                "The root key is in no backup.",
                field="root",
                mend="Name the file that you keep it in with --root.",
            )
        if not root.is_file():
            raise NotFound(f"There is no root key at {root}.", field="root", mend="Name the right file.")


def _take_back(data_to: Path, keys_to: Path) -> None:
    """Remove what a restore wrote and nothing else, so that it can be tried again."""
    stores = [data_to / "data.db", keys_to / "keystore.db"]
    beside = [file.with_name(file.name + end) for file in stores for end in ("-wal", "-shm")]
    for file in (
        *stores,
        *beside,
        data_to / SETTINGS_FILE,
        data_to / CLAIMS_FILE,
        keys_to / "ledger.key",
        keys_to / "root.key",
    ):
        file.unlink(missing_ok=True)


def _moved(settings: Settings, data_to: Path, keys_to: Path) -> Settings:
    """The settings with the places of keys as they are after a restore."""
    keys = Path(os.path.relpath(keys_to.resolve(), data_to.resolve()))
    in_file = settings.keys.root.startswith(_FILE_ROOT)
    root = f"{_FILE_ROOT}{keys / 'root.key'}" if in_file else settings.keys.root
    return msgspec.structs.replace(
        settings,
        data=msgspec.structs.replace(settings.data, database="data.db"),
        keys=KeySettings(keystore=str(keys / "keystore.db"), root=root),
        ledger=msgspec.structs.replace(settings.ledger, signer=str(keys / "ledger.key")),
    )
