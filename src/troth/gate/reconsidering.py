"""Taking back what was refused, as far as a newer word of the same mailbox goes and no further (clauses II.14 and III.3).

Who refused more than they take back goes on refusing the rest: what was said in one word is spelled out first.
"""

from collections.abc import Collection, Iterable
from typing import NamedTuple

from troth.gate.access import covers
from troth.gate.listed import ANY, OPTED_OUT, STOPPED
from troth.policy import Forbid, Permit, Policy, Topic
from troth.storage import Transaction
from troth.vault import (
    OBJECTED,
    add_reasons,
    drop_reasons,
    hashes_of,
    reasons_on,
    record_stance,
    said_since,
    stances_of,
    withdraw_stance,
    withdraw_stances,
)

GOES_OUT = frozenset({"send", "disclose"})
Hash = tuple[str, bytes]
"""Kind of an identifier and its keyed hash."""
_FORBIDDEN = f"suppressed.{OPTED_OUT}"


class Wanted(NamedTuple):
    """A topic on a channel."""

    topic: str
    channel: str

    @property
    def reason(self) -> str:
        """The reason that stands on the list when it is stopped; `*` stands for any."""
        return f"{STOPPED}{self.topic or ANY}:{self.channel or ANY}"


def topic_purposes(policy: Policy, topic: Topic, channel: str) -> tuple[str, ...]:
    """The data uses of a topic that some rule permits to send or hand on through a channel."""
    permitted = [
        purpose for rule in _going_out(policy) if channel in rule.channels for purpose in rule.purposes
    ]
    return tuple(one for one in topic.purposes if any(covers(general, one) for general in permitted))


def consent_again(tx: Transaction, policy: Policy, who: str, purpose: str, channel: str, now: int) -> None:
    """Keep that somebody consented from their own mailbox: what they refused before ends for this data use on this channel.

    Args:
        tx: Unit of work.
        policy: The version in force.
        who: Handle of the person.
        purpose: The data use.
        channel: The channel by which the mailbox spoke.
        now: Instant (microseconds).
    """
    hashes = hashes_of(tx, who)
    spell_out(tx, policy, hashes, channel)
    _lift_stops(tx, policy, hashes, purpose, channel)
    take_back(tx, policy, who, hashes, purpose)
    record_stance(tx, who, purpose, "consented", now)


def spell_out(tx: Transaction, policy: Policy, hashes: Collection[Hash], channel: str) -> None:
    """Where everything was stopped, put down what that was, but what goes through a channel whatever it is about."""
    since = reasons_on(tx, hashes).get(OPTED_OUT)
    if since is None:
        return
    drop_reasons(tx, hashes, [OPTED_OUT])
    refused = {
        OBJECTED + purpose
        for rule in policy.rules.values()
        if isinstance(rule, Forbid) and _FORBIDDEN in rule.when
        for purpose in rule.purposes
    }
    others = {Wanted("", one).reason for one in _channels(policy) - {channel}}
    add_reasons(tx, hashes, sorted(refused | others), since)


def take_back(tx: Transaction, policy: Policy, who: str, hashes: Collection[Hash], purpose: str) -> None:
    """End objections to a data use and to those below it; of an objection to more than that, the rest stays.

    Args:
        tx: Unit of work.
        policy: The version in force.
        who: Handle of the person; empty where nobody is known.
        hashes: The keyed hashes that are meant.
        purpose: The data use.
    """
    for reason, since in reasons_on(tx, hashes).items():
        about = reason.removeprefix(OBJECTED)
        if about != reason and (covers(about, purpose) or covers(purpose, about)):
            drop_reasons(tx, hashes, [reason])
            rest = [OBJECTED + one for one in remaining(about, purpose, policy.scales.purposes)]
            add_reasons(tx, hashes, rest, since)
    if not hashes_of(tx, who):
        return
    for about, stance in stances_of(tx, who):
        if stance == "objected" and covers(about, purpose) and about != purpose:
            since = said_since(tx, [who], about, stance)[who]
            withdraw_stance(tx, who, about, stance)
            for one in remaining(about, purpose, policy.scales.purposes):
                record_stance(tx, who, one, stance, since)
    withdraw_stances(tx, who, purpose, "objected")


def remaining(broad: str, purpose: str, purposes: Iterable[str]) -> list[str]:
    """What an objection to a data use still is about when one below it is taken back: its nearest neighbours, in order."""
    return sorted(
        one
        for one in purposes
        if covers(broad, one)
        and not covers(one, purpose)
        and not covers(purpose, one)
        and covers(one.rpartition(".")[0], purpose)
    )


def _lift_stops(
    tx: Transaction, policy: Policy, hashes: Collection[Hash], purpose: str, channel: str
) -> None:
    """End stops on a channel of the topics whose every data use there is covered; what they stopped elsewhere stays."""
    topics = {one.name: one for one in policy.of(Topic) if channel in one.channels}
    meant = {
        name
        for name, topic in topics.items()
        if (uses := topic_purposes(policy, topic, channel)) and all(covers(purpose, one) for one in uses)
    }
    others = _channels(policy) - {channel}
    for reason, since in reasons_on(tx, hashes).items():
        topic, _, place = reason.removeprefix(STOPPED).partition(":")
        if not reason.startswith(STOPPED) or place not in {ANY, channel} or topic not in {ANY, *meant}:
            continue
        named = "" if topic == ANY else topic
        rest = {Wanted(named, one).reason for one in others} if place == ANY else set()
        rest |= {Wanted(one, channel).reason for one in topics.keys() - meant} if topic == ANY else set()
        drop_reasons(tx, hashes, [reason])
        add_reasons(tx, hashes, sorted(rest), since)


def _channels(policy: Policy) -> set[str]:
    """Every channel through which something goes out, or a topic does."""
    topics = {channel for topic in policy.of(Topic) for channel in topic.channels}
    return topics | {channel for rule in _going_out(policy) for channel in rule.channels}


def _going_out(policy: Policy) -> list[Permit]:
    return [
        rule
        for rule in policy.rules.values()
        if isinstance(rule, Permit) and GOES_OUT.intersection(rule.acts)
    ]
