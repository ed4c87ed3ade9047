"""What a kept message says as a letter or a call. Pure."""

from troth.kernel import InvalidInput
from troth.outreach.letter_setting import check_text
from troth.outreach.letter_text import LetterText
from troth.outreach.writing import GREETING, Message, named_by
from troth.policy import Policy

_NAME = "name"


def text_of_message(message: Message, policy: Policy, language: str = "") -> LetterText:
    """A message as the text of a letter or a call.

    Args:
        message: A message that compiled for the channel.
        policy: The version in force, which tells the field that holds a name.
        language: One of its languages; empty for its main one.

    Raises:
        InvalidInput: It is not in the language, does not say why somebody gets it, or shows what a letter and a call are not given.
    """
    spoken = language or message.languages[0]
    if spoken not in message.bodies:
        raise InvalidInput(
            f"Message {message.name} is not written in {spoken[:20]!r}.",
            field="language",
            mend=f"Use one of {', '.join(message.languages)}.",
        )
    if not message.reasons.get(spoken, "").strip():
        raise InvalidInput(
            f"Message {message.name} does not say why somebody gets it.",
            field="reason",
            mend="Add a line `reason:` to its front matter; it completes “You get this letter because”.",
        )
    named = named_by(policy)
    for name in message.fields:
        if name not in named:
            raise InvalidInput(
                f"Message {message.name} uses {{{name}}}; of whom it goes to, only the name is read for it.",
                field=name,
                mend=f"Leave the variable out, or use {', '.join(f'{{{one}}}' for one in (GREETING, *named))}.",
            )
    said = (message.subjects[spoken], message.reasons[spoken], message.bodies[spoken])
    subject, reason, body = (_by_name(one, named) for one in said)
    text = LetterText(subject, reason, body, spoken)
    check_text(text)
    return text


def _by_name(text: str, named: list[str]) -> str:
    """A text in which the field that holds a name is called as letters call it."""
    for name in named:
        text = text.replace(f"{{{name}}}", f"{{{_NAME}}}")
    return text
