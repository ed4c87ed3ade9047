"""Writing files so that a reader, or a crash, finds the old content or the new and nothing between."""

import os
from pathlib import Path

from troth.kernel import Unavailable
from troth.storage import sync_folder


def write_atomically(path: Path, data: bytes, *, durable: bool = False) -> None:
    """Replace a file's content in one step.

    Args:
        path: The file; folders above it are made.
        data: Its new content.
        durable: Whether it must be on the disk before the call returns.

    Raises:
        Unavailable: It cannot be written.
    """
    fresh = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with fresh.open("wb") as file:
            file.write(data)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        fresh.replace(path)
        if durable:
            sync_folder(path.parent)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise Unavailable(
            f"{path} cannot be written ({error.strerror}).", mend="Check the folder and its free space."
        ) from error
