"""The server as a process of its own: ready soon, stopped by a signal, nothing accepted is lost."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.support.policies import any_serial_file
from tests.support.process import free_port
from troth.bootstrap import init_folder, open_troth

_PROGRAM = """
import sys
from troth.web import serve
serve(sys.argv[1], "127.0.0.1", int(sys.argv[2]), ready=lambda url: print(url, flush=True))
"""


@contextmanager
def served(folder: Path) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    """A served folder: its address, once it answers, and the process."""
    command = [sys.executable, "-c", _PROGRAM, str(folder), str(free_port())]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            address = process.stdout.readline().strip()
            assert address, process.communicate()[1]
            yield address, process
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_the_server_and_what_it_accepted_is_kept(
    tmp_path: Path, number: signal.Signals
) -> None:
    """It answers when it says so, ends with status 0 on either signal, and the accepted act is in the ledger."""
    folder = tmp_path / "data"
    init_folder(folder, policy=any_serial_file(tmp_path))
    values = {"name": "Ann", "email": "ann@example.com", "product": "Sensor", "serial": "EX-1"}
    body = {
        "channel": "web",
        "notice": "registration-notice",
        "age": {"year": 1970, "month": 4},
        "values": values,
    }
    with served(folder) as (address, process):
        with httpx.Client(base_url=address, trust_env=False, timeout=60) as client:
            assert client.get("/health").json()["status"] == "ok"
            entry = client.post("/collect/product-registration", json=body).json()["entry"]
        process.send_signal(number)
        out, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
        assert "ann@example.com" not in out + errors
    with open_troth(folder) as troth:
        assert entry.encode() in troth.receipt(entry).body
