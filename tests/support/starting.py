"""Starts of the program `troth` as processes of their own.

Loading the program's code takes most of a start, and tests start it more than a thousand times. So a keeper
(`tests/support/keeper.py`) loads it once in each worker, and each start is a fork of it: a real process, which tests kill,
signal and wait for. Starts from nothing stay in tests/harness and tests/cli, and wherever a variable could matter to loading.
"""

import atexit
import json
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import IO, Protocol

TROTH = Path(sys.executable).parent / "troth"
_KEEPER = Path(__file__).with_name("keeper.py")
_OWN = ("TROTH_", "NO_COLOR", "PYTHONFAULTHANDLER")
"""Beginnings of variables that the program reads when it runs, never when it is loaded."""


class Process(Protocol):
    """A process that was started: as much of `subprocess.Popen` as tests use."""

    @property
    def pid(self) -> int:
        """Its number."""

    @property
    def returncode(self) -> int | None:
        """Its exit status once that was looked for and known; of one ended by a signal, minus the signal's number."""

    def poll(self) -> int | None:
        """Look for its exit status; None while it runs."""

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its exit status; raises `subprocess.TimeoutExpired` after so many seconds."""

    def send_signal(self, sig: int) -> None:
        """Send it a signal, unless it ended."""


def start(
    command: Sequence[str | Path],
    environment: Mapping[str, str],
    *,
    stdin: IO[bytes] | int = subprocess.DEVNULL,
    stdout: IO[bytes],
    stderr: IO[bytes],
    session: bool = False,
    afresh: bool = False,
) -> Process:
    """Start a process, as a fork of the keeper where the command is the program and its variables allow it.

    Args:
        command: The program's path and its arguments.
        environment: Every variable that it sees.
        stdin: What it reads; nothing unless given.
        stdout: Takes what it prints.
        stderr: Takes what it tells.
        session: Whether it leads a session of its own, so that it can be ended with all its children.
        afresh: Whether it is started from nothing, whatever the command.
    """
    words = [str(one) for one in command]
    if afresh or words[0] != str(TROTH) or _loading(environment) != _loading(os.environ):
        return subprocess.Popen(
            words, env=environment, stdin=stdin, stdout=stdout, stderr=stderr, start_new_session=session
        )
    return _keeper(os.getpid()).start(words, environment, (stdin, stdout, stderr), session=session)


def run(
    command: Sequence[str | Path], environment: Mapping[str, str], text: str = "", *, afresh: bool = False
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, which comes within two minutes.

    Args:
        command: The program's path and its arguments.
        environment: Every variable that it sees.
        text: What it reads from standard input.
        afresh: Whether it is started from nothing, whatever the command.
    """
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        given.write(text.encode())
        given.seek(0)
        process = start(command, environment, stdin=given, stdout=out, stderr=err, afresh=afresh)
        try:
            status = process.wait(120)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait(60)
            raise
        printed = [_read(file) for file in (out, err)]
    return subprocess.CompletedProcess([str(one) for one in command], status, *printed)


def _read(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()


def _loading(environment: Mapping[str, str]) -> dict[str, str]:
    """Variables that could matter while the program is loaded."""
    return {name: value for name, value in environment.items() if not name.startswith(_OWN)}


class _Started:
    """A fork of the keeper.

    Args:
        state: Pipe on which the keeper tells the process's number, then its exit status.
        command: For messages.
    """

    def __init__(self, state: int, command: list[str]) -> None:
        self._state, self._command = state, command
        self.pid: int = self._next()
        self.returncode: int | None = None

    def poll(self) -> int | None:
        if self.returncode is None and select.select([self._state], [], [], 0)[0]:
            self.returncode = self._next()
            os.close(self._state)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None:
            select.select([self._state], [], [], timeout)
        status = self.poll()
        if status is None:
            raise subprocess.TimeoutExpired(self._command, timeout or 0)
        return status

    def send_signal(self, sig: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, sig)

    def _next(self) -> int:
        number: int = struct.unpack("i", os.read(self._state, 4))[0]
        return number


class _Keeper:
    """The worker's keeper; it ends with the worker, whose end of the socket closes then."""

    def __init__(self) -> None:
        self._orders, others = socket.socketpair()
        self._one_at_a_time = threading.Lock()
        environment = {**_loading(os.environ), "NO_COLOR": "1"}
        with others:
            self._process = subprocess.Popen(
                [sys.executable, "-P", _KEEPER, str(others.fileno())],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[others.fileno()],
                start_new_session=True,
            )
        atexit.register(self._end, os.getpid())

    def _end(self, worker: int) -> None:
        if worker == os.getpid():
            self._orders.close()
            self._process.wait(60)

    def start(
        self,
        command: list[str],
        environment: Mapping[str, str],
        files: tuple[IO[bytes] | int, IO[bytes], IO[bytes]],
        *,
        session: bool,
    ) -> _Started:
        body = json.dumps(
            {
                "command": command,
                "environment": dict(environment),
                "folder": str(Path.cwd()),
                "session": session,
            }
        ).encode()
        reading, writing = os.pipe()
        with Path(os.devnull).open("rb") as nothing, self._one_at_a_time:
            numbers = [(nothing if isinstance(one, int) else one).fileno() for one in files]
            socket.send_fds(self._orders, [len(body).to_bytes(4, "big")], [*numbers, writing])
            self._orders.sendall(body)
            os.close(writing)
            return _Started(reading, command)


@cache
def _keeper(worker: int) -> _Keeper:
    """A process that a test forks has a keeper of its own."""
    return _Keeper()
