"""What an erasure does to each table, worked out against the database's real columns before anything is changed."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from troth.connectors.graph import Graph, graph_of, order_of_erasing
from troth.connectors.masking import STRATEGIES, default_for
from troth.connectors.model import Collection, Column, Dataset, Field, Finding, Masking, Table


class TablePlan(NamedTuple):
    """What is done to a person's rows of a table.

    Args:
        collection: The collection.
        table: As the database has it.
        read: Columns that are read: those of the data set and the key.
        copied: Columns that a person is given.
        masks: How columns are masked.
        delete: Whether rows are deleted.
        key: Columns that tell rows apart.
        kept: Personal columns that stay, because a masking strategy says so.
    """

    collection: Collection
    table: Table
    read: tuple[str, ...]
    copied: tuple[str, ...]
    masks: Mapping[str, Masking]
    delete: bool
    key: tuple[str, ...]
    kept: tuple[str, ...] = ()

    @property
    def erases(self) -> bool:
        """Whether anything is done to its rows."""
        return self.delete or bool(self.masks)


class Plan(NamedTuple):
    """What is done in a database.

    Args:
        dataset: The data set.
        graph: Its ways.
        tables: By collection, those where a person's rows may be found.
        order: Collections in the order of erasing.
        findings: What is wrong or worth knowing.
    """

    dataset: Dataset
    graph: Graph
    tables: Mapping[str, TablePlan]
    order: tuple[str, ...]
    findings: tuple[Finding, ...]

    def errors(self, *, erasing: bool) -> list[Finding]:
        """What must be mended before anything is done."""
        return [one for one in self.findings if one.severity == "error" and (erasing or not one.only_erasing)]


def plan_for(
    dataset: Dataset,
    tables: Mapping[str, Table],
    *,
    kinds: Iterable[str] | None = None,
    categories: frozenset[str] | None = None,
) -> Plan:
    """Work out what is done, and what stands against it.

    Args:
        dataset: The data set.
        tables: Its tables as the database has them, by collection; those that are missing are left out.
        kinds: Kinds of identifiers that people are looked up by; None for every kind that the data set names.
        categories: Data categories of the policy's vocabulary; None checks none.
    """
    findings: list[Finding] = []
    graph = graph_of(dataset, tables, kinds)
    plans = {}
    for collection in dataset.collections.values():
        if collection.skip:
            continue
        table = tables.get(collection.name)
        if table is None:
            findings.append(
                _error(
                    collection.name,
                    "",
                    "the database has no such table",
                    "Mend its name, or set skip_processing.",
                )
            )
            continue
        findings += [*_column_findings(collection, table, categories), *_table_findings(collection, table)]
        if collection.name in graph.reached:
            plans[collection.name] = _table_plan(collection, table, graph, findings)
        elif collection.delete or any(field.personal for field in collection.fields.values()):
            findings.append(_unreached(collection))
    findings += _way_findings(dataset, tables, graph)
    order = [name for name in order_of_erasing(dataset, tables) if name in plans]
    return Plan(dataset, graph, plans, tuple(order), tuple(findings))


def _table_plan(collection: Collection, table: Table, graph: Graph, findings: list[Finding]) -> TablePlan:
    present = {name: field for name, field in collection.fields.items() if name in table.columns}
    key = table.key or tuple(
        name for name, column in table.columns.items() if column.family not in ("json", "other", "bytes")
    )
    masks: dict[str, Masking] = {}
    kept = []
    joins = _joining(collection, graph)
    for field in present.values():
        if not field.personal or collection.delete:
            continue
        masking = _masking(collection, field, table, joins, findings)
        if masking is not None and masking.strategy == "preserve":
            kept.append(field.name)
        elif masking is not None:
            masks[field.name] = masking
    return TablePlan(
        collection,
        table,
        tuple(dict.fromkeys((*key, *present))),
        tuple(name for name, field in present.items() if field.personal),
        masks,
        collection.delete,
        key,
        tuple(kept),
    )


def _joining(collection: Collection, graph: Graph) -> set[str]:
    """Fields that hold rows together."""
    found = {name for edge in graph.edges if edge.here == collection.name for name in edge.fields}
    found |= {name for edge in graph.edges if edge.there == collection.name for name in edge.other}
    return found | {field.name for field in collection.fields.values() if field.references}


def _masking(
    collection: Collection, field: Field, table: Table, joins: set[str], findings: list[Finding]
) -> Masking | None:
    """How a personal column is masked; None where it stays because it is nothing but a key."""
    column = _fitted(table.columns[field.name], field)
    foreign = {name for here, _, _ in table.foreign for name in here}
    unique = any(set(one) == {field.name} for one in (table.key, *table.unique))
    in_key = field.name in table.key
    is_key = in_key or field.primary_key or field.name in joins or field.name in foreign
    if field.masking is None and is_key and field.only_key:
        return None
    if field.read_only:
        findings.append(
            _stops_erasing(
                collection, field, "it is personal and read_only", "Take read_only away, or delete its rows."
            )
        )
        return None
    masking = field.masking or default_for(column, unique=unique or in_key)
    wrong = (
        "it may not be empty, and nothing fits in its place"
        if masking is None
        else _misfit(masking, column, unique=unique or in_key)
    )
    if wrong:
        mend = "Choose another masking strategy, let the column be empty, or delete its rows."
        findings.append(_stops_erasing(collection, field, wrong, mend))
        return None
    return masking


def _stops_erasing(collection: Collection, field: Field, what: str, mend: str) -> Finding:
    return Finding("error", collection.name, field.name, what, mend, only_erasing=True)


def _fitted(column: Column, field: Field) -> Column:
    """The column with the shorter of the two lengths, that of the database and that of the data set."""
    lengths = [one for one in (column.length, field.length) if one]
    return column._replace(length=min(lengths)) if lengths and column.family == "text" else column


def _misfit(masking: Masking, column: Column, *, unique: bool) -> str:
    """Why a column cannot take what a strategy makes; empty where it can."""
    if masking.strategy in ("preserve", "empty", "first-choice"):
        return ""
    strategy = STRATEGIES[masking.strategy]
    if masking.strategy == "null_rewrite":
        return "" if column.nullable else "it is masked with null, and may not be empty (NOT NULL)"
    if column.choices:
        made = strategy.make("", masking.settings, b"", 0) if masking.strategy == "string_rewrite" else None
        return (
            "" if made in column.choices else "it takes a few values only, and the masked one is none of them"
        )
    if strategy.text and column.family != "text":
        return f"it holds no text ({column.family}), and {masking.strategy} makes text"
    if unique and not strategy.distinct:
        return f"no two rows may hold the same, and {masking.strategy} makes the same for several"
    made_length = len(strategy.make("x" * 100, masking.settings, b"", column.length))
    if column.length and made_length > column.length:
        return f"it takes {column.length} characters, and {masking.strategy} makes {made_length}"
    if strategy.shortest and unique and column.length and column.length < strategy.shortest:
        return f"it takes {column.length} characters, too few to be told apart"
    return ""


def _column_findings(
    collection: Collection, table: Table, categories: frozenset[str] | None
) -> Iterable[Finding]:
    for field in collection.fields.values():
        if field.name not in table.columns:
            yield _error(
                collection.name, field.name, "the table has no such column", "Mend its name, or take it out."
            )
        for one in field.categories:
            if categories is not None and one not in categories:
                yield _error(
                    collection.name,
                    field.name,
                    f"the policy knows no data category {one[:80]}",
                    "Use one of the policy's vocabulary, or add it to the policy's terms.",
                )
        if not field.categories and not field.identity:
            yield Finding(
                "warning",
                collection.name,
                field.name,
                "it has no data category, and stays as it is",
                "Give it one.",
            )


def _table_findings(collection: Collection, table: Table) -> Iterable[Finding]:
    for name in table.columns:
        if name not in collection.fields:
            yield Finding(
                "warning",
                collection.name,
                name,
                "the data set does not name this column; it stays as it is",
                "Add it.",
            )
    if not table.undoes:
        yield Finding(
            "error",
            collection.name,
            "",
            "its engine cannot undo changes, so nothing is done wholly or not at all",
            "Give it an engine with transactions: ALTER TABLE ... ENGINE=InnoDB.",
            only_erasing=True,
        )
    if not table.key:
        yield Finding(
            "note",
            collection.name,
            "",
            "it has no primary key; its rows are told apart by all their values",
            "",
        )


def _way_findings(dataset: Dataset, tables: Mapping[str, Table], graph: Graph) -> Iterable[Finding]:
    if not graph.starts:
        yield _error("", "", "no field of it finds a person", "Mark one with `identity: email`.")
    for where in dataset.outside:
        collection, _, field = where.rpartition(".")
        yield Finding(
            "note", collection, field, "it refers to a data set outside this file, which is not followed", ""
        )
    for edge in graph.edges:
        there = tables.get(edge.there)
        if edge.to_parent or there is None:
            continue
        key = set(tables[edge.here].key) if edge.here in tables else set()
        if len(key) > 1 and set(edge.fields) < key and not _narrowing(edge.fields, tables[edge.here]):
            yield Finding(
                "warning",
                edge.there,
                ", ".join(edge.other),
                f"it refers to a part of the key of {edge.here} only; others may have the same value there",
                "Refer to every column of that key.",
            )


def _narrowing(fields: tuple[str, ...], table: Table) -> bool:
    return any(set(fields) >= set(one) for one in table.unique)


def _unreached(collection: Collection) -> Finding:
    return Finding(
        "warning",
        collection.name,
        "",
        "it holds personal data, and nothing leads to it: nobody's rows are found there",
        "Give it a reference or an identity.",
    )


def _error(collection: str, field: str, what: str, mend: str) -> Finding:
    return Finding("error", collection, field, what, mend)
