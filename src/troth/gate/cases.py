"""Cases: the order, ticket, request or task that gives an act its business need."""

from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy import bindparam, insert, select, update

from troth.gate.tables import case_file
from troth.kernel import from_micros, micros
from troth.policy import CaseType, Policy, instant_after, read_span
from troth.storage import Lookup, Row, Statement, Transaction

_OPEN = Statement(insert(case_file))
_CLOSE = Statement(
    update(case_file)
    .where(case_file.c.case_id == bindparam("case"), case_file.c.closed_at == 0)
    .values(closed_at=bindparam("at"))
)
_VERIFY = Statement(
    update(case_file)
    .where(case_file.c.case_id == bindparam("case"), case_file.c.closed_at == 0, case_file.c.verified_at == 0)
    .values(verified_at=bindparam("at"))
)
_READ = Lookup(
    case_file,
    by=("case_id",),
    take=("case_type", "person", "role", "closed_at", "opened_at", "record", "verified_at"),
)
_OPEN_ONES = Statement(
    select(case_file.c.case_id, case_file.c.case_type, case_file.c.person, case_file.c.opened_at)
    .where(case_file.c.closed_at == 0)
    .order_by(case_file.c.opened_at)
    .limit(bindparam("limit"))
)


class Case(NamedTuple):
    """A case as the gate weighs it.

    `person`, `role` and `record` are empty where it is bound to none. Instants in microseconds.
    """

    case_type: str
    person: str
    role: str
    closed_at: int
    opened_at: int
    record: str = ""
    verified_at: int = 0

    def covers(self, person: str, role: str, record: str = "") -> bool:
        """Whether it is open, about this person and record, and assigned to this role."""
        if self.closed_at or self.person != person or (self.record and record != self.record):
            return False
        return not self.role or role == self.role or role.startswith(self.role + ".")


def open_case(
    tx: Transaction, case_id: str, case_type: str, person: str, role: str, at: int, record: str = ""
) -> None:
    """Open a case about a person, or about one record of them, for a role at an instant (microseconds)."""
    tx.run(_OPEN, (case_id, case_type, person, role, at, 0, record, 0))


def verify_case(tx: Transaction, case_id: str, at: int) -> bool:
    """Note that it is proven who asks (microseconds); False when that was known, or the case is closed."""
    return tx.run(_VERIFY, {"case": case_id, "at": at}) == 1


def close_case(tx: Transaction, case_id: str, at: int) -> bool:
    """Close a case at an instant (microseconds); False when it is closed already or does not exist."""
    return tx.run(_CLOSE, {"case": case_id, "at": at}) == 1


def end_case(tx: Transaction, case_id: str, at: int) -> None:
    """Close a case whose matter ended by itself (microseconds); nothing where it is closed already."""
    close_case(tx, case_id, at)


def case_of(tx: Transaction, case_id: str) -> Case | None:
    """A case by its id, open or closed; None where there is none."""
    row = tx.lookup(_READ, [(case_id,)]).get((case_id,))
    return Case(*row) if row is not None else None


def case_is_open(tx: Transaction, case_id: str) -> bool:
    """Whether nobody has closed a case yet."""
    found = case_of(tx, case_id)
    return found is not None and not found.closed_at


def case_is_verified(tx: Transaction, case_id: str) -> bool:
    """Whether it was proven who asks in a case: by a mailbox, by a fresh sign-in, or by a role that answers for it."""
    found = case_of(tx, case_id)
    return found is not None and bool(found.verified_at)


def case_is_live(tx: Transaction, case_id: str, policy: Policy, now: int) -> bool:
    """Whether a case is open and its span not over at an instant (microseconds)."""
    return bool(live_cases(tx, [case_id], policy.cases, now))


def live_cases(
    tx: Transaction, case_ids: list[str], declared: Mapping[str, CaseType], now: int
) -> dict[str, Case]:
    """Cases by id that are not over at an instant (microseconds); others and unknown ids are absent."""
    rows = tx.lookup(_READ, [(one,) for one in case_ids])
    found = {key[0]: Case(*row) for key, row in rows.items()}
    return {case_id: case for case_id, case in found.items() if live(case, declared, now)}


def live(case: Case, declared: Mapping[str, CaseType], now: int) -> bool:
    """Whether a case is open and of a declared type whose span is not over at an instant (microseconds)."""
    kind = declared.get(case.case_type)
    if case.closed_at or kind is None:
        return False
    span = read_span(kind.expires) if kind.expires else None
    return span is None or now < micros(instant_after(from_micros(case.opened_at), span))


def open_cases(tx: Transaction, limit: int) -> list[Row]:
    """Open cases, oldest first: id, type, person, opened at (microseconds)."""
    return tx.rows(_OPEN_ONES, {"limit": limit})
