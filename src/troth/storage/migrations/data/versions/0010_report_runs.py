"""The runs of reports, with their figures."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "report_run",
        sa.Column("run", sa.Text(), nullable=False),
        sa.Column("report", sa.Text(), nullable=False),
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("begun_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("figures", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("run", name=op.f("pk_report_run")),
    )
    op.create_index(op.f("ix_report_run_report_run"), "report_run", ["report", "run"])
    op.create_index(op.f("ix_report_run_report_due_at"), "report_run", ["report", "due_at"])


def downgrade() -> None:
    op.drop_table("report_run")
