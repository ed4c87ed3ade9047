"""A stand-in for HashiCorp Vault that speaks Transit's HTTP API: versions of keys, associated data, tokens, errors."""

import base64
import json
import secrets
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

TOKEN = "hvs.made-token-of-the-tests"


class TransitStandIn:
    """Answers `POST /v1/transit/(encrypt|decrypt)/NAME`; tests change its state by its attributes."""

    def __init__(self) -> None:
        self.keys: dict[str, list[bytes]] = {}
        self.sealed = False
        self.broken = False
        self.bodies: list[bytes] = []
        self.headers: list[dict[str, str]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def rotate(self, name: str) -> None:
        """Make a key, or its next version."""
        self.keys.setdefault(name, []).append(secrets.token_bytes(32))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, path: str, token: str, body: bytes) -> tuple[int, bytes]:
        """Status and body for a request."""
        if self.sealed:
            return 503, _errors("Vault is sealed")
        if self.broken:
            return 200, b"<html>a proxy's page</html>"
        if token != TOKEN:
            return 403, _errors("permission denied")
        parts = path.strip("/").split("/")
        if parts[:2] != ["v1", "transit"]:
            return 404, _errors(f"no handler for route {path}")
        operation, name = parts[2], parts[3]
        if name not in self.keys:
            return 400, _errors("encryption key not found")
        return (self._encrypt if operation == "encrypt" else self._decrypt)(self.keys[name], json.loads(body))

    def _encrypt(self, versions: list[bytes], body: dict[str, str]) -> tuple[int, bytes]:
        nonce = secrets.token_bytes(12)
        sealed = nonce + AESGCM(versions[-1]).encrypt(
            nonce, base64.b64decode(body["plaintext"]), base64.b64decode(body["associated_data"])
        )
        text = f"vault:v{len(versions)}:{base64.b64encode(sealed).decode()}"
        return 200, json.dumps({"data": {"ciphertext": text, "key_version": len(versions)}}).encode()

    def _decrypt(self, versions: list[bytes], body: dict[str, str]) -> tuple[int, bytes]:
        try:
            prefix, version, text = body["ciphertext"].split(":")
            number = int(version.removeprefix("v"))
            if prefix != "vault" or not version.startswith("v") or not 0 < number <= len(versions):
                return 400, _errors("invalid ciphertext")
            sealed = base64.b64decode(text, validate=True)
            opened = AESGCM(versions[number - 1]).decrypt(
                sealed[:12], sealed[12:], base64.b64decode(body["associated_data"])
            )
        except (InvalidTag, ValueError):
            return 400, _errors("cipher: message authentication failed")
        return 200, json.dumps({"data": {"plaintext": base64.b64encode(opened).decode()}}).encode()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        stand_in = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                stand_in.bodies.append(body)
                stand_in.headers.append(dict(self.headers.items()))
                status, answer = stand_in.answer(self.path, self.headers.get("X-Vault-Token", ""), body)
                self.send_response(status)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: Any) -> None:
                pass

        return Handler


def _errors(text: str) -> bytes:
    return json.dumps({"errors": [text]}).encode()
