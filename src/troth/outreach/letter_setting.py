"""A letter as a document for whatever sets it: head, address, text, and at its end why it came. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from troth.kernel import InvalidInput
from troth.outreach.composing import filled, marked, plain, variables_in
from troth.outreach.letter_text import LetterText, address_lines, blocks
from troth.outreach.letter_words import LANGUAGES, Around, foot, labels
from troth.outreach.phrases import greeting
from troth.policy import Policy

VARIABLES = ("name", "company", "address", "privacy", "support", "contact_link", "greeting")
"""What the text of a letter may use in braces."""


class Frame(NamedTuple):
    """What is the same on every letter of a batch.

    Args:
        policy: The version in force.
        recipient: The declared recipient that prints.
        layout: `din` or `us`.
        base: Address that people see, without a slash at its end.
        now: When it is dated.
        day: The same as people read it.
        announcing: Whether it tells how to get no more.
        text: What it says.
    """

    policy: Policy
    recipient: str
    layout: str
    base: str
    now: datetime
    day: str
    announcing: bool
    text: LetterText

    @property
    def country(self) -> str:
        """Where letters are posted."""
        return self.policy.front.controller.country


def document(frame: Frame, sign: str, name: str, address: Mapping[str, Any], clause: str) -> dict[str, Any]:
    """A letter to somebody.

    Args:
        frame: What is the same on all.
        sign: Id of its message, by which a letter that comes back is known.
        name: Who gets it.
        address: Their postal address, as a field of type `address` holds it.
        clause: Id of the clause that permits it.
    """
    front, text = frame.policy.front, frame.text
    given = variables(frame.policy, name, text.language)
    safe = {key: value if key.endswith("link") else marked(value) for key, value in given.items()}
    return {
        "layout": frame.layout,
        "language": text.language,
        "company": front.controller.name,
        "postal": front.controller.address,
        "contact": " · ".join(one for one in (front.contact.support, front.contact.page) if one),
        "sender": f"{front.controller.name} · {front.controller.address}",
        "address": list(address_lines(name, address, frame.country)),
        "date": frame.day,
        "day": [frame.now.year, frame.now.month, frame.now.day],
        "sign": sign,
        "subject": " ".join(filled(text.subject, given).split()),
        "words": dict(labels(text.language)),
        "blocks": blocks(filled(text.body, safe)),
        "foot": foot(text.language, _around(frame, filled(text.reason, given), clause)),
    }


def check_text(text: LetterText) -> None:
    """Refuse a text before anybody is decided on.

    Raises:
        InvalidInput: It says nothing, uses a variable that nothing gives, or is in a language for which there is no frame.
    """
    if not (text.subject.strip() and text.reason.strip() and text.body.strip()):
        raise InvalidInput(
            "The text lacks its subject, its reason or its body.",
            field="text",
            mend="Begin it with a Subject: and a Reason: line, then an empty line.",
        )
    if text.language not in LANGUAGES:
        raise InvalidInput(
            f"There is no frame for a letter in {text.language[:20]!r}.",
            field="language",
            mend=f"Use {', '.join(LANGUAGES)}.",
        )
    for name in sorted({*variables_in(text.subject), *variables_in(text.reason), *variables_in(text.body)}):
        if name not in VARIABLES:
            raise InvalidInput(
                f"The text uses {name}, which nothing gives.",
                field="text",
                mend=f"Use {', '.join(VARIABLES)}.",
            )


def read_text(written: str, language: str) -> LetterText:
    """A text as people write it: `Subject:` and `Reason:` lines, an empty line, Markdown.

    Raises:
        InvalidInput: It lacks its head, or see `check_text`.
    """
    head, _, body = written.replace("\r\n", "\n").partition("\n\n")
    given = dict(line.partition(": ")[::2] for line in head.splitlines())
    text = LetterText(given.get("Subject", ""), given.get("Reason", ""), body, language)
    check_text(text)
    return text


def _around(frame: Frame, reason: str, clause: str) -> Around:
    front, recipient = frame.policy.front, frame.policy.recipients[frame.recipient]
    return Around(
        reason=reason,
        clause=clause,
        policy=f"{frame.base}/policy#{clause}",
        house=recipient.title or recipient.name,
        word=front.contact.optout_subject if frame.announcing else "",
        privacy=front.contact.privacy,
        page=f"{frame.base}/preferences",
    )


def variables(policy: Policy, name: str, language: str) -> dict[str, str]:
    """The variables of a text to somebody, plain."""
    front = policy.front
    given = {
        "name": name,
        "company": front.controller.name,
        "address": front.controller.address,
        "privacy": front.contact.privacy,
        "support": front.contact.support,
        "contact_link": front.contact.page,
        "greeting": greeting(language, name),
    }
    return {key: plain(key, value) for key, value in given.items() if value or not key.endswith("link")}
