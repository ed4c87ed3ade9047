"""What a link to stop says, and how a message that was sent is found again. Pure."""

from datetime import timedelta
from typing import Literal, NamedTuple

from troth.policy import Policy, Topic

LINK, CENTRE = "link", "centre"
LIFE = {LINK: timedelta(days=400), CENTRE: timedelta(days=1)}
"""How long a link works: one in a message, and one that was asked for, by which topics are also taken up again."""
_ALL = frozenset({"all", "everything", "alles", "alle", "tout", "tous", "toutes"})
_AROUND = " .,:;-\u2013\u2014()[]\"'“”„«»"
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


def declared(policy: Policy, topic: str, channel: str) -> tuple[str, str]:
    """A topic and a channel as far as the policy still declares them, so that an old message stops more, never nothing."""
    topic = topic if topic in policy.topics else ""
    known = {place for one in policy.topics.values() for place in one.channels}
    if topic and channel not in policy.topics[topic].channels:
        channel = ""
    return topic, channel if channel in known else ""


def topic_named(policy: Policy, subject: str, topic: str) -> str:
    """What the subject of a mail that stops names beside the published one: a topic, or everything (empty).

    Args:
        policy: The version in force.
        subject: Of the mail; whatever else stands in it says nothing.
        topic: The topic of the message that the mail is about, which is meant where the subject names none.
    """
    published = policy.front.contact.optout_subject.casefold()
    words = " ".join(subject.split()).casefold().removeprefix(published).strip(_AROUND)
    if words in _ALL:
        return ""
    return next(
        (one.name for one in policy.topics.values() if words in {one.name, one.title.casefold()}), topic
    )


def told(policy: Policy, stop: Stop) -> str:
    """Title of what a link stops; empty where it stops every announcement of its channel."""
    topic = policy.topics.get(stop.topic)
    return (topic.title or topic.name) if topic is not None else ""
