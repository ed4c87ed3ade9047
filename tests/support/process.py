"""`troth serve` as a real process, for tests that know it only from outside."""

import fcntl
import http.client
import os
import secrets
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

import httpx

from tests.support import starting
from tests.support.waiting import wait_until

START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
TROTH = starting.TROTH
_PORTS = range(20_000, 32_000)
"""Below those of outgoing connections (`ip_local_port_range`), and above those of known services."""
_GIVEN: set[int] = set()
_LOCKS: list[int] = []
"""One file, of which each process holds the byte of every port that it was given."""


class ClockFile:
    """The clock that every process of a test reads, in a file.

    Args:
        path: The file; made with the instant START.
    """

    def __init__(self, path: Path, start: datetime = START) -> None:
        self.path = path
        self.set(start)

    def now(self) -> datetime:
        """The instant that the processes see."""
        return datetime.fromisoformat(self.path.read_text(encoding="utf-8"))

    def set(self, instant: datetime) -> None:
        """Set the clock; readers see the old or the new instant, never half of one."""
        beside = self.path.with_suffix(".new")
        beside.write_text(instant.astimezone(UTC).isoformat(), encoding="utf-8")
        beside.replace(self.path)

    def advance(self, span: timedelta) -> None:
        """Move the clock by a span."""
        self.set(self.now() + span)


class Troth:
    """A data folder and the `troth` program, as a user has them.

    Args:
        folder: The data folder.
        clock: The clock of all its processes.
        environment: Further environment variables of all its processes.
        afresh: Whether each of its processes starts from nothing (tests/support/starting.py).
    """

    def __init__(
        self,
        folder: Path,
        clock: ClockFile,
        environment: Mapping[str, str] | None = None,
        *,
        afresh: bool = False,
    ) -> None:
        self.afresh = afresh
        self.folder = folder
        self.clock = clock
        self.environment = {
            **os.environ,
            "TROTH_CLOCK_FILE": str(clock.path),
            "TROTH_DATA": str(folder),
            "NO_COLOR": "1",
            "PYTHONFAULTHANDLER": "1",
            **(environment or {}),
        }

    def init(self, *arguments: str | Path) -> str:
        """Make the data folder with `troth init` and give its first API key."""
        file = self.folder.parent / f"{self.folder.name}.key"
        self.run("init", self.folder, "--key-out", file, *arguments)
        return file.read_text(encoding="utf-8").strip()

    def run(
        self, *arguments: str | Path, status: int | None = 0, text: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run a command of the program to its end.

        Args:
            arguments: The command line without the program's name.
            status: The exit status that is right; None takes any.
            text: What the program reads from standard input.

        Raises:
            AssertionError: It ended with another status; the message shows all it printed.
        """
        result = starting.run([TROTH, *arguments], self.environment, text, afresh=self.afresh)
        if status is not None and result.returncode != status:
            shown = " ".join(map(str, arguments))
            raise AssertionError(f"troth {shown}: status {result.returncode}\n{result.stdout}{result.stderr}")
        return result

    @contextmanager
    def serving(self, *arguments: str) -> Iterator["Serving"]:
        """`troth serve` in the folder, ready to answer; stopped at the end of the block."""
        server = Serving(self, free_port(), arguments)
        try:
            server.wait_until_ready()
            yield server
        finally:
            server.stop()


class Serving:
    """A running `troth serve`.

    Args:
        troth: The folder and the clock.
        port: The port on 127.0.0.1.
        arguments: Further arguments of `troth serve`.
    """

    def __init__(self, troth: Troth, port: int, arguments: tuple[str, ...] = ()) -> None:
        self.base_url = f"http://127.0.0.1:{port}"
        self.log = troth.folder.parent / f"serve-{port}.log"
        command: list[str | Path] = [TROTH, "serve", "--data", troth.folder, "--port", str(port), *arguments]
        with self.log.open("wb") as log:
            self.process = starting.start(
                command, troth.environment, stdout=log, stderr=log, session=True, afresh=troth.afresh
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def client(self, key: str = "") -> httpx.Client:
        """An HTTP client of the server, with an API key when one is given; close it or use it in `with`."""
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        return httpx.Client(base_url=self.base_url, headers=headers, timeout=60, trust_env=False)

    def wait_until_ready(self, seconds: float = 60.0) -> None:
        """Wait until `/health` answers.

        Raises:
            AssertionError: The process ended, or never answered; the message holds its log.
        """
        try:
            wait_until(self._healthy, "troth serve answers /health", seconds)
        except TimeoutError as error:
            raise AssertionError(f"{error}\n{self.log.read_text()}") from error

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Stop the process and give its exit status; one that does not stop is killed, which is an error.

        Raises:
            AssertionError: It did not stop within 60 seconds of the signal.
        """
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            return self.process.wait(60)
        except subprocess.TimeoutExpired as error:
            raise AssertionError(
                f"troth serve does not stop on {number.name}.\n{self.log.read_text()}"
            ) from error
        finally:
            self._kill_group()

    def kill(self) -> None:
        """End the process and all its children at once, as a power cut would."""
        self._kill_group()
        self.process.wait(60)

    def _kill_group(self) -> None:
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return
        self.process.wait(60)

    def _healthy(self) -> bool:
        if self.process.poll() is not None:
            raise AssertionError(f"troth serve ended with {self.process.returncode}.\n{self.log.read_text()}")
        connection = http.client.HTTPConnection(urlsplit(self.base_url).netloc, timeout=5)
        try:
            connection.request("GET", "/health")
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


def free_port() -> int:
    """A port on 127.0.0.1 that nothing listens on, and that no other test gets before this process ends.

    One that the kernel picks may be gone again before it is bound: to another worker, or to somebody's outgoing connection.
    """
    if not _LOCKS:
        path = Path(tempfile.gettempdir()) / f"troth-test-ports-{os.getuid()}"
        _LOCKS.append(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    while True:
        port = secrets.choice(_PORTS)
        try:
            fcntl.lockf(_LOCKS[0], fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", port))
        except OSError:
            continue
        if port not in _GIVEN:
            _GIVEN.add(port)
            return port
