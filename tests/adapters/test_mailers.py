"""What holds for whatever carries mail, and what holds for SMTP and the folder alone."""

import email
import email.policy
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest

from tests.adapters.sink import PASSWORD, USER, Sink, made_certificate, serving
from troth.adapters import FolderMailer, Server, SmtpMailer, open_mailer
from troth.adapters.credentials import Credentials
from troth.kernel import InvalidInput, Unavailable
from troth.outreach import Mail, Mailer, Undeliverable

Arrived = Callable[[], list[EmailMessage]]


def to(port: int) -> AbstractContextManager[SmtpMailer]:
    """A mailer to a server of the test."""
    return closing(SmtpMailer(Server("127.0.0.1", port, "none")))


def mail(number: int = 1, text: str = "Grüße\n.\nFrom here on\n") -> Mail:
    """A made mail."""
    message = EmailMessage(policy=SMTP)
    message["From"] = "Example Security, Inc. <support@example.com>"
    message["To"] = "ann@example.com"
    message["Subject"] = "Your order — grüße"
    message["Date"] = "Mon, 05 Jan 2026 09:00:00 +0000"
    message["Message-ID"] = f"<{number}@example.com>"
    message.set_content(text)
    message.add_alternative("<p>Gr&uuml;&szlig;e</p>", subtype="html")
    return Mail(f"{number:032x}", "a" * 32, "support@example.com", "ann@example.com", message)


@pytest.fixture(params=("folder", "smtp", "starttls", "tls"))
def carried(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Mailer, Arrived]]:
    """Each mailer in turn, with a look at what arrived."""
    kind: str = request.param
    if kind == "folder":
        folder = tmp_path / "mail"

        def lying() -> list[EmailMessage]:
            return [
                email.message_from_bytes(one.read_bytes(), policy=email.policy.default)
                for one in sorted(folder.glob("*.eml"))
            ]

        yield FolderMailer(folder), lying
        return
    sink = Sink()
    with ExitStack() as stack:
        certificate = None
        if kind != "smtp":
            certificate = made_certificate(tmp_path, "localhost")
            monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
        port = stack.enter_context(serving(sink, certificate=certificate, tls=kind == "tls"))
        if kind == "smtp":
            server = Server("127.0.0.1", port, "none")
        else:
            secret = Credentials(USER, PASSWORD) if kind == "starttls" else None
            server = Server("localhost", port, "tls" if kind == "tls" else "starttls", secret)
        with closing(SmtpMailer(server)) as mailer:
            yield mailer, lambda: sink.mails
        assert sink.secured == [kind != "smtp"] * len(sink.mails)
        assert sink.signed_in == ([USER] if kind == "starttls" else [])


def test_a_mail_arrives_whole(carried: tuple[Mailer, Arrived]) -> None:
    """Headers and both bodies arrive as they were sent, a line with a single dot too."""
    mailer, arrived = carried
    sent = mail()
    assert isinstance(sent.message, EmailMessage)
    mailer.send(sent)
    (got,) = arrived()
    for name in ("From", "To", "Subject", "Message-ID", "Date"):
        assert got[name] == sent.message[name]
    for kind in ("plain", "html"):
        body, wanted = got.get_body((kind,)), sent.message.get_body((kind,))
        assert body is not None
        assert wanted is not None
        assert body.get_content().splitlines() == wanted.get_content().splitlines()


def test_each_mail_arrives_by_itself(carried: tuple[Mailer, Arrived]) -> None:
    """Several mails are several messages."""
    mailer, arrived = carried
    for number in range(3):
        mailer.send(mail(number))
    assert {one["Message-ID"] for one in arrived()} == {f"<{number}@example.com>" for number in range(3)}


def test_a_mail_shows_nobody_in_messages() -> None:
    """The representation of a mail, as it would come into an error or a log, holds no address."""
    assert "ann@" not in repr(mail())
    assert PASSWORD not in repr(Credentials(USER, PASSWORD))


class TestFolder:
    """The folder in place of a server."""

    def test_a_mail_that_was_made_ready_is_the_one_that_lies_there(self, tmp_path: Path) -> None:
        """Making it ready signs it, handing it over then signs nothing more, and what lies there is the same as without."""

        def sign(content: bytes) -> bytes:
            return b"X-Signed: here\r\n" + content

        mailer = FolderMailer(tmp_path / "mail", sign)
        for one in (mailer.ready(mail(1)), mailer.ready(mailer.ready(mail(2))), mail(3)):
            mailer.send(one)
        contents = [file.read_bytes() for file in sorted((tmp_path / "mail").iterdir())]
        assert [content.count(b"X-Signed") for content in contents] == [1, 1, 1]
        alike = [re.sub(rb"<\d@|={15}\d+==", b"", content) for content in contents]
        assert alike[0] == alike[1] == alike[2]

    def test_a_repeat_replaces(self, tmp_path: Path) -> None:
        """The same job sent again is the same file."""
        mailer = FolderMailer(tmp_path / "mail")
        mailer.send(mail(text="once"))
        mailer.send(mail(text="twice"))
        (file,) = (tmp_path / "mail").iterdir()
        assert b"twice" in file.read_bytes()

    def test_a_folder_that_cannot_be_written_is_unavailable(self, tmp_path: Path) -> None:
        """The error says which and what to do, and names nobody."""
        (tmp_path / "mail").write_text("in the way")
        with pytest.raises(Unavailable) as caught:
            FolderMailer(tmp_path / "mail").send(mail())
        assert "ann@" not in str(caught.value)


class TestSmtp:
    """A mail server that does not do as hoped."""

    @pytest.mark.parametrize(
        ("reply", "error"),
        [("550 no such ann@example.com", Undeliverable), ("451 later, ann@example.com", Unavailable)],
    )
    def test_a_refusal_is_for_good_or_for_now(self, reply: str, error: type[Exception]) -> None:
        """5xx ends it, 4xx puts it off; the server's words, which may hold the address, are left out."""
        with serving(Sink(reply)) as port, to(port) as mailer, pytest.raises(error) as caught:
            mailer.send(mail())
        assert "ann@" not in str(caught.value)

    def test_nobody_there_is_unavailable(self) -> None:
        """A server that does not answer puts the mail off."""
        with serving(Sink()) as port:
            pass
        with pytest.raises(Unavailable):
            SmtpMailer(Server("127.0.0.1", port, "none")).send(mail())

    @pytest.mark.parametrize("tls", [False, True])
    def test_an_unknown_certificate_is_refused(self, tmp_path: Path, *, tls: bool) -> None:
        """Without a certificate that some authority vouches for, nothing is said to the server."""
        sink = Sink()
        with serving(sink, certificate=made_certificate(tmp_path, "localhost"), tls=tls) as port:
            mailer = SmtpMailer(
                Server("localhost", port, "tls" if tls else "starttls", Credentials(USER, PASSWORD))
            )
            with pytest.raises(Unavailable) as caught:
                mailer.send(mail())
        assert sink.mails == []
        assert sink.signed_in == []
        assert PASSWORD not in str(caught.value)

    def test_anothers_certificate_is_refused(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A good certificate of another name does not count."""
        certificate = made_certificate(tmp_path, "other.example")
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
        sink = Sink()
        with serving(sink, certificate=certificate) as port, pytest.raises(Unavailable):
            SmtpMailer(Server("localhost", port, "starttls", Credentials(USER, PASSWORD))).send(mail())
        assert sink.mails == []

    def test_a_server_without_starttls_gets_nothing(self) -> None:
        """Where STARTTLS is needed and not offered, no mail goes in the clear."""
        sink = Sink()
        with serving(sink) as port, pytest.raises(Unavailable):
            SmtpMailer(Server("127.0.0.1", port, "starttls")).send(mail())
        assert sink.mails == []

    def test_a_wrong_password_is_unavailable(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """The operator can mend it, so the mail is tried again."""
        certificate = made_certificate(tmp_path, "localhost")
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
        with serving(Sink(), certificate=certificate) as port, pytest.raises(Unavailable) as caught:
            SmtpMailer(Server("localhost", port, "starttls", Credentials(USER, "wrong-one"))).send(mail())
        assert "wrong-one" not in str(caught.value)


class TestOpening:
    """The setting names the mailer."""

    @pytest.mark.parametrize(
        ("transport", "security", "port"),
        [
            ("smtp://mail.example.com", "starttls", 587),
            ("smtp://mail.example.com:25", "starttls", 25),
            ("smtps://mail.example.com", "tls", 465),
            ("smtp://127.0.0.1:2525", "none", 2525),
            ("smtp://localhost:2525", "none", 2525),
            ("smtp://[::1]:2525", "none", 2525),
            ("smtp://127.0.0.1.example.com:25", "starttls", 25),
        ],
    )
    def test_only_this_machine_gets_mail_in_the_clear(
        self, transport: str, security: str, port: int, tmp_path: Path
    ) -> None:
        """Whatever is not surely this machine is reached by TLS."""
        mailer = open_mailer(transport, tmp_path, {})
        assert isinstance(mailer, SmtpMailer)
        assert (mailer.server.security, mailer.server.port) == (security, port)

    @pytest.mark.parametrize(
        "transport",
        ["", "mail", "http://mail.example.com", "smtp://", "smtp://a:b@mail.example.com", "smtp://mail:port"],
    )
    def test_what_is_no_transport_is_refused(self, transport: str, tmp_path: Path) -> None:
        """A slip names the setting; a password in it is told where it belongs, and not repeated."""
        with pytest.raises(InvalidInput) as caught:
            open_mailer(transport, tmp_path, {})
        assert caught.value.field == "mail.transport"
        assert "a:b" not in str(caught.value)

    def test_credentials_come_from_environment_or_file(self, tmp_path: Path) -> None:
        """The environment goes before the file; a file that others can read is refused."""
        file = tmp_path / "keys" / "smtp.txt"
        file.parent.mkdir()
        file.write_text("filed\nsecret\n")
        file.chmod(0o600)
        opened = open_mailer("smtps://mail.example.com", tmp_path, {})
        assert isinstance(opened, SmtpMailer)
        assert opened.server.credentials == ("filed", "secret")
        given = {"TROTH_SMTP_USER": "named", "TROTH_SMTP_PASSWORD": "other"}
        opened = open_mailer("smtps://mail.example.com", tmp_path, given)
        assert isinstance(opened, SmtpMailer)
        assert opened.server.credentials == ("named", "other")
        file.chmod(0o640)
        with pytest.raises(InvalidInput):
            open_mailer("smtps://mail.example.com", tmp_path, {})
        file.chmod(0o600)
        file.write_text("only-a-user\n")
        with pytest.raises(InvalidInput):
            open_mailer("smtps://mail.example.com", tmp_path, {})
