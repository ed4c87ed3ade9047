"""What a link to stop says, and how a message that was sent is found again. Pure."""

from datetime import timedelta
from typing import Literal, NamedTuple

from troth.policy import Policy, Topic

LINK, CENTRE = "link", "centre"
LIFE = {LINK: timedelta(days=400), CENTRE: timedelta(days=1)}
"""How long a link works: one in a message, and one that was asked for, by which topics are also taken up again."""
How = Literal["one-click", "page", "centre", "mail", "reply", "phone", "letter", "complaint"]
"""By which way a stop reached us."""


class Stop(NamedTuple):
    """What a link to stop says.

    Args:
        kind: `link` of a message, or `centre`: asked for lately by whoever has the mailbox.
        person: Handle; empty where nobody is known.
        purpose: Data use of the message; empty for a link that was asked for.
        topic: Topic of the message; empty for none.
        channel: Channel of the message; empty for every one.
        message: Id of the message; empty for none.
        hashed: Keyed hash of the address, as `email:` and hexadecimal digits; empty for none.
        made: When it was made (microseconds).
    """

    kind: str
    person: str
    purpose: str
    topic: str
    channel: str
    message: str
    hashed: str
    made: int

    @property
    def fresh(self) -> bool:
        """Whether it proves that whoever holds it has the mailbox now, so that topics may be taken up again."""
        return self.kind == CENTRE


class Wish(NamedTuple):
    """A topic on a channel, as somebody sees it.

    Args:
        topic: The declared topic.
        channel: The channel.
        on: Whether they hear of it.
    """

    topic: Topic
    channel: str
    on: bool

    @property
    def name(self) -> str:
        """Its name in forms."""
        return f"{self.topic.name}:{self.channel}"


def told(policy: Policy, stop: Stop) -> str:
    """Title of what a link stops; empty where it stops every announcement of its channel."""
    topic = policy.topics.get(stop.topic)
    return (topic.title or topic.name) if topic is not None else ""
