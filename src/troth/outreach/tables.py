"""Tables of outreach: audiences, which are expressions. No list of people stands anywhere."""

from sqlalchemy import BigInteger, Column, Table, Text

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
