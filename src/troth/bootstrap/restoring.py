"""Restoring a backup into a new folder: whole, verified, and without anybody who was erased since.

The folder gets its settings last of all, and nothing opens a folder without settings: before that it holds the note of
a restore under way, by which the same restore, and no other, begins anew after a kill.
"""

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import msgspec

from troth.adapters import open_root_key
from troth.bootstrap.keeping import epoch_places, record
from troth.bootstrap.replaying import Erasures, Present, Replayed, open_present
from troth.bootstrap.runtime import Troth, chosen_clock
from troth.bootstrap.settings import SETTINGS_FILE, KeySettings, Settings, read_settings, settings_text
from troth.flows import (
    CLAIMS_FILE,
    DATA_FILE,
    ROWS_FILE,
    SEALED_FILE,
    SIGNER_FILE,
    Manifest,
    Progress,
    check_data,
    check_keys,
    copy_file,
)
from troth.kernel import Clock, Conflict, InvalidInput, NotFound, Unavailable, micros
from troth.ledger import DatabaseSource, recount, verify_log
from troth.storage import (
    HEADS,
    Frame,
    dump_rows,
    key_tables,
    load_rows,
    migrate,
    open_database,
    read_rows,
    revision,
)
from troth.vault import EpochOver, RootKey, move_epochs, open_epoch

NOTE = "restoring.json"
_FILE_ROOT = "file:"
_KEYS, _KEYSTORE_FILE, _ROOT_FILE = "keys", "keystore.db", "root.key"
_FOLDER_MODE, _OWNER_ONLY = 0o700, 0o600


class Wish(NamedTuple):
    """What to restore.

    Args:
        data: The data half of a backup.
        keys: The sealed key store half; of the same backup or of a younger one. Need not be there when the key store in
            use is.
        to: Folder to make.
        present: The folder in use, if it is still there: it tells who was erased since, where the epoch keys are, and,
            once the backup's epoch key is gone, has the key store that opens the data.
        epochs: Further folders with epoch keys and journals of erasures.
        root: File with the root key, when it is kept in a file and not in the folder in use.
    """

    data: Path
    keys: Path
    to: Path
    present: Path | None = None
    epochs: tuple[Path, ...] = ()
    root: Path | None = None


class Restored(NamedTuple):
    """What was restored and verified.

    Args:
        folder: Where.
        made: When the backup was begun.
        keys_from: Where the keys come from: "backup", or "key store in use".
        replayed: What was erased again.
        ledger_size: Entries of the ledger, as it was backed up.
        ledger_root: Root of its tree.
        versions: How many policy versions were verified.
    """

    folder: Path
    made: datetime
    keys_from: str
    replayed: Replayed
    ledger_size: int
    ledger_root: str
    versions: int


class Verified(NamedTuple):
    """What is whole: the ledger's size and root, and how many policy versions."""

    ledger_size: int
    ledger_root: str
    versions: int


class _Note(msgspec.Struct, frozen=True, kw_only=True):
    """The note of a restore under way."""

    pair: str


def restore_folder(
    wish: Wish,
    clock: Clock | None = None,
    progress: Progress | None = None,
    *,
    checked: Manifest | None = None,
) -> Restored:
    """Restore a backup into a new folder; `checked` is what `check_data` said, where the caller has just asked it.

    Whoever was erased since the backup is erased again before the folder can be opened, and their keys are not even
    written. Called again after a kill, it begins anew; the folder in use is only read.

    Raises:
        Conflict: Something stands in the new folder; nothing was written.
        Corrupt: The backup was altered, or what was restored does not verify, or has a value without a key and nothing
            tells of the key's end; it was taken back.
        EpochOver: The backup's epoch key is gone, and there is no key store in use, or everybody was re-keyed since.
        NotFound: A half, the root key, or whatever tells who was erased is missing.
        Unavailable: The disk is full; what was restored was taken back.
    """
    data = checked or check_data(wish.data)
    told = chosen_clock(clock)
    with ExitStack() as opened:
        present = open_present(wish.present, opened)
        places = _all_places(wish, present)
        erasures = Erasures(present, places)
        settings, root = _new_settings(wish, present)
        keys_from, frames = _key_rows(wish, present, places, root, micros(told.now()))
        with _folder_under_way(wish.to, data.pair):
            _put_files(wish, present, settings)
            _put_data(wish, progress)
            _put_keys(wish.to, frames[0], erasures.without_keys(frames[1]), progress)
            with Troth(wish.to, settings, told, start_sequencer=False) as troth:
                whole = verify(troth)
                replayed = erasures.replay(troth)
                _note_restored(troth, data, replayed, places)
            _finish(wish.to, settings)
    return Restored(wish.to, data.made, keys_from, replayed, *whole)


def verify(troth: Troth) -> Verified:
    """Verify that the ledger and every policy version of a folder are whole.

    Raises:
        Corrupt: Something is not as it was signed or published.
    """
    versions = troth.policy_versions()
    for version in versions:
        troth.policy_text(version.sha256)
    with troth.database.snapshot() as tx:
        ledger = verify_log(DatabaseSource(tx), troth.signer.verifier_key)
        recount(tx)
    return Verified(ledger.size, ledger.root.hex(), len(versions))


def place_data(half: Path, place: Path, progress: Progress | None = None) -> None:
    """Put the data of a checked backup into a new SQLite file, with the schema that this version works with."""
    if (half / DATA_FILE).is_file():
        copy_file(half / DATA_FILE, place)
    else:
        known, frames = read_rows(half / ROWS_FILE)
        _fill(place, known, frames, progress, key_store=False)
    _bring_up(place, key_store=False)


def place_keys(place: Path, known: str, frames: Iterator[Frame], progress: Progress | None = None) -> None:
    """Put rows of a key store of some revision into a new SQLite file, with the schema that this version works with."""
    _fill(place, known, frames, progress, key_store=True)
    _bring_up(place, key_store=True)


def _fill(
    place: Path, known: str, frames: Iterator[Frame], progress: Progress | None, *, key_store: bool
) -> None:
    place.touch(mode=_OWNER_ONLY, exist_ok=False)
    migrate(str(place), key_store=key_store, to=known)
    with closing(open_database(str(place), key_store=key_store)) as store:
        load_rows(store, frames, progress)


def _bring_up(place: Path, *, key_store: bool) -> None:
    """Give a store of an earlier version the schema of this one."""
    with closing(open_database(str(place), key_store=key_store)) as store:
        known = revision(store, key_store=key_store)
    if known != HEADS["keys" if key_store else "data"]:
        migrate(str(place), key_store=key_store)


def _all_places(wish: Wish, present: Present | None) -> list[Path]:
    given = [one.resolve() for one in wish.epochs]
    used = epoch_places(present.folder, present.settings) if present is not None else []
    return [one for one in dict.fromkeys([*given, *used]) if one.is_dir()]


def _new_settings(wish: Wish, present: Present | None) -> tuple[Settings, RootKey]:
    """The settings of the new folder, and the root key."""
    old = read_settings(wish.data, {})
    root = old.keys.root
    if root.startswith(_FILE_ROOT):
        root = f"{_FILE_ROOT}{_root_file(wish, present)}"
    opened = open_root_key(root, wish.to.resolve())
    kept = f"{_FILE_ROOT}{_KEYS}/{_ROOT_FILE}" if root.startswith(_FILE_ROOT) else root
    moved = msgspec.structs.replace(
        old,
        data=msgspec.structs.replace(old.data, database=DATA_FILE),
        keys=KeySettings(keystore=f"{_KEYS}/{_KEYSTORE_FILE}", root=kept),
        ledger=msgspec.structs.replace(old.ledger, signer=f"{_KEYS}/{SIGNER_FILE}"),
    )
    return moved, opened


def _root_file(wish: Wish, present: Present | None) -> Path:
    if wish.root is not None:
        if not wish.root.is_file():
            raise NotFound(f"There is no root key at {wish.root}.", field="root", mend="Name the right file.")
        return wish.root.resolve()
    if present is not None and present.settings.keys.root.startswith(_FILE_ROOT):
        return present.folder.resolve() / present.settings.keys.root.removeprefix(_FILE_ROOT)
    raise InvalidInput(
        "The root key is in no backup.",
        field="root",
        mend="Name the file that you keep it in with --root, or the folder in use with --data.",
    )


def _key_rows(
    wish: Wish, present: Present | None, places: Sequence[Path], root: RootKey, now: int
) -> tuple[str, tuple[str, Iterator[Frame]]]:
    """Where the keys come from, and their rows with the revision that they are of."""
    try:
        half = check_keys(wish.keys)
        cipher = open_epoch(root, half.pair, now, places)
    except (EpochOver, NotFound):
        if present is None or present.keystore is None:
            raise
        known = revision(present.keystore, key_store=True) or ""
        return "key store in use", (known, dump_rows(present.keystore, key_tables))
    return "backup", read_rows(wish.keys / SEALED_FILE, cipher.unseal)


@contextmanager
def _folder_under_way(folder: Path, pair: str) -> Iterator[None]:
    """A new folder that nobody else restores into; when the block fails, what was restored is taken back.

    Raises:
        Conflict: Something else stands in it, or another restore is under way there.
    """
    note = folder / NOTE
    if folder.exists() and any(folder.iterdir()) and not note.is_file():
        raise Conflict(f"{folder} is not empty; nothing was restored.", mend="Restore into a new folder.")
    folder.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
    with os.fdopen(os.open(note, os.O_RDWR | os.O_CREAT, _OWNER_ONLY), "r+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Conflict(f"Another restore is at work in {folder}.", mend="Wait for its end.") from error
        _refuse_other(file.read(), folder, pair)
        _take_back(folder)
        file.seek(0)
        file.write(msgspec.json.encode(_Note(pair=pair)))
        file.flush()
        os.fsync(file.fileno())
        try:
            yield
        except BaseException as error:
            _take_back(folder)
            note.unlink()
            with suppress(OSError):  # somebody else put something there meanwhile
                folder.rmdir()
            if isinstance(error, OSError):
                raise Unavailable(
                    f"{folder} cannot be written ({error.strerror}); nothing was kept.",
                    mend="Choose a place on a disk with room, where you may write.",
                ) from error
            raise
        note.unlink()


def _refuse_other(content: bytes, folder: Path, pair: str) -> None:
    if not content:
        return
    try:
        begun = msgspec.json.decode(content, type=_Note).pair
    except msgspec.MsgspecError:
        begun = pair  # cut off by a kill before anything was restored
    if begun != pair:
        raise Conflict(
            f"A restore of another backup was interrupted in {folder}.",
            mend="Finish that one, or restore into a new folder.",
        )


def _restored_files(folder: Path) -> list[Path]:
    keys = folder / _KEYS
    stores = [folder / DATA_FILE, keys / _KEYSTORE_FILE]
    beside = [file.with_name(file.name + end) for file in stores for end in ("-wal", "-shm", "-journal")]
    return [
        *stores,
        *beside,
        folder / CLAIMS_FILE,
        folder / SETTINGS_FILE,
        folder / f"{SETTINGS_FILE}.new",
        keys / SIGNER_FILE,
        keys / _ROOT_FILE,
    ]


def _take_back(folder: Path) -> None:
    """Remove what a restore wrote and nothing else, so that it can be tried again."""
    for file in _restored_files(folder):
        file.unlink(missing_ok=True)
    with suppress(OSError):  # not there, or not empty, because somebody else put something there
        (folder / _KEYS).rmdir()


def _put_files(wish: Wish, present: Present | None, settings: Settings) -> None:
    keys = wish.to / _KEYS
    keys.mkdir(mode=_FOLDER_MODE, exist_ok=True)
    if settings.keys.root.startswith(_FILE_ROOT):
        copy_file(_root_file(wish, present), keys / _ROOT_FILE)
    copy_file(_signer(wish, present), keys / SIGNER_FILE)
    if (wish.data / CLAIMS_FILE).is_file():
        copy_file(wish.data / CLAIMS_FILE, wish.to / CLAIMS_FILE)


def _signer(wish: Wish, present: Present | None) -> Path:
    if (wish.keys / SIGNER_FILE).is_file() or present is None:
        return wish.keys / SIGNER_FILE
    return present.folder / present.settings.ledger.signer


def _put_data(wish: Wish, progress: Progress | None) -> None:
    place_data(wish.data, wish.to / DATA_FILE, progress)


def _put_keys(folder: Path, known: str, frames: Iterator[Frame], progress: Progress | None) -> None:
    place_keys(folder / _KEYS / _KEYSTORE_FILE, known, frames, progress)


def _note_restored(troth: Troth, data: Manifest, replayed: Replayed, places: Sequence[Path]) -> None:
    with troth.database.transaction() as tx:
        if places:
            move_epochs(tx, "\n".join(map(str, places)))
        told = {"archive": data.pair, "people": str(replayed.people), "slots": str(replayed.slots)}
        if replayed.lost.people:
            told["lost"] = str(sum(replayed.lost.values.values()))
        record(tx, "restored", micros(troth.clock.now()), told)
    troth.flush_ledger()
    troth.keystore.scrub()
    troth.database.scrub()


def _finish(folder: Path, settings: Settings) -> None:
    """Write the settings, by which the folder can be opened."""
    beside = folder / f"{SETTINGS_FILE}.new"
    beside.write_text(settings_text(settings), encoding="utf-8")
    with beside.open("rb") as written:
        os.fsync(written.fileno())
    beside.replace(folder / SETTINGS_FILE)
