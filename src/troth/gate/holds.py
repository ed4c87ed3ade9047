"""Holds at the gate: what a law or a court keeps of a person although an erasure is permitted, and for which purposes.

Two kinds: those that the policy declares, which hold by themselves; and legal holds, which staff place on a person or on one of
their records under a case, and end again. Whatever is held stays out of every erasure; the rest of the person goes.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import bindparam, insert, select, update

from troth.gate.access import covers
from troth.gate.model import Ask
from troth.gate.tables import legal_hold
from troth.kernel import from_micros, micros, new_id
from troth.policy import HeldValue, Hold, Policy, kept_by
from troth.storage import Lookup, Statement, Transaction
from troth.vault import Holding, Record, all_records_of, holdings_of, parted, slot_of

_h = legal_hold.c
_COLUMNS = ("hold_id", "person", "record", "purpose", "reason", "case_id", "role", "placed_at", "ended_at")
_OF = Lookup(legal_hold, by=("person",), take=_COLUMNS)
_ADD = Statement(insert(legal_hold))
_END = Statement(
    update(legal_hold)
    .where(_h.hold_id == bindparam("which"), _h.ended_at == 0)
    .values(ended_at=bindparam("at"))
)
_ACTIVE = Statement(
    select(*(_h[name] for name in _COLUMNS))
    .where(_h.ended_at == 0)
    .order_by(_h.placed_at, _h.hold_id)
    .limit(bindparam("most"))
)


class LegalHold(NamedTuple):
    """A hold that staff placed. Instants in microseconds; `record` is empty where it is on everything of the person."""

    hold: str
    person: str
    record: str
    purpose: str
    reason: str
    case: str
    role: str
    placed_at: int
    ended_at: int


class Kept(NamedTuple):
    """What keeps a value: the reason in words, when it ends (microseconds; 0 for not known), and the uses that it allows."""

    reason: str
    until: int
    purposes: tuple[str, ...]


def kept_slots(tx: Transaction, policy: Policy, who: str, now: int) -> dict[str, Kept]:
    """What holds keep of a person at an instant (microseconds), by slot.

    Args:
        tx: Unit of work.
        policy: The version in force, which declares holds.
        who: Handle of the person.
        now: The instant.
    """
    placed = [one for one in holds_of(tx, who) if not one.ended_at]
    declared = tuple(policy.of(Hold))
    if not placed and not declared:
        return {}
    records = {one.record: one for one in all_records_of(tx, who)}
    found = {}
    for one in holdings_of(tx, who):
        kept = _kept(policy, declared, placed, one, records.get(one.record), now)
        if kept is not None:
            found[slot_of(one.field, one.record)] = kept
    return found


def held_purposes(tx: Transaction, policy: Policy, who: str) -> frozenset[str]:
    """The data uses that what is left of an erased person may still serve."""
    uses = {purpose for hold in policy.of(Hold) for purpose in hold.purposes}
    return frozenset(uses | {one.purpose for one in holds_of(tx, who) if not one.ended_at})


def hold_facts(tx: Transaction, policy: Policy, ask: Ask, who: str, now: int, *, kept: bool) -> list[str]:
    """What holds establish about an act.

    Args:
        tx: Unit of work.
        policy: The version in force.
        ask: The act.
        who: Handle of the person.
        now: Instant (microseconds).
        kept: Whether only what a hold keeps is left of the person.
    """
    facts = []
    if kept:
        facts.append("hold.only")
        if any(covers(use, ask.purpose) for use in held_purposes(tx, policy, who)):
            facts.append("hold.purpose")
    if touches_slots(policy, ask):
        names, erases = ask.fields or tuple(ask.values), ask.act == "erase"
        slots = map(parted, kept_slots(tx, policy, who, now))
        if any(
            field in names and (ask.record == record or (erases and not ask.record))
            for field, record in slots
        ):
            facts.append("hold.active")
    return facts


def touches_slots(policy: Policy, ask: Ask) -> bool:
    """Whether an act takes away what stands somewhere by its name: it erases fields, or amends a record."""
    if ask.act == "erase":
        return bool(ask.fields)
    point = policy.points.get(ask.point)
    return ask.act == "collect" and bool(ask.record) and point is not None and bool(point.amends)


def holdings_told(tx: Transaction, policy: Policy, who: str, now: int) -> list[dict[str, str]]:
    """What a person has, by name: each field with its record, since when it stands, and what keeps it; opens nothing."""
    records = {one.record: one for one in all_records_of(tx, who)}
    keeping = kept_slots(tx, policy, who, now)
    found = []
    for one in holdings_of(tx, who):
        within, kept = records.get(one.record), keeping.get(slot_of(one.field, one.record))
        found.append(
            {
                "field": one.field,
                "record": one.record,
                "kind": within.kind if within is not None else "",
                "point": within.point if within is not None else "",
                "created": _text(within.created_at) if within is not None else "",
                "written": _text(one.written_at),
                "policy": one.policy,
                "kept": kept.reason if kept is not None else "",
                "until": _text(kept.until) if kept is not None else "",
            }
        )
    return found


def holds_of(tx: Transaction, who: str) -> list[LegalHold]:
    """The legal holds on a person, ended ones too, the oldest first."""
    rows = tx.lookup_all(_OF, [(who,)]).get((who,), ())
    return sorted((LegalHold(*row) for row in rows), key=lambda one: (one.placed_at, one.hold))


def active_holds(tx: Transaction, most: int = 1000) -> list[LegalHold]:
    """The legal holds that are in force, the oldest first."""
    return [LegalHold(*row) for row in tx.rows(_ACTIVE, {"most": most})]


def place_hold(
    tx: Transaction, *, person: str, record: str, purpose: str, reason: str, case: str, role: str, now: int
) -> str:
    """Place a legal hold on a person, or on one record of theirs; gives its id."""
    hold = new_id()
    tx.run(_ADD, (hold, person, record, purpose, reason, case, role, now, 0))
    return hold


def end_hold(tx: Transaction, hold: str, now: int) -> bool:
    """End a legal hold at an instant (microseconds); False where there is none in force."""
    return tx.run(_END, {"which": hold, "at": now}) == 1


def told(kept: Mapping[str, Kept]) -> list[dict[str, str]]:
    """What is kept, as an outcome tells it."""
    return [
        {"slot": slot, "reason": one.reason, "until": _text(one.until)} for slot, one in sorted(kept.items())
    ]


def _text(at: int) -> str:
    return from_micros(at).isoformat() if at else ""


def _kept(
    policy: Policy,
    declared: Iterable[Hold],
    placed: Sequence[LegalHold],
    one: Holding,
    record: Record | None,
    now: int,
) -> Kept | None:
    for hold in placed:
        if hold.record in ("", one.record):
            return Kept(f"legal hold: {hold.reason}", 0, (hold.purpose,))
    field = policy.fields.get(one.field)
    if record is None or field is None:
        return None
    created, changed = from_micros(record.created_at), from_micros(record.changed_at)
    slot = HeldValue(one.field, field.category, record.kind, created, changed)
    found = kept_by(declared, slot, from_micros(now))
    if found is None:
        return None
    by, ends = found
    return Kept(f"{by.clause} {by.law}", micros(ends), by.purposes)
