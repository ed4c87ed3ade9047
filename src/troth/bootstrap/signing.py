"""The keys that sign outgoing mail (DKIM): made, found, and their public halves as records for the DNS."""

import os
import stat
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from troth.kernel import Conflict, InvalidInput, NotFound

if TYPE_CHECKING:
    from pathlib import Path

    from troth.adapters import DkimKey
    from troth.bootstrap.runtime import Troth

_OWNER_ONLY = 0o600
_OTHERS = 0o077
_STRING = 255
LookUp = Callable[[str], str | None]
"""Gives the text of a TXT record, by its name; None where there is none."""


class DkimRecord(NamedTuple):
    """What the DNS of the company must hold.

    Args:
        name: Of the TXT record.
        text: Its content.
    """

    name: str
    text: str

    @property
    def zone(self) -> str:
        """The line for a zone file, in strings that are short enough for one (RFC 1035, 3.3)."""
        starts = range(0, len(self.text), _STRING)
        strings = " ".join(f'"{self.text[start : start + _STRING]}"' for start in starts)
        return f"{self.name}. IN TXT ( {strings} )"


def signer_of(troth: "Troth") -> Callable[[bytes], bytes]:
    """What signs mails, by the settings; it leaves them as they are where no domain is set.

    Raises:
        InvalidInput: A key is missing, cannot be read, or can be read by others.
    """
    settings = troth.settings.mail.dkim
    if not settings.domain:
        return _as_it_is
    from troth.adapters import DkimSigner

    return DkimSigner(settings.domain, _keys(troth), troth.clock)


def dkim_records(troth: "Troth") -> list[DkimRecord]:
    """The records that receivers look the keys up in.

    Raises:
        NotFound: No domain is set.
        InvalidInput: A key is missing, cannot be read, or can be read by others.
    """
    domain = _domain(troth)
    return [DkimRecord(f"{key.selector}._domainkey.{domain}", key.record()) for key in _keys(troth)]


def new_dkim_keys(troth: "Troth") -> list[DkimRecord]:
    """Make the keys that the settings name and that are not there; gives the records of all.

    Raises:
        NotFound: No domain is set.
        Conflict: Every key is there already; a new one takes a selector of its own.
    """
    from troth.adapters import new_dkim_key

    domain, made = _domain(troth), 0
    for selector, algorithm in troth.settings.mail.dkim.selectors:
        path = _place(troth, selector)
        if path.exists():
            continue
        path.parent.mkdir(mode=0o700, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY), "wb") as file:
            file.write(new_dkim_key(algorithm))
            os.fsync(file.fileno())
        made += 1
    if not made:
        raise Conflict(
            f"The keys of {domain} are there already, and mail that was signed with them may be on its way.",
            mend="Set another mail.dkim.selector, then make its key; take the old record from the DNS a week later.",
        )
    return dkim_records(troth)


def dkim_state(troth: "Troth", look_up: LookUp | None = None) -> str:
    """What there is to say of the signatures of outgoing mail.

    Args:
        troth: The folder.
        look_up: Asks the DNS; None for the machine's, and only where mail.dkim.look_up says so.

    Raises:
        InvalidInput: A key is missing, or can be read by others.
        Conflict: Mail comes from another domain than it is signed for, or the DNS holds other keys.
        Unavailable: The DNS does not answer.
    """
    settings = troth.settings.mail.dkim
    if not settings.domain:
        return "outgoing mail is not signed here: set mail.dkim.domain, unless your mail server signs it"
    records = dkim_records(troth)
    sender = (troth.settings.mail.sender or troth.policy().front.contact.support).rpartition("@")[2].lower()
    if sender != settings.domain and not sender.endswith(f".{settings.domain}"):
        raise Conflict(
            f"Mail comes from {sender} and is signed for {settings.domain}; receivers count that as not signed.",
            mend="Set mail.dkim.domain to the domain of mail.from, or one above it.",
        )
    names = " and ".join(selector for selector, _ in settings.selectors)
    signed = f"mail is signed for {settings.domain} by {names}"
    if look_up is None:
        if not settings.look_up:
            return f"{signed}; the DNS is not looked into (mail.dkim.look_up)"
        from troth.adapters import published_record

        look_up = published_record
    for record in records:
        _compare(record, look_up(record.name))
    return f"{signed}, as the DNS says too"


def _compare(record: DkimRecord, published: str | None) -> None:
    if published is None:
        raise Conflict(
            f"The DNS holds no record {record.name}: receivers cannot verify our mail.",
            mend="Publish what `troth mail dkim show` tells.",
        )
    if _key_of(published) != _key_of(record.text):
        raise Conflict(
            f"The DNS holds another key at {record.name}: receivers refuse our signatures.",
            mend="Publish what `troth mail dkim show` tells.",
        )


def _key_of(record: str) -> str:
    """The key in a record, without the white space that may stand in it."""
    tags = (tag.partition("=") for tag in record.split(";"))
    return next(("".join(value.split()) for name, _, value in tags if name.strip() == "p"), "")


def _keys(troth: "Troth") -> "list[DkimKey]":
    from troth.adapters import dkim_key

    found = []
    for selector, algorithm in troth.settings.mail.dkim.selectors:
        path = _place(troth, selector)
        if not path.is_file():
            raise InvalidInput(
                f"Mail is to be signed, but there is no key {path}.",
                field="mail.dkim",
                mend="Run `troth mail dkim new`, and publish what it shows.",
            )
        if stat.S_IMODE(path.stat().st_mode) & _OTHERS:
            raise InvalidInput(
                f"Others than its owner can reach {path}.", field="mail.dkim", mend=f"chmod 600 {path}"
            )
        key = dkim_key(selector, path.read_bytes())
        if key.algorithm != algorithm:
            raise InvalidInput(
                f"The key {path} is of another kind than {algorithm}.",
                field="mail.dkim",
                mend="Give each key a selector of its own.",
            )
        found.append(key)
    if not found:
        raise InvalidInput("No key is named to sign mail with.", field="mail.dkim.selector", mend="Name one.")
    return found


def _domain(troth: "Troth") -> str:
    domain = troth.settings.mail.dkim.domain
    if not domain:
        raise NotFound(
            "Mail is not signed: no domain is set.",
            field="mail.dkim.domain",
            mend="Set mail.dkim.domain to the domain of the address that mail comes from.",
        )
    return domain


def _place(troth: "Troth", selector: str) -> "Path":
    return troth.folder / "keys" / f"dkim-{selector}.pem"


def _as_it_is(content: bytes) -> bytes:
    return content
