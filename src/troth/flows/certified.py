"""What a certificate says in the reader's language. The signed file stays as it is; this is its readable form, as page and as PDF."""

from collections.abc import Mapping
from typing import NamedTuple

from troth.flows.wording import Wording
from troth.rights import Certificate, Line

PLACES: Mapping[str, str] = {
    "vault": "Profile and records",
    "events": "Visits",
    "relay": "Messages between users",
    "mail": "Mail to you",
    "closing": "The last mail",
    "backups": "Backups",
    "ledger": "Ledger",
    "suppression": "List of those never to be written to",
    "inbox": "Mail that came in",
    "recipients": "Companies that had it",
}
"""Places where something was, by their name in a certificate; others, such as a company's databases, have the name it gave them."""
WHAT = (
    "profile: {titles}",
    "visits of our web sites",
    "aliases of the relay, and who wrote to whom",
    "mails to you that wait to be sent or lie in our mail folder",
    "a last mail to you, with the link to your certificate",
    "entries under a random handle, without any value of yours, which prove all this",
    "keyed hashes of your identifiers, which tell nothing, so that nothing is taken in or sent again",
    "sealed remains in a backup, unreadable for good from then on (made on {day})",
    "mail that came in and that nobody has read yet, sealed, whoever sent it",
    "what {company} has",
    "no address",
    "not sent: {reason}",
)
"""What was there, and how it went."""


class TellsLine(NamedTuple):
    """A line as people read it; `ours` says that it is in their language, and not in the company's words."""

    place: str
    what: str
    note: str
    reason: str
    until: str
    ours: bool


class TellsPart(NamedTuple):
    """Lines that went alike, under a heading."""

    heading: str
    lines: tuple[TellsLine, ...]
    kept: bool


class Tells(NamedTuple):
    """A certificate as people read it."""

    title: str
    result: str
    parts: tuple[TellsPart, ...]
    backups: tuple[str, ...]
    drill: str


def certificate_in_words(words: Wording, certificate: Certificate) -> Tells:
    """A certificate in a language."""
    headings = (
        ("done", words("What was done")),
        ("kept", words("What stays")),
        ("failed", words("What could not be done")),
    )
    parts = [
        TellsPart(
            heading,
            tuple(_line(words, one) for one in certificate.lines if one.state == state),
            state == "kept",
        )
        for state, heading in headings
    ]
    backups = [
        words("made on {made}, unreadable for good from {until}", made=one.made[:10], until=one.until[:10])
        for one in certificate.backups
    ]
    return Tells(
        words("Certificate of erasure"),
        words("Everything was deleted.")
        if certificate.complete
        else words("Deleted, but for what is listed as staying."),
        tuple(one for one in parts if one.lines),
        tuple(backups),
        _drill(words, certificate),
    )


def printed_certificate(words: Wording, certificate: Certificate, key: str, digest: str) -> dict[str, object]:
    """Everything that stands on the printed form of a certificate, in a language.

    Args:
        words: The messages of the language.
        certificate: The document.
        key: The public key that it can be checked with.
        digest: SHA-256 of the document.
    """
    c, tells = certificate, certificate_in_words(words, certificate)
    facts = (
        (words("Request"), words("{number}, received {day}", number=c.number, day=c.received[:10])),
        (words("Issued by"), words("{company}, {day}, edition {edition}", company=c.company, day=c.issued[:10], edition=c.edition)),
        (words("Under"), words("clause {clause} of the privacy policy", clause=c.clause)),
        (words("Result"), tells.result),
    )  # fmt: skip
    heads = (words("Place"), words("What"), words("Why"), words("Until"))
    return {
        "language": words.language,
        "title": tells.title,
        "number": c.number,
        "company": c.company,
        "facts": facts,
        "heads": heads,
        "parts": [(one.heading, [_cells(line) for line in one.lines]) for one in tells.parts],
        "backups": (words("Backups"), words(_REMAINS), tells.backups) if tells.backups else None,
        "drill": (words("Restore drill"), tells.drill) if tells.drill else None,
        "check": (
            words("How to check it"),
            words(
                "This page is the readable form. The signed form is the JSON file of the same number; `troth certificate verify FILE` checks it, and the {count} receipts in it, with this public key of the ledger and nothing else:",
                count=len(c.proofs),
            ),
        ),
        "key": key,
        "digest": (words("SHA-256 of the certificate:"), digest),
        "replaces": (words("It replaces the edition with SHA-256"), c.replaces) if c.replaces else None,
    }


_REMAINS = "Backups are not rewritten. In these lie sealed remains, whose keys are destroyed at the latest on the day given:"


def _line(words: Wording, line: Line) -> TellsLine:
    what = words.retold(line.what, WHAT)
    place = words(PLACES.get(line.store, line.store))
    return TellsLine(
        place, what, words.retold(line.note, WHAT), line.reason, line.until[:10], what != line.what
    )


def _cells(line: TellsLine) -> tuple[str, str, str, str]:
    return (line.place, f"{line.what} ({line.note})" if line.note else line.what, line.reason, line.until)


def _drill(words: Wording, certificate: Certificate) -> str:
    drill = certificate.drill
    if drill is None:
        return ""
    return words(
        "On {day}, {backups} restored backups were searched for people who had been deleted. {opened} values could be read.",
        day=drill.ended[:10],
        backups=drill.backups,
        opened=drill.opened,
    )
