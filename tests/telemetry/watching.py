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
_ATTACH_FILTER = 26


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
    """TCP packets on loopback to a port; none are seen where the process may not look (`may_look`).

    The kernel keeps those of the port alone: with everybody else's, what is kept until somebody asks would soon be full.
    """

    def __init__(self, port: int) -> None:
        self.may_look = True
        try:
            self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        except PermissionError:
            self.may_look = False
            return
        _keep_only(self._socket, port)
        self._socket.bind(("lo", _ETHERTYPES))
        self._socket.settimeout(0)

    def packets(self) -> list[bytes]:
        """What was sent to the port, since it was made or last asked for."""
        found: list[bytes] = []
        with suppress(BlockingIOError):
            while self.may_look:
                found.append(self._socket.recv(65_536))
        return found

    def close(self) -> None:
        """Stop."""
        if self.may_look:
            self._socket.close()


def _keep_only(watching: socket.socket, port: int) -> None:
    """Have the kernel drop all but TCP over IPv4 to a port, by a program for its packet filter."""
    steps = (
        (0x28, 0, 0, 12),  # the type of the Ethernet frame
        (0x15, 0, 6, 0x0800),
        (0x30, 0, 0, 23),  # the protocol in the header of IPv4
        (0x15, 0, 4, socket.IPPROTO_TCP),
        (0xB1, 0, 0, 14),  # how long that header is
        (0x48, 0, 0, 16),  # where TCP goes to
        (0x15, 0, 1, port),
        (0x06, 0, 0, 0xFFFF),
        (0x06, 0, 0, 0),
    )
    program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *one) for one in steps))
    place = struct.pack("HL", len(steps), ctypes.addressof(program))
    watching.setsockopt(socket.SOL_SOCKET, _ATTACH_FILTER, place)


@contextmanager
def watched(folder: Path, port: int) -> Iterator[tuple[FileWatch, Capture]]:
    """A folder and a port, watched."""
    files, capture = FileWatch(folder), Capture(port)
    try:
        yield files, capture
    finally:
        files.close()
        capture.close()
