"""Looking into files beside a program that makes and removes some meanwhile."""

import os
from collections.abc import Iterator
from pathlib import Path


def content(file: Path) -> bytes:
    """What a file holds; nothing when it was removed meanwhile."""
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return b""


def files_below(folder: Path) -> list[Path]:
    """Every file below a folder, in order; folders that are removed meanwhile are left out."""
    return sorted(_below(folder))


def files_holding(folder: Path, needle: bytes) -> list[Path]:
    """The files below a folder that hold something, byte by byte."""
    return [file for file in files_below(folder) if needle in content(file)]


def _below(folder: Path) -> Iterator[Path]:
    for place, _, names in os.walk(folder):
        for name in names:
            file = Path(place, name)
            if not file.is_socket() and not file.is_fifo():
                yield file
