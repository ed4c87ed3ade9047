"""Entries about visitors whom nobody knows: what was shown to them, and what they chose.

Such an entry names no person and no browser, only declared words and counts: it proves that a notice was shown, or that a
choice was made, and can be counted. It is no consent record of anybody (clause 0.3).
"""

from collections.abc import Collection, Mapping
from typing import NamedTuple

from troth.gate.facts import categories_of
from troth.gate.recording import NOTHING_MORE, UNDECLARED, known_word
from troth.kernel import new_id
from troth.ledger import Entry, encode_entry, stage
from troth.policy import OfferedChoice, Policy
from troth.storage import Transaction

MATTER = "matter"
"""Word of the ledger for what happens to a request or dispute by itself."""
DISCLOSE = "disclose"
"""Word of the ledger for what goes to a recipient."""
SHOWN, CHOSEN = "show-notice", "choose"
IN_RECEIPT = "page.receipt"
"""The place of a notice that a visitor reads in a receipt of it."""


class Shown(NamedTuple):
    """A notice of a policy version, shown at a declared place."""

    notice: str
    place: str


class ToldByStaff(NamedTuple):
    """What staff told somebody themselves, outside of Troth.

    Args:
        person: Handle of whose values they are.
        case: Id of the case.
        recipient: Declared recipient, or a database of our own as the plan names it.
        fields: Names of the fields.
        purpose: Data use of the case.
        clause: Clause of the duty.
        role: Of who told it.
    """

    person: str
    case: str
    recipient: str
    fields: Collection[str]
    purpose: str
    clause: str
    role: str


def note_shown(tx: Transaction, policy: Policy, shown: Mapping[Shown, int], now: int) -> dict[Shown, str]:
    """Record how often notices were shown: one entry for each notice and place.

    Args:
        tx: Unit of work.
        policy: The version whose notices they are.
        shown: Counts since the last time.
        now: Instant (microseconds).

    Returns:
        The ids of the entries.
    """
    entries, ids = [], {}
    for one, times in shown.items():
        notice = policy.notices.get(one.notice)
        ids[one] = entry_id = new_id()
        detail = {
            "notice": one.notice if notice else UNDECLARED,
            "place": known_word(one.place, (*notice.at, IN_RECEIPT) if notice else ()),
            "times": str(times),
        }
        entry = Entry(
            id=entry_id,
            at=now,
            act=SHOWN,
            effect="permit",
            clauses=(notice.clause,) if notice else (),
            policy=policy.sha256,
            detail=detail,
        )
        entries.append((entry_id, "", encode_entry(entry)))
    stage(tx, entries)
    return ids


def note_matter(
    tx: Transaction,
    policy: Policy,
    *,
    case: str,
    what: str,
    clause: str,
    now: int,
    more: Mapping[str, str] = NOTHING_MORE,
) -> str:
    """Record what happened to a matter by itself, such as that it became late.

    Args:
        tx: Unit of work.
        policy: The version in force.
        case: Id of its case.
        what: What happened, a word of the code's own.
        clause: Clause that it is about; empty for none.
        now: Instant (microseconds).
        more: Further details that are not personal, such as a digest.

    Returns:
        The id of the entry.
    """
    entry_id = new_id()
    entry = Entry(
        id=entry_id,
        at=now,
        act=MATTER,
        effect="permit",
        clauses=(clause,) if clause else (),
        policy=policy.sha256,
        case=case,
        detail={"what": what, **more},
    )
    stage(tx, [(entry_id, "", encode_entry(entry))])
    return entry_id


def note_told(tx: Transaction, policy: Policy, told: ToldByStaff, what: str, now: int) -> str:
    """Record in a person's journal that staff told somebody the right values, as a duty asks.

    Args:
        tx: The unit of work of the step by which they say so, which is an act of its own.
        policy: The version in force.
        told: Whom, and what about whom.
        what: What happened, a word of the code's own.
        now: Instant (microseconds).

    Returns:
        The id of the entry.
    """
    entry_id = new_id()
    outside = told.recipient in policy.recipients
    entry = Entry(
        id=entry_id,
        at=now,
        act=DISCLOSE if outside else MATTER,
        effect="permit",
        clauses=(told.clause,),
        policy=policy.sha256,
        actor=told.role,
        person=told.person,
        purpose=told.purpose,
        data=categories_of(told.fields, policy),
        fields=tuple(sorted(told.fields)),
        recipient=told.recipient if outside else "",
        case=told.case,
        detail={"what": what, "recipient": told.recipient},
    )
    stage(tx, [(entry_id, told.person, encode_entry(entry))])
    return entry_id


def note_choice(
    tx: Transaction,
    policy: Policy,
    offered: Collection[str],
    allowed: Collection[str],
    knowingly: Collection[str],
    signal: str,
    now: int,
) -> str:
    """Record that some visitor chose.

    Args:
        tx: Unit of work.
        policy: The version in force, under which it was offered.
        offered: Purposes that the visitor had a choice about; any other is left out.
        allowed: Those that were switched on.
        knowingly: Those that were switched on against the browser's signal.
        signal: The browser's signal: gpc, dnt or empty.
        now: Instant (microseconds).

    Returns:
        The id of the entry.
    """
    clauses = {one.clause for one in policy.of(OfferedChoice) if set(one.purposes).intersection(offered)}
    entry_id = new_id()
    detail = {
        "allowed": " ".join(one for one in offered if one in allowed),
        "refused": " ".join(one for one in offered if one not in allowed),
        "knowingly": " ".join(one for one in offered if one in knowingly),
        "signal": signal,
    }
    entry = Entry(
        id=entry_id,
        at=now,
        act=CHOSEN,
        effect="permit",
        clauses=tuple(clause.id for clause in policy.clauses if clause.id in clauses),
        policy=policy.sha256,
        channel="web",
        detail={name: value for name, value in detail.items() if value},
    )
    stage(tx, [(entry_id, "", encode_entry(entry))])
    return entry_id
