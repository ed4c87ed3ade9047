"""Tables of the ledger.

`ledger_staged` takes entries in the transaction of the act; everything else is written by the sequencer alone.
"""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, Table, Text

from troth.storage import data_tables

SEGMENT = 8192
"""Leaves that share a part of the index by person.

An index by person alone would put the entries of each batch on as many pages as it has entries: 28 of 33 microseconds
an entry at 300,000 entries. Within a segment they share some 90 pages, and a person's journal costs one probe for each
segment instead of one in all.
"""

_ROW_KEY = BigInteger().with_variant(
    Integer, "sqlite"
)  # on SQLite only INTEGER makes the key the row's own number

ledger_staged = Table(
    "ledger_staged",
    data_tables,
    Column("entry_id", Text, primary_key=True),
    Column("person", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

ledger_entry = Table(
    "ledger_entry",
    data_tables,
    Column("leaf_index", _ROW_KEY, primary_key=True, autoincrement=False),
    Column("entry_id", Text, nullable=False, unique=True),
    Column("segment", Integer, nullable=False),  # leaf_index // SEGMENT
    Column("person", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
)
Index(None, ledger_entry.c.segment, ledger_entry.c.person)

ledger_tile = Table(
    "ledger_tile",
    data_tables,
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("tile_index", BigInteger, primary_key=True, autoincrement=False),
    Column("width", Integer, nullable=False),
    Column("data", LargeBinary, nullable=False),
)

ledger_tree = Table(
    "ledger_tree",
    data_tables,
    Column("singleton", Integer, primary_key=True, autoincrement=False),
    Column("size", BigInteger, nullable=False),
    Column("edge", LargeBinary, nullable=False),
    Column("note", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)

ledger_checkpoint = Table(
    "ledger_checkpoint",
    data_tables,
    Column("size", _ROW_KEY, primary_key=True, autoincrement=False),
    Column("note", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("cosigned", Integer, nullable=False),
)
Index(None, ledger_checkpoint.c.cosigned, ledger_checkpoint.c.size)

ledger_deed = Table(
    "ledger_deed",
    data_tables,
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("key", Text, primary_key=True),
    Column("role", Text, primary_key=True),
    Column("act", Text, primary_key=True),
    Column("purpose", Text, primary_key=True),
    Column("effect", Text, primary_key=True),
    Column("count", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
"""How often each key did each act on each day (of UTC, since 1970), so that no review of access reads the log."""

ledger_clause_count = Table(
    "ledger_clause_count",
    data_tables,
    Column("clause", Text, primary_key=True),
    Column("effect", Text, primary_key=True),
    Column("count", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
