"""Tables of insights: the history of runs with their figures, and the log of product changes. No handle of a person stands here."""

from sqlalchemy import BigInteger, Column, Index, LargeBinary, Table, Text

from troth.storage import data_tables

report_run = Table(
    "report_run",
    data_tables,
    Column("run", Text, primary_key=True),
    Column("report", Text, nullable=False),
    Column("policy", Text, nullable=False),
    Column("begun_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("error", Text, nullable=False),
    Column("figures", LargeBinary, nullable=False),
    Index(None, "report", "run"),
    Index(None, "report", "due_at"),
)

product_change = Table(
    "product_change",
    data_tables,
    Column("change", Text, primary_key=True),
    Column("product", Text, nullable=False),
    Column("release", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("report", Text, nullable=False),
    Column("run", Text, nullable=False),
    Column("counted_at", BigInteger, nullable=False),
    Column("noted_at", BigInteger, nullable=False),
)
