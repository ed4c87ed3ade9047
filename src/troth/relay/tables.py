"""Tables of the relay: aliases, and who wrote how much to whom; nothing of what was written."""

from sqlalchemy import BigInteger, Column, Index, Table, Text

from troth.storage import data_tables

relay_alias = Table(
    "relay_alias",
    data_tables,
    Column("alias", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("other", Text, nullable=False),
    Column("made_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Index(None, "holder", "other", unique=True),
    Index(None, "other"),
    Index(None, "expires_at"),
)

relay_passed = Table(
    "relay_passed",
    data_tables,
    Column("record", Text, primary_key=True),
    Column("sender", Text, nullable=False),
    Column("receiver", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Index(None, "sender", "at"),
    Index(None, "receiver"),
    Index(None, "at"),
)
