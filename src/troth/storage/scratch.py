"""A scratch pad for a long run: what was seen, by keyed digest, in a private file that the system removes with the process.

Memory stays flat however much is noted. The digests are keyed (BLAKE2b) with a key that lives in this process alone, so that
the file tells nobody what was seen.
"""

import hashlib
import secrets
from collections.abc import Iterable, Mapping
from typing import Self

import apsw

Pair = tuple[str, str]
_KEY_BYTES, _DIGEST_BYTES = 32, 16
_CACHE_KILOBYTES = 8_000


class Scratch:
    """Notes a text for each key, for the life of the object. Use it in `with`."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(_KEY_BYTES)
        self._connection = apsw.Connection("")  # a database of its own in a file without a name
        self._connection.execute(f"PRAGMA cache_size = -{_CACHE_KILOBYTES}; PRAGMA journal_mode = OFF")
        self._connection.execute("CREATE TABLE seen (key BLOB PRIMARY KEY, value TEXT) WITHOUT ROWID")

    def find(self, keys: Iterable[Pair]) -> dict[Pair, str]:
        """What was noted for keys; absent where nothing was."""
        found: dict[Pair, str] = {}
        for key in keys:
            row = self._connection.execute("SELECT value FROM seen WHERE key = ?", (self._digest(key),))
            for (value,) in row:
                found[key] = str(value)
        return found

    def note(self, values: Mapping[Pair, str]) -> None:
        """Note a text for each key; the first one stays."""
        rows = [(self._digest(key), value) for key, value in values.items()]
        with self._connection:
            self._connection.executemany("INSERT OR IGNORE INTO seen VALUES (?, ?)", rows)

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def _digest(self, key: Pair) -> bytes:
        made = hashlib.blake2b(key=self._key, digest_size=_DIGEST_BYTES)
        for part in key:
            made.update(len(part).to_bytes(8, "big") + part.encode())
        return made.digest()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
