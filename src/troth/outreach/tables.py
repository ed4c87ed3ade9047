"""Tables of outreach: audiences, which are expressions, and the outbox of mass mail, which holds handles; counts of mails. No address stands anywhere."""

from sqlalchemy import BigInteger, Column, Index, Integer, Table, Text, UniqueConstraint

from troth.storage import data_tables

audience = Table(
    "audience",
    data_tables,
    Column("audience", Text, primary_key=True),
    Column("declared", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("expression", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
)

template = Table(
    "outreach_templates",
    data_tables,
    Column("digest", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("added_at", BigInteger, nullable=False),
    Index(None, "name", "added_at"),
)

message = Table(
    "outreach_messages",
    data_tables,
    Column("id", Text, primary_key=True),
    Column("batch", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("at", BigInteger, nullable=False),
    UniqueConstraint("batch", "person", "channel"),
    Index(None, "batch", "state", "at", "why"),
    Index(None, "person"),
    sqlite_with_rowid=False,
)

mail_count = Table(
    "mail_count",
    data_tables,
    Column("name", Text, primary_key=True),
    Column("since", BigInteger, primary_key=True),
    Column("count", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
"""Mails of a span (its beginning in microseconds), or since ever (0); named by limit or fate."""
