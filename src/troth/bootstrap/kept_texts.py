"""Kept messages as the texts of letters and calls."""

from typing import TYPE_CHECKING, NamedTuple

from troth.bootstrap.campaigning import checked
from troth.kernel import InvalidInput
from troth.outreach import LetterText, text_of_message

if TYPE_CHECKING:
    from troth.bootstrap.runtime import Troth


class KeptText(NamedTuple):
    """What a kept message says as a letter or a call.

    Args:
        text: What it says.
        purpose: Data use that it serves.
        message: Digest of its version.
    """

    text: LetterText
    purpose: str
    message: str


def kept_text(troth: "Troth", named: str, channel: str, *, purpose: str = "", language: str = "") -> KeptText:
    """What a kept message says as a letter or a call, compiled against the policy in force.

    Args:
        troth: The running parts.
        named: Its name, the start of a version's digest, or both as `name@digest`.
        channel: letter or phone.
        purpose: Data use that is meant; empty for the message's own.
        language: One of its languages; empty for its main one.

    Raises:
        NotFound: There is no such message.
        InvalidInput: It is for another channel or purpose, does not compile any more, or has a topic.
    """
    digest, kept, _ = troth.messages.named(named)
    wanted = (("channel", kept.channel, channel), ("purpose", kept.purpose, purpose or kept.purpose))
    for field, said, meant in wanted:
        if said != meant:
            raise InvalidInput(
                f"Message {kept.name} is written for the {field} {said}, not {meant[:64]}.",
                field=field,
                mend="Name another message, or keep one that says so with `troth messages add`.",
            )
    if kept.topic:
        raise InvalidInput(
            f"Message {kept.name} is about the topic {kept.topic}.",
            field="topic",
            mend="Leave the topic out: letters and calls do not ask who stopped one.",
        )
    return KeptText(text_of_message(checked(troth, kept), troth.policy(), language), kept.purpose, digest)
