"""Orders that protect people beyond their record: the suppression list, purging a child's record, a parent's consent."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from troth.gate.facts import identifiers_of, matching_fields
from troth.gate.form import CHILD_ORDERS, PARENT_METHODS
from troth.gate.model import Ask
from troth.gate.weighing import Weighed
from troth.kernel import InvalidInput, NotFound, from_micros, micros
from troth.policy import Policy, read_span
from troth.storage import Transaction
from troth.vault import (
    CHILD,
    Vault,
    consent_to_sharing,
    listings,
    release,
    suppress,
    suppress_person,
    verify_parent,
    withdraw_parent,
)

LONGEST_CONSENT = timedelta(days=5 * 366)
"""A parent's consent runs out; for longer than this it cannot be given at once."""


def protect(tx: Transaction, vault: Vault, one: Weighed, policy: Policy, now: int) -> Mapping[str, Any]:
    """Carry out a permitted order of this kind at an instant (microseconds); gives what it found out.

    Raises:
        InvalidInput: It lacks something, or names something that does not exist.
        NotFound: There is no such person, or nothing to take back.
    """
    if one.ask.order in CHILD_ORDERS:
        return _children(tx, vault, one, policy, now)
    ask, keys = one.ask, vault.keys
    pairs = identifiers_of(ask.identify, policy)
    if ask.order == "suppress":
        suppress(tx, keys, pairs, ask.about, now)
    elif ask.order == "release-suppression":
        _check_release(ask)
        if not release(tx, keys, pairs, ask.about):
            raise NotFound(
                "It does not stand on the suppression list for this reason.",
                field="identify",
                mend="See the order show-suppression.",
            )
    else:
        return {"suppressions": _shown(listings(tx, keys, pairs))}
    return {}


def _check_release(ask: Ask) -> None:
    if ask.about == CHILD and ask.method not in PARENT_METHODS:
        raise InvalidInput(
            "A child's identifier comes off the list only for a verified parent.",
            clause="I.19",
            field="method",
            mend=f"Say how the parent was verified: {', '.join(sorted(PARENT_METHODS))}.",
        )


def _shown(found: Mapping[tuple[str, str], Sequence[tuple[str, int]]]) -> list[dict[str, str]]:
    return sorted(
        (
            {"identifier": kind, "reason": reason, "since": _written(since)}
            for (kind, _), rows in found.items()
            for reason, since in rows
        ),
        key=lambda row: (row["identifier"], row["reason"]),
    )


def _children(tx: Transaction, vault: Vault, one: Weighed, policy: Policy, now: int) -> Mapping[str, Any]:
    ask, who = one.ask, one.person
    if ask.order == "purge-child":
        return _purge(tx, vault, one, policy, now)
    if ask.order == "verify-parent":
        verify_parent(tx, who, ask.method, _until(ask, now), now)
        return {}
    if ask.order == "withdraw-parent":
        done = withdraw_parent(tx, who)
    else:
        done = consent_to_sharing(tx, who, now, given=ask.order == "allow-sharing")
    if not done:
        raise NotFound(
            "No consent of a parent is in force for this person.",
            clause="I.19",
            field="person",
            mend="Record one with the order verify-parent.",
        )
    return {}


def _purge(tx: Transaction, vault: Vault, one: Weighed, policy: Policy, now: int) -> Mapping[str, Any]:
    """Suppress, before the record is erased; somebody unknown is only suppressed, so that the order repeats without harm."""
    suppress(tx, vault.keys, identifiers_of(one.ask.identify, policy), CHILD, now)
    known = bool(one.person) and one.person in vault.people(tx, [one.person])
    if known:
        for kind in sorted(matching_fields(policy)):
            suppress_person(tx, one.person, CHILD, now, kind)
    return {"erased": known, "clocks": clocks(one, policy, now)}


def clocks(one: Weighed, policy: Policy, now: int) -> list[dict[str, str]]:
    """The deadlines that a permitted order meets: obligations of the decision, counted from when it became known."""
    known = known_at(one.ask, now)
    found = []
    for name in one.decision.obligations if one.decision is not None else ():
        rule = policy.requires.get(name)
        span = read_span(rule.within) if rule is not None and rule.within else None
        if span is None or span.unit != "hours":
            continue
        due = known + timedelta(hours=span.count)
        met = "in time" if from_micros(now) <= due else "late"
        found.append(
            {
                "obligation": name,
                "known": known.isoformat(timespec="seconds"),
                "due": due.isoformat(timespec="seconds"),
                "met": met,
            }
        )
    return found


def known_at(ask: Ask, now: int) -> datetime:
    """When it became known that somebody is a child: as told, at the latest now."""
    if not ask.since:
        return from_micros(now)
    told = datetime.fromisoformat(ask.since)
    if micros(told) > now:
        raise InvalidInput(
            "since lies in the future.", field="since", mend="Say when it became known; left out, it is now."
        )
    return told


def clocks_met(values: Mapping[str, Any]) -> dict[str, str]:
    """What the ledger says of the deadlines that an order met."""
    told = [f"{one['obligation']} {one['met']}, due {one['due']}" for one in values.get("clocks", ())]
    return {"clock": "; ".join(told)} if told else {}


def _until(ask: Ask, now: int) -> int:
    """The first instant at which a consent given until a day is over."""
    today = from_micros(now)
    last = date.fromisoformat(ask.until) if ask.until else date.min
    if not today.date() <= last <= (today + LONGEST_CONSENT).date():
        raise InvalidInput(
            "A parent's consent needs its last day.",
            clause="I.19",
            field="until",
            mend="Give a day of the next five years, like 2027-06-30.",
        )
    return micros(datetime(last.year, last.month, last.day, tzinfo=today.tzinfo) + timedelta(days=1))


def _written(instant: int) -> str:
    return from_micros(instant).isoformat(timespec="seconds")
