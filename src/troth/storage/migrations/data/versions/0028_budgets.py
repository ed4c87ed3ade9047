"""What privacy budgets have spent, and the period and definition that a run of a report belongs to."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    op.create_table(
        "privacy_budget",
        sa.Column("data_set", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("epsilon", sa.BigInteger(), nullable=False),
        sa.Column("delta", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("data_set", "period", name=op.f("pk_privacy_budget")),
    )
    op.add_column("report_run", sa.Column("period", sa.Text(), server_default="", nullable=False))
    op.add_column("report_run", sa.Column("definition", sa.Text(), server_default="", nullable=False))
    op.create_index(op.f("ix_report_run_report_period"), "report_run", ["report", "period"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_report_run_report_period"), table_name="report_run")
    op.drop_column("report_run", "definition")
    op.drop_column("report_run", "period")
    op.drop_table("privacy_budget")
