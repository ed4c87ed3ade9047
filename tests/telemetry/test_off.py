"""While telemetry is off, nothing at all is written or sent: watched from outside, with a watch that sees both when it is on."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests.telemetry.door import Door, opened
from tests.telemetry.site import Installation
from tests.telemetry.test_report import DOCUMENT
from tests.telemetry.watching import watched
from troth.telemetry import TelemetryError

PRODUCT = Path(__file__).parent / "product.py"


def run(place: Path, door: Door, environ: Mapping[str, str]) -> tuple[list[str], int]:
    """Run the product; gives the files that changed, and how many packets went to the door."""
    home = place / "home"
    home.mkdir(exist_ok=True)
    variables = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "TMPDIR": str(home),
        "PYTHONPATH": os.pathsep.join(sys.path),
        "PYTHONDONTWRITEBYTECODE": "1",
        "HTTPS_PROXY": door.base,
        "HTTP_PROXY": door.base,
        **environ,
    }
    with watched(place, urlsplit(door.base).port or 0) as (files, capture):
        done = subprocess.run(
            [sys.executable, str(PRODUCT), str(place / "telemetry"), door.base],
            input=json.dumps(DOCUMENT),
            env=variables,
            cwd=home,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")
        packets = len(capture.packets()) if capture.may_look else len(door.requests)
        return files.changes(), packets


@pytest.mark.parametrize("environ", [{}, {"TROTH_TELEMETRY": "off"}, {"TROTH_TELEMETRY": "yes?"}])
def test_nothing_while_off(tmp_path: Path, environ: dict[str, str]) -> None:
    """Nobody switched it on, or somebody off: no file changes, no packet goes out, no folder is made."""
    with opened(Door()) as door:
        assert run(tmp_path, door, environ) == ([], 0)
        assert door.requests == []
    assert not (tmp_path / "telemetry").exists()


def test_the_watch_sees_both_when_on(tmp_path: Path) -> None:
    """The same product under the same watch, switched on: files are written, packets go out."""
    with opened(Door()) as door:
        files, packets = run(tmp_path, door, {"TROTH_TELEMETRY": "on"})
        assert "telemetry" in files
        assert packets > 0
        assert door.requests[0].path == "/telemetry/opt-in"
    stored = json.loads((tmp_path / "telemetry" / "sums.json").read_text())
    (week,) = stored["weeks"].values()
    assert week["values"]["errors"] == 100
    assert week["refused"] == {"errors": 900, "features": 990, "undeclared": 1}


def test_other_traffic_does_not_drown_the_watch(tmp_path: Path) -> None:
    """What is sent to a port is seen, however much goes to others on this machine, and nothing of that is."""
    with opened(Door()) as door, watched(tmp_path, urlsplit(door.base).port or 0) as (_, capture):
        if not capture.may_look:
            pytest.skip("this account may not look at packets")
        with socket.create_server(("127.0.0.1", 0)) as other, socket.socket() as sending:
            sending.connect(other.getsockname())
            taking, _ = other.accept()
            with taking:
                for _ in range(300):
                    sending.sendall(b"x" * 30_000)
                    taking.recv(30_000, socket.MSG_WAITALL)
        assert capture.packets() == []
        httpx.get(f"{door.base}/nowhere", trust_env=False, timeout=60)
        assert capture.packets() != []


def test_nothing_after_opting_out(tmp_path: Path) -> None:
    """An installation that was on and opted out changes nothing more."""
    with opened(Door()) as door:
        here = Installation(tmp_path, door.base)
        here.sender().opt_in()
        assert run(tmp_path, door, {})[1] > 0
        here.sender().opt_out()
        seen = len(door.requests)
        files, _ = run(tmp_path, door, {})
        assert files == []
        assert len(door.requests) == seen


def test_off_wins_wherever_it_is_said(tmp_path: Path) -> None:
    """Off in the environment, in the fleet's file or on the machine stands above on in the others."""
    fleet = tmp_path / "fleet.json"

    def standing(variable: str | None, file: object, choice: str | None) -> bool:
        folder = tmp_path / f"{variable}{file}{choice}".replace("/", "")[:60]
        environ = {"TROTH_TELEMETRY": variable} if variable is not None else {}
        if file is not None:
            fleet.write_text(file if isinstance(file, str) else json.dumps(file), encoding="utf-8")
            environ["TROTH_TELEMETRY_FILE"] = str(fleet)
        here = Installation(folder, "https://telemetry.example.com", environ=environ)
        if choice is not None:
            here.folder.mkdir(parents=True)
            (here.folder / "switch.json").write_text(json.dumps({"telemetry": choice}), encoding="utf-8")
        return here.sender().standing().on

    on, off = {"telemetry": "on"}, {"telemetry": "off"}
    assert standing("on", None, None)
    assert standing(None, on, None)
    assert standing(None, None, "on")
    assert standing("on", on, "on")
    assert not standing(None, None, None)
    assert not standing("off", on, "on")
    assert not standing("on", off, "on")
    assert not standing("on", on, "off")
    assert not standing("on", "no json", "on")
    assert not standing("on", [], "on")


def test_a_fleet_file(tmp_path: Path) -> None:
    """A fleet's file switches on and says where to; a file that is named and missing is off."""
    fleet = tmp_path / "fleet.json"
    fleet.write_text(
        '{"telemetry": "on", "endpoint": "https://t.example.com", "relay": "https://relay.example.com"}'
    )
    here = Installation(tmp_path, "https://other.example.com", environ={"TROTH_TELEMETRY_FILE": str(fleet)})
    found = here.sender().standing()
    assert (found.on, found.endpoint, found.base) == (
        True,
        "https://t.example.com",
        "https://relay.example.com",
    )
    assert str(fleet) in found.why
    fleet.unlink()
    assert not here.sender().standing().on


def test_opting_in_where_the_fleet_says_off(tmp_path: Path) -> None:
    """Opting in says that it stays off, and asks nobody."""
    with opened(Door()) as door:
        here = Installation(tmp_path, door.base, environ={"TROTH_TELEMETRY": "off"})
        assert "stays off" in here.sender().opt_in()
        assert door.requests == []


def test_opting_in_with_an_old_release(tmp_path: Path) -> None:
    """A release below the first that reports cannot be switched on, and nothing is asked."""
    with opened(Door()) as door:
        here = Installation(tmp_path, door.base, release="4.9")
        with pytest.raises(TelemetryError, match="release"):
            here.sender().opt_in()
        assert door.requests == []
    assert not here.folder.exists()
