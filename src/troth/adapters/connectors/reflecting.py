"""The tables of a data set as the database really has them."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import types
from sqlalchemy.engine import Connection
from sqlalchemy.engine.reflection import Inspector
from sqlalchemy.sql import quoted_name

from troth.connectors import Column, Dataset, Table

_FAMILIES: tuple[tuple[type[Any], str], ...] = (
    (types.Uuid, "uuid"),
    (types.Boolean, "boolean"),
    (types.Integer, "integer"),
    (types.Numeric, "number"),
    (types.DateTime, "instant"),
    (types.Date, "date"),
    (types.Time, "time"),
    (types.JSON, "json"),
    (types.String, "text"),
    (types._Binary, "bytes"),
)


_WITH_TRANSACTIONS = frozenset({"innodb", "rocksdb", "tokudb", "ndbcluster"})


class Reflected(NamedTuple):
    """Tables by collection: what is known of them, and what statements are made of."""

    known: Mapping[str, Table]
    tables: Mapping[str, sa.Table]


def reflect(connection: Connection, dataset: Dataset) -> Reflected:
    """Look at the tables of a data set; those that the database does not have are left out."""
    inspector = sa.inspect(connection)
    by_schema: dict[str | None, dict[str, str]] = {}
    schema: str | None
    for one in dataset.collections.values():
        schema, _, bare = one.table.rpartition(".")
        by_schema.setdefault(schema or None, {})[bare] = one.name
    known: dict[str, Table] = {}
    tables: dict[str, sa.Table] = {}
    for schema, named in by_schema.items():
        _reflect_schema(inspector, schema, named, known, tables)
    return Reflected(known, tables)


def _reflect_schema(
    inspector: Inspector,
    schema: str | None,
    named: Mapping[str, str],
    known: dict[str, Table],
    tables: dict[str, sa.Table],
) -> None:
    asked: dict[str, Any] = {"schema": schema, "filter_names": list(named)}
    columns = inspector.get_multi_columns(**asked)
    keys = inspector.get_multi_pk_constraint(**asked)
    uniques = inspector.get_multi_unique_constraints(**asked)
    indexes = inspector.get_multi_indexes(**asked)
    foreign = inspector.get_multi_foreign_keys(**asked)
    options = inspector.get_multi_table_options(**asked)
    for place, found in columns.items():
        bare = place[1]
        collection = named[bare]
        unique = [tuple(one["column_names"]) for one in uniques.get(place, ())]
        unique += [
            tuple(name for name in one["column_names"] if name is not None)
            for one in indexes.get(place, ())
            if one["unique"]
        ]
        key = keys.get(place)
        known[collection] = Table(
            columns={one["name"]: _column(one) for one in found},
            key=tuple(key["constrained_columns"]) if key else (),
            unique=tuple(dict.fromkeys(one for one in unique if one)),
            foreign=tuple(_foreign(one) for one in foreign.get(place, ())),
            undoes=_undoes(options.get(place) or {}),
        )
        tables[collection] = sa.Table(
            quoted_name(bare, quote=True),
            sa.MetaData(),
            *(sa.Column(quoted_name(one["name"], quote=True), _type(one["type"])) for one in found),
            schema=quoted_name(schema, quote=True) if schema else None,
        )


def _undoes(options: Mapping[str, Any]) -> bool:
    """Whether a table's engine has transactions; only MySQL and MariaDB have some that have none."""
    engines = [value for name, value in options.items() if name.endswith("_engine")]
    return all(str(one).lower() in _WITH_TRANSACTIONS for one in engines)


def _type(kind: types.TypeEngine[Any]) -> types.TypeEngine[Any]:
    """The type of a column; unique ids are read and written as text, as other columns may hold them."""
    return types.Uuid(as_uuid=False) if isinstance(kind, types.Uuid) else kind


def _foreign(raw: Mapping[str, Any]) -> tuple[tuple[str, ...], str, tuple[str, ...]]:
    there = _table_name(raw["referred_schema"], raw["referred_table"])
    return tuple(raw["constrained_columns"]), there, tuple(raw["referred_columns"])


def _table_name(schema: str | None, table: str) -> str:
    return f"{schema}.{table}" if schema else table


def _column(raw: Mapping[str, Any]) -> Column:
    kind = raw["type"]
    family = next((name for base, name in _FAMILIES if isinstance(kind, base)), "other")
    choices = tuple(kind.enums) if isinstance(kind, types.Enum) else ()
    length = getattr(kind, "length", None) if family == "text" and not choices else None
    padded = isinstance(kind, types.CHAR)
    return Column(raw["name"], family, bool(raw["nullable"]), int(length or 0), choices, padded)
