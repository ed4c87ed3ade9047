"""Mail over SMTP (RFC 5321), by TLS (RFC 8314) or STARTTLS (RFC 3207); in the clear only inside this machine."""

import smtplib
import ssl
from typing import Literal

from troth.adapters.credentials import Credentials
from troth.kernel import Unavailable
from troth.outreach import Mail, Undeliverable

TIMEOUT_SECONDS = 15.0
_FOR_GOOD = 500
Security = Literal["tls", "starttls", "none"]


class SmtpMailer:
    """Hands mails to a mail server, one connection each.

    Certificates are checked against the system's authorities, or those that `SSL_CERT_FILE` names.

    Args:
        host: Its name.
        port: Its port.
        security: TLS from the first byte, STARTTLS before anything is said, or none.
        credentials: User and password; None where the server asks for none. They are never sent in the clear.
    """

    def __init__(
        self, host: str, port: int, security: Security, credentials: Credentials | None = None
    ) -> None:
        self._host, self._port, self._security, self._credentials = host, port, security, credentials

    def send(self, mail: Mail) -> None:
        """See `Mailer.send`.

        Raises:
            Undeliverable: The server refuses this address or this mail for good.
            Unavailable: It cannot be reached or trusted, or does not take mail now.
        """
        try:
            with self._connected() as server:
                server.send_message(mail.message, mail.sender, [mail.address])
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            raise self._refused(min(codes, default=0)) from None
        except smtplib.SMTPDataError as error:
            raise self._refused(error.smtp_code) from None
        except (smtplib.SMTPException, OSError) as error:
            raise Unavailable(
                f"The mail server {self._host}:{self._port} does not take mail ({type(error).__name__}).",
                mend="Check the setting mail.transport, the server's certificate, and user and password.",
            ) from None

    def _connected(self) -> smtplib.SMTP:
        if self._security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                self._host, self._port, timeout=TIMEOUT_SECONDS, context=ssl.create_default_context()
            )
        else:
            server = smtplib.SMTP(self._host, self._port, timeout=TIMEOUT_SECONDS)
        try:
            if self._security == "starttls":
                server.starttls(context=ssl.create_default_context())
            if self._credentials is not None and self._security != "none":
                server.login(*self._credentials)
        except BaseException:
            server.close()
            raise
        return server

    def _refused(self, code: int) -> Undeliverable | Unavailable:
        """The error for a reply code; its text is left out, for servers repeat the address in it."""
        what = f"The mail server {self._host}:{self._port} refused the mail with {code}."
        if code >= _FOR_GOOD:
            return Undeliverable(what)
        return Unavailable(what, mend="It is tried again.")
