"""Taking a law's longer time: with a reason and a notice, before the day is over. Nothing that we promised gets longer.

The clock that is taken longer stays as it was set and counts as met; another one with the later day stands beside it. The day by
which the matter is answered, the strictest of all at receipt, is moved by nothing (clause III.6).
"""

from collections.abc import Sequence

from troth.kernel import Conflict, InvalidInput, NotFound, Refused, from_micros, micros
from troth.rights import keeping
from troth.rights.calendars import calendar_of
from troth.rights.clocks import Rule, due
from troth.rights.keeping import Noted
from troth.rights.model import Duty, MatterRow, Step
from troth.rights.statutes import STATUTES
from troth.storage import Transaction

EXTENDED = "matter-extended"
"""Mail template that gives notice of it."""
LONGER = "-longer"
"""How the name of a clock ends that was taken longer."""
_STEP = "extended"


def extendable(row: MatterRow, duties: Sequence[Duty], now: int) -> list[Duty]:
    """The clocks of laws that may still be taken longer at an instant (microseconds)."""
    if row.ended_at or not row.person or row.lapses:
        return []
    return [one for one in duties if _law(one) is not None and not one.met_at and now <= one.due_at]


def moved_clocks(duties: Sequence[Duty], steps: Sequence[Step]) -> list[tuple[Duty, Duty, str]]:
    """Each clock that was taken longer: as it was set, as it is now, and the reason that was given."""
    by_rule = {one.rule: one for one in duties}
    reasons = dict(one.note.partition(": ")[::2] for one in steps if one.step == _STEP)
    return [
        (by_rule[rule], later, reasons.get(rule, ""))
        for name, later in by_rule.items()
        if name.endswith(LONGER) and (rule := name.removesuffix(LONGER)) in by_rule
    ]


def extend(tx: Transaction, row: MatterRow, rule: str, reason: str, who: Noted, now: int) -> None:
    """Take the longer time that a law's clock gives.

    Args:
        tx: Unit of work.
        row: The matter as it was read in this unit of work.
        rule: Name of the clock, such as gdpr-answer.
        reason: Why; told to the person, without personal data.
        who: Who takes it.
        now: Instant (microseconds).

    Raises:
        NotFound: The matter has no such clock.
        Refused: Nobody could be given notice, or the clock is a promise or knows no longer time.
        Conflict: Its day is over, it was taken longer before, or the matter has ended.
        InvalidInput: There is no reason.
    """
    if not reason.strip():
        raise InvalidInput(
            "No longer time is taken without a reason.",
            field="reason",
            mend="Say why, for the person to read.",
        )
    if not row.person or row.lapses:
        raise Refused(
            "Nobody can be given notice yet.", field="number", mend="Wait until it is proven who asks."
        )
    clock, law = _open_clock(tx, row, rule, now)
    received = from_micros(row.received_at)
    later = due(law, received, calendar_of(law.place) if law.place else None, extended=True)
    keeping.meet_duty(tx, clock, now)
    keeping.add_duties(tx, [Duty(row.case, rule + LONGER, "answer", micros(later.at), 0, later.why, "")])
    keeping.note_step(tx, row.case, now, _STEP, who, f"{rule}: {' '.join(reason.split())}")


def _open_clock(tx: Transaction, row: MatterRow, rule: str, now: int) -> tuple[Duty, Rule]:
    """The clock of a name with its law, while it may be taken longer."""
    clock = next((one for one in keeping.duties_of(tx, row.case) if one.rule == rule), None)
    if clock is None:
        raise NotFound("The matter has no such clock.", field="clock", mend="See `troth requests show`.")
    law = _law(clock)
    if law is None:
        raise Refused(
            "This clock knows no longer time: what we promise stays.",
            clause="III.6",
            field="clock",
            mend="Take a law's clock that knows one.",
        )
    if row.ended_at or clock.met_at or now > clock.due_at:
        raise Conflict(
            "It is too late to take this clock longer, or that was done before.",
            field="clock",
            mend="Answer by the day that stands.",
        )
    return clock, law


def _law(clock: Duty) -> Rule | None:
    """The law's clock of that name, if it knows a longer time."""
    return next(
        (one.rule for one in STATUTES if one.rule.name == clock.rule and one.rule.extension is not None), None
    )
