"""Cases: the order, ticket, request or task that gives an act its business need."""

from typing import NamedTuple

from sqlalchemy import bindparam, insert, select, update

from troth.gate.tables import case_file
from troth.storage import Lookup, Row, Statement, Transaction

_OPEN = Statement(insert(case_file))
_CLOSE = Statement(
    update(case_file)
    .where(case_file.c.case_id == bindparam("case"), case_file.c.closed_at == 0)
    .values(closed_at=bindparam("at"))
)
_READ = Lookup(case_file, by=("case_id",), take=("case_type", "person", "role", "closed_at"))
_OPEN_ONES = Statement(
    select(case_file.c.case_id, case_file.c.case_type, case_file.c.person, case_file.c.opened_at)
    .where(case_file.c.closed_at == 0)
    .order_by(case_file.c.opened_at)
    .limit(bindparam("limit"))
)


class Case(NamedTuple):
    """A case as the gate weighs it. `person` and `role` are empty where it is bound to none."""

    case_type: str
    person: str
    role: str
    closed_at: int

    def covers(self, person: str, role: str) -> bool:
        """Whether it is open, about this person and assigned to this role."""
        if self.closed_at or self.person != person:
            return False
        return not self.role or role == self.role or role.startswith(self.role + ".")


def open_case(tx: Transaction, case_id: str, case_type: str, person: str, role: str, at: int) -> None:
    """Open a case about a person for a role at an instant (microseconds)."""
    tx.run(_OPEN, (case_id, case_type, person, role, at, 0))


def close_case(tx: Transaction, case_id: str, at: int) -> bool:
    """Close a case at an instant (microseconds); False when it is closed already or does not exist."""
    return tx.run(_CLOSE, {"case": case_id, "at": at}) == 1


def cases(tx: Transaction, case_ids: list[str]) -> dict[str, Case]:
    """Cases by id; unknown ids are absent."""
    return {key[0]: Case(*row) for key, row in tx.lookup(_READ, [(one,) for one in case_ids]).items()}


def open_cases(tx: Transaction, limit: int) -> list[Row]:
    """Open cases, oldest first: id, type, person, opened at (microseconds)."""
    return tx.rows(_OPEN_ONES, {"limit": limit})
