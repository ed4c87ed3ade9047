"""The sender's small folder: written whole or not at all, by one process at a time."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from troth.telemetry.schema import TelemetryError

_PATIENCE, _STEP = 100, 0.05


class Busy(TelemetryError):
    """Another process holds the folder's lock."""


class Folder:
    """Files of one installation. Nothing is made before something is written.

    Args:
        place: Where; a folder of the product's own, on a local disk.
    """

    def __init__(self, place: str | os.PathLike[str]) -> None:
        self.place = Path(place)

    def read(self, name: str) -> dict[str, Any]:
        """A file's members; none where it is missing or no JSON object, which a disk that failed may leave behind."""
        try:
            found = json.loads((self.place / name).read_bytes())
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def read_bytes(self, name: str) -> bytes | None:
        """A file's bytes; None where it is missing."""
        try:
            return (self.place / name).read_bytes()
        except OSError:
            return None

    def write(self, name: str, members: dict[str, Any]) -> None:
        """Put a file whole."""
        self.write_bytes(name, json.dumps(members, sort_keys=True).encode())

    def write_bytes(self, name: str, body: bytes) -> None:
        """Put a file whole: a crash leaves the one before or this one. Only the owner can read it."""
        path = self.place / name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        waiting = path.with_name(path.name + ".new")
        with open(waiting, "wb", opener=_private) as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        waiting.replace(path)

    def remove(self, *names: str) -> None:
        """Remove files where they are."""
        for name in names:
            (self.place / name).unlink(missing_ok=True)

    def names(self, below: str) -> list[str]:
        """Names of the finished files in a folder below, in order."""
        with suppress(OSError):
            return sorted(path.name for path in (self.place / below).iterdir() if path.suffix == ".json")
        return []

    @contextmanager
    def locked(self, name: str = "lock", *, patience: int = _PATIENCE) -> Iterator[None]:
        """Hold one of the folder's locks, which ends with the process.

        Args:
            name: Which.
            patience: How many twentieths of a second to wait for it.

        Raises:
            Busy: Another process holds it for longer.
        """
        from threading import Event

        self.place.mkdir(mode=0o700, parents=True, exist_ok=True)
        pause = Event()
        with open(self.place / name, "ab", opener=_private) as file:
            while not _lock(file):
                if patience <= 0:
                    raise Busy(
                        "Another process holds the lock of the telemetry folder; try again in a moment."
                    )
                patience -= 1
                pause.wait(_STEP)
            yield


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


if sys.platform == "win32":

    def _lock(file: IO[bytes]) -> bool:
        import msvcrt

        try:
            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:

    def _lock(file: IO[bytes]) -> bool:
        import fcntl

        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True
