"""Tables of choice: the last look at the privacy policies of sites that ours link to."""

from sqlalchemy import BigInteger, Column, Integer, Table, Text

from troth.storage import data_tables

site_look = Table(
    "site_look",
    data_tables,
    Column("policy_url", Text, primary_key=True),
    Column("looked_at", BigInteger, nullable=False),
    Column("status", Integer, nullable=False),
    Column("size", Integer, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    Column("error", Text, nullable=False),
)
