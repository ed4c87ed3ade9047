"""Calling the door: verified, through the environment's proxy, bounded in time and size, and nowhere else."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import pytest

from tests.support.other_site import made_pair, secure_site
from tests.telemetry.door import Door, opened
from tests.telemetry.site import Installation
from tests.telemetry.test_sending import record
from troth.telemetry import TelemetryError
from troth.telemetry.relay import Relay
from troth.telemetry.wire import MOST_ANSWER, Unreachable, call


@contextmanager
def listening(answer: Callable[[socket.socket, bytes], None]) -> Iterator[int]:
    """A server that reads what comes first and then does as it likes; gives its port."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                answer(connection, connection.recv(65_536))

        thread = Thread(target=serve)
        thread.start()
        yield server.getsockname()[1]
        thread.join(60)


def test_a_certificate_that_nobody_vouches_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A door whose certificate cannot be verified gets nothing; one that the machine trusts is called."""
    monkeypatch.setenv("NO_PROXY", "*")
    with secure_site(tmp_path) as site:
        site.pages["/telemetry/keys"] = (200, {}, b"{}")
        with pytest.raises(Unreachable):
            call(f"{site.address}/telemetry/keys")
        assert site.asked == []
        monkeypatch.setenv("SSL_CERT_FILE", str(site.certificate))
        assert call(f"{site.address}/telemetry/keys").status == 200
        with pytest.raises(Unreachable):
            call(f"{site.address.replace('localhost', '127.0.0.1')}/telemetry/keys")
        ((_, headers),) = site.asked
        assert set(headers) == {"accept", "accept-encoding", "connection", "host", "user-agent"}


def test_the_environment_s_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A call over https goes through the proxy that the environment names, as a tunnel: the proxy sees the host name and no more."""
    seen: list[bytes] = []

    def refuse(connection: socket.socket, first: bytes) -> None:
        seen.append(first)
        connection.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")

    with listening(refuse) as port:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
        monkeypatch.setenv("NO_PROXY", "")
        with pytest.raises(Unreachable):
            call(
                "https://telemetry.example.com/telemetry/reports",
                body=b"canary",
                authorization="Token canary",
            )
    assert seen[0].startswith(b"CONNECT telemetry.example.com:443 ")
    assert b"canary" not in seen[0]


def test_a_door_that_stalls() -> None:
    """An answer that does not come, or stops in the middle, is given up."""
    over = Event()

    def stall(connection: socket.socket, _: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
        over.wait(60)

    with listening(stall) as port:
        with pytest.raises(Unreachable):
            call(f"http://127.0.0.1:{port}/", seconds=0.3)
        over.set()


def test_an_answer_without_end() -> None:
    """Of an answer that does not end, no more than the most is read."""

    def flood(connection: socket.socket, _: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            try:
                connection.sendall(b"x" * 65_536)
            except OSError:
                return

    with listening(flood) as port:
        assert len(call(f"http://127.0.0.1:{port}/", seconds=20).body) == MOST_ANSWER


@pytest.mark.parametrize(
    "answer",
    [b"", b"no http\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", b"HTTP/1.1 999999 ?\r\n\r\n"],
)
def test_nonsense(answer: bytes) -> None:
    """What is no HTTP is an answer that cannot be used, or none at all; never another error."""

    def say(connection: socket.socket, _: bytes) -> None:
        connection.sendall(answer)

    with listening(say) as port:
        try:
            assert call(f"http://127.0.0.1:{port}/", seconds=5).document == {}
        except TelemetryError as error:
            assert isinstance(error, Unreachable)  # noqa: PT017  either is right


def test_a_relay_with_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A relay for other machines answers with TLS, which the sensor verifies."""
    monkeypatch.setenv("NO_PROXY", "*")
    certificate, key = made_pair(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with opened(Door()) as door:
        relay = Relay(
            tmp_path / "relay", door.base, listen="localhost:0", certificate=certificate, private_key=key
        )
        ended = Event()
        thread = Thread(target=relay.run, args=(ended,))
        thread.start()
        try:
            assert relay.address.startswith("https://localhost:")
            environ = {"TROTH_TELEMETRY": "on", "TROTH_TELEMETRY_RELAY": relay.address}
            here = Installation(tmp_path, door.base, environ=environ)
            record(here)
            here.later(days=5)
            assert here.sender().send_due(at_once=True).sent == ("2026-W48",)
            assert relay.hand_on() == 1
        finally:
            ended.set()
            thread.join(60)
        assert len(door.reports) == 1
