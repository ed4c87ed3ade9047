"""When two values are the same: by their characters, whatever a database's collation takes for the same.

A collation may find an address in another case or with another accent, or with spaces behind; whose row that is, it does not know. So
what a database gives is looked at again here, and what is changed is named by its bytes.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from troth.connectors import Column, Key


class exactly(FunctionElement[Any]):  # noqa: N801  a function of SQL
    """A text as its characters, compared without a collation."""

    type = sa.LargeBinary()
    inherit_cache = True


@compiles(exactly)
def _plain(element: exactly, compiler: SQLCompiler, **more: Any) -> str:
    return compiler.process(element.clauses, **more)


@compiles(exactly, "sqlite")
def _sqlite(element: exactly, compiler: SQLCompiler, **more: Any) -> str:
    return f"({compiler.process(element.clauses, **more)}) COLLATE BINARY"


@compiles(exactly, "mysql", "mariadb")
def _mysql(element: exactly, compiler: SQLCompiler, **more: Any) -> str:
    return f"CAST(CONVERT({compiler.process(element.clauses, **more)} USING utf8mb4) AS BINARY)"


def same_value(column: sa.ColumnElement[Any], value: Any) -> sa.ColumnElement[bool]:
    """The condition that a column holds a value, or what a bound parameter has.

    The column is compared as it is, too, so that an index serves.
    """
    found: sa.ColumnElement[bool] = column == value
    if not isinstance(column.type, sa.String):
        return found
    bound = value if isinstance(value, sa.BindParameter) else sa.literal(value, column.type)
    return sa.and_(found, exactly(column) == exactly(bound))


def characters(columns: Sequence[Column], values: Sequence[Any]) -> Key:
    """Values as they are compared here: of texts their characters; of everything else nothing, for there the database knows."""
    return tuple(
        (value.rstrip(" ") if column.padded else value)
        if isinstance(value, str) and column.family == "text"
        else None
        for column, value in zip(columns, values, strict=True)
    )


def folded(values: Iterable[Any]) -> Key:
    """Values as a collation may see them: without case, accents and spaces behind."""
    return tuple(_folded(one) if isinstance(one, str) else one for one in values)


def _folded(value: str) -> str:
    apart = unicodedata.normalize("NFKD", value.casefold())
    return "".join(one for one in apart if not unicodedata.combining(one)).rstrip()
