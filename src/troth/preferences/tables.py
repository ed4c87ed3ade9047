"""Table of the room: mail that came back for now, by person and message."""

from sqlalchemy import BigInteger, Column, Index, Table, Text

from troth.storage import data_tables

soft_bounce = Table(
    "soft_bounce",
    data_tables,
    Column("person", Text, primary_key=True),
    Column("message", Text, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Index(None, "at"),
)
