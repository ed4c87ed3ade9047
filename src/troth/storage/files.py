"""Files that several processes write: put in their place whole, and changed by one at a time."""

import errno
import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_OWNER_ONLY = 0o600
_MARK_BYTES = 8


def put_whole(path: Path, content: bytes, *, mode: int = _OWNER_ONLY, fresh: bool = False) -> None:
    """Put a file in its place whole and on disk: a reader, or a crash, finds the old content or the new.

    Args:
        path: The file; its folder is there.
        content: All of it.
        mode: Of the new file.
        fresh: Whether a file that is there stays.

    Raises:
        FileExistsError: It is there, and shall stay.
        OSError: It cannot be written; nothing of it was.
    """
    beside = path.with_name(f".{path.name}.{secrets.token_hex(_MARK_BYTES)}.new")
    try:
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if fresh:
            os.link(beside, path)
        else:
            beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    sync_folder(path.parent)


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold a file: whoever else holds it so waits, in this process or another. `put_whole` may replace it meanwhile.

    It need not be writable, unless it lies on a network's disk.

    Raises:
        OSError: It is not there or cannot be opened.
    """
    while True:
        descriptor = _opened(path)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if not os.path.samestat(os.fstat(descriptor), path.stat()):
                continue  # replaced by whoever held it before
            yield
            return
        finally:
            os.close(descriptor)


def _opened(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR)
    except OSError as error:
        if error.errno not in {errno.EACCES, errno.EPERM, errno.EROFS}:
            raise
        return os.open(path, os.O_RDONLY)


def sync_folder(folder: Path) -> None:
    """Bring a folder's names to disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
