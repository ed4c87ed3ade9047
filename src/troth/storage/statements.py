"""Statements: SQLAlchemy Core on paper, compiled once a dialect, run on the raw driver.

Compiling once gives one set of SQL for both engines at the driver's own speed; executing through an Engine costs about
twice as much for each point read.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Column, LargeBinary, Table, Text, bindparam, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.dml import Insert

Parameters = Mapping[str, Any] | Sequence[Any]
Core = ClauseElement | Callable[[str], ClauseElement]


class Compiled(NamedTuple):
    """SQL of one dialect with the order of its parameters and the values of its literals."""

    sql: str
    names: tuple[str, ...]
    literals: Mapping[str, Any]

    def positional(self, parameters: Parameters) -> Sequence[Any]:
        """The parameters in the order in which the SQL wants them.

        Raises:
            KeyError: A named parameter is missing.
        """
        if isinstance(parameters, Mapping):
            literals = self.literals
            return tuple(parameters[n] if n in parameters else literals[n] for n in self.names)
        return parameters


class Statement:
    """A statement with named parameters; it keeps its compiled forms, for every database of this process.

    Args:
        core: A Core construct, or a function that makes one for a dialect's name where the two differ.
    """

    __slots__ = ("compiled", "core")

    def __init__(self, core: Core) -> None:
        self.core = core
        self.compiled: dict[str, Compiled] = {}

    def for_dialect(self, name: str) -> ClauseElement:
        """The Core construct for a dialect."""
        core: ClauseElement = self.core(name) if callable(self.core) else self.core
        return core


class Upsert(Statement):
    """An insert that gives way to, or overwrites, the row with the same key.

    Args:
        table: The table.
        by: Columns of the unique key.
        update: Columns to overwrite; none leaves the row that is there alone.
    """

    __slots__ = ()

    def __init__(self, table: Table, *, by: Sequence[str], update: Sequence[str] = ()) -> None:
        def build(dialect: str) -> ClauseElement:
            module = sqlite if dialect == "sqlite" else _postgresql()
            new: Any = module.insert(table)
            overwrite = {name: new.excluded[name] for name in update}
            finished: ClauseElement = (
                new.on_conflict_do_update(index_elements=list(by), set_=overwrite)
                if update
                else new.on_conflict_do_nothing(index_elements=list(by))
            )
            return finished

        super().__init__(build)


class Lookup:
    """A batch point read: rows by their keys; it keeps its compiled forms.

    Args:
        table: The table to read.
        by: Columns of the key; the keys of a call are tuples in this order.
        take: Columns to return, in this order.
    """

    __slots__ = ("by", "compiled", "table", "take")

    def __init__(self, table: Table, *, by: Sequence[str], take: Sequence[str]) -> None:
        self.table = table
        self.by = tuple(by)
        self.take = tuple(take)
        self.compiled: dict[str, Compiled] = {}

    def one_by_one(self) -> Statement:
        """The read of one key, for an engine in the same process."""
        columns = self.table.c
        return Statement(
            select(*(columns[name] for name in self.take)).where(
                *(columns[name] == bindparam(name) for name in self.by)
            )
        )

    def all_at_once(self) -> str:
        """The read of many keys in one round trip (PostgreSQL): one array parameter a key column."""
        arrays = ", ".join(f"%s::{_array_type(self.table.c[name])}" for name in self.by)
        keys = ", ".join(f"k{number}" for number in range(len(self.by)))
        joined = " AND ".join(f't."{name}" = k.k{number}' for number, name in enumerate(self.by))
        taken = ", ".join(
            [f"k.k{number}" for number in range(len(self.by))] + [f't."{n}"' for n in self.take]
        )
        return f'SELECT {taken} FROM unnest({arrays}) AS k({keys}) JOIN "{self.table.name}" t ON {joined}'  # noqa: S608  names come from the schema


def _array_type(column: Column[Any]) -> str:
    if isinstance(column.type, LargeBinary):
        return "bytea[]"
    return "text[]" if isinstance(column.type, Text) else "bigint[]"


_DIALECTS: Mapping[str, Callable[[], Dialect]] = {
    "sqlite": lambda: sqlite.dialect(paramstyle="qmark"),
    "postgresql": lambda: _postgresql().psycopg.dialect(paramstyle="format"),
}


def _postgresql() -> Any:
    """SQLAlchemy's dialect of PostgreSQL, which takes long to load and is no use to a folder on SQLite."""
    from sqlalchemy.dialects import postgresql

    return postgresql


class Compiler:
    """Compiles statements for one dialect, each once."""

    def __init__(self, dialect: str) -> None:
        self._name = dialect
        self._dialect = _DIALECTS[dialect]()

    def statement(self, statement: Statement) -> Compiled:
        """The compiled form of a statement."""
        found = statement.compiled.get(self._name)
        if found is None:
            found = statement.compiled[self._name] = self._compile(statement.for_dialect(self._name))
        return found

    def lookup(self, lookup: Lookup) -> Compiled:
        """The compiled form of a lookup."""
        found = lookup.compiled.get(self._name)
        if found is None:
            if self._name == "sqlite":
                found = self.statement(lookup.one_by_one())
            else:
                found = Compiled(lookup.all_at_once(), lookup.by, {})
            lookup.compiled[self._name] = found
        return found

    def _compile(self, core: ClauseElement) -> Compiled:
        keys = None
        if isinstance(core, Insert) and not core._values and core.select is None:
            keys = [column.name for column in core.table.columns]
        compiled: Any = core.compile(dialect=self._dialect, column_keys=keys)
        names = tuple(compiled.positiontup or ())
        literals = {
            name: value
            for name, value in compiled.params.items()
            if not (name in compiled.binds and compiled.binds[name].required)
        }
        return Compiled(str(compiled), names, literals)
