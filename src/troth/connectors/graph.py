"""The ways through a data set: where a person is found, and from which rows one goes to which others."""

from collections.abc import Iterable, Mapping
from itertools import combinations
from typing import NamedTuple

from troth.connectors.model import Collection, Dataset, Edge, Field, Start, Table


class Graph(NamedTuple):
    """The ways of a data set that lead somewhere.

    Args:
        starts: Where people are found.
        edges: Ways, numbered by their place.
        leaving: Numbers of the ways that leave a collection.
        holders: For each parent collection, the fields of it that other collections hold, and theirs.
        reached: Collections that some person's rows may be found in.
    """

    starts: tuple[Start, ...]
    edges: tuple[Edge, ...]
    leaving: Mapping[str, tuple[int, ...]]
    holders: Mapping[str, tuple[Edge, ...]]
    reached: frozenset[str]


def graph_of(dataset: Dataset, tables: Mapping[str, Table], kinds: Iterable[str] | None = None) -> Graph:
    """The ways of a data set.

    Args:
        dataset: The data set.
        tables: Its tables as the database has them, by collection; they tell which keys are composite.
        kinds: Kinds of identifiers that people are looked up by; None for every kind that the data set names.
    """
    alive = {c.name: c for c in dataset.collections.values() if not c.skip}
    starts = tuple(
        Start(c.name, f.name, f.identity)
        for c in alive.values()
        for f in c.fields.values()
        if f.identity and (kinds is None or f.identity in set(kinds))
    )
    every = _edges(alive, tables)
    reached = _reached({one.collection for one in starts}, every)
    wanted = _leading(alive, every)
    edges, holders = _numbered(every, reached & wanted)
    leaving: dict[str, list[int]] = {}
    for number, edge in enumerate(edges):
        leaving.setdefault(edge.here, []).append(number)
    return Graph(
        tuple(one for one in starts if one.collection in wanted),
        tuple(edges),
        {name: tuple(found) for name, found in leaving.items()},
        {name: tuple(found) for name, found in holders.items()},
        frozenset(reached),
    )


class _Link(NamedTuple):
    """Fields of a collection that hold the key of another, and which way one may go."""

    child: str
    fields: tuple[str, ...]
    parent: str
    other: tuple[str, ...]
    up: bool
    down: bool


def _edges(alive: Mapping[str, Collection], tables: Mapping[str, Table]) -> list[_Link]:
    found = []
    for child in alive.values():
        by_parent: dict[str, list[tuple[Field, str, str | None]]] = {}
        for field in child.fields.values():
            for one in field.references:
                if one.collection in alive:
                    by_parent.setdefault(one.collection, []).append((field, one.field, one.direction))
        for parent, pairs in by_parent.items():
            for group in _composed(pairs, tables.get(child.name), tables.get(parent), alive[parent]):
                ways = {direction for _, _, direction in group}
                found.append(
                    _Link(
                        child.name,
                        tuple(field.name for field, _, _ in group),
                        parent,
                        tuple(other for _, other, _ in group),
                        up=bool(ways & {"to", None}),
                        down=bool(ways & {"from", None}),
                    )
                )
    return found


_Pair = tuple[Field, str, str | None]


def _composed(
    pairs: list[_Pair], child: Table | None, parent: Table | None, there: Collection
) -> list[list[_Pair]]:
    """Pairs that are one composite key stay together; each other pair is a way of its own."""
    if len(pairs) == 1:
        return [pairs]
    keys = [set(one) for one in (parent.unique if parent else ())]
    keys.append(set(parent.key) if parent else {f.name for f in there.fields.values() if f.primary_key})
    keys = [one for one in keys if len(one) > 1]
    foreign = [
        set(zip(here, other, strict=True))
        for here, _, other in (child.foreign if child else ())
        if len(here) > 1
    ]
    left, found = list(pairs), []
    for size in range(len(pairs), 1, -1):
        for group in combinations(pairs, size):
            links = {(field.name, other) for field, other, _ in group}
            others = {other for _, other, _ in group}
            fields = {field.name for field, _, _ in group}
            whole = len(others) == size == len(fields) and (links in foreign or others in keys)
            if whole and all(one in left for one in group):
                found.append(list(group))
                left = [one for one in left if one not in group]
    return found + [[one] for one in left]


def _reached(begun: set[str], links: list[_Link]) -> set[str]:
    reached, grows = set(begun), True
    while grows:
        grows = False
        for one in links:
            for here, there, open_ in ((one.child, one.parent, one.up), (one.parent, one.child, one.down)):
                if open_ and here in reached and there not in reached:
                    reached.add(there)
                    grows = True
    return reached


def _leading(alive: Mapping[str, Collection], links: list[_Link]) -> set[str]:
    """Collections that hold something personal, or that lead to one that does."""
    backwards = [_Link(one.child, (), one.parent, (), up=one.down, down=one.up) for one in links]
    return _reached(
        {c.name for c in alive.values() if c.delete or any(f.personal for f in c.fields.values())}, backwards
    )


def _numbered(links: list[_Link], useful: set[str]) -> tuple[list[Edge], dict[str, list[Edge]]]:
    edges: list[Edge] = []
    holders: dict[str, list[Edge]] = {}
    for one in links:
        if one.parent in useful:
            holders.setdefault(one.parent, []).append(
                Edge(one.child, one.fields, one.parent, one.other, to_parent=True)
            )
        if not {one.child, one.parent} <= useful:
            continue
        both = one.up and one.down
        if one.up:
            twin = len(edges) + 1 if both else -1
            edges.append(Edge(one.child, one.fields, one.parent, one.other, to_parent=True, twin=twin))
        if one.down:
            twin = len(edges) - 1 if both else -1
            edges.append(Edge(one.parent, one.other, one.child, one.fields, to_parent=False, twin=twin))
    return edges, holders


def order_of_erasing(dataset: Dataset, tables: Mapping[str, Table]) -> list[str]:
    """Collections in an order in which what must be erased before another is, and rows that refer to others go first.

    Cycles are broken where they are met: a data set's own wishes come before foreign keys.
    """
    named = {c.table: c.name for c in dataset.collections.values()}
    wishes = {c.name: list(c.erase_after) for c in dataset.collections.values()}
    for child, table in tables.items():
        for _, other, _ in table.foreign:
            parent = named.get(other)
            if parent is not None and parent != child and parent in wishes:
                wishes[parent].append(child)
    done: list[str] = []
    for name in dataset.collections:
        _visit(name, wishes, done, set())
    return done


def _visit(name: str, wishes: Mapping[str, list[str]], done: list[str], above: set[str]) -> None:
    """Depth first, without recursion: a data set may be a chain of a thousand tables."""
    waiting = [(name, iter(wishes.get(name, ())))]
    above.add(name)
    while waiting:
        here, rest = waiting[-1]
        for one in rest:
            if one not in done and one not in above and one in wishes:
                above.add(one)
                waiting.append((one, iter(wishes[one])))
                break
        else:
            waiting.pop()
            if here not in done:
                done.append(here)
