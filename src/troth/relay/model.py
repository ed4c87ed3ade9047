"""What the relay is in a policy, and what it knows of two people who write to each other. Pure."""

import re
from functools import lru_cache
from typing import NamedTuple

from troth.policy import Point, Policy

ALIAS = "user.account.alias"
MESSAGE = "user.content.private.message"
_LOCAL = re.compile(r"r-[a-z2-7]{26}")
MOST_SUBJECT = 150


class Relay(NamedTuple):
    """The relay that a policy declares: a collection point for a message that goes to an alias.

    Args:
        point: Its collection point.
        purpose: The data use that it serves, which people switch on.
        kind: Its kind of record.
        alias: Name of the field with the alias that a message came from.
        text: Name of the field with the message.
        subject: Name of the field with its subject; empty where messages have none.
        most: Longest message, in characters.
        clause: Id of its clause.
    """

    point: Point
    purpose: str
    kind: str
    alias: str
    text: str
    subject: str
    most: int
    clause: str


class Alias(NamedTuple):
    """An alias: under it one person is reached by one other, and by nobody else. Instants in microseconds.

    Args:
        alias: Its local part.
        holder: Handle of who is reached.
        other: Handle of who may write to it.
        made_at: When it was made.
        expires_at: When it ends, unless another message goes between the two before.
    """

    alias: str
    holder: str
    other: str
    made_at: int
    expires_at: int


class Message(NamedTuple):
    """A message in the account of whoever received it.

    Args:
        record: Its record.
        alias: Local part of the alias that it came from.
        subject: Its subject; may be empty.
        text: What it says.
        at: When it was passed on (ISO 8601).
    """

    record: str
    alias: str
    subject: str
    text: str
    at: str


class Writer(NamedTuple):
    """Somebody who may write to the owner of the account.

    Args:
        alias: Local part of the alias under which the owner knows them.
        blocked: Whether the owner blocked them.
        messages: Their messages, newest first.
    """

    alias: str
    blocked: bool
    messages: tuple[Message, ...]


class Sent(NamedTuple):
    """A message on its way: from whom to whom, scrubbed."""

    sender: str
    receiver: str
    subject: str
    text: str

    def __repr__(self) -> str:
        return "Sent(...)"


@lru_cache(maxsize=16)
def relay_of(policy: Policy) -> Relay | None:
    """The relay of a policy; None where it declares none."""
    for point in policy.points.values():
        fields = [policy.fields[name] for name in point.fields]
        aliases = [one for one in fields if one.category == ALIAS]
        texts = [one for one in fields if one.category == MESSAGE]
        bodies = [one for one in texts if point.fields[one.name] == "required"]
        subjects = [one.name for one in texts if point.fields[one.name] == "optional"]
        if point.record and aliases and bodies:
            return Relay(
                point,
                point.purposes[0],
                point.record,
                aliases[0].name,
                bodies[0].name,
                subjects[0] if subjects else "",
                bodies[0].max_length,
                point.clause,
            )
    return None


def is_alias(local: str) -> bool:
    """Whether a local part has the form of an alias; tells not whether anybody has it."""
    return _LOCAL.fullmatch(local) is not None
