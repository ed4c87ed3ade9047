"""A relay hands on what sensors send, in random order, and adds nothing."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import pytest

from tests.telemetry.door import Door, opened
from tests.telemetry.site import Installation
from tests.telemetry.test_sending import REPORTS, record
from troth.telemetry import TelemetryError
from troth.telemetry.relay import MOST_BYTES, Relay
from troth.telemetry.wire import call


@contextmanager
def running(folder: Path, door: Door) -> Iterator[Relay]:
    """A relay that hands on when it is told to."""
    relay, ended = Relay(folder, door.base, listen="127.0.0.1:0", hold=3600), Event()
    thread = Thread(target=relay.run, args=(ended,))
    thread.start()
    try:
        yield relay
    finally:
        ended.set()
        thread.join(60)


def sensor(folder: Path, door: Door, relay: Relay) -> Installation:
    """A sensor whose only way out is the relay."""
    environ = {"TROTH_TELEMETRY": "on", "TROTH_TELEMETRY_RELAY": relay.address}
    found = Installation(folder, door.base, environ=environ)
    record(found)
    found.later(days=5)
    return found


@pytest.mark.slow
def test_reports_go_on_unchanged_and_shuffled(tmp_path: Path) -> None:
    """Each sensor's bytes and token arrive as they were, in another order than they came, and nothing tells of the sensors."""
    with opened(Door()) as door, running(tmp_path / "relay", door) as relay:
        came = []
        for number in range(12):
            here = sensor(tmp_path / f"sensor{number}", door, relay)
            product = here.telemetry()
            here.later(days=-5)
            product.add("errors", number)
            product.close()
            here.later(days=5)
            assert here.sender().send_due(at_once=True).sent == ("2026-W48",)
            came.append(here.sender().sent("2026-W48"))
        assert door.posted(REPORTS) == []
        assert relay.hand_on() == 12
        assert sorted(door.reports) == sorted(one for one in came if one)
        assert door.reports != came  # one of 12! orders; the chance of a false alarm is 1 in 479 million
        assert {frozenset(one.headers) for one in door.posted(REPORTS)} == {
            frozenset(door.posted(REPORTS)[0].headers)
        }
        assert "x-forwarded-for" not in door.posted(REPORTS)[0].headers
        assert relay.hand_on() == 0
        assert len({json.loads(one)["metrics"]["errors"] for one in door.reports}) == 12


def test_what_waits_survives(tmp_path: Path) -> None:
    """While the door is away reports wait, over a restart too; a file tells neither sender nor time."""
    with opened(Door()) as door:
        with running(tmp_path / "relay", door) as relay:
            sensor(tmp_path / "sensor", door, relay).sender().send_due(at_once=True)
            door.forced[REPORTS] = (503, {})
            assert relay.hand_on() == 0
        (kept,) = (tmp_path / "relay" / "relayed").iterdir()
        assert kept.stat().st_mtime == 0
        door.forced.clear()
        with running(tmp_path / "relay", door) as relay:
            assert relay.hand_on() == 1
        assert len(door.reports) == 1


def test_only_the_sender_s_requests_pass(tmp_path: Path) -> None:
    """Other addresses, other methods and large bodies are not passed on."""
    with opened(Door()) as door, running(tmp_path, door) as relay:
        assert call(f"{relay.address}/console").status == 404
        assert call(f"{relay.address}/telemetry/keys", body=b"{}").status == 404
        assert call(f"{relay.address}{REPORTS}", body=b"x" * (MOST_BYTES + 1)).status == 413
        assert call(f"{relay.address}/telemetry/tokens", body=b"{}", authorization="x" * 5000).status == 431
        assert door.requests == []
        assert call(f"{relay.address}/telemetry/keys").status == 200


def test_a_door_that_is_away(tmp_path: Path) -> None:
    """What cannot be passed through at once is answered with 502, and the sensor tries again later."""
    door = Door()
    with opened(door):
        base = door.base
    door.base = base
    with running(tmp_path, door) as relay:
        assert call(f"{relay.address}/telemetry/keys").status == 502


def test_beyond_this_machine_only_with_tls(tmp_path: Path) -> None:
    """A relay listens beyond this machine only with a certificate, and forwards only to https."""
    with pytest.raises(TelemetryError, match="https"):
        Relay(tmp_path, "https://t.example.com", listen="0.0.0.0:0")
    with pytest.raises(TelemetryError, match="https"):
        Relay(tmp_path, "http://t.example.com", listen="127.0.0.1:0")
