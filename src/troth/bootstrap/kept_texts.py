"""Kept messages as the texts of letters and calls."""

from typing import TYPE_CHECKING, NamedTuple

from troth.bootstrap.campaigning import checked
from troth.kernel import InvalidInput
from troth.outreach import LetterText, text_of_message

if TYPE_CHECKING:
    from troth.bootstrap.runtime import Troth


class Said(NamedTuple):
    """What a letter or a call says.

    Args:
        text: Its text; None for a case that brings its own.
        purpose: Data use that it serves.
        message: Digest of the version of the kept message that it is; empty for a text from elsewhere.
        topic: Declared topic that it is about; empty for none.
    """

    text: LetterText | None
    purpose: str
    message: str = ""
    topic: str = ""


def kept_text(
    troth: "Troth", named: str, channel: str, *, purpose: str = "", language: str = "", topic: str = ""
) -> Said:
    """What a kept message says as a letter or a call, compiled against the policy in force.

    Args:
        troth: The running parts.
        named: Its name, the start of a version's digest, or both as `name@digest`.
        channel: letter or phone.
        purpose: Data use that is meant; empty for the message's own.
        language: One of its languages; empty for its main one.
        topic: Topic that is meant; empty for the message's own.

    Raises:
        NotFound: There is no such message.
        InvalidInput: It is for another channel, purpose or topic, or does not compile any more.
    """
    digest, kept, _ = troth.messages.named(named)
    about = topic or kept.topic
    wanted = (
        ("channel", kept.channel, channel),
        ("purpose", kept.purpose, purpose or kept.purpose),
        ("topic", kept.topic or about, about),
    )
    for field, said, meant in wanted:
        if said != meant:
            raise InvalidInput(
                f"Message {kept.name} is written for the {field} {said}, not {meant[:64]}.",
                field=field,
                mend="Name another message, or keep one that says so with `troth messages add`.",
            )
    text = text_of_message(checked(troth, kept), troth.policy(), language)
    return Said(text, kept.purpose, digest, about)
