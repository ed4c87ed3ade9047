"""What mail programs and servers send beside the words of their owner, and a search for what it tells of them."""

import re
from base64 import b64encode, encodebytes
from collections.abc import Iterator
from email import message_from_bytes
from email.header import Header, decode_header, make_header
from email.message import EmailMessage
from email.policy import SMTP
from typing import NamedTuple


class Who(NamedTuple):
    """Somebody with a mail program."""

    name: str
    address: str
    phone: str


def plain(who: Who, subject: str, text: str) -> EmailMessage:
    """A mail as somebody's program writes it, with all the headers that programs and servers add."""
    mail = EmailMessage(policy=SMTP)
    host = f"pc-{who.address.partition('@')[0]}.home.example"
    for name, value in {
        "From": f'"{who.name}" <{who.address}>', "Subject": subject, "Reply-To": who.address, "Sender": who.address,
        "Message-ID": f"<1@{host}>", "Received": f"from {host} (192.0.2.7) by mx ({who.address})",
        "DKIM-Signature": f"v=1; d={host}; i={who.address}; b=AAAA", "X-Originating-Email": who.address,
        "X-Sender-Id": who.address, "Organization": who.name, "Disposition-Notification-To": who.address,
        "Return-Path": f"<{who.address}>", "List-Owner-Name": who.name,
    }.items():  # fmt: skip
        mail[name] = value
    mail.set_content(text)
    return mail


def everything_sent(who: Who, alias: str) -> Iterator[EmailMessage]:
    """What programs and servers of one send to an alias: the first four are passed on, the others are nobody's words."""
    quoted = (
        f"Fine.\n\nOn Monday {who.name} <{who.address}> wrote:\n> Hello\n\n"
        f"From: {who.name}\nSent: Monday\nTo: A user of Example\nSubject: x\n\n"
        f"On Mon, 2 Nov 2026 at 10:00 AM, {who.name}\n<{who.address}> wrote:\n> Hi\n\n{who.name} wrote:\n> Hi\n\n"
        f"Am 02.11.26 um 10:00 schrieb {who.name}:\n> Hi\n\n{_hidden(who)}\n\n-- \n{who.name}\n{who.phone}\n"
    )
    yield plain(who, f"Re: {who.address} {torn_words(who)}", quoted)
    html = plain(who, "Rich", "")
    html.clear_content()
    html.set_content(
        f'<p>Rich</p><a href="mailto:{who.address}">mail</a><img alt="{who.address}"><!-- {who.address} -->'
        f"<p>{who.address.replace('@', '&#64;')} {who.address.replace('@', '@<wbr>')}</p>", subtype="html"
    )  # fmt: skip
    yield html
    files = plain(who, "Files", "See the files.")
    files.add_attachment(
        f"{who.name} {who.address}".encode(),
        maintype="application",
        subtype="pdf",
        filename=f"{who.name}.pdf",
    )
    files.add_attachment(
        f"BEGIN:VCARD\nFN:{who.name}\nEMAIL:{who.address}\nEND:VCARD", subtype="vcard", filename="me.vcf"
    )
    files.add_attachment(plain(who, "Inside", who.address))
    yield files
    long = plain(who, "Long", "x" * 9_900 + f" {who.address} " * 40)
    yield long
    away = plain(who, "Automatic reply", f"I am away. Ask {who.name}, {who.phone}.")
    away["Auto-Submitted"] = "auto-replied"
    yield away
    for kind in ("delivery-status", "disposition-notification"):
        yield report(who, alias, kind)


def torn_words(who: Who) -> str:
    """An address as words of headers (RFC 2047), of which each by itself is no address: cut before the @, in both encodings."""
    local, _, domain = who.address.partition("@")
    quoted = f"=?utf-8?q?{local}?= =?UTF-8?Q?=40{domain.replace('.', '=2E')}?="
    packed = " ".join(f"=?utf-8?b?{b64encode(one.encode()).decode()}?=" for one in (local, f"@{domain}"))
    return f"{quoted} and {packed}"


def _hidden(who: Who) -> str:
    """An address as source that no program decoded: words of headers, quoted-printable, HTML, a URL, base64."""
    quoted = who.address.replace("@", "=40").replace(".", "=2E")
    source = encodebytes(f"Content-Type: text/plain\n\nWrite to {who.address}, please.\n".encode()).decode()
    return (
        f"{Header(who.address, 'utf-8').encode()} =?utf-8?q?{quoted}?= {quoted}\n<!-- {who.address} -->\n"
        f"{torn_words(who)}\n=?utf-16?b?{b64encode(who.address.encode('utf-16')).decode()}?=\n> {torn_words(who)}\n"
        f"{who.address.replace('@', '&#x40;')} https://x.example/?to={who.address.replace('@', '%40')}\n{source}"
    )


def report(who: Who, alias: str, kind: str) -> EmailMessage:
    """A report of a server or a mail program, which has the mail that it is about behind it."""
    lines = [
        f'From: "{who.name}" <{who.address}>', "Subject: Report", "MIME-Version: 1.0",
        f'Content-Type: multipart/report; report-type={kind}; boundary="b"', "", "--b", "Content-Type: text/plain", "",
        f"Your message to {who.name} <{who.address}>: see below.", "--b", f"Content-Type: message/{kind}", "",
        f"Reporting-MTA: dns; pc-{who.address}", "", f"Final-Recipient: rfc822; {who.address}", "Action: failed",
        "Status: 5.1.1", "--b", "Content-Type: text/rfc822-headers", "", f"From: {alias}", f"To: {who.address}", "--b--", "",
    ]  # fmt: skip
    return message_from_bytes("\r\n".join(lines).encode(), policy=SMTP)


def tell_nothing(mail: EmailMessage, other: Who) -> None:
    """No header, part or encoding of a mail tells of somebody."""
    parts = [part.get_content() for part in mail.walk() if part.get_content_maintype() == "text"]
    heads = [str(value) for value in mail.values()]
    for read in (mail.as_bytes().decode("utf-8", "replace"), *map(str, parts), *heads):
        tell_nothing_in(read, other)


def tell_nothing_in(text: str, other: Who) -> None:
    """A text tells nothing of somebody, however it is spaced, quoted or written, nor once its words of headers are decoded."""
    decoded = " ".join(str(make_header(decode_header(line))) for line in text.splitlines() if "=?" in line)
    for read in {text, decoded}:
        _tell_nothing_plainly(read, other)


def _tell_nothing_plainly(text: str, other: Who) -> None:
    """A text tells nothing of somebody as it stands."""
    shown = re.sub(r"[\s>=<]|\(at\)|\(dot\)", "", text.lower())
    local = other.address.partition("@")[0]
    digits = re.sub(r"\D", "", other.phone)
    packed = [b64encode(b" " * before + local.encode())[4:-4].decode().lower() for before in range(3)]
    for canary in (
        *packed,
        other.address,
        f"{local}40",
        f"{local}&#x40;",
        f"{local}%40",
        f"{local}&#64;",
        f"pc-{local}",
        other.name.replace(" ", "").lower(),
        digits,
    ):
        assert canary not in shown, canary
    assert not re.search(rf"{local}(?!\d)", shown)
