"""Somebody else's site on this machine: it answers over https with a certificate of its own, and notes what it is asked."""

import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HOST = "localhost"


class SecureSite:
    """A site at https://localhost.

    Args:
        port: Its port.
        certificate: File with its certificate, which whoever trusts it names in SSL_CERT_FILE.
    """

    def __init__(self, port: int, certificate: Path) -> None:
        self.address = f"https://{HOST}:{port}"
        self.certificate = certificate
        self.pages: dict[str, tuple[int, Mapping[str, str], bytes]] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []


@contextmanager
def secure_site(folder: Path) -> Iterator[SecureSite]:
    """A running site; pages are put into `pages` by their path, as status, headers and body."""
    certificate, key = made_pair(folder)
    holder: list[SecureSite] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site = holder[0]
            site.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
            status, headers, body = site.pages.get(self.path, (404, {}, b""))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing is printed."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    holder.append(SecureSite(server.server_port, certificate))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield holder[0]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def made_pair(folder: Path) -> tuple[Path, Path]:
    """A certificate for localhost that vouches for itself, and its private key, as files."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    start = datetime(2020, 1, 1, tzinfo=UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=36_500))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    cert_file, key_file = folder / "other-site.crt", folder / "other-site.key"
    cert_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return cert_file, key_file
