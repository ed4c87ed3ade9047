"""Reading a person's rows out of another database, in batches."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from troth.adapters.connectors.comparing import characters, exactly, folded, same_value
from troth.adapters.connectors.reflecting import Reflected
from troth.connectors import Column, Key, Plan, Row, TablePlan

AT_ONCE = 500
_BIGGEST = 2**63


def _whole(value: Any) -> int | None:
    try:
        found = int(value)
    except (TypeError, ValueError):
        return None
    return found if -_BIGGEST <= found < _BIGGEST and str(found) == str(value).strip() else None


def _number(value: Any) -> Decimal | None:
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None


_FIT: Mapping[str, Callable[[Any], Any]] = {"text": str, "integer": _whole, "number": _number, "uuid": str}


class Rows:
    """Rows over one connection; a source of a walk.

    Args:
        connection: In a transaction.
        plan: What is read of each table.
        reflected: The tables as the database has them.
        any_case: Whether text identifiers are found in whatever case they are written.
    """

    def __init__(self, connection: Connection, plan: Plan, reflected: Reflected, *, any_case: bool) -> None:
        self._connection = connection
        self._plan = plan
        self._tables = reflected.tables
        self._known = reflected.known
        self._any_case = any_case
        self._keyed: dict[tuple[str, tuple[str, ...]], bool] = {}

    def find(self, collection: str, field: str, values: Sequence[str]) -> Iterator[tuple[Key, Row]]:
        """See `Source.find`."""
        column = self._tables[collection].c[field]
        known = self._known[collection].columns[field]
        if known.family == "text" and self._any_case:
            lowered = {one.lower() for one in values}
            for key, row in self._selected(collection, sa.func.lower(column).in_(sorted(lowered))):
                if characters([known], [str(row[field]).lower()])[0] in lowered:
                    yield key, row
            return
        if fitting := self._fitting(collection, (field,), [(one,) for one in values]):
            found = self._selected(collection, column.in_([one for (one,) in fitting]))
            yield from self._same(collection, (field,), fitting, found)

    def rows(
        self, collection: str, fields: tuple[str, ...], values: Sequence[Key]
    ) -> Iterator[tuple[Key, Row]]:
        """See `Source.rows`."""
        for part in _batches(self._fitting(collection, fields, values)):
            found = self._selected(collection, self._among(collection, fields, part))
            yield from (
                found if self._by_key(collection, fields) else self._same(collection, fields, part, found)
            )

    def counts(self, collection: str, fields: tuple[str, ...], values: Sequence[Key]) -> Mapping[Key, int]:
        """See `Source.counts`."""
        columns = [self._tables[collection].c[name] for name in fields]
        shown = [sa.func.min(one) if isinstance(one.type, sa.String) else one for one in columns]
        groups = [exactly(one) if isinstance(one.type, sa.String) else one for one in columns]
        counted: dict[Key, int] = {}
        fitting = {self._fit(collection, fields, one): one for one in values}
        wanted = [one for one in fitting if None not in one]
        for part in _batches(wanted):
            where = self._among(collection, fields, part)
            statement = sa.select(*shown, sa.func.count()).where(where).group_by(*groups)
            for *value, number in self._connection.execute(statement):
                for key in self._meant(collection, fields, dict.fromkeys(part), tuple(value)):
                    counted[fitting[key]] = counted.get(fitting[key], 0) + number
        return counted

    def _meant(
        self, collection: str, fields: tuple[str, ...], asked: Mapping[Key, object], value: Key
    ) -> Sequence[Key]:
        """Which of the values that were asked for a value means.

        Where the database itself takes others for the same, all that it may mean: rather one too many is counted than one too few.
        """
        found = self._fit(collection, fields, value)
        if found in asked:
            return [found]
        columns = self._columns(collection, fields)
        meant = characters(columns, found)
        same = [one for one in asked if None not in meant and characters(columns, one) == meant]
        if same or not self._by_key(collection, fields):
            return same
        return [one for one in asked if folded(one) == folded(found)] or list(asked)

    def _same(
        self,
        collection: str,
        fields: tuple[str, ...],
        asked: Sequence[Key],
        found: Iterable[tuple[Key, Row]],
    ) -> Iterator[tuple[Key, Row]]:
        """The rows whose texts are what was asked for by their characters."""
        columns = self._columns(collection, fields)
        wanted = {characters(columns, one) for one in asked}
        for key, row in found:
            if characters(columns, [row[name] for name in fields]) in wanted:
                yield key, row

    def _columns(self, collection: str, fields: tuple[str, ...]) -> list[Column]:
        return [self._known[collection].columns[name] for name in fields]

    def _by_key(self, collection: str, fields: tuple[str, ...]) -> bool:
        """Whether a foreign key of the database itself says what these fields are the same as, by its own collation."""
        if (collection, fields) not in self._keyed:
            self._keyed[collection, fields] = self._foreign(collection, set(fields))
        return self._keyed[collection, fields]

    def _foreign(self, collection: str, named: set[str]) -> bool:
        table = self._plan.dataset.collections[collection].table
        return any(
            (name == collection and set(here) == named) or (other == table and set(there) == named)
            for name, known in self._known.items()
            for here, other, there in known.foreign
        )

    def again(self, collection: str, keys: Sequence[Key]) -> Iterator[tuple[Key, Row]]:
        """Rows by their keys."""
        return self.rows(collection, self._plan.tables[collection].key, keys)

    def _selected(self, collection: str, condition: sa.ColumnElement[bool]) -> Iterator[tuple[Key, Row]]:
        plan = self._plan.tables[collection]
        table = self._tables[collection]
        statement = sa.select(*(table.c[name] for name in plan.read)).where(condition)
        width = len(plan.key)
        for row in self._connection.execute(statement).all():
            values = tuple(row)
            # the columns of the key come first
            yield tuple(map(_still, values[:width])), dict(zip(plan.read, values, strict=True))

    def _among(
        self, collection: str, fields: tuple[str, ...], values: Sequence[Key]
    ) -> sa.ColumnElement[bool]:
        columns = [self._tables[collection].c[name] for name in fields]
        if len(columns) == 1:
            return columns[0].in_([one for (one,) in values])
        return sa.tuple_(*columns).in_(list(values))

    def _fitting(self, collection: str, fields: tuple[str, ...], values: Sequence[Key]) -> list[Key]:
        """Values as the columns take them; what no row can hold is left out."""
        fitted = (self._fit(collection, fields, one) for one in values)
        return [one for one in fitted if None not in one]

    def _fit(self, collection: str, fields: tuple[str, ...], value: Key) -> Key:
        columns = self._known[collection].columns
        return tuple(
            _FIT[columns[name].family](one) if columns[name].family in _FIT else one
            for name, one in zip(fields, value, strict=True)
        )


def _batches(values: Sequence[Key]) -> Iterator[Sequence[Key]]:
    for begin in range(0, len(values), AT_ONCE):
        yield values[begin : begin + AT_ONCE]


def _still(value: Any) -> Any:
    """A value fit for a key of a dictionary."""
    return bytes(value) if isinstance(value, (bytearray, memoryview)) else value


def same_row(table: sa.Table, plan: TablePlan, key: Key) -> sa.ColumnElement[bool]:
    """The condition that a row is this one; empty values count as the same."""
    return sa.and_(
        *(
            table.c[name].is_(None) if one is None else same_value(table.c[name], one)
            for name, one in zip(plan.key, key, strict=True)
        )
    )


def shown(value: Any) -> str:
    """A value as people read it."""
    if value is None:
        return ""
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value).hex()
    return str(value)
