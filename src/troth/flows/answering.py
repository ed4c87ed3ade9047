"""Answering a request: plan what is done in each place that holds something of the person, do it item by item, close it.

Whatever stops the work, it is taken up again: the plan stands in the database, each item is done and noted on its own, and what
was done already is safe to repeat. A place that is down leaves its items waiting; the job that asked comes again.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, Literal, NamedTuple, Protocol

from troth.gate import case_is_verified
from troth.kernel import Clock, NotFound, TrothError, Unavailable, micros
from troth.policy import Policy
from troth.rights import (
    BY_HAND,
    DATABASE,
    DONE,
    FAILED,
    KEPT,
    NEEDS_PROOF,
    WAITING,
    Agents,
    Item,
    MatterRow,
    Rights,
    Went,
    items_of,
    meet_telling,
    note_items,
)
from troth.storage import Database

TELL = "tell"
_TELL_THEMSELVES = frozenset({"access", "portability"})
"""Kinds whose own mail says that they are done: it says where the copy is."""


class Work(NamedTuple):
    """A request that is carried out; handles and words only.

    Args:
        case: Id of its case.
        number: What people call it by.
        kind: What it asks for.
        person: Handle of whose it is.
        record: Record that holds what was written.
        key: API key in whose name it is carried out.
        purpose: Data use that its handling serves.
        language: In which the person is answered.
    """

    case: str
    number: str
    kind: str
    person: str
    record: str
    key: str
    purpose: str
    language: str


class Done(NamedTuple):
    """What became of an item. `waiting` has it tried again; `until` (microseconds) says when what keeps it ends.

    `by_hand` with `waiting`: it waits for a person of staff, and the note says why.

    `same_again` says that doing it once more would change nothing and come out the same: it may be noted together with what
    is done after it, because a crash before that note is made good by doing it again.
    """

    state: Literal["done", "kept", "waiting", "failed"]
    note: str = ""
    until: int = 0
    by_hand: bool = False
    same_again: bool = False


class Part(NamedTuple):
    """A table of a person's copy: what one place holds, from where, under which clause, and until when.

    A cell is text, or a structure that JSON can tell; pages and tables show its values one behind the other.
    """

    store: str
    title: str
    columns: tuple[str, ...]
    rows: Iterable[Sequence[Any]]
    origin: str
    clause: str
    until: str


class ByHand(Exception):
    """A request says nothing that could be carried out by itself; somebody has to read it."""


class Store(Protocol):
    """A place that holds personal data."""

    name: str

    def plan(self, work: Work) -> Sequence[Item]:
        """What would be done there, item by item; only looks."""

    def carry_out(self, work: Work, item: Item) -> Done:
        """Do one item; called again after a crash, so it must be safe to repeat."""

    def copy(self, work: Work) -> Iterator[Part]:
        """What it holds about the person, table by table."""


Finisher = Callable[[Work, Sequence[Item]], None]
"""Closes a kind of request once every item is over (a package, a certificate, a report); safe to repeat."""


class HowFar(NamedTuple):
    """How far a request is."""

    state: str
    items: int
    done: int
    waiting: int
    kept: int
    failed: int


class Answering:
    """Carries requests out.

    Args:
        database: The data database.
        clock: Dates every item.
        policy: Gives the version in force.
        rights: Requests and their steps.
        key: Gives the key in whose name they are carried out.
        stores: Gives every place that holds personal data; an erasure goes through them in this order.
        finishers: What closes each kind; kinds without one wait for staff.
    """

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        policy: Callable[[], Policy],
        rights: Rights,
        key: Callable[[], str],
        stores: Callable[[], Sequence[Store]],
        finishers: Mapping[str, Finisher],
    ) -> None:
        self._database = database
        self._clock = clock
        self._policy = policy
        self._rights = rights
        self._agents = Agents(rights, database, policy, clock)
        self._key = key
        self._stores = stores
        self._finishers = finishers

    def plan(self, name: str, key: str = "") -> list[Item]:
        """Work out what a request will do, and write it down.

        Args:
            name: Number or case of a verified request.
            key: Of who plans it; empty for the service itself.

        Raises:
            IllegalMove: It is not proven who asks, or it is too late for a plan.
            NotFound: Nothing carries out this kind of request.
        """
        row = self._rights.row(name)
        if row.kind not in self._finishers:
            raise NotFound(
                f"Nothing carries out a request of the kind {row.kind}.",
                field="kind",
                mend="Say what it asks for (`troth requests classify`), or do it by hand.",
            )
        work = self._work(row)
        items = self._worked_out(work)
        self._rights.plan(key or work.key, row.case, items, told=bool(key))
        return items

    def carry_out(self, case: str) -> None:
        """Carry a request out, from wherever it stands; what has ended and has nothing waiting is left alone.

        Raises:
            Unavailable: A place takes no work now; what is left is done when this is called again.
        """
        row = self._rights.row(case)
        if row.kind not in self._finishers or row.state not in ("verified", "planned", "executing"):
            self._finish_left_over(row)
            return
        if row.state == "verified" and row.kind in NEEDS_PROOF and not self._proven(row):
            return
        work = self._work(row)
        if not self._begun(work, row):
            return
        items = self._do_items(work)
        self._finishers[row.kind](work, items)
        left = [item for item in items if item.left_over]
        if left:
            self._rights.move(work.key, case, "partially-completed", _told(left))
        else:
            self._rights.move(work.key, case, "completed", told=row.kind not in _TELL_THEMSELVES)

    def _begun(self, work: Work, row: MatterRow) -> bool:
        """Begin to carry a request out, if that is still to be done; False where it is not to be."""
        one = self._agents.mandate(row.case)
        if (
            one is not None
            and row.state != "executing"
            and not one.stands(row.kind, micros(self._clock.now()))
        ):
            self._agents.stop(work.key, row.case)
            return False
        if row.state == "verified":
            try:
                self._rights.plan(work.key, row.case, self._worked_out(work), told=False, start=True)
            except ByHand:
                return False
        elif row.state == "planned":
            self._rights.move(work.key, row.case, "executing")
        return True

    def progress(self, name: str) -> HowFar:
        """How far a request is."""
        told = self._rights.matter(name)
        states = [item.state for item in told.items]
        return HowFar(
            told.matter.state,
            len(states),
            states.count(DONE),
            states.count(WAITING),
            states.count(KEPT),
            states.count(FAILED),
        )

    def _worked_out(self, work: Work) -> list[Item]:
        """What each place would do, in order."""
        found = [item for store in self._stores() for item in store.plan(work)]
        return [item._replace(case=work.case, place=place) for place, item in enumerate(found)]

    def _finish_left_over(self, row: MatterRow) -> None:
        """Do what waits of a request that has ended in part: what kept it has ended."""
        if row.kind not in self._finishers or row.state != "partially-completed":
            return
        with self._database.reading() as tx:
            waits = any(item.state == WAITING for item in items_of(tx, row.case))
        if waits:
            work = self._work(row)
            self._finishers[row.kind](work, self._do_items(work))

    def _do_items(self, work: Work) -> list[Item]:
        """Do every item that waits; gives all items when none waits any more.

        Raises:
            Unavailable: Some still wait.
        """
        stores = {store.name: store for store in self._stores()}
        with self._database.reading() as tx:
            items = items_of(tx, work.case)
        self._do_groups(stores, work, [one for one in items if one.state == WAITING])
        with self._database.reading() as tx:
            items = items_of(tx, work.case)
        waiting = sorted({item.store for item in items if item.state == WAITING})
        if waiting:
            raise Unavailable(
                f"These places take no work now: {', '.join(waiting)}.", mend="It goes on by itself."
            )
        return items

    def _do_groups(self, stores: Mapping[str, Store], work: Work, items: Sequence[Item]) -> None:
        """Do the items of one place after another; what would come out the same again is noted with the place after it."""
        unnoted: list[Went] = []
        try:
            for name, group in groupby(items, lambda one: one.store):
                done = [(item, self._done(stores.get(name), work, item)) for item in group]
                now = micros(self._clock.now())
                unnoted += [
                    Went(_left_to(item, how), how.state, now, how.note, how.until) for item, how in done
                ]
                if not all(how.same_again for _, how in done):
                    went, unnoted = unnoted, []
                    self._note(went)
                if any(item.action == TELL and how.state == WAITING for item, how in done):
                    break  # what the person is told comes before what makes the telling impossible
        finally:
            self._note(unnoted)

    def _note(self, went: Sequence[Went]) -> None:
        """Note how items went, together: what a crash leaves unnoted is safe to repeat."""
        if went:
            with self._database.transaction() as tx:
                note_items(tx, went)
                if any(one.item.target.startswith(DATABASE) for one in went):
                    meet_telling(tx, self._policy(), went[0].item.case, micros(self._clock.now()))

    @staticmethod
    def _done(store: Store | None, work: Work, item: Item) -> Done:
        if store is None:
            return Done("failed", "no such place any more")
        try:
            return store.carry_out(work, item)
        except Unavailable as error:
            return Done("waiting", error.code)
        except TrothError as error:
            return Done("failed", f"{error.code}: {error.clause}" if error.clause else error.code)

    def _proven(self, row: MatterRow) -> bool:
        with self._database.reading() as tx:
            return case_is_verified(tx, row.case)

    def _work(self, row: MatterRow) -> Work:
        declared = next((c for c in self._policy().cases.values() if c.matter == row.matter), None)
        purpose = declared.purpose if declared is not None else None
        return Work(
            case=row.case,
            number=row.number,
            kind=row.kind,
            person=row.person,
            record=row.record,
            key=self._key(),
            purpose=purpose or "",
            language=row.language,
        )


def _left_to(item: Item, done: Done) -> Item:
    return item._replace(action=BY_HAND) if done.by_hand else item


def _told(left: Sequence[Item]) -> str:
    """Why something stays, each reason once."""
    reasons = sorted({item.reason if item.state == KEPT else f"{item.store} failed" for item in left})
    return "; ".join(reasons)[:200]
