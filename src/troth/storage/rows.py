"""Tables as a file of rows, the same for both engines: how a store is copied where its engine gives no file.

A file is a line that names the format, then frames: each its length (4 bytes, big-endian) and a MessagePack array of
table, columns and rows. The first frame names the schema's revision, the last is empty. A frame may be sealed by whoever
writes it; number and place (last or not) are given for that.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import msgspec
from sqlalchemy import MetaData, column, insert, select, table

from troth.kernel import Corrupt
from troth.storage.database import Database, Row, Transaction
from troth.storage.statements import Statement

MAGIC = b"troth-rows-1\n"
FRAME_ROWS = 1_000
_COMMIT_ROWS = 50_000
_LENGTH = 4
_MOST_BYTES = 1 << 28
_FILE_MODE = 0o600

Wrap = Callable[[int, bytes, bool], bytes]
"""Given a frame's number, its bytes and whether it is the last: the bytes to keep instead; or the way back."""
Progress = Callable[[int, int], None]


class Frame(NamedTuple):
    """Some rows of a table."""

    table: str
    columns: tuple[str, ...]
    rows: list[Row]


_END = Frame("", (), [])
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[str, tuple[str, ...], list[tuple[Any, ...]]]).decode


def as_they_are(_number: int, content: bytes, _last: bool) -> bytes:  # noqa: FBT001  the shape of `Wrap`
    """Frames that nobody seals."""
    return content


def dump_rows(database: Database, tables: MetaData, leave_out: Iterable[str] = ()) -> Iterator[Frame]:
    """Every row of every table, as one moment saw them; in flat memory."""
    with database.snapshot() as tx:
        yield from _dumped(tx, tables, frozenset(leave_out))


def _dumped(tx: Transaction, tables: MetaData, leave_out: frozenset[str]) -> Iterator[Frame]:
    for one in tables.sorted_tables:
        if one.name in leave_out:
            continue
        columns = tuple(str(each.name) for each in one.columns)
        rows = tx.stream(Statement(select(*one.columns)))
        while chunk := list(islice(rows, FRAME_ROWS)):
            yield Frame(str(one.name), columns, chunk)


def load_rows(database: Database, frames: Iterable[Frame], progress: Progress | None = None) -> int:
    """Put rows into the tables of an empty store; gives their number.

    Columns are taken by their names, so that the rows fit a store of the revision that they come from.
    """
    statements: dict[tuple[str, tuple[str, ...]], Statement] = {}
    loaded, waiting = 0, iter(frames)
    while part := list(islice(waiting, _COMMIT_ROWS // FRAME_ROWS)):
        with database.transaction() as tx:
            for name, columns, rows in part:
                if not rows:
                    continue
                key = (name, columns)
                if key not in statements:
                    named = table(name, *(column(one) for one in columns))
                    statements[key] = Statement(insert(named))
                tx.run_many(statements[key], [tuple(row) for row in rows])
                loaded += len(rows)
        if progress is not None:
            progress(loaded, 0)
    return loaded


def write_rows(
    path: Path,
    revision: str,
    frames: Iterable[Frame],
    wrap: Wrap = as_they_are,
    progress: Progress | None = None,
) -> int:
    """Write frames into a new file that only its owner reads; gives the number of rows. On disk when it returns.

    Raises:
        FileExistsError: There is a file already.
        OSError: It cannot be written.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _FILE_MODE)
    written = 0
    with os.fdopen(descriptor, "wb") as file:
        file.write(MAGIC)
        _put(file, wrap(0, _encode(Frame("", ("revision",), [(revision,)])), False))  # noqa: FBT003
        number = 0
        for number, frame in enumerate(frames, 1):
            _put(file, wrap(number, _encode(frame), False))  # noqa: FBT003
            written += len(frame.rows)
            if progress is not None:
                progress(written, 0)
        _put(file, wrap(number + 1, _encode(_END), True))  # noqa: FBT003
        file.flush()
        os.fsync(file.fileno())
    return written


def read_rows(path: Path, unwrap: Wrap = as_they_are) -> tuple[str, Iterator[Frame]]:
    """The revision of a file of rows, and its frames, read as they are asked for.

    Raises:
        Corrupt: It is no such file; while its frames are read also: a frame is damaged, or the end is missing.
    """
    frames = _frames(path, unwrap)
    first = next(frames, _END)
    if first.columns != ("revision",) or len(first.rows) != 1:
        raise _damaged(path)
    return str(first.rows[0][0]), frames


def _frames(path: Path, unwrap: Wrap) -> Iterator[Frame]:
    with path.open("rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            raise _damaged(path)
        number, content = 0, _take(file, path)
        while True:
            following = _take(file, path)
            last = not following
            try:
                frame = Frame(*_decode(unwrap(number, content, last)))
            except msgspec.MsgspecError as error:
                raise _damaged(path) from error
            if last:
                if frame != _END:
                    raise _damaged(path)
                return
            yield frame
            number, content = number + 1, following


def _put(file: BinaryIO, content: bytes) -> None:
    file.write(len(content).to_bytes(_LENGTH, "big"))
    file.write(content)


def _take(file: BinaryIO, path: Path) -> bytes:
    head = file.read(_LENGTH)
    if not head:
        return b""
    size = int.from_bytes(head, "big")
    content = file.read(size) if len(head) == _LENGTH and size <= _MOST_BYTES else b""
    if not content or len(content) != size:
        raise _damaged(path)
    return content


def _damaged(path: Path) -> Corrupt:
    return Corrupt(f"{path} is damaged or cut off.", mend="Use another backup.")
