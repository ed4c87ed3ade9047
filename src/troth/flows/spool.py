"""A place for what is being written: sealed pieces in a file that has no name, and that nothing but this process can read.

A copy for a person is made in one pass over the stores and written in several forms at once, so that it has to wait somewhere
until it is whole. It waits sealed under a key that is in memory only; after a kill nobody can open what is left, and the system
frees it by itself.
"""

import hashlib
import tempfile
from collections.abc import Iterator
from typing import IO, NamedTuple, Self

from troth.vault import StreamCipher, new_secret

PIECE = 1 << 16
"""Bytes of a piece; each open member keeps less than one in memory."""
_CONTEXT = "troth.spool"


class Digest(NamedTuple):
    """SHA-256 (hexadecimal) and length of a member."""

    sha256: str
    size: int


class Member:
    """One file that is being written; `write` takes text."""

    def __init__(self, spool: "Spool", name: str) -> None:
        self._spool, self.name = spool, name
        self._waiting = bytearray()
        self._hash = hashlib.sha256()
        self._size = 0
        self._pieces: list[int] = []

    def write(self, text: str) -> None:
        """Add text."""
        self.add(text.encode("utf-8", "replace"))

    def add(self, data: bytes) -> None:
        """Add bytes."""
        self._hash.update(data)
        self._size += len(data)
        self._waiting += data
        while len(self._waiting) >= PIECE:
            self._pieces.append(self._spool.put(bytes(self._waiting[:PIECE])))
            del self._waiting[:PIECE]

    def digest(self) -> Digest:
        """What was written, in short."""
        return Digest(self._hash.hexdigest(), self._size)

    def pieces(self) -> Iterator[bytes]:
        """What was written, piece by piece."""
        for number in self._pieces:
            yield self._spool.get(number)
        if self._waiting:
            yield bytes(self._waiting)


class Spool:
    """Members in the order in which they were begun. Close it, or use it in `with`."""

    def __init__(self) -> None:
        self._file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  closed by `close`
        self._cipher = StreamCipher(new_secret(), _CONTEXT)
        self._places: list[tuple[int, int]] = []
        self._end = 0
        self.members: list[Member] = []

    def member(self, name: str) -> Member:
        """Begin a file; several may be open at once."""
        made = Member(self, name)
        self.members.append(made)
        return made

    def put(self, piece: bytes) -> int:
        """Keep a piece; gives its number."""
        number = len(self._places)
        sealed = self._cipher.seal(number, piece, last=False)
        self._file.seek(self._end)
        self._file.write(sealed)
        self._places.append((self._end, len(sealed)))
        self._end += len(sealed)
        return number

    def get(self, number: int) -> bytes:
        """A piece by its number."""
        start, size = self._places[number]
        self._file.seek(start)
        return self._cipher.unseal(number, self._file.read(size), last=False)

    def close(self) -> None:
        """Let go of everything."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
