"""Tables of events: the inbox in the data database, and the daily salts in the key store, where no data backup reads them."""

from sqlalchemy import BigInteger, Column, Index, LargeBinary, Table, Text

from troth.storage import Inbox, data_tables, key_tables

EVENTS = Inbox("event", "events")

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
