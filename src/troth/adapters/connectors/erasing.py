"""Erasing a person's rows in another database: one transaction, looked at before it is committed."""

import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from troth.adapters.connectors.comparing import same_value
from troth.adapters.connectors.engines import Rejected
from troth.adapters.connectors.reflecting import Reflected
from troth.adapters.connectors.rows import Rows, same_row
from troth.connectors import Found, Identity, Key, Plan, Row, TablePlan, masked, told_apart, walk

_ROUNDS = 5
_KEY_BYTES = 32
_NEW = "new_"
_OLD = "old_"
_ZONES = timedelta(days=1)
"""A time written without a zone may be read in another."""


class Erased(NamedTuple):
    """What was done, by collection: rows masked or deleted, and rows left because they are others' too."""

    done: Mapping[str, int]
    shared: Mapping[str, int]


class NotClean(Rejected):
    """A row still held what was to be erased, so nothing of it was committed."""

    code = "not-erased"


def digests(found: Found, store: str, key: bytes) -> list[bytes]:
    """Keyed digests of the rows that were found; they tell that there were rows, and which, to whoever holds the key."""
    made = []
    for collection, rows in found.rows.items():
        for one in rows:
            text = "\x1f".join((store, collection, *map(repr, one)))
            made.append(hmac.new(key, text.encode(), hashlib.sha256).digest()[:16])
    return sorted(made)


def erase_rows(
    connection: Connection,
    plan: Plan,
    reflected: Reflected,
    identity: Identity,
    *,
    any_case: bool,
    begin: Callable[[Found], None],
) -> Erased:
    """Mask or delete a person's rows; looks again until nothing of them is found that was not erased.

    Args:
        connection: In a transaction that writes.
        plan: What is done to each table.
        reflected: The tables as the database has them.
        identity: The person's identifiers.
        any_case: Whether text identifiers are found in whatever case they are written.
        begin: Given what was found, before anything is changed.

    Raises:
        NotClean: The database did not keep what was written, or rows keep appearing.
        SQLAlchemyError: The database refused.
    """
    source = Rows(connection, plan, reflected, any_case=any_case)
    key = secrets.token_bytes(_KEY_BYTES)  # for keyed hashes; nobody keeps it
    done: dict[str, set[Key]] = {}
    shared: dict[str, int] = {}
    for number in range(_ROUNDS):
        found = walk(plan.graph, identity, source)
        if not number:
            begin(found)
        left = {name: _left(plan.tables[name], found, done.get(name, set())) for name in plan.order}
        shared |= {name: len(keys) for name, keys in found.shared.items() if plan.tables[name].erases}
        if not any(left.values()):
            return Erased({name: len(keys) for name, keys in done.items()}, shared)
        for name in plan.order:
            if left[name]:
                made = _Erasing(
                    connection, plan.tables[name], reflected.tables[name], source, key, found.others
                )
                done.setdefault(name, set()).update(made.erase(left[name]))
    raise NotClean(
        "Rows of the person keep appearing; nothing was changed.", mend="Look for a trigger that makes them."
    )


def _left(plan: TablePlan, found: Found, done: set[Key]) -> dict[Key, Row]:
    if not plan.erases:
        return {}
    return {key: row for key, row in found.own(plan.collection.name).items() if key not in done}


class _Erasing:
    """The rows of one table.

    Args:
        connection: In a transaction that writes.
        plan: What is done to them.
        table: What statements are made of.
        source: Reads rows again.
        key: For keyed hashes.
        others: Identifiers that are somebody else's, which stay.
    """

    def __init__(
        self,
        connection: Connection,
        plan: TablePlan,
        table: sa.Table,
        source: Rows,
        key: bytes,
        others: frozenset[tuple[str, str]],
    ) -> None:
        self._connection = connection
        self._plan = plan
        self._table = table
        self._source = source
        self._key = key
        self._others = others

    def erase(self, rows: Mapping[Key, Row]) -> set[Key]:
        """Erase rows; gives the keys that they have afterwards."""
        if self._plan.delete:
            for one in rows:
                where = same_row(self._table, self._plan, one)
                self._connection.execute(sa.delete(self._table).where(where))
            return set(rows)
        made = {one: self._masked(row) for one, row in rows.items()}
        after = {one: self._key_after(one, new) for one, new in made.items()}
        self._update(made)
        self._look({after[one]: new for one, new in made.items()})
        return set(after.values())

    def _masked(self, row: Row) -> dict[str, Any]:
        plan = self._plan
        new = {}
        for name, masking in plan.masks.items():
            kind = plan.collection.fields[name].identity
            if kind and (kind, told_apart(row[name])) in self._others:
                new[name] = row[name]
            else:
                new[name] = masked(row[name], masking, plan.table.columns[name], self._key)
        return new

    def _key_after(self, key: Key, new: Mapping[str, Any]) -> Key:
        return tuple(new.get(name, old) for name, old in zip(self._plan.key, key, strict=True))

    def _update(self, made: Mapping[Key, Mapping[str, Any]]) -> None:
        plan, table = self._plan, self._table
        names = {name: _NEW + str(number) for number, name in enumerate(plan.masks)}
        whole = [one for one in made if None not in one]
        if whole:
            where = [
                same_value(table.c[name], sa.bindparam(_OLD + str(n), type_=table.c[name].type))
                for n, name in enumerate(plan.key)
            ]
            values: dict[str, Any] = {name: sa.bindparam(bound) for name, bound in names.items()}
            self._connection.execute(
                sa.update(table).where(*where).values(values),
                [
                    {names[name]: value for name, value in made[one].items()}
                    | {_OLD + str(n): value for n, value in enumerate(one)}
                    for one in whole
                ],
            )
        for one in made:
            if None in one:  # no primary key, and empty values among those that tell rows apart
                changed = sa.update(table).where(same_row(table, plan, one)).values(dict(made[one]))
                self._connection.execute(changed)

    def _look(self, expected: Mapping[Key, Mapping[str, Any]]) -> None:
        """Read what was written, by its keys.

        Raises:
            NotClean: Something else stands there.
        """
        if not self._plan.table.key:
            return  # rows without a key are looked for by the next walk
        name = self._plan.collection.name
        rows = dict(self._source.again(name, list(expected)))
        for key, new in expected.items():
            row = rows.get(key)
            if row is None or any(not _same(row[one], value) for one, value in new.items()):
                raise NotClean(
                    f"A row of {name} does not hold what was written; nothing was changed.",
                    field=name,
                    mend="Look for a trigger that changes it back, or for a column that cuts values.",
                )


def _same(found: Any, written: Any) -> bool:
    if isinstance(found, str) and isinstance(written, str):
        return found.rstrip() == written.rstrip()  # CHAR columns are filled with spaces
    if isinstance(found, datetime) and isinstance(written, datetime):
        return abs(found.replace(tzinfo=None) - written.replace(tzinfo=None)) < _ZONES
    return bool(found == written) or (found is not None and str(found) == str(written))
