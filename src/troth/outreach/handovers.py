"""Which copies were handed over and taken, told to the operating system at once: what a killed process no longer could note.

Between the server's 250 and our commit lies the time in which ends are gathered, and a window of copies is in hand before the
first of it goes. A line in a file survives the process that wrote it without a disk sync, so after `kill -9` only the
copies are uncertain that were handed over and whose answer was not read yet (RFC 5321, 4.5.3.2.6). It need not survive
the machine: a file from before its last start says of no copy that it was not handed over.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from troth.kernel import InvalidInput, Unavailable, is_id
from troth.outreach.outbox import Row

_OWNER_ONLY = 0o600
_FOLDER_MODE = 0o700
_BOOT = Path("/proc/sys/kernel/random/boot_id")
_BEGUN, _TAKEN, _REFUSED = b"+", b"=", b"-"


def this_start() -> bytes:
    """What names this start of the machine; nothing where it has no such name."""
    return _BOOT.read_bytes().strip() if _BOOT.is_file() else b""


class Told(NamedTuple):
    """What the file of a batch says.

    Args:
        lines: Its lines; one that was cut off says nothing.
        whole: Whether nothing of it can be missing.
    """

    lines: frozenset[bytes] = frozenset()
    whole: bool = False

    def took(self, row: Row) -> bool:
        """Whether the server took a copy at its last try."""
        return _line(_TAKEN, row) in self.lines

    def untried(self, row: Row) -> bool:
        """Whether a copy was certainly not taken at its last try: its turn had not come, or it was refused."""
        return _line(_REFUSED, row) in self.lines or (self.whole and _line(_BEGUN, row) not in self.lines)


class HandoverFile:
    """The open file of a batch; any number of threads may write."""

    def __init__(self, file: int) -> None:
        self._file = file

    def begins(self, row: Row) -> None:
        """A copy is about to be handed over.

        Raises:
            Unavailable: That cannot be noted; it must not be handed over.
        """
        try:
            self._write(_line(_BEGUN, row))
        except OSError as error:
            raise _unwritten(error) from error

    def took(self, row: Row) -> None:
        """The server has taken a copy.

        Raises:
            OSError: That cannot be noted.
        """
        self._write(_line(_TAKEN, row))

    def refused(self, row: Row) -> None:
        """The server has not taken a copy.

        Raises:
            OSError: That cannot be noted.
        """
        self._write(_line(_REFUSED, row))

    def _write(self, line: bytes) -> None:
        if os.write(self._file, line) < len(line):
            raise OSError(0, "no room")


class Handovers:
    """What was taken of batches that are being handed over. Only ids of messages and numbers of tries are in it.

    Args:
        folder: Where the files lie, one for each batch that is under way; made when missing.
        start: Names this start of the machine.
    """

    def __init__(self, folder: Path, start: bytes | None = None) -> None:
        self._folder = folder
        self._start = this_start() if start is None else start

    @contextmanager
    def of(self, batch: str) -> Iterator[HandoverFile]:
        """Note what becomes of some copies; forgotten when the block ends well, for by then their ends are committed.

        What an earlier block left, which did not end well, stays until it was dealt with.

        Raises:
            InvalidInput: The batch has no id.
            Unavailable: The file cannot be written.
        """
        place = self._place(batch)
        file, left = self._opened(place)
        try:
            yield HandoverFile(file)
        finally:
            os.close(file)
        if not left:
            place.unlink(missing_ok=True)

    def told(self, batch: str) -> Told:
        """What the file of a batch says; nothing where there is none."""
        try:
            lines = self._place(batch).read_bytes().splitlines(keepends=True)
        except FileNotFoundError:
            return Told()
        whole = bool(self._start) and lines[:1] == [self._head] and all(one.endswith(b"\n") for one in lines)
        return Told(frozenset(lines), whole)

    def forget(self, batch: str) -> None:
        """Remove the file of a batch, once what it says is committed."""
        self._place(batch).unlink(missing_ok=True)

    @property
    def _head(self) -> bytes:
        return self._start + b"\n"

    def _opened(self, place: Path) -> tuple[int, bool]:
        """The file of a batch, and whether an earlier block left something in it."""
        try:
            self._folder.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
            file = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_APPEND, _OWNER_ONLY)
            left = os.fstat(file).st_size > 0
            if not left:
                os.write(file, self._head)
        except OSError as error:
            raise _unwritten(error) from error
        return file, left

    def _place(self, batch: str) -> Path:
        if not is_id(batch):
            raise InvalidInput("A batch is named by the id of its case.", field="case", mend="Give that.")
        return self._folder / batch


def _unwritten(error: OSError) -> Unavailable:
    return Unavailable(
        f"What a mail server takes cannot be noted in the data folder ({error.strerror}).",
        mend="Make room in its folder `handovers`, or check its mode.",
    )


def _line(mark: bytes, row: Row) -> bytes:
    return b"%s%s %d\n" % (mark, row.id.encode(), row.tries)
