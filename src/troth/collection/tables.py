"""Tables of collection: how far an import of a file has come."""

from sqlalchemy import BigInteger, Column, LargeBinary, Table, Text

from troth.storage import data_tables

import_run = Table(
    "import_run",
    data_tables,
    Column("file", LargeBinary, primary_key=True),
    Column("point", Text, primary_key=True),
    Column("purpose", Text, primary_key=True),
    Column("position", BigInteger, nullable=False),
    Column("taken", BigInteger, nullable=False),
    Column("refused", BigInteger, nullable=False),
    Column("begun_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
