"""An SQL database as a place of a request: a person's rows, copied or erased by its data set."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy.engine import Connection, Engine

from troth.adapters.connectors.correcting import correct_rows, joined, told_of
from troth.adapters.connectors.engines import open_engine, reading, writing
from troth.adapters.connectors.erasing import Erased, digests, erase_rows
from troth.adapters.connectors.ports import Memory
from troth.adapters.connectors.reflecting import Reflected, reflect
from troth.adapters.connectors.rows import Rows, shown
from troth.connectors import (
    Change,
    Dataset,
    Finding,
    Found,
    Graph,
    Identity,
    Place,
    Plan,
    Run,
    graph_of,
    places_of,
    plan_for,
    told_apart,
    walk,
)
from troth.flows import CORRECT, Done, Part, Work
from troth.kernel import Unavailable
from troth.rights import BY_HAND, DATABASE, Item

COPIES = frozenset({"access", "portability"})
_COPIED, _ERASED, _CORRECTED = "III.0", "III.2", "III.1"
_FRESH_SECONDS = 60.0
_AGAIN_SECONDS = 2.0
_SOMEBODY_ELSE = "(somebody else)"
_LOOK = "look:"
"""Before the target of what a person has to look at, in the words that are kept of a correction."""
_FORGOTTEN = "what stood here before is not known any more"
_CHANGED = "the data set has changed since it was planned"


class DoesNotFit(Unavailable):
    """A data set does not fit its database; nothing was changed, and nothing will be before it is mended."""

    code = "data-set-does-not-fit"


class _Failed(NamedTuple):
    """The last attempt that failed: for which case and table, when, and why."""

    case: str
    target: str
    at: float
    error: Unavailable

    def stands_for(self, case: str, target: str) -> bool:
        """Whether it was just now and for another table: one look at a database that is down is enough for all of them."""
        return self.case == case and self.target != target and time.monotonic() - self.at < _AGAIN_SECONDS


class SqlStore:
    """A database.

    Args:
        name: Name of the connector.
        url: Gives the database's URL, once it is needed.
        dataset: Its tables.
        memory: Gives identifiers, and keeps what was begun and done.
        digest_key: For digests of rows.
        kinds: Kinds of identifiers that people are looked up by.
        categories: Data categories of the policy's vocabulary.
        any_case: Whether text identifiers are found in whatever case they are written.
    """

    def __init__(
        self,
        name: str,
        url: Callable[[], str],
        dataset: Dataset,
        *,
        memory: Memory,
        digest_key: bytes,
        kinds: Sequence[str],
        categories: frozenset[str] | None = None,
        any_case: bool = True,
    ) -> None:
        self.name = name
        self._url = url
        self._dataset = dataset
        self._memory = memory
        self._digest_key = digest_key
        self._kinds = tuple(kinds)
        self._categories = categories
        self._any_case = any_case
        self._graph = graph_of(dataset, {}, self._kinds)
        self._items = _items(name, dataset, self._graph)
        self._opening = threading.Lock()
        self._engine: Engine | None = None
        self._seen: tuple[float, Reflected, Plan] | None = None
        self._failed: _Failed | None = None
        self._finished: tuple[str, Mapping[str, str]] | None = None

    def plan(self, work: Work) -> list[Item]:
        """One item for each table where rows may be found. Only the data set is looked at: a database that is down stops no plan."""
        if work.kind == CORRECT:
            places = places_of(self._dataset, self._graph, self._memory.wrong(work))
            return [self._correction(work, place) for place in places]
        if work.kind in COPIES:
            return [item._replace(case=work.case, action="copy", reason=_COPIED) for item in self._items]
        return [item._replace(case=work.case) for item in self._items] if work.kind == "erase" else []

    def carry_out(self, work: Work, item: Item) -> Done:
        """Do one item. The first item of an erasure or a correction does every table, in one transaction; the others find it done.

        Raises:
            Lost: The database is down.
            DoesNotFit: The data set does not fit the database.
            Rejected: The database refused. In each case nothing was changed, and the item waits until that is mended.
        """
        if item.action == "copy":
            return Done("done", same_again=True)
        if item.action == BY_HAND:
            return Done("waiting", item.note, by_hand=True)
        finished = self._finished
        if finished is not None and finished[0] == work.case:
            return _went(item, finished[1])
        run = self._memory.run(work.case)
        if run is not None and run.done_at:
            self._finished = (work.case, run.words)
            return _went(item, run.words)
        failed = self._failed
        if failed is not None and failed.stands_for(work.case, item.target):
            raise failed.error
        try:
            told = self._correct(work) if item.action == CORRECT else self._erase(work, run)
            self._finished = (work.case, told)
        except Unavailable as error:
            self._failed = _Failed(work.case, item.target, time.monotonic(), error)
            raise
        return _went(item, told)

    def copy(self, work: Work) -> Iterator[Part]:
        """A person's rows, table by table.

        Raises:
            Lost: The database is down.
            DoesNotFit: The data set does not fit the database.
        """
        identity = self._memory.identity(work)
        if not any(identity.values()):
            return
        self._memory.copied(work)
        with reading(self._open(), self.name) as connection:
            reflected, plan = self._fitting(connection, erasing=False)
            found = walk(plan.graph, identity, Rows(connection, plan, reflected, any_case=self._any_case))
        for name, rows in found.rows.items():
            columns = plan.tables[name].copied
            if columns and rows:
                fields = self._dataset.collections[name].fields
                kinds = [(one, fields[one].identity) for one in columns]
                lines = [[_shown(row[one], kind, found) for one, kind in kinds] for row in rows.values()]
                origin = f"database {self._dataset.title}, table {name}"
                yield Part(self.name, f"{self._dataset.title}: {name}", columns, lines, origin, _COPIED, "")

    def check(self) -> list[Finding]:
        """What does not fit between the data set, the database and the policy's vocabulary.

        Raises:
            Lost: The database is down.
        """
        with reading(self._open(), self.name) as connection:
            self._seen = None
            _, plan = self._looked(connection)
        return list(plan.findings)

    def close(self) -> None:
        """Close every connection."""
        with self._opening:
            if self._engine is not None:
                self._engine.dispose()
                self._engine = None

    def _erase(self, work: Work, run: Run | None) -> Mapping[str, str]:
        identity = self._memory.identity(work)
        told: Mapping[str, str] = {}
        if any(identity.values()):
            try:
                told = self._erase_rows(work, identity, run)
            except Unavailable:
                self._seen = None  # the database may have changed since it was looked at
                self._memory.put_by(work, identity)
                raise
        self._memory.finish(self._memory.run(work.case) or self._memory.begin(work), "done", told)
        return told

    def _erase_rows(self, work: Work, identity: Identity, run: Run | None) -> Mapping[str, str]:
        def begin(found: Found) -> None:
            if run is None or not run.found:
                self._memory.begin(work, digests(found, self.name, self._digest_key))

        with writing(self._open(), self.name) as connection:
            reflected, plan = self._fitting(connection, erasing=True)
            erased = erase_rows(connection, plan, reflected, identity, any_case=self._any_case, begin=begin)
        if run is not None and run.found and not any(erased.done.values()):
            # nobody is found by these identifiers any more: the transaction before a crash was committed
            return {name: "done before" for name in plan.order if plan.tables[name].erases}
        return _told(plan, erased)

    def _correction(self, work: Work, place: Place) -> Item:
        what = f"{self._dataset.title}, {place.collection}: {place.title}"[:400]
        action = BY_HAND if place.by_hand else CORRECT
        target = self._target(place)
        return Item(work.case, 0, self.name, what, target, action, _CORRECTED, note=place.by_hand)

    def _target(self, place: Place) -> str:
        return f"{DATABASE}{self.name}:{place.field}:{place.collection}"

    def _correct(self, work: Work) -> Mapping[str, str]:
        """Correct every table; what a person has to look at is told apart."""
        identity, values = self._memory.changes(work)
        if not values:
            return {_LOOK: _FORGOTTEN}
        by_name = {wrong.name: change for wrong, change in values.items()}
        places = places_of(self._dataset, self._graph, tuple(values))
        told = {_LOOK + self._target(place): place.by_hand for place in places if place.by_hand}
        changes = {place: by_name[place.field] for place in places if not place.by_hand}
        if changes and any(identity.values()):
            try:
                told |= self._correct_rows(work, identity, changes)
            except Unavailable:
                self._seen = None  # the database may have changed since it was looked at
                raise
        else:
            told |= {self._target(place): "nothing names the person there" for place in changes}
        self._memory.finish(self._memory.run(work.case) or self._memory.begin(work), "done", told)
        return told

    def _correct_rows(
        self, work: Work, identity: Identity, changes: Mapping[Place, Change | None]
    ) -> dict[str, str]:
        run = self._memory.run(work.case)

        def begin(found: Found) -> None:
            if run is None or not run.found:
                self._memory.begin(work, digests(found, self.name, self._digest_key))

        with writing(self._open(), self.name) as connection:
            reflected, plan = self._fitting(connection, erasing=False)
            went = correct_rows(
                connection, plan, reflected, identity, changes, any_case=self._any_case, begin=begin
            )
        told = {}
        for place, one in went.items():
            words, look = told_of(one)
            told[(_LOOK if look else "") + self._target(place)] = words
        return told

    def _open(self) -> Engine:
        with self._opening:
            if self._engine is None:
                self._engine = open_engine(self._url())
            return self._engine

    def _fitting(self, connection: Connection, *, erasing: bool) -> tuple[Reflected, Plan]:
        reflected, plan = self._looked(connection)
        errors = plan.errors(erasing=erasing)
        if errors:
            first = errors[0]
            raise DoesNotFit(
                f"{first.collection}.{first.field}: {first.what}; nothing was changed.",
                field=f"{first.collection}.{first.field}",
                mend=f"Run `troth connector check {self.name}`.",
            )
        return reflected, plan

    def _looked(self, connection: Connection) -> tuple[Reflected, Plan]:
        now = time.monotonic()
        if self._seen is None or now - self._seen[0] > _FRESH_SECONDS:
            reflected = reflect(connection, self._dataset)
            plan = plan_for(self._dataset, reflected.known, kinds=self._kinds, categories=self._categories)
            self._seen = (now, reflected, plan)
        return self._seen[1:]


def _went(item: Item, words: Mapping[str, str]) -> Done:
    """How an item went, by what is kept of the whole."""
    if item.action != CORRECT:
        return Done("done", words.get(item.target, "no rows"), same_again=True)
    whole = item.target.count(":") == 1  # planned while the connector could not be opened
    left = [
        told
        for target, told in words.items()
        if target == _LOOK or _is(item, target, whole=whole, look=_LOOK)
    ]
    if left:
        return Done("waiting", joined(left), by_hand=True)
    done = [told for target, told in words.items() if _is(item, target, whole=whole)]
    if done or whole:
        return Done("done", joined(done))
    return Done("waiting", _CHANGED, by_hand=True)


def _is(item: Item, target: str, *, whole: bool, look: str = "") -> bool:
    """Whether kept words are about an item."""
    wanted = look + item.target
    return target.startswith(wanted + ":") if whole else target == wanted


def _items(store: str, dataset: Dataset, graph: Graph) -> list[Item]:
    """What is erased of somebody, table by table, as far as the data set tells."""
    found = []
    for one in dataset.collections.values():
        fields = [f for f in one.fields.values() if f.personal]
        told = [f.name for f in fields if one.delete or not (f.only_key and (f.primary_key or f.references))]
        if told and one.name in graph.reached and not one.skip:
            what = f"{dataset.title}, {one.name}: {', '.join(told)}"[:400]
            found.append(Item("", 0, store, what, one.name, "erase" if one.delete else "mask", _ERASED))
    return found


def _shown(value: Any, kind: str, found: Found) -> str:
    """A value as the person is given it; somebody else's identifier is left out."""
    if kind and (kind, told_apart(value)) in found.others:
        return _SOMEBODY_ELSE
    return shown(value)


def _told(plan: Plan, erased: Erased) -> dict[str, str]:
    """What was done in each table, in a few words."""
    told = {}
    for name in plan.order:
        done, shared = erased.done.get(name, 0), erased.shared.get(name, 0)
        verb = "deleted" if plan.tables[name].delete else "masked"
        words = [f"{done} rows {verb}" if done != 1 else f"1 row {verb}"] if done else []
        if shared:
            words.append(f"{shared} kept, shared with others")
        if plan.tables[name].kept and done:
            words.append(f"kept by the data set: {', '.join(plan.tables[name].kept)}")
        if words:
            told[name] = "; ".join(words)[:200]
    return told
