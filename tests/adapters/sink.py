"""A real mail server on this machine that keeps what it is given (aiosmtpd)."""

import email
import email.policy
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

USER, PASSWORD = "troth", "made-for-tests"


class Sink:
    """Keeps mails and the addresses of their envelopes.

    Args:
        reply: What it answers to a recipient; starts with 250 when the mail is taken.
    """

    def __init__(self, reply: str = "250 OK") -> None:
        self.reply = reply
        self.mails: list[EmailMessage] = []
        self.envelopes: list[tuple[str, list[str]]] = []
        self.signed_in: list[str] = []
        self.secured: list[bool] = []

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _: Any) -> str:  # noqa: N802
        """Take a recipient, or not."""
        if self.reply.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.reply

    async def handle_DATA(self, server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        """Take a mail."""
        self.mails.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
        self.envelopes.append((envelope.mail_from, list(envelope.rcpt_tos)))
        self.secured.append(server.transport.get_extra_info("ssl_object") is not None)
        return "250 OK"

    def authenticate(self, _server: Any, _session: Any, _envelope: Any, _: str, data: Any) -> AuthResult:
        """Check user and password."""
        good = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        if good:
            self.signed_in.append(USER)
        return AuthResult(success=good, handled=good)


class _Bound(Controller):
    """A controller on a free port."""

    @property
    def bound(self) -> int:
        """The port."""
        server: Any = self.server
        port: int = server.sockets[0].getsockname()[1]
        return port

    def _trigger_server(self) -> None:
        """Make the first connection; the port is chosen by the system and known only now."""
        self.port = self.bound
        super()._trigger_server()  # type: ignore[no-untyped-call]


@contextmanager
def serving(sink: Sink, *, certificate: tuple[Path, Path] | None = None, tls: bool = False) -> Iterator[int]:
    """Serve a sink; gives its port.

    Args:
        sink: What keeps the mails.
        certificate: Files with certificate and key; with them the server offers STARTTLS and asks for a password.
        tls: Whether it speaks TLS from the first byte.
    """
    context = None
    if certificate is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*certificate)
    more: dict[str, Any] = {}
    if context is not None and not tls:
        more = {
            "tls_context": context,
            "require_starttls": True,
            "authenticator": sink.authenticate,
            "auth_required": True,
        }
    controller = _Bound(
        sink, hostname="127.0.0.1", port=0, ssl_context=context if tls else None, ready_timeout=60, **more
    )
    controller.start()
    try:
        yield controller.bound
    finally:
        controller.stop()


def made_certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """A certificate for a name that vouches for itself, and its key, as PEM files."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    files = folder / f"{name}.pem", folder / f"{name}.key"
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return files
