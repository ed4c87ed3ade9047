"""The queue of the desk: cases page by page and by number; no name and no value of anybody."""

from collections.abc import Callable
from typing import NamedTuple

from troth.desk import keeping
from troth.desk.model import ANSWERED, CLOSED, FREE, MINE, TICKET, VIEWS, Served
from troth.kernel import InvalidInput
from troth.policy import CaseType, Policy
from troth.rights import MatterRow, Wanted, matter_by_case, matter_by_number, read_number, seek
from troth.rights import Place as MatterPlace
from troth.storage import Database, Transaction


class Place(NamedTuple):
    """Where a page begins: behind this instant (microseconds) and case."""

    at: int = 0
    case: str = ""


class Listing:
    """Cases as the queue shows them.

    Args:
        database: The data database.
        policy: Gives the version in force.
    """

    def __init__(self, database: Database, policy: Callable[[], Policy]) -> None:
        self._database, self._policy = database, policy

    def page(
        self, declared: CaseType, view: str, holder: str, stage: str | None, behind: Place, most: int
    ) -> list[Served]:
        """A page of cases of a type: tickets by the day of their answer, others the oldest first.

        Args:
            declared: The type.
            view: One of `VIEWS`.
            holder: Who looks, for `mine`.
            stage: Only those in a stage; None for any.
            behind: Where the page before ended.
            most: Most cases.

        Raises:
            InvalidInput: There is no such view.
        """
        if view not in VIEWS:
            raise InvalidInput("There is no such view.", field="view", mend=f"Use one of {', '.join(VIEWS)}.")
        with self._database.snapshot() as tx:
            if declared.matter != TICKET:
                return keeping.list_cases(
                    tx, declared.name, view, holder, stage, (behind.at, behind.case), most
                )
            wanted = Wanted(
                (TICKET,),
                state=ANSWERED if view == CLOSED else "",
                handler=holder if view == MINE else "",
                free=view == FREE,
            )
            place = MatterPlace(*behind) if behind.case else None
            return [self._ticket(tx, declared, one) for one in seek(tx, wanted, 0, place, most)]

    def by_case(self, case: str) -> Served | None:
        """A case by its id; None where the desk serves none such."""
        with self._database.reading() as tx:
            return keeping.case_row(tx, case) or self._of_matter(tx, matter_by_case(tx, case))

    def by_number(self, text: str) -> Served | None:
        """A case by its number as people type it; None where the desk serves none such."""
        number = read_number(text)
        with self._database.reading() as tx:
            return keeping.case_by_number(tx, number) or self._of_matter(tx, matter_by_number(tx, number))

    def _of_matter(self, tx: Transaction, row: MatterRow | None) -> Served | None:
        declared = next((one for one in self._policy().cases.values() if one.matter == TICKET), None)
        if row is None or declared is None or row.matter != TICKET:
            return None
        return self._ticket(tx, declared, row)

    def _ticket(self, tx: Transaction, declared: CaseType, row: MatterRow) -> Served:
        about = matter_by_case(tx, row.about) if row.about else None
        return Served(
            row.case, row.number, declared.name, row.state, row.person, row.record, row.handler, row.received_at,
            row.due_at, row.ended_at, row.outcome, about.number if about is not None else "", row.channel,
        )  # fmt: skip
