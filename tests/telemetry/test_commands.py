"""The sender's commands: on, off, what goes out, what went out."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.telemetry.door import Door, opened
from tests.telemetry.site import Installation
from tests.telemetry.test_report import DOCUMENT
from troth.telemetry.commands import main
from troth.telemetry.weeks import local_now, week_of


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch) -> Iterator[Door]:
    """A receiving door, and a machine where nobody set anything."""
    for name in (
        "TROTH_TELEMETRY",
        "TROTH_TELEMETRY_FILE",
        "TROTH_TELEMETRY_ENDPOINT",
        "TROTH_TELEMETRY_RELAY",
    ):
        monkeypatch.delenv(name, raising=False)
    with opened(Door()) as found:
        yield found


class Shell:
    """The commands of an installation."""

    def __init__(self, place: Path, door: Door) -> None:
        self.schema = place / "schema.json"
        self.schema.write_text(json.dumps(DOCUMENT), encoding="utf-8")
        self.here = Installation(place, door.base)
        self._given = [
            "--schema",
            str(self.schema),
            "--folder",
            str(self.here.folder),
            "--endpoint",
            door.base,
        ]

    def run(self, *arguments: str) -> int:
        """Run one."""
        return main([*self._given, *arguments])


@pytest.fixture
def shell(tmp_path: Path, door: Door) -> Shell:
    """The commands."""
    return Shell(tmp_path, door)


def record(shell: Shell, weeks_ago: int) -> None:
    """Record an error some weeks ago."""
    shell.here.now = local_now()
    shell.here.later(weeks=-weeks_ago)
    product = shell.here.telemetry()
    product.add("errors")
    product.close()


def test_from_off_to_sent_and_off_again(
    shell: Shell, door: Door, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """An administrator looks, switches on, looks at the bytes, sends them, reads the copy, and switches off."""

    def said(*arguments: str, status: int = 0) -> bytes:
        capfdbinary.readouterr()
        assert shell.run(*arguments) == status
        return capfdbinary.readouterr().out

    assert said("status").startswith(b"off (nobody switched it on)")
    assert said("preview") == b""
    sample = json.loads(said("preview", "--sample"))
    assert sample["release"] == "5.0"
    assert said("sent") == b"Nothing was sent.\n"
    assert not shell.here.folder.exists()
    assert said("opt-in") == b"Telemetry is on.\n"
    record(shell, 1)
    shown = said("preview")
    assert json.loads(shown)["metrics"] == {"errors": 1, "weeks": 0}
    assert json.loads(shown)["release"] == "5.2"
    week = week_of(shell.here.now)
    assert said("send").decode() == f"sent {week}\n"
    assert door.reports == [shown]
    assert said("sent").decode() == f"{week}\n"
    assert said("sent", week) == shown
    assert said("send") == b"Nothing is due.\n"
    status = said("status").decode()
    assert status.startswith("on (the choice on this machine)")
    assert f"goes to: {door.base}" in status
    assert f"sent: {week}" in status
    assert said("opt-out").startswith(b"Telemetry is off.")
    assert said("status").startswith(b"off (the choice on this machine)")
    assert door.receipts == set()


def test_what_is_missing_is_told(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a folder or schema, or with one that is none, the command says so."""
    assert main(["status"]) == 1
    assert "--schema" in capsys.readouterr().err
    shell.schema.write_text("{", encoding="utf-8")
    assert shell.run("status") == 1
    assert "no JSON" in capsys.readouterr().err
    assert shell.run("sent", "2020-W01") == 1
    assert main(["relay"]) == 1
    assert "--endpoint" in capsys.readouterr().err


def test_it_ends_when_told(shell: Shell, door: Door) -> None:
    """`run` sends what is due, and ends when it is told to."""
    assert shell.run("opt-in") == 0
    record(shell, 2)
    given = [*shell._given, "run"]
    with subprocess.Popen(
        [sys.executable, "-m", "troth.telemetry", *given], stdout=subprocess.PIPE
    ) as running:
        assert running.stdout is not None
        assert running.stdout.readline().decode() == f"sent {week_of(shell.here.now)}\n"
        running.terminate()
        assert running.wait(60) == 0
    assert len(door.reports) == 1


def test_a_relay_as_a_program(tmp_path: Path, door: Door) -> None:
    """`relay` listens where it says, and ends when it is told to."""
    given = ["--folder", str(tmp_path), "--endpoint", door.base, "relay", "--listen", "127.0.0.1:0"]
    with subprocess.Popen(
        [sys.executable, "-m", "troth.telemetry", *given], stdout=subprocess.PIPE
    ) as running:
        assert running.stdout is not None
        assert running.stdout.readline().startswith(b"listening at http://127.0.0.1:")
        running.terminate()
        assert running.wait(60) == 0
