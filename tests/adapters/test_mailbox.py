"""A mailbox on a real IMAP server: each mail is taken once, whatever breaks; what is doubtful goes to a person."""

import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from tests.adapters.sink import made_certificate
from tests.inbound.conftest import ADDRESS, REFUSED, Post, engine_served, post
from tests.support.imap_server import PASSWORD, USER, ImapServer, imap_server
from troth.adapters import open_mailbox
from troth.adapters.inbound import imap
from troth.adapters.inbound.imap import quoted
from troth.inbound import STAFF, WAITING, Mailbox, OpenMailbox, Poller
from troth.inbound.tables import mail_taken
from troth.kernel import InvalidInput, Unavailable
from troth.storage import Statement

__all__ = ["engine_served", "post"]
CANARY = "zq-canary-box-2209"
EVERY = timedelta(minutes=1)


def letter(number: int = 1, *, to: str = ADDRESS, head: str = "", text: str = CANARY) -> bytes:
    """A mail as a mail server leaves it in a mailbox."""
    lines = [
        *([head] if head else []),
        f"Received: from example.org; {number}",
        "From: Ann <ann@example.org>",
        f"To: {to}",
        f"Message-ID: <{number}@example.org>",
        f"Subject: Letter {number}",
        "",
        text,
        "",
    ]
    return "\r\n".join(lines).encode()


@pytest.fixture(scope="module")
def running() -> Iterator[ImapServer]:
    """The server."""
    with imap_server() as made, made.serving():
        yield made


@pytest.fixture
def server(running: ImapServer) -> ImapServer:
    """The server with a mailbox of the test's own."""
    return running.with_another()


def signed_in(user: str = USER, password: str = PASSWORD) -> dict[str, str]:
    """User and password as the environment gives them."""
    return {"TROTH_IMAP_USER": user, "TROTH_IMAP_PASSWORD": password}


def mailbox(server: ImapServer, *, folder: str = "INBOX", done: str = "") -> Mailbox:
    """The mailbox as the settings name it."""
    return open_mailbox(
        f"imap://localhost:{server.port}", folder, done, Path("/nowhere"), signed_in(server.user)
    )


def poller(post: Post, box: Mailbox, most: int = 1_000_000) -> Poller:
    """What takes mails out of it, as a process that has just begun."""
    return Poller(
        post.inbox,
        post.troth.database,
        post.troth.clock,
        box,
        most=most,
        every=EVERY,
        otherwise=lambda: ADDRESS,
        secret=b"made for tests" * 3,
    )


def subjects(post: Post) -> list[str]:
    """What was handled, in no order: jobs that are due at one instant have none."""
    return sorted(one.mail.subject for one in post.got)


class Dying:
    """A mailbox whose process dies before it can mark anything."""

    def __init__(self, box: Mailbox) -> None:
        self._box, self.place, self.name = box, box.place, box.name

    @contextmanager
    def opened(self) -> Iterator[OpenMailbox]:
        """The mailbox itself, but for the marking."""

        def dying(uids: Sequence[int], *, left: bool) -> None:
            raise SystemExit(f"{len(uids)} {left}")

        with self._box.opened() as opened:
            opened.mark = dying  # type: ignore[method-assign]
            yield opened


def test_a_mail_is_taken_once_and_marked(post: Post, server: ImapServer) -> None:
    """It reaches its handler whole, with the sender of its envelope, is marked as read, and is not looked at again."""
    server.deliver(letter(1, head="Return-Path: <bounces@example.org>"), letter(2, text=".\r\nwhole"))
    looking = poller(post, mailbox(server))
    assert looking.look() == 2
    assert server.flags() == [{"\\Seen"}, {"\\Seen"}]
    post.run()
    first, second = sorted(post.got, key=lambda one: one.mail.subject)
    assert (first.sender, first.mail.text, first.recipient) == ("bounces@example.org", CANARY, ADDRESS)
    assert (second.sender, second.mail.text) == ("ann@example.org", ".\nwhole")
    server.deliver(letter(3))
    assert (looking.look(), looking.look()) == (1, 0)
    assert poller(post, mailbox(server)).look() == 0
    post.run()
    assert len(post.got) == 3


def test_a_process_that_dies_before_marking_takes_nothing_twice(post: Post, server: ImapServer) -> None:
    """What was kept is known to be taken although the mailbox was not told; the next process tells it."""
    server.deliver(letter(1), letter(2))
    with pytest.raises(SystemExit):
        poller(post, Dying(mailbox(server))).look()
    assert len(post.inbox.kept(WAITING)) == 2
    assert server.flags() == [set(), set()]
    server.deliver(letter(3))
    assert poller(post, mailbox(server)).look() == 1
    assert server.flags() == [{"\\Seen"}] * 3
    post.run()
    assert subjects(post) == ["Letter 1", "Letter 2", "Letter 3"]


def test_a_mailbox_that_is_numbered_anew_gives_nothing_twice(post: Post, server: ImapServer) -> None:
    """After a restore with another UIDVALIDITY only what was not taken before is taken, read by somebody or not."""
    with server.client() as client:
        client.create("Asked")
    server.deliver(letter(1), letter(2), folder="Asked")
    box = mailbox(server, folder="Asked")
    assert poller(post, box).look() == 2
    with server.client() as client:
        client.delete("Asked")
        client.create("Asked")
    server.deliver(letter(2), folder="Asked")
    server.deliver(letter(1), letter(3), folder="Asked", flags="(\\Seen)")
    assert poller(post, box).look() == 3  # dealt with: two were known again
    assert poller(post, box).look() == 0
    post.run()
    assert subjects(post) == ["Letter 1", "Letter 2", "Letter 3"]


def test_a_mail_that_lies_there_for_long_is_not_taken_again(post: Post, server: ImapServer) -> None:
    """Unread again after a hundred days, in a mailbox that is numbered anew twice: known all the same; gone, it is forgotten."""

    def numbered_anew(*mails: bytes) -> None:
        with server.client() as client:
            client.delete("Long")
            client.create("Long")
        server.deliver(*mails, folder="Long")

    def known() -> int:
        with post.troth.database.snapshot() as tx:
            return len(tx.rows(Statement(select(mail_taken.c.uid))))

    with server.client() as client:
        client.create("Long")
    server.deliver(letter(1), letter(2), folder="Long")
    box = mailbox(server, folder="Long")
    assert poller(post, box).look() == 2
    for _ in range(2):
        post.web.clock.advance(timedelta(days=100))
        assert poller(post, box).look() == 0
        numbered_anew(letter(2), letter(1))
        poller(post, box).look()
    post.run()
    assert subjects(post) == ["Letter 1", "Letter 2"]
    with server.client() as client:
        client.select("Long")
        client.store("1:*", "+FLAGS", "(\\Deleted)")
        client.expunge()
    looking = poller(post, box)
    looking.look()
    assert known() > 0
    post.web.clock.advance(timedelta(days=100))
    assert looking.look() == 0
    assert known() == 0


def test_what_was_read_before_the_first_look_is_left_alone(post: Post, server: ImapServer) -> None:
    """Of the mails that lie there already, those that nobody has read are taken; later ones all."""
    server.deliver(letter(1), flags="(\\Seen)")
    server.deliver(letter(2))
    looking = poller(post, mailbox(server))
    assert looking.look() == 1
    server.deliver(letter(3), flags="(\\Seen)")
    assert looking.look() == 1
    post.run()
    assert subjects(post) == ["Letter 2", "Letter 3"]


@pytest.mark.parametrize(
    ("head", "to"),
    [
        (f"Delivered-To: <{ADDRESS}>", "somebody@example.org"),
        (f"Delivered-To: store-17@mx.example.com\r\nX-Original-To: {ADDRESS}", "undisclosed-recipients:;"),
        ("", f"somebody@example.org\r\nCc: Help <{ADDRESS.upper()}>"),
    ],
)
def test_the_address_of_ours_is_found(post: Post, server: ImapServer, head: str, to: str) -> None:
    """First where our own mail server notes it, then in To and Cc."""
    server.deliver(letter(1, head=head, to=to))
    poller(post, mailbox(server)).look()
    post.run()
    assert [one.recipient for one in post.got] == [ADDRESS]


def test_hostile_mail_goes_to_a_person_and_stops_nothing(post: Post, server: ImapServer) -> None:
    """Broken, endless, nested, and mail for nobody of us: each waits sealed for a person; the good one is handled."""
    nested = "".join(f"Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\n" for n in range(1, 200))
    server.deliver(
        b"\xff\xfe no mail at all \xff\r\n",
        letter(2, head="".join(f"X-{n}: {'y' * 900}\r\n" for n in range(400)).strip()),
        letter(3).split(b"\r\n\r\n")[0] + b"\r\n" + nested.encode(),
        letter(4, to="nobody@example.net"),
        letter(5),
    )
    assert poller(post, mailbox(server)).look() == 5
    post.run()
    assert subjects(post) == ["Letter 5"]
    reasons = [one.reason for one in post.inbox.kept(STAFF)]
    assert sorted(reasons) == ["long-head", "many-parts", "no-recipient", "no-sender"]
    assert server.flags() == [{"\\Seen"}] * 5


def test_of_a_mail_that_is_too_large_the_beginning_is_taken(post: Post, server: ImapServer) -> None:
    """A person sees from whom it is; the mail stays in the mailbox, unread and flagged; the next one is handled."""
    server.deliver(letter(1, text="x" * 300_000), letter(2))
    assert poller(post, mailbox(server), most=100_000).look() == 2
    post.run()
    (kept,) = post.inbox.kept(STAFF)
    assert (kept.reason, kept.size) == ("too-large", 65_536)
    assert post.inbox.for_staff(kept.mail_id).mail.sender == "ann@example.org"
    assert server.flags() == [{"\\Flagged"}, {"\\Seen"}]
    assert poller(post, mailbox(server)).check() == 1


def test_what_the_policy_lets_nobody_keep_stays_there(post: Post, server: ImapServer) -> None:
    """Nothing of it is kept; it stays unread and flagged, and is not asked about again."""
    server.deliver(letter(1, to=REFUSED), letter(2))
    looking = poller(post, mailbox(server))
    assert (looking.look(), looking.look()) == (2, 0)
    assert [one.route for one in post.inbox.kept(WAITING)] == ["help"]
    assert server.flags() == [{"\\Flagged"}, {"\\Seen"}]


def test_a_server_that_is_away_is_asked_less_and_less(post: Post) -> None:
    """Nothing is lost or logged of anybody; the waits double; when it is back, all is taken."""
    with imap_server() as server, structlog.testing.capture_logs() as logs:
        with server.serving():
            server.deliver(letter(1))
        looking = poller(post, mailbox(server))
        with pytest.raises(Unavailable):
            looking.check()
        for wait in (2, 4, 8):
            assert looking.look() == 0
            assert logs[-1]["seconds"] == 60 * wait
            post.web.clock.advance(timedelta(minutes=wait) - timedelta(seconds=1))
            before = len(logs)
            assert (looking.look(), len(logs)) == (0, before)  # not asked yet
            post.web.clock.advance(timedelta(seconds=1))
        with server.serving():
            assert looking.look() == 1
            assert looking.check() == 0
    assert {one["event"] for one in logs} >= {"mailbox_put_off", "mailbox_reached"}
    assert not any(word in str(logs) for word in (CANARY, "ann@", USER, PASSWORD))


def test_what_was_taken_is_moved_where_the_settings_say(post: Post, server: ImapServer) -> None:
    """To a folder with any name; as long as it is not there the mails are taken all the same, and moved later."""
    done = 'Erledigt & "Größe" 日本'
    server.deliver(letter(1), letter(2))
    assert poller(post, mailbox(server, done=done)).look() == 2
    assert len(server.flags()) == 2
    with server.client() as client:
        assert client.create(quoted(done))[0] == "OK"
    post.web.clock.advance(EVERY * 2)
    assert poller(post, mailbox(server, done=done)).look() == 0
    assert server.flags() == []
    assert server.flags(quoted(done)) == [{"\\Seen"}] * 2


def test_certificates_are_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An authority that nobody knows, and a name that is not the server's, are refused; a known one is taken."""
    certificate = made_certificate(tmp_path, "localhost")
    with imap_server(certificate) as server, server.serving():
        box = open_mailbox(f"imaps://localhost:{server.tls_port}", "INBOX", "", tmp_path, signed_in())
        with pytest.raises(Unavailable), box.opened():
            pytest.fail("it was trusted")
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
        assert ssl.get_default_verify_paths().cafile == str(certificate[0])
        with box.opened() as opened:
            assert opened.validity > 0
        other = open_mailbox(f"imaps://127.0.0.1:{server.tls_port}", "INBOX", "", tmp_path, signed_in())
        with pytest.raises(Unavailable), other.opened():
            pytest.fail("it was trusted")


def test_a_wrong_password_is_told_without_it(server: ImapServer) -> None:
    """The message names the server, and nobody."""
    wrong = signed_in(password="another")
    box = open_mailbox(f"imap://localhost:{server.port}", "INBOX", "", Path("/nowhere"), wrong)
    with pytest.raises(Unavailable) as caught, box.opened():
        pytest.fail("it let us in")
    assert not any(word in str(caught.value) for word in (USER, "another"))


class _Lying(StreamRequestHandler):
    """A server that announces a mail of eight exabytes."""

    def handle(self) -> None:
        """Answer as if all were well."""
        self.wfile.write(b"* OK ready\r\n")
        while line := self.rfile.readline():
            tag, _, said = line.strip().partition(b" ")
            if said.startswith(b"CAPABILITY"):
                self.wfile.write(b"* CAPABILITY IMAP4rev1\r\n")
            elif said.startswith(b"SELECT"):
                self.wfile.write(b"* OK [UIDVALIDITY 1] x\r\n* OK [UIDNEXT 2] x\r\n")
            elif b"SEARCH" in said:
                self.wfile.write(b"* SEARCH 1\r\n")
            elif b"RFC822.SIZE" in said:
                self.wfile.write(b"* 1 FETCH (UID 1 RFC822.SIZE 10)\r\n")
            elif b"BODY" in said:
                self.wfile.write(b"* 1 FETCH (UID 1 BODY[] {9223372036854775807}\r\n")
            self.wfile.write(tag + b" OK done\r\n")


def test_a_server_that_announces_too_much_is_left(post: Post) -> None:
    """The connection ends before anything is read into memory; nothing is taken."""
    with ThreadingTCPServer(("127.0.0.1", 0), _Lying) as lying:
        thread = threading.Thread(target=lying.serve_forever)
        thread.start()
        try:
            place = f"imap://127.0.0.1:{lying.server_address[1]}"
            box = open_mailbox(place, "INBOX", "", Path("/nowhere"), signed_in())
            assert poller(post, box).look() == 0
            with pytest.raises(Unavailable), box.opened() as opened:
                opened.fetch(1, 1_000)
        finally:
            lying.shutdown()
            thread.join()
    assert post.inbox.kept(WAITING) == []


class _Silent(StreamRequestHandler):
    """A server that greets and says no more, until it is left."""

    def handle(self) -> None:
        """Greet, then only listen."""
        self.wfile.write(b"* OK ready\r\n")
        try:
            while self.rfile.readline():
                pass
        except OSError:  # left without a goodbye
            return


@pytest.mark.parametrize("scheme", ["imap", "imaps"])
def test_a_connection_has_an_end(scheme: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that never answers holds nobody for ever, by TLS neither: all background work shares one thread."""
    monkeypatch.setattr(imap, "TIMEOUT_SECONDS", 3_600.0)
    monkeypatch.setattr(imap, "CONNECTION_SECONDS", 0.2)
    certificate = made_certificate(tmp_path, "localhost")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    with ThreadingTCPServer(("127.0.0.1", 0), _Silent) as silent:
        if scheme == "imaps":
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(*certificate)
            silent.socket = context.wrap_socket(silent.socket, server_side=True)
        thread = threading.Thread(target=silent.serve_forever)
        thread.start()
        try:
            place = f"{scheme}://localhost:{silent.server_address[1]}"
            box = open_mailbox(place, "INBOX", "", tmp_path, signed_in())
            with pytest.raises(Unavailable), box.opened():
                pytest.fail("it answered")
        finally:
            silent.shutdown()
            thread.join()


@pytest.mark.parametrize(
    ("url", "folder", "field"),
    [
        ("imap://mail.example.com", "INBOX", "imap"),
        ("imaps://user:word@mail.example.com", "INBOX", "imap"),
        ("https://mail.example.com", "INBOX", "imap"),
        ("imaps://mail.example.com:x", "INBOX", "imap"),
        ("imaps://mail.example.com", "", "imap_folder"),
        ("imaps://mail.example.com", 'INBOX"\r\nA1 LOGOUT', "imap_folder"),
    ],
)
def test_an_unfit_place_is_refused(url: str, folder: str, field: str, tmp_path: Path) -> None:
    """Passwords in the clear or in settings, other protocols, and commands in names."""
    with pytest.raises(InvalidInput) as caught:
        open_mailbox(url, folder, "", tmp_path, signed_in())
    assert caught.value.field == f"mail.inbound.{field}"


def test_user_and_password_lie_in_a_file_of_the_owner(tmp_path: Path) -> None:
    """Without any, and with a file that others can read, it does not begin."""
    with pytest.raises(InvalidInput):
        open_mailbox("imaps://mail.example.com", "INBOX", "", tmp_path, {})
    file = tmp_path / "keys" / "imap.txt"
    file.parent.mkdir()
    file.write_text("user\npassword\n", encoding="utf-8")
    file.chmod(0o644)
    with pytest.raises(InvalidInput):
        open_mailbox("imaps://mail.example.com", "INBOX", "", tmp_path, {})
    file.chmod(0o600)
    assert open_mailbox("imaps://mail.example.com", "INBOX", "", tmp_path, {}).name.startswith("mail.example")


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_no_name_of_a_folder_ends_its_quotes(name: str) -> None:
    """Whatever it is called, the command has one printable argument more."""
    made = quoted(name)
    assert made.isascii()
    assert made.isprintable()
    inner = made[1:-1].replace("\\\\", "").replace('\\"', "")
    assert '"' not in inner
    assert "\\" not in inner


def test_names_of_folders_are_written_as_the_standard_shows() -> None:
    """The example of RFC 3501, 5.1.3."""
    assert quoted("~peter/mail/台北/日本語") == '"~peter/mail/&U,BTFw-/&ZeVnLIqe-"'
