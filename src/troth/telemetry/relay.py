"""A relay for sensors without network: it hands on what they send, and adds nothing.

Opting in and out, keys and tokens are passed through at once. Reports gather for a while in a folder, and go on together in
random order: the receiving door sees one address, and neither who reported nor when.
"""

import os
from base64 import b64decode, b64encode
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from secrets import token_hex
from threading import Event, Thread
from typing import TYPE_CHECKING

from troth.telemetry.folder import Folder
from troth.telemetry.schema import TelemetryError
from troth.telemetry.wire import Answer, Unreachable, call, check_address

if TYPE_CHECKING:
    from ssl import SSLSocket

REPORTS = "/telemetry/reports"
PASSED: Mapping[str, str] = {
    "/telemetry/keys": "GET",
    "/telemetry/opt-in": "POST",
    "/telemetry/opt-out": "POST",
    "/telemetry/tokens": "POST",
}
MOST_BYTES, MOST_WAITING, MOST_HEADER = 65_536, 10_000, 4_096
_QUEUE = "relayed"
_TRIES_LATER = 500
_SECONDS = 10.0


class Relay:
    """Listens, gathers and hands on.

    Args:
        folder: Where reports gather; they survive a restart.
        endpoint: Base address of the receiving door.
        listen: Address and port; port 0 takes a free one.
        certificate: TLS certificate chain; beyond this machine a relay answers with TLS only.
        private_key: Its private key.
        hold: Seconds for which reports gather.

    Raises:
        TelemetryError: The endpoint is not https, or it would listen beyond this machine without TLS.
        OSError: The port is taken.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        endpoint: str,
        *,
        listen: str = "127.0.0.1:8099",
        certificate: Path | None = None,
        private_key: Path | None = None,
        hold: float = 3600.0,
    ) -> None:
        check_address(endpoint)
        host, _, port = listen.rpartition(":")
        scheme = "https" if certificate else "http"
        if certificate is None:
            check_address(f"http://{host}")
        self._folder, self.endpoint, self._hold = Folder(folder), endpoint.rstrip("/"), hold
        self._server = ThreadingHTTPServer((host.strip("[]"), int(port)), _handler(self))
        self._server.daemon_threads = True
        if certificate is not None:
            self._server.socket = _secured(self._server, certificate, private_key)
        self.address = f"{scheme}://{host}:{self._server.server_address[1]}"

    def run(self, ended: Event) -> None:
        """Serve until the event is set; what waits then goes on with the next start."""
        Thread(target=self._server.serve_forever, name="troth-relay", daemon=True).start()
        try:
            while not ended.wait(self._hold):
                self.hand_on()
        finally:
            self._server.shutdown()
            self._server.server_close()

    def take(self, body: bytes, authorization: str) -> Answer:
        """Keep a report until it is handed on, under a name that tells nothing."""
        if len(self._folder.names(_QUEUE)) >= MOST_WAITING:
            return Answer(503, b"")
        name = f"{_QUEUE}/{token_hex(16)}.json"
        self._folder.write(name, {"authorization": authorization, "body": b64encode(body).decode()})
        os.utime(self._folder.place / name, (0, 0))  # not even the file tells when it came
        return Answer(202, b"{}")

    def hand_on(self) -> int:
        """Hand on what gathered, in random order; gives how many the door took or refused. The rest is tried again."""
        done = 0
        for name in self._folder.names(_QUEUE):  # in the order of their names, which are random
            kept = self._folder.read(f"{_QUEUE}/{name}")
            try:
                answer = self.forward(
                    REPORTS, b64decode(str(kept.get("body", ""))), str(kept.get("authorization", ""))
                )
            except Unreachable:
                return done
            if answer.status >= _TRIES_LATER:
                return done
            self._folder.remove(f"{_QUEUE}/{name}")
            done += 1
        return done

    def forward(self, path: str, body: bytes | None, authorization: str) -> Answer:
        """Pass a request on.

        Raises:
            Unreachable: The door does not answer.
        """
        return call(self.endpoint + path, body=body, authorization=authorization)


def _secured(server: ThreadingHTTPServer, certificate: Path, private_key: Path | None) -> "SSLSocket":
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, private_key)
    return context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)


def _handler(relay: Relay) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        server_version, sys_version, protocol_version = "troth-relay", "", "HTTP/1.1"
        timeout = _SECONDS

        def do_GET(self) -> None:
            """Answer a GET."""
            self._pass_on("GET", None)

        def do_POST(self) -> None:
            """Answer a POST."""
            length = self.headers.get("Content-Length", "")
            if not length.isdigit() or int(length) > MOST_BYTES:
                self.close_connection = True
                self._reply(Answer(413, b""))
                return
            self._pass_on("POST", self.rfile.read(int(length)))

        def _pass_on(self, method: str, body: bytes | None) -> None:
            shown = self.headers.get("Authorization", "")
            if len(shown) > MOST_HEADER:
                self._reply(Answer(431, b""))
            elif method == "POST" and self.path == REPORTS:
                self._reply(relay.take(body or b"", shown))
            elif PASSED.get(self.path) == method:
                try:
                    self._reply(relay.forward(self.path, body, shown))
                except TelemetryError:
                    self._reply(Answer(502, b""))
            else:
                self._reply(Answer(404, b""))

        def _reply(self, answer: Answer) -> None:
            self.send_response_only(answer.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, *_: object) -> None:
            """Keep no record of who sent."""

    return Handler
