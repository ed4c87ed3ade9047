"""Correcting a person's rows in another database: one transaction, in which only what says the old value is written.

What a row says is compared here and not by the database, whose collations may take different values for the same.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from troth.adapters.connectors.comparing import same_value
from troth.adapters.connectors.erasing import NotClean
from troth.adapters.connectors.reflecting import Reflected
from troth.adapters.connectors.rows import Rows, same_row
from troth.connectors import (
    Change,
    Found,
    Identity,
    Key,
    Place,
    Plan,
    Row,
    TablePlan,
    misfit,
    told_apart,
    walk,
)
from troth.flows import said


class Went(NamedTuple):
    """How a correction went in a table.

    Args:
        changed: Rows that said the old value and say the new one now.
        before: Rows that said the new value already.
        other: Rows of the person that say something else.
        shared: Rows that say the old value and are others' too.
        why: Why nothing was changed by itself; empty where it was looked at row by row.
    """

    changed: int = 0
    before: int = 0
    other: int = 0
    shared: int = 0
    why: str = ""


def correct_rows(
    connection: Connection,
    plan: Plan,
    reflected: Reflected,
    identity: Identity,
    changes: Mapping[Place, Change | None],
    *,
    any_case: bool,
    begin: Callable[[Found], None],
) -> dict[Place, Went]:
    """Write new values where a person's rows say the old ones; safe to repeat.

    Args:
        connection: In a transaction that writes.
        plan: The tables.
        reflected: The tables as the database has them.
        identity: The person's identifiers.
        changes: Old and new value of each place; None for a field that was not corrected here.
        any_case: Whether text identifiers are found in whatever case they are written.
        begin: Given what was found, before anything is changed.

    Raises:
        NotClean: The database did not keep what was written.
        SQLAlchemyError: The database refused.
    """
    source = Rows(connection, plan, reflected, any_case=any_case)
    found = walk(plan.graph, identity, source)
    begin(found)
    went = {}
    for place, change in changes.items():
        table = plan.tables[place.collection]
        why = misfit(change, table.table, place.columns[0])
        if why or change is None:
            went[place] = Went(why=why if found.rows.get(place.collection) else "")
            continue
        one = _Correcting(
            connection, table, reflected.tables[place.collection], place.columns[0], change, source
        )
        went[place] = one.correct(found)
    return went


class _Correcting:
    """The rows of one column.

    Args:
        connection: In a transaction that writes.
        plan: The table.
        table: What statements are made of.
        column: The column.
        change: Its old and new value.
        source: Reads rows again.
    """

    def __init__(
        self,
        connection: Connection,
        plan: TablePlan,
        table: sa.Table,
        column: str,
        change: Change,
        source: Rows,
    ) -> None:
        self._connection = connection
        self._plan = plan
        self._table = table
        self._column = column
        self._change = change
        self._source = source

    def correct(self, found: Found) -> Went:
        """Write the new value into the rows that are the person's alone and say the old one."""
        name = self._plan.collection.name
        own = found.own(name)
        wrong = {key: row for key, row in own.items() if self._wrong(row, found)}
        right = [row for key, row in own.items() if key not in wrong and self._says(row, self._change.new)]
        empty = [row for row in own.values() if row[self._column] in (None, "")]
        shared = [
            row for key, row in found.rows.get(name, {}).items() if key not in own and self._wrong(row, found)
        ]
        for key, row in wrong.items():
            self._write(key, row)
        self._look(wrong)
        other = len(own) - len(wrong) - len(right) - len(empty)
        return Went(len(wrong), len(right), other, len(shared))

    def _wrong(self, row: Row, found: Found) -> bool:
        """Whether a row says the old value, and it is not somebody else's identifier."""
        kind = self._plan.collection.fields[self._column].identity
        value = row[self._column]
        if value == self._change.new or not self._says(row, self._change.old):
            return False
        return not (kind and (kind, told_apart(value)) in found.others)

    def _says(self, row: Row, value: object) -> bool:
        return bool(said(row[self._column]) == said(value))

    def _write(self, key: Key, row: Row) -> None:
        column = self._table.c[self._column]
        where = sa.and_(same_row(self._table, self._plan, key), same_value(column, row[self._column]))
        changed = sa.update(self._table).where(where).values({self._column: self._change.new})
        if self._connection.execute(changed).rowcount < 1:
            raise self._not_clean("was changed by somebody else meanwhile")

    def _look(self, rows: Mapping[Key, Row]) -> None:
        """Read what was written, by its keys.

        Raises:
            NotClean: Something else stands there.
        """
        if not self._plan.table.key:
            return  # the number of changed rows is all that such a table tells
        there = dict(self._source.again(self._plan.collection.name, list(rows)))
        for key in rows:
            if key not in there or not self._kept(there[key][self._column]):
                raise self._not_clean("does not hold what was written")

    def _kept(self, value: object) -> bool:
        return (
            isinstance(value, str) and value.rstrip() == str(self._change.new).rstrip()
        )  # CHAR fills with spaces

    def _not_clean(self, what: str) -> NotClean:
        return NotClean(
            f"A row of {self._plan.collection.name} {what}; nothing was changed.",
            field=self._plan.collection.name,
            mend="Look for a trigger that changes it back, or for a column that cuts values.",
        )


def told_of(went: Went) -> tuple[str, bool]:
    """How a correction went in a table, in a few words, and whether a person has to look."""
    words = [
        _rows(went.changed, "corrected"),
        _rows(went.before, "corrected before"),
        _rows(went.other, "said neither the old value nor the new one"),
        _rows(went.shared, "left, shared with others"),
        went.why,
    ]
    told = "; ".join(one for one in words if one)
    return told or "no rows", bool(went.other or went.shared or went.why)


def _rows(number: int, what: str) -> str:
    return "" if not number else f"1 row {what}" if number == 1 else f"{number} rows {what}"


def joined(words: Sequence[str]) -> str:
    """Several tables' words as one."""
    return "; ".join(dict.fromkeys(words))
