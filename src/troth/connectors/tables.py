"""Table of what connectors did: handles, words, digests and instants only; identifiers lie sealed in parcels until it is done."""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, Table, Text

from troth.storage import data_tables

connector_run = Table(
    "connector_run",
    data_tables,
    Column("case_id", Text, primary_key=True),
    Column("store", Text, primary_key=True),
    Column("person", Text, nullable=False),
    Column("message", Text, nullable=False, unique=True),
    # sealed apart: what names the person, and what a recipient answered
    Column("identity", Text, nullable=False),
    Column("answer", Text, nullable=False),
    Column("found", Integer, nullable=False),
    Column("digests", LargeBinary, nullable=False),
    Column("begun_at", BigInteger, nullable=False),
    Column("sent_at", BigInteger, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("done_at", BigInteger, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("chased_at", BigInteger, nullable=False),
    Column("result", Text, nullable=False),
    Column("told", Text, nullable=False),
    Index(None, "done_at", "chased_at", "due_at"),
    Index(None, "person"),
    sqlite_with_rowid=False,
)
