"""Tables that the storage tests write to, and a program that writes to them until it is done or killed."""

import sys

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    bindparam,
    insert,
    select,
)

from troth.storage import Database, Statement, open_database

shelves = MetaData()

thing = Table(
    "thing",
    shelves,
    Column("owner", Text, primary_key=True),
    Column("number", BigInteger, primary_key=True),
    Column("small", Integer, nullable=False),
    Column("label", Text, nullable=False),
    Column("bytes", LargeBinary, nullable=False),
    Column("weight", Float),
    Index("ix_thing_label", "label"),
    sqlite_with_rowid=False,
)
tag = Table(
    "tag",
    shelves,
    Column("tag_id", Text, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
)

ADD = Statement(insert(thing))
ADD_TAG = Statement(insert(tag))
ALL = Statement(select(thing).order_by(thing.c.owner, thing.c.number))
TAGS = Statement(select(tag).order_by(tag.c.tag_id))
OF_OWNER = Statement(
    select(thing.c.number, thing.c.label).where(thing.c.owner == bindparam("owner")).order_by(thing.c.number)
)


def row(owner: str, number: int, label: str = "label") -> tuple[str, int, int, str, bytes, float]:
    """A row of `thing`."""
    return (owner, number, number % 7, label, bytes([number % 256]) * 4, number / 2)


def write_burst(store: Database, owner: str, number: int, parts: int) -> None:
    """One unit of work over both tables: so many things and one tag for all of them."""
    with store.transaction() as tx:
        for part in range(parts):
            tx.run(ADD, row(f"{owner}.{number}", part))
        tx.run(ADD_TAG, (f"{owner}.{number}", f"{owner}.{number}.{parts}"))


def main() -> None:
    """Arguments: place, owner, first number, number of bursts. Prints each burst's number when it is committed."""
    place, owner, first, count = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    store = open_database(place)
    print("open", flush=True)
    for number in range(first, first + count):
        write_burst(store, owner, number, 1 + number % 5)
        print(number, flush=True)
    store.close()


if __name__ == "__main__":
    main()
