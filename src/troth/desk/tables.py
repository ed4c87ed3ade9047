"""Tables of the desk: handles, words and instants only; what people wrote lies sealed in the vault."""

from sqlalchemy import BigInteger, Column, Index, Table, Text

from troth.storage import data_tables

desk_case = Table(
    "desk_case",
    data_tables,
    Column("case_id", Text, primary_key=True),
    Column("number", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("stage", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("record", Text, nullable=False),
    Column("holder", Text, nullable=False),
    Column("opened_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger, nullable=False),
    Column("outcome", Text, nullable=False),
    Index(None, "kind", "ended_at", "opened_at", "case_id"),
    Index(None, "person"),
)
"""A case that is worked on in stages, such as an order. A ticket is a matter, which has its own table."""

desk_step = Table(
    "desk_step",
    data_tables,
    Column("step_id", Text, primary_key=True),
    Column("case_id", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("step", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("note", Text, nullable=False),
    Index(None, "case_id", "step_id"),
)
"""What happened to a case of the desk, and what was written in a ticket; words only."""

desk_mail = Table(
    "desk_mail",
    data_tables,
    Column("message", Text, primary_key=True),
    Column("case_id", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("record", Text, nullable=False, server_default=""),
    Index(None, "case_id", "at"),
    sqlite_with_rowid=False,
)
"""A mail about a ticket, by which the next one finds it: one of ours by the left part of its Message-ID; one of the person by a keyed
hash of its Message-ID, with the record in which that is sealed."""
