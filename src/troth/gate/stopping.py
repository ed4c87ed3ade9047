"""Stops: what somebody wants to hear no more, per topic and channel, kept under keyed hashes (clauses II.14 and II.15).

A stop stands on the suppression list under every identifier of the person, and under the keyed hash that whoever stops may
bring along. So it outlives an erasure, holds for whoever comes back with the address, by import or otherwise, and follows an
address that changes. It ends only by a newer word of the same mailbox.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from troth.gate.access import covers
from troth.gate.facts import identifiers_of, matching_fields
from troth.gate.form import UNDELIVERABLE
from troth.gate.listed import OPTED_OUT
from troth.gate.model import Ask
from troth.gate.reconsidering import Wanted, spell_out, take_back, topic_purposes
from troth.gate.weighing import Weighed
from troth.kernel import InvalidInput, Refused
from troth.policy import Policy, Topic
from troth.storage import Transaction
from troth.vault import (
    BOUNCED,
    OBJECTED,
    Vault,
    add_reasons,
    count_stop,
    drop_reasons,
    hashes_of,
    reasons_on,
    record_stance,
    stances_of,
)

STOPPING = frozenset(
    {
        "record-stance",
        "withdraw-stance",
        "restrict-purpose",
        "suppress",
        "purge-child",
        "stop-topic",
        UNDELIVERABLE,
    }
)
"""Orders after which what was decided before has to be decided again."""
_HASH_BYTES = 32


def note_stop(tx: Transaction, ask: Ask) -> None:
    """Count an act after which others have to be decided again."""
    if ask.act == "erase" or ask.order in STOPPING:
        count_stop(tx)


def stop_or_resume(
    tx: Transaction, vault: Vault, one: Weighed, policy: Policy, now: int
) -> Mapping[str, Any]:
    """Carry out a permitted order of this kind at an instant (microseconds).

    Returns:
        For `show-stops`: whether somebody is known, and what is on, as topics by channel. For `stop-topic`: whether it
        is new, so that it is confirmed once.

    Raises:
        InvalidInput: It names no declared topic or channel, or nothing to go by.
    """
    ask = one.ask
    wanted = Wanted(ask.topic, ask.channel)
    _check(policy, ask, wanted)
    if ask.order == "resume-topic" and not _of_their_own(one):
        raise Refused(
            "Nobody takes a topic up again in another's name.",
            clause="II.14",
            mend="Have a link to the preferences sent to the mailbox.",
        )
    hashes = _hashes(tx, vault, one, policy)
    if ask.order == "show-stops":
        return {"known": bool(hashes_of(tx, one.person)), "on": _on(tx, policy, one.person, hashes)}
    if ask.order == UNDELIVERABLE:
        addresses = matching_fields(policy)
        add_reasons(tx, [(kind, blind) for kind, blind in hashes if kind in addresses], [BOUNCED], now)
    elif ask.order == "resume-topic":
        _resume(tx, policy, one.person, hashes, wanted, now)
    else:
        return {"new": _stop(tx, hashes, wanted, now)}
    return {}


def every_wish(policy: Policy) -> list[Wanted]:
    """Every declared topic on each of its channels, in the order of the policy."""
    return [Wanted(topic.name, channel) for topic in policy.of(Topic) for channel in topic.channels]


def mailbox_hash(tx: Transaction, policy: Policy, person: str) -> str:
    """The keyed hash of a person's mail address, as `email:` and hexadecimal digits; empty where they have none."""
    matching = matching_fields(policy)
    return next((f"{kind}:{blind.hex()}" for kind, blind in hashes_of(tx, person) if kind in matching), "")


def is_stopped(tx: Transaction, person: str, topic: str, channel: str) -> bool:
    """Whether a person stopped a topic on a channel, or everything."""
    return bool(_stopped_by(reasons_on(tx, hashes_of(tx, person)), Wanted(topic, channel)))


def _stop(tx: Transaction, hashes: Collection[tuple[str, bytes]], wanted: Wanted, now: int) -> bool:
    """Keep a stop; tells whether it was not kept before."""
    before = reasons_on(tx, hashes)
    everything = not wanted.topic and not wanted.channel
    add_reasons(tx, hashes, [OPTED_OUT if everything else wanted.reason], now)
    return OPTED_OUT not in before if everything else not _stopped_by(before, wanted)


def _check(policy: Policy, ask: Ask, wanted: Wanted) -> None:
    topics = {one.name: one for one in policy.of(Topic)}
    channels = {channel for one in topics.values() for channel in one.channels}
    topic = topics.get(wanted.topic)
    if wanted.topic and topic is None:
        raise InvalidInput(
            "The policy declares no such topic.",
            field="topic",
            mend=f"Use one of {', '.join(topics) or '(none)'}.",
        )
    known = topic.channels if topic is not None else channels
    if wanted.channel and wanted.channel not in known:
        raise InvalidInput(
            "One does not hear of this through such a channel.",
            field="channel",
            mend=f"Use one of {', '.join(sorted(known)) or '(none)'}.",
        )
    if ask.order == "resume-topic" and not (wanted.topic and wanted.channel):
        raise InvalidInput(
            "Nobody takes everything up again at once.", field="topic", mend="Name the topic and the channel."
        )
    if ask.order == "resume-topic" and ask.identify:
        raise InvalidInput(
            "A topic is taken up by whoever it is about, not by who names an address.",
            clause="II.14",
            field="identify",
            mend="Have a link to the preferences sent to the mailbox.",
        )
    if not (ask.person or ask.identify or ask.hashed):
        raise InvalidInput(
            "The order does not say whose it is.", field="person", mend="Name the person, or an identifier."
        )


def _of_their_own(one: Weighed) -> bool:
    """Whether a mailbox's link is behind an act, or the person who is signed in: nobody else knows a keyed hash."""
    return bool(one.ask.hashed) or (one.actor is not None and one.actor.person != "")


def _hashes(tx: Transaction, vault: Vault, one: Weighed, policy: Policy) -> list[tuple[str, bytes]]:
    """The keyed hashes that an order is about: of the person, of the identifiers given, and the one brought along."""
    ask = one.ask
    pairs = identifiers_of(ask.identify, policy)
    found = {*hashes_of(tx, one.person), *((kind, vault.keys.blind(kind, value)) for kind, value in pairs)}
    if ask.hashed:
        kind, _, digits = ask.hashed.partition(":")
        try:
            blind = bytes.fromhex(digits)
        except ValueError:
            blind = b""
        if kind not in policy.fields or len(blind) != _HASH_BYTES:
            raise InvalidInput("This is no keyed hash.", field="hashed", mend="Leave it out.")
        found.add((kind, blind))
    unique = {name for name, field in policy.fields.items() if field.unique}
    return sorted(one for one in found if one[0] not in unique)


def _on(
    tx: Transaction, policy: Policy, who: str, hashes: Collection[tuple[str, bytes]]
) -> list[tuple[str, str]]:
    """What somebody hears of: agreed to, and neither objected to nor stopped."""
    reasons, said = reasons_on(tx, hashes), stances_of(tx, who) if who else []
    return [
        (one.topic, one.channel)
        for one in every_wish(policy)
        if _agreed(policy, said, one)
        and not _stopped_by(reasons, one)
        and not _objected(policy, said, reasons, one)
    ]


def _uses(policy: Policy, one: Wanted) -> tuple[str, ...]:
    return topic_purposes(policy, next(t for t in policy.of(Topic) if t.name == one.topic), one.channel)


def _agreed(policy: Policy, said: Iterable[tuple[str, str]], one: Wanted) -> bool:
    agreed = [purpose for purpose, stance in said if stance == "consented"]
    uses = _uses(policy, one)
    return bool(uses) and all(any(covers(general, use) for general in agreed) for use in uses)


def _objected(policy: Policy, said: Iterable[tuple[str, str]], reasons: Collection[str], one: Wanted) -> bool:
    no = [purpose for purpose, stance in said if stance != "consented"]
    no += [reason.removeprefix(OBJECTED) for reason in reasons if reason.startswith(OBJECTED)]
    return any(covers(general, use) for general in no for use in _uses(policy, one))


def _stopped_by(reasons: Collection[str], one: Wanted) -> set[str]:
    """The reasons, of those given, that stop a topic on a channel."""
    stopping = {Wanted(topic, channel).reason for topic in ("", one.topic) for channel in ("", one.channel)}
    return {reason for reason in reasons if reason in stopping or reason == OPTED_OUT}


def _resume(
    tx: Transaction, policy: Policy, who: str, hashes: Collection[tuple[str, bytes]], wanted: Wanted, now: int
) -> None:
    """Take one topic up again on one channel, and nothing else: whatever was not heard of before stays stopped by itself."""
    reasons, said = reasons_on(tx, hashes), stances_of(tx, who) if who else []
    on = {Wanted(*one) for one in _on(tx, policy, who, hashes)}
    ended, uses = _stopped_by(reasons, wanted), set(_uses(policy, wanted))
    others = {
        one.reason
        for one in every_wish(policy)
        if one not in {wanted, *on}
        and (
            ended & _stopped_by(reasons, one)
            or uses.intersection(_uses(policy, one))
            or _objected(policy, said, reasons, one)
        )
    }
    spell_out(tx, policy, hashes, wanted.channel)
    drop_reasons(tx, hashes, ended)
    add_reasons(tx, hashes, others, now)
    for use in uses:
        take_back(tx, policy, who, hashes, use)
        if hashes_of(tx, who):
            record_stance(tx, who, use, "consented", now)
