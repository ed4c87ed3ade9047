"""Table of mail that arrived and is not handled yet; its content rests in a parcel of the vault."""

from sqlalchemy import BigInteger, Column, Index, Integer, Table, Text

from troth.storage import data_tables

mail_inbox = Table(
    "mail_inbox",
    data_tables,
    Column("mail_id", Text, primary_key=True),
    Column("route", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("size", Integer, nullable=False),
    Column("arrived_at", BigInteger, nullable=False),
    Index(None, "arrived_at"),
    Index(None, "state", "arrived_at"),
)
