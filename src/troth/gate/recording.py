"""What of an act may stand in the ledger: declared words only.

A ledger forgets nothing, and a caller may write anything where a purpose belongs, a person's address too. A word that
neither the vocabulary nor the policy knows is therefore recorded as `undeclared`.
"""

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import NamedTuple

from troth.gate.form import (
    CHILD_ORDERS,
    CHOICE_ORDERS,
    FINDING_ORDERS,
    LIST_ORDERS,
    PARENT_METHODS,
    STOP_ORDERS,
)
from troth.gate.model import Ask
from troth.gate.weighing import Weighed
from troth.ledger import Entry, encode_entry
from troth.policy import SUPPRESSIONS, Decision, Forbid, Permit, Policy, standard_terms

UNDECLARED = "undeclared"
NOTHING_MORE: Mapping[str, str] = MappingProxyType({})


class Words(NamedTuple):
    """The declared words of a policy version."""

    purposes: Collection[str]
    recipients: Collection[str]
    channels: Collection[str]
    topics: Collection[str]
    stages: Collection[str]

    @classmethod
    def of(cls, policy: Policy) -> "Words":
        """The words that a policy version declares, and those of the vocabulary."""
        uses = standard_terms()["data_uses"].keys | set(policy.front.terms.data_uses)
        channels = {channel for point in policy.points.values() for channel in point.channels}
        channels |= {channel for one in policy.recipients.values() for channel in one.channels}
        for rule in policy.rules.values():
            if isinstance(rule, Permit | Forbid):
                channels.update(rule.channels)
        channels |= {channel for topic in policy.topics.values() for channel in topic.channels}
        stages = {stage.name for case in policy.cases.values() for stage in case.stages}
        return cls(uses, policy.recipients.keys(), channels, policy.topics.keys(), stages)


def recorded(
    entry_id: str,
    one: Weighed,
    decision: Decision,
    case: str,
    now: int,
    words: Words,
    act_done: str = "",
    more: Mapping[str, str] = NOTHING_MORE,
) -> bytes:
    """The body of the ledger entry for a decided act at an instant (microseconds); `more` joins its details."""
    ask, actor, act = one.ask, one.actor, one.act
    return encode_entry(
        Entry(
            id=entry_id,
            at=now,
            act=act_done or ask.order or ask.act,
            effect=decision.effect,
            clauses=decision.clauses,
            policy=decision.policy,
            actor=actor.role if actor is not None else "",
            key=actor.key_id if actor is not None else "",
            person=one.person,
            purpose=known_word(ask.purpose, words.purposes),
            data=act.data if act is not None else (),
            fields=one.fields,
            recipient=known_word(ask.recipient, words.recipients),
            channel=known_word(ask.channel, words.channels),
            case=case,
            detail={**_detail(one, words), **more},
        )
    )


def _detail(one: Weighed, words: Words) -> dict[str, str]:
    ask = one.ask
    facts = one.act.facts if one.act is not None else ()
    shown = {"age": "passed"} if "age.passed" in facts else {}
    if ask.act == "collect" and ask.found:
        shown["found"] = " ".join(ask.found)
    if ask.act == "collect" and "person.confirmed" in facts:
        shown["confirmed"] = "mailbox"
    if shown:
        return shown
    if ask.stage:
        return {"stage": known_word(ask.stage, words.stages)}
    if ask.order in FINDING_ORDERS:
        return {"identifiers": " ".join(sorted(ask.identify))}
    if ask.order in LIST_ORDERS | CHILD_ORDERS:
        return _protection(ask)
    if ask.order in STOP_ORDERS or (ask.topic and not ask.order):
        return {"topic": known_word(ask.topic, words.topics)} if ask.topic else {}
    if ask.order not in CHOICE_ORDERS or not ask.about:
        return {}
    return {"about": known_word(ask.about, words.purposes)} | ({"stance": ask.stance} if ask.stance else {})


def _protection(ask: Ask) -> dict[str, str]:
    """Which kinds of identifier an order was about and why, never which values."""
    told = {
        "identifiers": " ".join(sorted(ask.identify)),
        "reason": known_word(ask.about, SUPPRESSIONS),
        "method": known_word(ask.method, PARENT_METHODS),
        "known": ask.since if ask.order == "purge-child" else "",
        "until": ask.until if ask.order == "verify-parent" else "",
    }
    return {name: word for name, word in told.items() if word}


def known_word(word: str, declared: Collection[str]) -> str:
    """A word where it is declared, else what stands for any other."""
    return word if not word or word in declared else UNDECLARED
