"""Finding a person's rows: from identifiers along the ways of a data set, each row once, until nothing new is found.

A row that others point to as well, such as the address of a household, is a part of what a person is told; it is not
followed further, and not erased, for it is others' too.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from troth.connectors.graph import Graph
from troth.connectors.model import Edge, Identity, Key, Row
from troth.kernel import Unavailable

MOST_ROWS = 100_000


class TooMany(Unavailable):
    """More rows were found than one person can have."""

    code = "too-many-rows"


class Source(Protocol):
    """What reads rows."""

    def find(self, collection: str, field: str, values: Sequence[str]) -> Iterable[tuple[Key, Row]]:
        """Rows whose field holds one of some identifiers."""

    def rows(
        self, collection: str, fields: tuple[str, ...], values: Sequence[Key]
    ) -> Iterable[tuple[Key, Row]]:
        """Rows whose fields hold one of some tuples of values."""

    def counts(self, collection: str, fields: tuple[str, ...], values: Sequence[Key]) -> Mapping[Key, int]:
        """How many rows hold each of some tuples of values."""


class Found(NamedTuple):
    """A person's rows.

    Args:
        rows: By collection and key.
        shared: Keys of those that are others' too.
        others: Identifiers in these rows, by kind and in lower case, that are somebody else's.
    """

    rows: Mapping[str, Mapping[Key, Row]]
    shared: Mapping[str, frozenset[Key]]
    others: frozenset[tuple[str, str]] = frozenset()

    def own(self, collection: str) -> dict[Key, Row]:
        """A collection's rows that are nobody else's."""
        shared = self.shared.get(collection, frozenset())
        return {key: row for key, row in self.rows.get(collection, {}).items() if key not in shared}


def walk(graph: Graph, identity: Identity, source: Source, most: int = MOST_ROWS) -> Found:
    """Find a person's rows.

    Args:
        graph: The ways of the data set.
        identity: The person's identifiers by kind.
        source: Reads rows.
        most: Most rows that one person may have.

    Raises:
        TooMany: There are more; some reference of the data set leads to everybody's rows.
    """
    walker = _Walker(graph, source, most)
    for start in graph.starts:
        values = [one for one in identity.get(start.kind, ()) if one]
        if values:
            for key, row in source.find(start.collection, start.field, values):
                walker.arrive(start.collection, key, row, None)
    walker.run()
    shared = {name: frozenset(keys) for name, keys in walker.doubtful.items() if keys}
    return Found(walker.rows, shared, _others(graph, walker.rows, identity, source))


def told_apart(value: object) -> str:
    """An identifier as it is compared."""
    return str(value).casefold()


def _others(
    graph: Graph, rows: Mapping[str, Mapping[Key, Row]], identity: Identity, source: Source
) -> frozenset[tuple[str, str]]:
    """Identifiers in a person's rows that stand in rows of somebody else too, such as that of whom they wrote with.

    One that stands in the person's rows only is taken for their own.
    """
    own = {(kind, told_apart(one)) for kind, values in identity.items() for one in values}
    met: dict[str, dict[str, str]] = {}
    for start in graph.starts:
        if identity.get(start.kind):
            for row in rows.get(start.collection, {}).values():
                value = row[start.field]
                if value is not None and (start.kind, told_apart(value)) not in own:
                    met.setdefault(start.kind, {})[told_apart(value)] = str(value)
    found = set()
    for start in graph.starts:
        if values := met.get(start.kind):
            known = rows.get(start.collection, {})
            for key, row in source.find(start.collection, start.field, sorted(values.values())):
                if key not in known:
                    found.add((start.kind, told_apart(row[start.field])))
    return frozenset(found)


class _Walker:
    """One walk. Rows reached only from a row that points to them are doubtful until it is sure that no other does."""

    def __init__(self, graph: Graph, source: Source, most: int) -> None:
        self._graph = graph
        self._source = source
        self._most = most
        self._count = 0
        self.rows: dict[str, dict[Key, Row]] = {}
        self.doubtful: dict[str, set[Key]] = {}
        self._sure: set[tuple[str, Key]] = set()
        self._came: dict[tuple[str, Key], set[int | None]] = {}
        self._tried: list[set[Key]] = [set() for _ in graph.edges]
        self._pending: dict[int, list[Key]] = {}

    def run(self) -> None:
        """Go on until nothing new is found, and no doubtful row turns out to be the person's alone."""
        while True:
            while self._pending:
                number, values = self._pending.popitem()
                edge = self._graph.edges[number]
                for key, row in self._source.rows(edge.there, edge.other, values):
                    self.arrive(edge.there, key, row, number)
            if not self._resolve():
                return

    def arrive(self, collection: str, key: Key, row: Row, way: int | None) -> None:
        """Note a row that was found, and where one may go from it."""
        known = self.rows.setdefault(collection, {})
        if key not in known:
            known[key] = row
            self._count += 1
            if self._count > self._most:
                raise TooMany(
                    f"More than {self._most} rows were found for one person; nothing was changed.",
                    field=collection,
                    mend="A reference of the data set leads to rows of others: check its directions.",
                )
        came = self._came.setdefault((collection, key), set())
        if way in came:
            return
        came.add(way)
        doubtful = self.doubtful.setdefault(collection, set())
        pointed_to = all(one is not None and self._graph.edges[one].to_parent for one in came)
        if pointed_to and (collection, key) not in self._sure:
            doubtful.add(key)
            return
        doubtful.discard(key)
        self._sure.add((collection, key))
        self._expand(collection, key, row)

    def _expand(self, collection: str, key: Key, row: Row) -> None:
        came = self._came[collection, key]
        for number in self._graph.leaving.get(collection, ()):
            edge = self._graph.edges[number]
            if came == {edge.twin}:
                continue  # going back the way one came leads to those who share this row
            value = tuple(row[name] for name in edge.fields)
            if None not in value and value not in self._tried[number]:
                self._tried[number].add(value)
                self._pending.setdefault(number, []).append(value)

    def _resolve(self) -> bool:
        """Follow the doubtful rows to which only this person's rows point; tells whether there were any."""
        found = False
        for collection, keys in list(self.doubtful.items()):
            if not keys:
                continue
            shared = self._shared(collection, keys)
            for key in [one for one in keys if one not in shared]:
                keys.discard(key)
                self._sure.add((collection, key))
                self._expand(collection, key, self.rows[collection][key])
                found = True
        return found

    def _shared(self, collection: str, keys: set[Key]) -> set[Key]:
        shared: set[Key] = set()
        for holder in self._graph.holders.get(collection, ()):
            value_of = {key: _value(self.rows[collection][key], holder.other) for key in keys - shared}
            values = [one for one in dict.fromkeys(value_of.values()) if None not in one]
            if not values:
                continue
            counts = self._source.counts(holder.here, holder.fields, values)
            own = self._own_counts(holder, set(values))
            shared |= {key for key, value in value_of.items() if counts.get(value, 0) > own.get(value, 0)}
        return shared

    def _own_counts(self, holder: Edge, values: set[Key]) -> dict[Key, int]:
        doubtful = self.doubtful.get(holder.here, set())
        counted: dict[Key, int] = {}
        for key, row in self.rows.get(holder.here, {}).items():
            value = _value(row, holder.fields)
            if value in values and key not in doubtful:
                counted[value] = counted.get(value, 0) + 1
        return counted


def _value(row: Row, fields: tuple[str, ...]) -> tuple[Any, ...]:
    return tuple(row[name] for name in fields)
