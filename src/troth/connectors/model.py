"""Data sets: what tables of another database hold about people, and how they hang together; pure data."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

Direction = Literal["to", "from"]
Severity = Literal["error", "warning", "note"]
PERSONAL = "user"
"""The data category that everything about people stands below."""
KEY_ONLY = "user.unique_id"
"""The data category of keys, which say nothing about a person once everything else is masked."""


class Reference(NamedTuple):
    """A field's values are those of another field.

    Args:
        collection: The other collection.
        field: Its field.
        direction: `to`: from here one goes there; `from`: from there one comes here; None: both ways.
    """

    collection: str
    field: str
    direction: Direction | None


class Masking(NamedTuple):
    """How a value is made meaningless: a strategy of `STRATEGIES` and its settings."""

    strategy: str
    settings: Mapping[str, Any]


class Field(NamedTuple):
    """A column.

    Args:
        name: Name of the column.
        categories: Data categories of what it holds; those of the collection where it names none.
        identity: Kind of identifier that people are found by here, such as `email`; empty for none.
        references: Fields of other collections with the same values.
        primary_key: Whether it is a part of the row's key.
        length: Longest value that it takes; 0 where nothing is said.
        masking: How it is masked; None for what suits the column.
        read_only: Whether nobody may change it.
    """

    name: str
    categories: tuple[str, ...] = ()
    identity: str = ""
    references: tuple[Reference, ...] = ()
    primary_key: bool = False
    length: int = 0
    masking: Masking | None = None
    read_only: bool = False

    @property
    def personal(self) -> bool:
        """Whether it tells something about a person; what people are found by always does."""
        return bool(self.identity) or any(_below(one, PERSONAL) for one in self.categories)

    @property
    def only_key(self) -> bool:
        """Whether all that it holds is a key, such as a number of one's own."""
        keys = [one for one in self.categories if _below(one, PERSONAL)]
        return all(_below(one, KEY_ONLY) for one in keys) and bool(keys or not self.identity)


class Collection(NamedTuple):
    """A table.

    Args:
        name: Its name, one of a kind in the data set.
        table: Name of the table, with its schema before a dot where it has one.
        fields: Its columns, by name.
        erase_after: Collections that are erased before it.
        delete: Whether a person's rows are deleted, not masked.
        skip: Whether it is left alone.
    """

    name: str
    table: str
    fields: Mapping[str, Field]
    erase_after: tuple[str, ...] = ()
    delete: bool = False
    skip: bool = False


class Dataset(NamedTuple):
    """The tables of one database.

    Args:
        key: Key of the data set.
        title: Name for people.
        collections: By name.
        outside: References that lead out of the file, as `collection.field`; nobody follows them.
    """

    key: str
    title: str
    collections: Mapping[str, Collection]
    outside: tuple[str, ...] = ()


class Column(NamedTuple):
    """A column as the database has it.

    Args:
        name: Its name.
        family: What it holds: text, integer, number, boolean, date, time, instant, bytes, json, uuid or other.
        nullable: Whether it may be empty.
        length: Longest text; 0 for no limit.
        choices: The only texts that it takes, of an enumeration.
        padded: Whether spaces behind its texts mean nothing (CHAR).
    """

    name: str
    family: str
    nullable: bool
    length: int = 0
    choices: tuple[str, ...] = ()
    padded: bool = False


class Table(NamedTuple):
    """A table as the database has it.

    Args:
        columns: By name.
        key: Columns of its primary key; empty for none.
        unique: Sets of columns of which no two rows hold the same.
        foreign: Foreign keys: columns here, the other table, columns there.
        undoes: Whether the database undoes changes of it that are not committed.
    """

    columns: Mapping[str, Column]
    key: tuple[str, ...]
    unique: tuple[tuple[str, ...], ...] = ()
    foreign: tuple[tuple[tuple[str, ...], str, tuple[str, ...]], ...] = ()
    undoes: bool = True


class Finding(NamedTuple):
    """What a check found: an error stops the connector, a warning wants to be looked at, a note only tells.

    Args:
        severity: error, warning or note.
        collection: Where; empty for the whole data set.
        field: Its field; empty for the whole collection.
        what: What is so.
        mend: What to do about it.
        only_erasing: Of an error: copies can still be made.
    """

    severity: Severity
    collection: str
    field: str
    what: str
    mend: str
    only_erasing: bool = False


class Edge(NamedTuple):
    """A way from rows to other rows: rows of `there` whose fields hold what the fields of a row `here` hold.

    Args:
        here: Collection where one stands.
        fields: Its fields.
        there: Collection where one goes.
        other: Its fields, in the same order.
        to_parent: Whether `here` holds the key of `there`, so that others may hold it too.
        twin: Number of the way back, where one may go both ways; -1 for none.
    """

    here: str
    fields: tuple[str, ...]
    there: str
    other: tuple[str, ...]
    to_parent: bool
    twin: int = -1


class Start(NamedTuple):
    """Where people are found: a field that holds identifiers of a kind."""

    collection: str
    field: str
    kind: str


Row = Mapping[str, Any]
Key = tuple[Any, ...]
Identity = Mapping[str, Sequence[str]]
"""A person's identifiers, by kind."""


def _below(key: str, above: str) -> bool:
    return key == above or key.startswith(above + ".")
