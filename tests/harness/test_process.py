"""The stand that runs `troth serve` as a process, tried on a small program in its place."""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from tests.support import process
from tests.support.process import ClockFile, Troth
from troth.kernel import FileClock

STAND_IN = """#!{python}
import http.server, os, pathlib, signal, sys
arguments = dict(zip(sys.argv[2::2], sys.argv[3::2]))
if "--fail" in arguments:
    sys.exit("the port is taken")
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = pathlib.Path(os.environ["TROTH_CLOCK_FILE"]).read_bytes()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
http.server.HTTPServer(("127.0.0.1", int(arguments["--port"])), Handler).serve_forever()
"""


@pytest.fixture
def troth(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Troth:
    """The stand with a small server in place of the program."""
    program = tmp_path / "program"
    program.write_text(STAND_IN.format(python=sys.executable), encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setattr(process, "TROTH", program)
    return Troth(tmp_path / "data", ClockFile(tmp_path / "clock"))


def test_a_server_is_ready_and_sees_the_clock(troth: Troth) -> None:
    """Inside the block the server answers and tells the instant that the test set; after it nothing answers."""
    with troth.serving() as server, server.client() as client:
        troth.clock.set(datetime(2026, 2, 1, tzinfo=UTC))
        troth.clock.advance(timedelta(days=30))
        assert datetime.fromisoformat(client.get("/health").text) == datetime(2026, 3, 3, tzinfo=UTC)
    with pytest.raises(httpx.ConnectError), server.client() as client:
        client.get("/health")


def test_a_server_that_ends_early_says_why(troth: Troth) -> None:
    """A process that ends before it answers is an error with its log."""
    with pytest.raises(AssertionError, match="the port is taken"), troth.serving("--fail", "yes"):
        pass


def test_a_server_can_be_killed(troth: Troth) -> None:
    """`kill` ends the process as a power cut would: no handler runs."""
    with troth.serving() as server:
        server.kill()
        assert server.process.returncode == -9


def test_the_clock_file_is_what_the_program_reads(tmp_path: Path) -> None:
    """What `ClockFile` writes, the kernel's `FileClock` reads."""
    clock = ClockFile(tmp_path / "clock")
    clock.advance(timedelta(microseconds=1))
    assert FileClock(clock.path).now() == clock.now() == process.START + timedelta(microseconds=1)
    assert list(tmp_path.iterdir()) == [clock.path]
