"""Backups of a folder, and the end of their epoch keys: the flow, wired to a folder's settings."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from troth.adapters import open_root_key
from troth.bootstrap.following import FollowedRoot
from troth.bootstrap.runtime import Troth
from troth.bootstrap.settings import SETTINGS_FILE, Settings
from troth.flows import CLAIMS_FILE, Backup, Contents, Progress, make_halves, write_backup
from troth.kernel import Conflict, NotFound, TrothError, Unavailable, micros, new_id
from troth.ledger import Entry, encode_entry, stage
from troth.storage import Task, Transaction
from troth.vault import (
    Archive,
    RootKey,
    StreamCipher,
    WrongRoot,
    archives,
    check_root,
    destroy_file,
    epochs_in,
    finish_archive,
    make_epoch,
    note_archive,
    note_destroyed,
    overdue_archives,
    write_journal,
)

EARLY = timedelta(hours=1)
"""An epoch key is destroyed so much before its days are over, so that a machine that was down for a moment is not late."""


_OFTEN = timedelta(minutes=10)


def epoch_places(folder: Path, settings: Settings) -> list[Path]:
    """The folders that hold epoch keys and the journal of erasures, as the settings name them."""
    return [folder.resolve() / place for place in settings.backup.epochs]


def backup_folder(troth: Troth, data_to: Path, keys_to: Path, progress: Progress | None = None) -> Backup:
    """Back up a running folder, data and key store apart, the key store sealed under an epoch key of this backup.

    Raises:
        Conflict: A folder exists already and is not empty, or the root key was changed meanwhile; nothing was kept.
        InvalidInput: Both are the same folder.
        NotFound: A folder of epoch keys is not there.
        Unavailable: A disk is full; nothing was kept.
    """
    destroy_due_epochs(troth)
    now = troth.clock.now()
    until = now + timedelta(days=troth.settings.backup.epoch_days) - EARLY
    backup = Backup(data=data_to.resolve(), keys=keys_to.resolve(), made=now, until=until, pair=new_id())
    places = _ready_places(troth)
    root = _root_over(troth)
    make_halves(backup.data, backup.keys)
    with _epoch_of(troth, backup, places, root) as cipher:
        write_journal(troth.database, places)
        troth.flush_ledger()
        contents = Contents(
            troth.database,
            troth.keystore,
            settings=troth.folder / SETTINGS_FILE,
            claims=troth.folder / CLAIMS_FILE,
            signer=troth.folder / troth.settings.ledger.signer,
        )
        write_backup(contents, backup, cipher.seal, progress, lambda: _refuse_changed(troth, root))
    with troth.database.transaction() as tx:
        ended = micros(troth.clock.now())
        finish_archive(tx, backup.pair, ended)
        record(tx, "archived", ended, {"archive": backup.pair, "until": until.isoformat(timespec="seconds")})
    return backup


def destroy_due_epochs(troth: Troth) -> int:
    """Destroy every epoch key whose end has come, in every place; gives the number of archives that are shut now.

    Files first, then the note of it: after a kill the next call finds the files gone and makes the note.

    Raises:
        Unavailable: A place is not there; the keys in the others are destroyed.
    """
    now = micros(troth.clock.now())
    with troth.database.snapshot() as tx:
        if not archives(tx):
            return 0
        overdue = overdue_archives(tx, now)
    places = {*_own_places(troth), *(one for row in overdue for one in _places(row))}
    failed: dict[Path, TrothError] = {}
    for place in sorted(places):
        try:
            _destroy_in(place, now)
        except TrothError as error:
            failed[place] = error
    shut = [row for row in overdue if not failed.keys() & set(_places(row))]
    with troth.database.transaction() as tx:
        closed = [row for row in shut if note_destroyed(tx, row.archive, now)]
        for row in closed:
            record(tx, "epoch-destroyed", now, {"archive": row.archive})
    if failed:
        raise next(iter(failed.values()))
    return len(closed)


def journal_erasures(troth: Troth) -> int:
    """Write the erasures that stand in no journal into the journals beside the epoch keys; gives their number.

    Raises:
        Unavailable: A place is not there, or takes nothing.
    """
    with troth.database.snapshot() as tx:
        if not archives(tx):
            return 0  # nothing was ever archived that somebody could be restored from
    return write_journal(troth.database, _own_places(troth))


def archive_tasks(troth: Troth) -> list[Task]:
    """What is done with archives periodically."""

    def shut() -> None:
        destroy_due_epochs(troth)

    def journal() -> None:
        journal_erasures(troth)

    return [
        Task("epoch-keys", _OFTEN, shut, "Destroy the epoch keys of backups whose days are over."),
        Task("erasure-journal", _OFTEN, journal, "Write erasures into the journals beside the epoch keys."),
    ]


def record(tx: Transaction, act: str, now: int, detail: dict[str, str]) -> None:
    """Put into the ledger what was done with archives; it is about nobody."""
    entry_id = new_id()
    body = encode_entry(Entry(id=entry_id, at=now, act=act, effect="permit", detail=detail))
    stage(tx, [(entry_id, "", body)])


def _root_over(troth: Troth) -> RootKey:
    """The root key that is over the key store now, whatever the settings said when the folder was opened."""
    followed = FollowedRoot(troth.folder, troth.settings.keys.root)
    check_root(troth.keystore, followed)
    return open_root_key(followed.place, troth.folder)


def _refuse_changed(troth: Troth, root: RootKey) -> None:
    """Keep no backup whose key store is under another root key than its epoch key: neither one would open it.

    Raises:
        Conflict: The root key was changed meanwhile.
    """
    try:
        check_root(troth.keystore, root)
    except WrongRoot as error:
        raise Conflict(
            "The root key was changed while the backup was made; nothing of it was kept.",
            mend="Back up again.",
        ) from error


@contextmanager
def _epoch_of(troth: Troth, backup: Backup, places: Sequence[Path], root: RootKey) -> Iterator[StreamCipher]:
    """The epoch key of a backup that is being made; when it is not made, its key is destroyed at once.

    That there is one is on record before it is made, so that a kill leaves no key that nobody ends.
    """
    made, until = micros(backup.made), micros(backup.until)
    where = "\n".join(map(str, places))
    with troth.database.transaction() as tx:
        note_archive(tx, Archive(backup.pair, made, until, 0, 0, str(backup.data), str(backup.keys), where))
    try:
        yield make_epoch(root, backup.pair, until, places)
    except BaseException as error:
        for place in places:
            for epoch in epochs_in(place):
                if epoch.epoch == backup.pair:
                    destroy_file(epoch.file)
        with troth.database.transaction() as tx:
            note_destroyed(tx, backup.pair, micros(troth.clock.now()))
        if isinstance(error, OSError):
            raise Unavailable(
                f"The epoch key cannot be written ({error.strerror}); nothing was kept.",
                mend="Free some space where the setting `epochs` of [backup] says.",
            ) from error
        raise


def _own_places(troth: Troth) -> list[Path]:
    """The places of epoch keys; one inside the folder is made, one outside may be a disk that is not mounted."""
    places = epoch_places(troth.folder, troth.settings)
    for place in places:
        if place.is_relative_to(troth.folder.resolve()):
            place.mkdir(mode=0o700, parents=True, exist_ok=True)
    return places


def _ready_places(troth: Troth) -> list[Path]:
    """The places of epoch keys, all of them there."""
    places = _own_places(troth)
    for place in places:
        if not place.is_dir():
            raise NotFound(
                f"The folder of epoch keys {place} is not there.",
                field="backup.epochs",
                mend="Mount it, or make it; then back up again.",
            )
    return places


def _places(row: Archive) -> list[Path]:
    return [Path(one) for one in row.epochs.split("\n")]


def _destroy_in(place: Path, now: int) -> None:
    try:
        for epoch in epochs_in(place):
            if epoch.until <= now:
                destroy_file(epoch.file)
    except OSError as error:
        raise Unavailable(
            f"An epoch key in {place} cannot be destroyed ({error.strerror}).",
            mend="Make the folder writable for the service.",
        ) from error
