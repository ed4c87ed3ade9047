"""Tables of events: the inbox in the data database, and the daily salts in the key store, where no data backup reads them."""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, Table, Text

from troth.storage import data_tables, key_tables

event_batch = Table(
    "event_batch",
    data_tables,
    Column("batch_id", Text, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("events", Integer, nullable=False),
    # last, because SQLite walks through a large value to reach what stands behind it
    Column("body", LargeBinary, nullable=False),
    Index(None, "at"),
)

event_fold = Table(
    "event_fold",
    data_tables,
    Column("batch_id", Text, primary_key=True),
    Column("fold_no", BigInteger, nullable=False),
    Index(None, "fold_no"),
)

event_seen = Table(
    "event_seen",
    data_tables,
    Column("event_id", LargeBinary, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Index(None, "at"),
    sqlite_with_rowid=False,
)

event_salt = Table(
    "event_salt",
    key_tables,
    Column("day", Text, primary_key=True),
    Column("salt", LargeBinary, nullable=False),
    Column("made_at", BigInteger, nullable=False),
)
