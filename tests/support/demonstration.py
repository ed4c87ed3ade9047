"""`make demo` as a running process: the vendor's site, the card processor, and Troth behind them."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx

from tests.support.files import content, files_below
from tests.support.process import free_port
from tests.support.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]


class Demonstration(NamedTuple):
    """A running demonstration.

    Args:
        url: The vendor's site.
        folder: Troth's data folder.
        log: Everything that its processes print.
    """

    url: str
    folder: Path
    log: Path

    def files_with(self, *texts: str) -> list[str]:
        """Names of the files of data and logs that hold one of these texts."""
        files = [self.log, *files_below(self.folder)]
        return [str(file) for file in files if any(text.encode() in content(file) for text in texts)]


@contextmanager
def demonstration(folder: Path, people: int = 5) -> Iterator[Demonstration]:
    """The demonstration on free ports, stopped as Ctrl-C does.

    Args:
        folder: Takes data and log.
        people: How many made customers are taken over.

    Raises:
        AssertionError: It did not start, or ended with an error.
    """
    port, log = free_port(), folder / "log"
    running = Demonstration(f"http://127.0.0.1:{port}", folder / "data", log)
    command = [
        sys.executable,
        "-m",
        "examples.vendor",
        "--port",
        str(port),
        "--people",
        str(people),
        "--data",
    ]
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*command, running.folder], cwd=ROOT, stdout=out, stderr=out, start_new_session=True
        )
    try:
        wait_until(lambda: _answers(process, running), "the site answers", 120)
        yield running
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0, log.read_text()
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(60)


def _answers(process: "subprocess.Popen[bytes]", running: Demonstration) -> bool:
    assert process.poll() is None, running.log.read_text()
    try:
        return httpx.get(running.url, trust_env=False).is_success
    except httpx.TransportError:
        return False
