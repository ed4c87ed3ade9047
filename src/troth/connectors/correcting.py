"""Which columns of a data set hold a field that was wrong, and which of them may be written without somebody looking first.

A data set tells categories, not fields. A column is written only where nothing is left to guess: it is the only one of its table with the
field's own category, no other field of the policy has that category, and it holds no rows together. Everything else goes to a person.
"""

from collections.abc import Sequence
from typing import NamedTuple

from troth.connectors.graph import Graph
from troth.connectors.model import Collection, Column, Dataset, Field, Table

_MOST_NAMED = 5


class Wrong(NamedTuple):
    """A field of the policy whose value was wrong.

    Args:
        name: Its name.
        title: What people call it.
        category: Its data category.
        alone: Whether no other field of the policy has this category.
    """

    name: str
    title: str
    category: str
    alone: bool = True


class Place(NamedTuple):
    """Where a table holds, or may hold, a field that was wrong.

    Args:
        field: Name of the field.
        title: What people call it.
        collection: The collection.
        columns: Its columns; one where it is written.
        by_hand: Why a person has to look; empty where it is written.
    """

    field: str
    title: str
    collection: str
    columns: tuple[str, ...]
    by_hand: str = ""


class Change(NamedTuple):
    """A field's old and new value."""

    old: object
    new: object


def places_of(dataset: Dataset, graph: Graph, wrong: Sequence[Wrong]) -> list[Place]:
    """Every table that holds, or may hold, a field that was wrong.

    Args:
        dataset: The data set.
        graph: Its ways.
        wrong: The fields.
    """
    found = []
    for one in wrong:
        for collection in dataset.collections.values():
            if collection.skip:
                continue
            same = [f for f in collection.fields.values() if one.category in f.categories]
            near = [f for f in collection.fields.values() if f not in same and _near(f, one.category)]
            if same or near:
                reason = _reason(one, collection, graph, same, near)
                columns = tuple(f.name for f in (*same, *near))[:_MOST_NAMED]
                found.append(Place(one.name, one.title, collection.name, columns, reason))
    return found


def _near(field: Field, category: str) -> bool:
    """Whether a column has a category above or below another: it may hold the field, or a part of it."""
    return any(
        f"{one}.".startswith(f"{category}.") or f"{category}.".startswith(f"{one}.")
        for one in field.categories
    )


def _reason(
    wrong: Wrong, collection: Collection, graph: Graph, same: Sequence[Field], near: Sequence[Field]
) -> str:
    if collection.name not in graph.reached:
        return "nothing leads to this table: look for the person there"
    if not same:
        return f"the category of {_named(near)} is wider or narrower than the field's"
    if len(same) > 1:
        return f"several columns have the field's category: {_named(same)}"
    if not wrong.alone:
        return "the policy has several fields of this category"
    (field,) = same
    if near:
        return f"{_named(near)} may hold it too"
    if field.read_only:
        return "the data set calls the column read_only"
    if field.primary_key or field.references or _joins(collection.name, field.name, graph):
        return "the column holds rows together"
    return ""


def _named(fields: Sequence[Field]) -> str:
    names = ", ".join(f.name for f in fields[:_MOST_NAMED])
    return names if len(fields) <= _MOST_NAMED else f"{names} and {len(fields) - _MOST_NAMED} more"


def _joins(collection: str, field: str, graph: Graph) -> bool:
    return any(
        (edge.here == collection and field in edge.fields)
        or (edge.there == collection and field in edge.other)
        for edge in graph.edges
    )


def misfit(change: Change | None, table: Table, name: str) -> str:
    """Why a column as it really is cannot be given a new value by itself; empty where it can.

    Args:
        change: The values; None for a field that was not corrected here.
        table: The table as the database has it.
        name: The column.
    """
    if change is None:
        return "it was not corrected here"
    column: Column = table.columns[name]
    if not isinstance(change.old, str) or not change.old:
        return "no text stood here before that could be looked for there"
    if not isinstance(change.new, str) or column.family != "text":
        return (
            f"the column holds no text ({column.family})"
            if column.family != "text"
            else "the new value is no text"
        )
    if name in table.key or any(name in here for here, _, _ in table.foreign):
        return "the column holds rows together"
    if not table.undoes:
        return "the table's engine cannot undo changes"
    if column.choices and change.new not in column.choices:
        return "the column takes a few values only, and the new one is none of them"
    if column.length and len(change.new) > column.length:
        return f"the column takes {column.length} characters, and the new value has more"
    return ""
