"""A recipient's process, as a test sees it."""

import base64
import hashlib
import hmac
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.support.process import free_port
from tests.support.waiting import wait_until


class Told:
    """A recipient that runs as a process of its own, may be killed, and comes back at the same port.

    Args:
        folder: For what it reads and writes.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        (folder / "port").write_text(str(free_port()))
        (folder / "secret").write_text("whsec_" + base64.b64encode(b"s" * 32).decode())
        self.answers(200)

    def start(self) -> None:
        """Run it."""
        (self._folder / "ready").unlink(missing_ok=True)
        command = [sys.executable, "-m", "tests.connectors.recipient", str(self._folder)]
        self._process = subprocess.Popen(command, cwd=Path(__file__).parents[2])
        wait_until((self._folder / "ready").exists, "the recipient listens")

    def kill(self) -> None:
        """End it without a word."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    @property
    def url(self) -> str:
        """Where its messages go."""
        return f"http://127.0.0.1:{(self._folder / 'port').read_text()}/hook?of=us"

    def shares(self, secret: str) -> None:
        """Give it the secret."""
        (self._folder / "secret").write_text(secret)

    def answers(self, status: int, body: Any = None, **more: Any) -> None:
        """What it answers from now on."""
        (self._folder / "answer").write_text(json.dumps({"status": status, "body": body, **more}))

    @property
    def heard(self) -> list[dict[str, Any]]:
        """Every message."""
        log = self._folder / "log"
        return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


def callback(secret: str, message: str, at: int, body: bytes) -> dict[str, str]:
    """The headers of a callback, made by hand from the standard's words."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    mark = hmac.new(key, f"{message}.{at}.".encode() + body, hashlib.sha256).digest()
    return {
        "webhook-id": message,
        "webhook-timestamp": str(at),
        "webhook-signature": "v1," + base64.b64encode(mark).decode(),
    }
