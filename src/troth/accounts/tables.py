"""Tables of accounts: failed tries and asked-for links, and challenges that were used; rows last an hour at most."""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, Table

from troth.storage import data_tables

sign_in_attempt = Table(
    "sign_in_attempt",
    data_tables,
    Column("mark", LargeBinary, primary_key=True),
    Column("last_at", BigInteger, nullable=False),
    Column("count", Integer, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Index(None, "expires_at"),
    sqlite_with_rowid=False,
)

spent_challenge = Table(
    "spent_challenge",
    data_tables,
    Column("challenge", LargeBinary, primary_key=True),
    Column("expires_at", BigInteger, nullable=False),
    Index(None, "expires_at"),
    sqlite_with_rowid=False,
)
