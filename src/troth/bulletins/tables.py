"""The table of bulletins: what each says and how far it is. Whom it goes to stands in the outbox, by handle."""

from sqlalchemy import BigInteger, Column, Index, Table, Text

from troth.storage import data_tables

bulletin = Table(
    "bulletin",
    data_tables,
    Column("case_id", Text, primary_key=True),
    Column("product", Text, nullable=False),
    Column("versions", Text, nullable=False),
    Column("reason", Text, nullable=False),
    # JSON: by language, subject and body; the company's own words, nothing of a person
    Column("texts", Text, nullable=False),
    # members of staff, by id
    Column("author", Text, nullable=False),
    Column("approver", Text, nullable=False),
    Column("state", Text, nullable=False),
    # handle up to which owners were looked for; "-" once all were
    Column("planned_to", Text, nullable=False),
    # owners of the product whose version nobody told
    Column("unknown", BigInteger, nullable=False),
    Column("written_at", BigInteger, nullable=False),
    Column("approved_at", BigInteger, nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger, nullable=False),
    Index(None, "state"),
)

bulletin_step = Table(
    "bulletin_step",
    data_tables,
    Column("case_id", Text, primary_key=True),
    # process that takes the step under way; empty for none
    Column("holder", Text, nullable=False),
    Column("held_until", BigInteger, nullable=False),
)
