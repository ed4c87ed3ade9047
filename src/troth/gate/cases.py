"""Cases: the order, ticket, request or task that gives an act its business need."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import bindparam, insert, select, update

from troth.gate.tables import case_file, case_record
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
    take=("case_type", "person", "role", "closed_at", "opened_at", "record", "verified_at", "holder"),
)
_OF_PERSON = Lookup(case_file, by=("person",), take=("case_id", "case_type", "record", "closed_at"))
_ASSIGN = Statement(
    update(case_file)
    .where(case_file.c.case_id == bindparam("case"), case_file.c.closed_at == 0)
    .values(holder=bindparam("who"))
)
_REOPEN = Statement(
    update(case_file)
    .where(case_file.c.case_id == bindparam("case"), case_file.c.closed_at != 0)
    .values(closed_at=0, holder=bindparam("who"))
)
_JOIN = Statement(insert(case_record))
_JOINED = Lookup(case_record, by=("case_id",), take=("record",))
_CASES_OF_RECORD = Lookup(case_record, by=("record",), take=("case_id",))
_OPEN_ONES = Statement(
    select(case_file.c.case_id, case_file.c.case_type, case_file.c.person, case_file.c.opened_at)
    .where(case_file.c.closed_at == 0)
    .order_by(case_file.c.opened_at, case_file.c.case_id)
    .limit(bindparam("limit"))
)


class Case(NamedTuple):
    """A case as the gate weighs it.

    `person`, `role` and `record` are empty where it is bound to none, `holder` where it is assigned to nobody; `joined` are the
    records that joined it later, where somebody asks for one of them. Instants in microseconds.
    """

    case_type: str
    person: str
    role: str
    closed_at: int
    opened_at: int
    record: str = ""
    verified_at: int = 0
    holder: str = ""
    joined: frozenset[str] = frozenset()

    def covers(self, person: str, role: str, records: Sequence[str] = ("",)) -> bool:
        """Whether it is open, about this person and these records, and assigned to this role."""
        if self.closed_at or self.person != person:
            return False
        if self.record and any(one != self.record and one not in self.joined for one in records):
            return False
        return not self.role or role == self.role or role.startswith(self.role + ".")


def open_case(
    tx: Transaction,
    case_id: str,
    case_type: str,
    person: str,
    role: str,
    at: int,
    record: str = "",
    holder: str = "",
) -> None:
    """Open a case about a person, or about one record of them, for a role at an instant (microseconds).

    Args:
        tx: Unit of work.
        case_id: Its id.
        case_type: Its type.
        person: Handle of whom it is about.
        role: Role that may act under it; empty for any.
        at: Instant (microseconds).
        record: Record that it is about; empty for everything.
        holder: The member of staff or the key to whom it is assigned; empty for nobody.
    """
    tx.run(_OPEN, (case_id, case_type, person, role, at, 0, record, 0, holder))


def assign_case(tx: Transaction, case_id: str, holder: str) -> bool:
    """Assign a case to a member of staff or a key, or to nobody; False when it is closed or does not exist."""
    return tx.run(_ASSIGN, {"case": case_id, "who": holder}) == 1


def reopen_case(tx: Transaction, case_id: str, holder: str) -> bool:
    """Open a closed case again, for whoever it is assigned to; False when it is open or does not exist."""
    return tx.run(_REOPEN, {"case": case_id, "who": holder}) == 1


def join_case(tx: Transaction, case_id: str, record: str) -> None:
    """Let a record join a case: it is read under it like the one that it was opened about."""
    tx.run(_JOIN, (case_id, record))


def joined_records(tx: Transaction, case_id: str) -> list[str]:
    """The records that joined a case, in the order in which they were made."""
    return sorted(row[0] for row in tx.lookup_all(_JOINED, [(case_id,)]).get((case_id,), ()))


def cases_joined(tx: Transaction, records: Sequence[str]) -> dict[str, frozenset[str]]:
    """The cases that each of some records joined; absent where it joined none."""
    rows = tx.lookup_all(_CASES_OF_RECORD, [(one,) for one in records])
    return {key[0]: frozenset(str(row[0]) for row in found) for key, found in rows.items()}


def with_joined(tx: Transaction, found: dict[str, Case], wanted: Collection[str]) -> dict[str, Case]:
    """Cases with the records that joined them, for those of some ids that are about one record."""
    bound = [one for one in wanted if one in found and found[one].record]
    if not bound:
        return found
    rows = tx.lookup_all(_JOINED, [(one,) for one in bound])
    more = {key[0]: frozenset(row[0] for row in some) for key, some in rows.items()}
    return {one: case._replace(joined=more[one]) if one in more else case for one, case in found.items()}


def cases_about(tx: Transaction, person: str, record: str) -> list[tuple[str, str]]:
    """Cases of a person (id and type, open or closed): those about a record where there are any, else all, newest first."""
    rows = tx.lookup_all(_OF_PERSON, [(person,)]).get((person,), ())
    about = [row for row in rows if record and row[2] == record]
    return sorted(((str(row[0]), str(row[1])) for row in about or rows), reverse=True)


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


def reopens(case: Case, policy: Policy, now: int) -> bool:
    """Whether a closed case may still be opened again at an instant (microseconds); a matter then goes on in a case of its own."""
    declared = policy.cases.get(case.case_type)
    span = read_span(declared.reopens) if declared is not None and declared.reopens else None
    return span is not None and now <= micros(instant_after(from_micros(case.closed_at), span))


def case_is_over(tx: Transaction, case_id: str, policy: Policy, now: int) -> bool:
    """Whether nothing more may happen under a case from an instant on (microseconds): it is not live, and will not be again."""
    found = case_of(tx, case_id)
    if found is None or not live(found._replace(closed_at=0), policy.cases, now):
        return True
    goes_on_elsewhere = policy.cases[found.case_type].matter is not None
    return bool(found.closed_at) and (goes_on_elsewhere or not reopens(found, policy, now))


def open_cases(tx: Transaction, limit: int) -> list[Row]:
    """Open cases, oldest first: id, type, person, opened at (microseconds)."""
    return tx.rows(_OPEN_ONES, {"limit": limit})
