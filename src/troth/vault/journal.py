"""The journal of erasures: handles and slots in a file beside the epoch keys, for the day on which both stores are lost.

Whoever restores a backup needs what opens it from this place, and so has the journal at hand that says whom the restore
must not bring back. It only grows. A line cut off by a kill is written again.
"""

import os
import secrets
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import msgspec

from troth.kernel import Corrupt, Unavailable
from troth.storage import Database, held, sync_folder
from troth.vault.erased import Erased, all_erased, not_journalled, note_journalled

JOURNAL = "erasures.jsonl"
_MODE = 0o600
_MARK_BYTES = 8
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(tuple[str, str, str, int]).decode


def write_journal(database: Database, places: Sequence[Path]) -> int:
    """Append the erasures that no journal holds yet to the journal of every place; gives their number.

    A place without a journal gets one with every erasure there ever was. On disk when this returns; after a kill, calling
    it again goes on, and an erasure may then stand in a journal twice.

    Raises:
        Unavailable: A place is not there, or its disk takes nothing.
    """
    with database.snapshot() as tx:
        fresh = not_journalled(tx)
    for place in places:
        _append(database, place, fresh)
    if fresh:
        with database.transaction() as tx:
            note_journalled(tx, fresh)
    return len(fresh)


def has_journal(place: Path) -> bool:
    """Whether a place has a journal."""
    return (place / JOURNAL).is_file()


def read_journal(place: Path) -> Iterator[Erased]:
    """Every erasure of a place's journal.

    Raises:
        Corrupt: A line is no erasure.
    """
    path = place / JOURNAL
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.endswith(b"\n"):
                return  # cut off by a kill; the writer puts it there again
            try:
                yield Erased(*_decode(line))
            except (msgspec.MsgspecError, UnicodeDecodeError) as error:
                raise Corrupt(
                    f"Line {number} of {path} is no erasure.", mend="Use the journal of another place."
                ) from error


def _append(database: Database, place: Path, fresh: Sequence[Erased]) -> None:
    if not place.is_dir():
        raise Unavailable(
            f"The folder of epoch keys {place} is not there; erasures stand in no journal there.",
            mend="Mount it again; if it is gone for good, take it out of the setting `epochs` of [backup].",
        )
    try:
        begun = not has_journal(place) and _begin(database, place)
        if fresh and not begun:
            with held(place / JOURNAL), (place / JOURNAL).open("r+b") as file:
                file.truncate(_whole_lines(file))
                file.seek(0, os.SEEK_END)
                _write(file, fresh)
    except OSError as error:
        raise Unavailable(
            f"The journal of erasures in {place} cannot be written ({error.strerror}).",
            mend="Free some space; no restart is needed.",
        ) from error


def _begin(database: Database, place: Path) -> bool:
    """Begin the journal of a place, with every erasure; False where another process was first, which need not know the newest."""
    beside = place / f".{JOURNAL}.{secrets.token_hex(_MARK_BYTES)}.new"
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE)
    try:
        with os.fdopen(descriptor, "wb") as file, database.snapshot() as tx:
            _write(file, all_erased(tx))
        os.link(beside, place / JOURNAL)
    except FileExistsError:
        return False
    finally:
        beside.unlink()
    sync_folder(place)
    return True


def _write(file: BinaryIO, rows: Iterable[Erased]) -> None:
    file.writelines(_encode(tuple(row)) + b"\n" for row in rows)
    file.flush()
    os.fsync(file.fileno())


def _whole_lines(file: BinaryIO) -> int:
    """Where the last whole line ends."""
    size = file.seek(0, os.SEEK_END)
    tail = min(size, 4096)
    file.seek(size - tail)
    return size - tail + file.read(tail).rfind(b"\n") + 1
