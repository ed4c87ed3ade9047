"""DKIM signatures as receivers see them: dkimpy verifies, and listunsub looks whether one-click unsubscribing is covered."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.headerregistry import Address
from email.message import EmailMessage

import dkim
import listunsub
import pytest
from hypothesis import given
from hypothesis import strategies as st

from troth.adapters import DkimKey, DkimSigner, dkim_key, new_dkim_key, wire_form
from troth.kernel import InvalidInput, SettableClock
from troth.outreach import WIRE

DOMAIN = "example.com"
CLOCK = SettableClock(datetime(2026, 1, 5, 9, tzinfo=UTC))
RSA = dkim_key("troth", new_dkim_key("rsa"))
ED25519 = dkim_key("troth-e", new_dkim_key("ed25519"))
SIGN = DkimSigner(DOMAIN, (RSA, ED25519), CLOCK)
QUICK = DkimSigner(DOMAIN, [ED25519], CLOCK)


def published(*keys: DkimKey) -> Callable[..., bytes | None]:
    """The DNS, with the records of some keys."""
    records = {f"{key.selector}._domainkey.{DOMAIN}.": key.record().encode() for key in keys}

    def look_up(name: bytes, timeout: int = 5) -> bytes | None:
        return records.get(name.decode())

    return look_up


def verified(content: bytes, *keys: DkimKey) -> list[bool]:
    """What dkimpy says of the signatures of a mail, from the top."""
    count = content.count(b"DKIM-Signature:")
    return [dkim.DKIM(content).verify(place, dnsfunc=published(*keys)) for place in range(count)]


def one_click() -> EmailMessage:
    """A mail that can be unsubscribed from by one click, whose token is longer than a line."""
    message = EmailMessage(policy=WIRE)
    message["From"] = Address("Example Security, Inc.", addr_spec="support@example.com")
    message["To"] = "ann@example.com"
    message["Subject"] = "Your order — grüße"
    message["Date"] = "Mon, 05 Jan 2026 09:00:00 +0000"
    message["Message-ID"] = f"<{'1' * 32}@{'long.' * 12}example.com>"
    message["Reply-To"] = "support@example.com"
    message["List-Unsubscribe"] = (
        f"<https://example.com/stop/{'AbC-123_xyz' * 30}>, <mailto:stop@example.com?subject=stop>"
    )
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content("Grüße\n.\nFrom here on\n")
    message.add_alternative("<p>Gr&uuml;&szlig;e</p>", subtype="html")
    return message


def test_receivers_verify_both_signatures() -> None:
    """Both signatures verify by what the records say, and neither by a key of somebody else."""
    content = wire_form(one_click(), SIGN)
    assert verified(content, RSA, ED25519) == [True, True]
    assert verified(content) == [False, False]
    other = dkim_key("troth", new_dkim_key("rsa"))
    assert verified(content, other, ED25519) == [False, True]


def test_one_click_is_covered() -> None:
    """What RFC 8058 asks for is there and signed, by what listunsub finds."""

    def problems(content: bytes) -> list[str]:
        got = message_from_bytes(content)
        fields = [
            got.get_all(name, []) for name in ("List-Unsubscribe", "List-Unsubscribe-Post", "DKIM-Signature")
        ]
        return [one.code for one in listunsub.audit(fields[0], fields[1], dkim_signatures=fields[2])]

    content = wire_form(one_click(), SIGN)
    assert problems(content) == []
    assert all(map(listunsub.dkim_covers, message_from_bytes(content).get_all("DKIM-Signature", [])))
    assert problems(wire_form(one_click())) != []


@pytest.mark.parametrize(
    "header",
    [
        "From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type", "Reply-To",
        "List-Unsubscribe", "List-Unsubscribe-Post",
    ],
)  # fmt: skip
def test_a_changed_header_is_noticed(header: str) -> None:
    """A signature holds no longer when a header of those that count was altered on the way, or taken away."""
    content = wire_form(one_click(), SIGN)
    headers, body = dkim.rfc822_parse(content)
    for altered in (b" somebody@example.net\r\n", None):
        lines = [
            b"%b:%b" % (name, value if name.decode() != header else altered or b"")
            for name, value in headers
            if altered or name.decode() != header
        ]
        built = b"".join(lines) + b"\r\n" + body
        assert verified(built, RSA, ED25519) == [False, False], altered


@pytest.mark.parametrize(
    "header", ["From", "To", "Subject", "Date", "Message-ID", "Reply-To", "Content-Type"]
)
def test_an_added_header_is_noticed(header: str) -> None:
    """Nobody can put a second one above that of ours."""
    content = wire_form(one_click(), SIGN)
    added = f"{header}: somebody@example.net\r\n".encode() + content
    assert verified(added, RSA, ED25519) == [False, False]


def test_what_servers_on_the_way_add_does_no_harm() -> None:
    """Trace headers above, headers folded anew, and empty lines at the end leave the signatures whole."""
    content = wire_form(one_click(), SIGN)
    passed = (
        b"Received: from a by b; Mon, 5 Jan 2026 09:00:01 +0000\r\nReturn-Path: <a@example.com>\r\n" + content
    )
    folded = passed.replace(b"Subject: Your", b"Subject:\r\n\tYour").replace(
        b"Date: Mon, ", b"DATE:  Mon,\r\n  "
    )
    assert folded != passed
    assert verified(folded + b"\r\n\r\n", RSA, ED25519) == [True, True]


def test_the_signature_bears_the_clock() -> None:
    """Its instant is the clock's."""
    clock = SettableClock(datetime(2026, 1, 5, 9, tzinfo=UTC))
    sign = DkimSigner(DOMAIN, [RSA], clock)
    first = sign(wire_form(one_click()))
    clock.advance(timedelta(seconds=90))
    times = [
        dkim.util.parse_tag_value(dkim.rfc822_parse(one)[0][0][1])[b"t"]
        for one in (first, sign(wire_form(one_click())))
    ]
    assert int(times[1]) - int(times[0]) == 90
    assert int(times[0]) == int(datetime(2026, 1, 5, 9, tzinfo=UTC).timestamp())


@given(
    subject=st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=300),
    text=st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=2000),
)
def test_whatever_is_written_verifies(subject: str, text: str) -> None:
    """Any subject and any text, with long lines, lone line ends and dots, makes a mail of short seven-bit lines that verifies."""
    message = EmailMessage(policy=WIRE)
    message["From"] = "support@example.com"
    message["To"] = "ann@example.com"
    message["Subject"] = subject
    message.set_content(text)
    content = wire_form(message, QUICK)
    assert content.isascii()
    lines = content.split(b"\r\n")
    assert lines[-1] == b""
    assert max(map(len, lines)) <= 998
    assert not any(b"\r" in line or b"\n" in line for line in lines)
    assert verified(content, ED25519) == [True]


NAMES = st.sampled_from(["From", "to", "Subject", "X-More", "CONTENT-TYPE", "List-Unsubscribe", "Date"])
VALUES = st.lists(st.text("aZ:;=<\t .", min_size=1), min_size=1, max_size=4).map(
    lambda parts: (
        ("\r\n\t" if len(parts) % 2 else "\r\n ").join(part for part in parts if part.strip()) or "a"
    )
)


@given(
    headers=st.lists(st.tuples(NAMES, st.sampled_from([":", ": ", ":\t"]), VALUES), max_size=9),
    body=st.lists(st.sampled_from([b"", b"text", b".", b" ", b"\t words  here "]), max_size=6),
    ends=st.booleans(),
)
def test_any_form_of_a_mail_is_canonical_as_dkimpy_sees_it(
    headers: list[tuple[str, str, str]], body: list[bytes], *, ends: bool
) -> None:
    """Headers that repeat, are folded and hold blanks of all kinds verify, and so do bodies that end in empty lines or in none."""
    lines = ["From: support@example.com", *(name + colon + value for name, colon, value in headers)]
    content = "\r\n".join(lines).encode() + b"\r\n\r\n" + b"\r\n".join(body) + (b"\r\n" if ends else b"")
    assert verified(QUICK(content), ED25519) == [True]


def test_a_file_that_holds_no_key_is_refused() -> None:
    """Broken, short and foreign keys are named as such; nothing of them is repeated."""
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    way = (form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption())
    short = rsa.generate_private_key(65537, 1024).private_bytes(*way)  # noqa: S505  the test is that it is refused
    foreign = ec.generate_private_key(ec.SECP256R1()).private_bytes(*way)
    for pem in (b"", b"no key", RSA.record().encode(), short, foreign):
        with pytest.raises(InvalidInput) as caught:
            dkim_key("troth", pem)
        assert caught.value.field == "mail.dkim"
    assert "PRIVATE" not in repr(RSA)
