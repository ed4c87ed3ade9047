"""Weeks of telemetry that are not over, sealed, of senders that do not gather them themselves."""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"


def upgrade() -> None:
    op.create_table(
        "gathered_week",
        sa.Column("receipt", sa.LargeBinary(), nullable=False),
        sa.Column("week", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("receipt", name=op.f("pk_gathered_week")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_gathered_week_week"), "gathered_week", ["week"])


def downgrade() -> None:
    op.drop_index(op.f("ix_gathered_week_week"), table_name="gathered_week")
    op.drop_table("gathered_week")
