"""Tables of the receiving door. Reports have no handle, no instant and no address; receipts and tokens are kept apart from them."""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, Table, Text

from troth.storage import Inbox, data_tables, key_tables

REPORTS = Inbox("report", "reports")

installation = Table(
    "installation",
    data_tables,
    Column("receipt", LargeBinary, primary_key=True),
    Column("handle", Text, nullable=False),
    Column("product", Text, nullable=False),
    Column("release", Text, nullable=False),
    Column("day", Text, nullable=False),
    Column("state", Text, nullable=False),
    Index(None, "handle", unique=True),
    Index(None, "product", "state"),
    sqlite_with_rowid=False,
)

gathered_week = Table(
    "gathered_week",
    data_tables,
    Column("receipt", LargeBinary, primary_key=True),
    Column("week", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Index(None, "week"),
    sqlite_with_rowid=False,
)

token_key = Table(
    "token_key",
    data_tables,
    Column("week", Text, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("key_id", Text, nullable=False),
    Column("public", LargeBinary, nullable=False),
    Column("state", Text, nullable=False),
    Index(None, "key_id", unique=True),
)

token_issued = Table(
    "token_issued",
    data_tables,
    Column("receipt", LargeBinary, primary_key=True),
    Column("key_id", Text, primary_key=True),
    Column("blinded", LargeBinary, nullable=False),
    Index(None, "key_id"),
    sqlite_with_rowid=False,
)

token_spent = Table(
    "token_spent",
    data_tables,
    Column("key_id", Text, primary_key=True),
    Column("token", LargeBinary, primary_key=True),
    sqlite_with_rowid=False,
)

token_secret = Table(
    "token_secret",
    key_tables,
    Column("key_id", Text, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("made_at", BigInteger, nullable=False),
)
