"""Tables of insights: runs with their figures, what was spent of privacy budgets, product changes. No handle of a person."""

from sqlalchemy import BigInteger, Column, Index, LargeBinary, PrimaryKeyConstraint, Table, Text

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
    Column("period", Text, nullable=False, server_default=""),
    Column("definition", Text, nullable=False, server_default=""),
    Index(None, "report", "run"),
    Index(None, "report", "due_at"),
    Index(None, "report", "period"),
)
privacy_budget = Table(
    "privacy_budget",
    data_tables,
    Column("data_set", Text, nullable=False),
    Column("period", Text, nullable=False),
    Column("epsilon", BigInteger, nullable=False),
    Column("delta", BigInteger, nullable=False),
    PrimaryKeyConstraint("data_set", "period"),
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

report_chart = Table(
    "report_chart",
    data_tables,
    Column("run", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("svg", LargeBinary, nullable=False),
    PrimaryKeyConstraint("run", "place"),
)
