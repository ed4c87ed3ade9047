"""Kept messages as letters and calls: held to what a print house may be given, and made the text of a letter."""

import pytest

from tests.gate.conftest import reference, reference_text  # noqa: F401  fixtures
from troth.kernel import InvalidInput
from troth.outreach import (
    DISCLOSE,
    LetterText,
    Message,
    Sender,
    compile_message,
    read_message,
    text_of_message,
)
from troth.policy import Policy

HOUSE = Sender("service.mailer", "mail-house", "2026-01-05", DISCLOSE)
HEAD = """---
name: fault-letter
purpose: essential.service.notifications.letter
channel: letter
subject: News, {{name}}
language: {language}
reason: {reason}
---
{body}
"""


def compiled(
    policy: Policy, body: str = "{greeting}\n", reason: str = "you have a ticket with us"
) -> Message:
    """A message for letters, compiled."""
    written = read_message(HEAD.format(language="de", reason=reason, body=body))
    return compile_message([written], policy, HOUSE)


def test_a_message_says_as_a_letter_what_a_file_would(reference: Policy) -> None:  # noqa: F811
    """Subject, reason and body in its main language; the reason is part of the version, and no mail's version changes by it."""
    made = compiled(reference)
    assert text_of_message(made, reference) == LetterText(
        "News, {name}", "you have a ticket with us", "{greeting}\n", "de"
    )
    assert compiled(reference, reason="of another reason").digest != made.digest
    assert compile_message(made.texts, reference, HOUSE) == made
    assert made.only("de") == made
    mail = Message("n", "p", "email", "", (), {"en": "s"}, {"en": "b"})
    assert mail.digest == "7e5ff6be443176f4f4cc7ca986db3f2a0eddc8229c73346a1e0761951cc9bcd5"


@pytest.mark.parametrize(
    ("body", "reason", "field"),
    [
        ("{email}", "of it", "email"),  # no house may be given it
        (
            "{shipping_address}",
            "of it",
            "shipping_address",
        ),  # it may, for the envelope; the text is not given it
        ("{greeting}", "''", "reason"),
        ("{policy_link}", "of it", "text"),
    ],
)
def test_what_a_letter_is_not_given_is_refused(reference: Policy, body: str, reason: str, field: str) -> None:  # noqa: F811
    """Before anybody is looked at, with the variable and what to do."""
    with pytest.raises(InvalidInput) as refused:
        text_of_message(compiled(reference, body, reason), reference)
    assert refused.value.field == field
    assert refused.value.mend
    with pytest.raises(InvalidInput, match="not written in"):
        text_of_message(compiled(reference), reference, "fr")
