"""The table of campaigns; who gets their messages stands in the outbox, by handle."""

from sqlalchemy import BigInteger, Column, Index, Integer, Table, Text

from troth.storage import data_tables

campaign = Table(
    "campaign",
    data_tables,
    Column("case_id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("template", Text, nullable=False),
    Column("audience", Text, nullable=False),
    Column("starts_at", BigInteger, nullable=False),
    Column("ends_at", BigInteger, nullable=False),
    Column("per_hour", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("began_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger, nullable=False),
    Column("cursor", Text, nullable=False),
    Column("planned", Integer, nullable=False),
    Column("looked", Integer, nullable=False),
    Column("left_out", Text, nullable=False),
    Column("holder", Text, nullable=False),
    Column("leased_until", BigInteger, nullable=False),
    # JSON: since when and why it waits, in words that hold no value; empty while it goes on
    Column("waits", Text, nullable=False, server_default=""),
    Index(None, "state", "starts_at"),
    Index(None, "created_at"),
    Index(None, "state", "holder"),
)

message_click = Table(
    "message_click",
    data_tables,
    Column("version", Text, primary_key=True),
    Column("link", Integer, primary_key=True),
    Column("day", Text, primary_key=True),
    Column("count", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
"""How often the links of a version of a message were followed, by day (ISO 8601, UTC)."""
