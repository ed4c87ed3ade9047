"""Watching a process from outside: every change in a folder (inotify), every packet to a port (a raw socket on loopback)."""

import ctypes
import os
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_CHANGES = 0x2 | 0x4 | 0x8 | 0x40 | 0x80 | 0x100 | 0x200 | 0x400 | 0x800
"""Modify, attributes, close after writing, moved, created, deleted: whatever is not merely read."""
_HEAD = struct.Struct("iIII")
_ETHERTYPES = 0x0003


class FileWatch:
    """Changes in a folder and the folders in it, since it was made."""

    def __init__(self, folder: Path) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._watch = self._libc.inotify_init1(os.O_NONBLOCK)
        assert self._watch >= 0, os.strerror(ctypes.get_errno())
        for place, _, _ in os.walk(folder):
            added = self._libc.inotify_add_watch(self._watch, os.fsencode(place), _CHANGES)
            assert added >= 0, os.strerror(ctypes.get_errno())

    def changes(self) -> list[str]:
        """Names of what changed, in order."""
        found: list[str] = []
        with suppress(BlockingIOError):
            while data := os.read(self._watch, 65_536):
                while data:
                    _, _, _, length = _HEAD.unpack_from(data)
                    found.append(data[_HEAD.size : _HEAD.size + length].rstrip(b"\0").decode())
                    data = data[_HEAD.size + length :]
        return found

    def close(self) -> None:
        """Stop."""
        os.close(self._watch)


class Capture:
    """TCP packets on loopback to a port; none are seen where the process may not look (`may_look`)."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.may_look = True
        try:
            self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ETHERTYPES))
        except PermissionError:
            self.may_look = False
            return
        self._socket.bind(("lo", 0))
        self._socket.settimeout(0)

    def packets(self) -> list[bytes]:
        """What was sent to the port, since it was made or last asked for."""
        found: list[bytes] = []
        with suppress(BlockingIOError):
            while self.may_look:
                frame = self._socket.recv(65_536)
                if _port(frame) == self._port:
                    found.append(frame)
        return found

    def close(self) -> None:
        """Stop."""
        if self.may_look:
            self._socket.close()


def _port(frame: bytes) -> int:
    """The port that an Ethernet frame with IPv4 and TCP goes to; 0 for another frame."""
    if frame[12:14] != b"\x08\x00" or frame[23] != socket.IPPROTO_TCP:
        return 0
    start = 14 + 4 * (frame[14] & 0xF)
    return int.from_bytes(frame[start + 2 : start + 4], "big")


@contextmanager
def watched(folder: Path, port: int) -> Iterator[tuple[FileWatch, Capture]]:
    """A folder and a port, watched."""
    files, capture = FileWatch(folder), Capture(port)
    try:
        yield files, capture
    finally:
        files.close()
        capture.close()
