"""Mail over SMTP (RFC 5321), by TLS (RFC 8314) or STARTTLS (RFC 3207); in the clear only inside this machine."""

import smtplib
from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore, Lock

from troth.adapters.mail.connection import GONE, TIMEOUT_SECONDS, Connection, Lost, Parcel, Server
from troth.adapters.mail.forming import Sign, made_ready, unsigned, wire_form
from troth.kernel import Unavailable
from troth.outreach import Deferred, Mail

CONNECTIONS = 4
MAILS_EACH = 100
_WAIT_SECONDS = 4 * TIMEOUT_SECONDS


class SmtpMailer:
    """Hands mails to a mail server over a few connections, which are kept and used again; any number of threads may send.

    Certificates are checked against the system's authorities, or those that `SSL_CERT_FILE` names.

    Args:
        server: Where to.
        sign: Gives a mail with its signatures.
        connections: Most connections at once; a thread beyond them waits.
        mails_each: Mails after which a connection is closed; servers count too.
    """

    def __init__(
        self,
        server: Server,
        *,
        sign: Sign = unsigned,
        connections: int = CONNECTIONS,
        mails_each: int = MAILS_EACH,
    ) -> None:
        self.server = server
        self._sign, self._mails_each = sign, mails_each
        self._turn = BoundedSemaphore(connections)
        self._lock = Lock()
        self._idle: list[Connection] = []

    def ready(self, mail: Mail) -> Mail:
        """See `OpenMailer.ready`."""
        return made_ready(mail, self._sign)

    def send(self, mail: Mail) -> None:
        """See `Mailer.send`.

        A connection that is gone before the server has the mail costs nothing: the mail goes over a new one.

        Raises:
            Undeliverable: The server refuses this address or this mail for good.
            Unavailable: It cannot be reached or trusted, or does not take mail now.
        """
        parcel = Parcel(mail.sender, mail.address, wire_form(mail.message, self._sign))
        with self._its_turn():
            while (kept := self._kept()) is not None:
                try:
                    return self._over(kept, parcel)
                except Lost:
                    continue
            try:
                return self._over(self._opened(), parcel)
            except Lost as lost:
                what = f"The mail server {self._place} closed the connection."
                raise Deferred(what, GONE) if lost.reply else self._unreached(lost) from None

    def close(self) -> None:
        """Take leave of the server over every connection that carries nothing now."""
        while (kept := self._kept()) is not None:
            kept.close()

    @property
    def _place(self) -> str:
        return f"{self.server.host}:{self.server.port}"

    @contextmanager
    def _its_turn(self) -> Iterator[None]:
        """One of the connections; threads wait for each other."""
        if not self._turn.acquire(timeout=_WAIT_SECONDS):
            raise Unavailable(
                f"All connections to the mail server {self._place} are in use.",
                mend="Raise the setting mail.connections, or wait.",
            )
        try:
            yield
        finally:
            self._turn.release()

    def _kept(self) -> Connection | None:
        """The connection that was used last; None when there is none."""
        with self._lock:
            return self._idle.pop() if self._idle else None

    def _over(self, connection: Connection, parcel: Parcel) -> None:
        """Hand a mail over, and keep the connection for the next where it is good for that."""
        try:
            connection.deliver(parcel)
        finally:
            if connection.usable(self._mails_each):
                with self._lock:
                    self._idle.append(connection)
            else:
                connection.close()

    def _opened(self) -> Connection:
        try:
            return Connection(self.server)
        except smtplib.SMTPConnectError as error:
            if error.smtp_code == GONE:
                raise Deferred(f"The mail server {self._place} takes no connection.", GONE) from None
            raise self._unreached(error) from None
        except (smtplib.SMTPException, OSError) as error:
            raise self._unreached(error) from None

    def _unreached(self, error: Exception) -> Unavailable:
        return Unavailable(
            f"The mail server {self._place} does not take mail ({type(error).__name__}).",
            mend="Check the setting mail.transport, the server's certificate, and user and password.",
        )
