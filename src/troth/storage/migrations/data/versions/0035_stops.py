"""How often somebody stopped something, and mail that came back for now."""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"


def upgrade() -> None:
    op.create_table(
        "stop_count",
        sa.Column("singleton", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("singleton", name=op.f("pk_stop_count")),
    )
    op.create_table(
        "soft_bounce",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("person", "message", name=op.f("pk_soft_bounce")),
    )
    op.create_index(op.f("ix_soft_bounce_at"), "soft_bounce", ["at"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_soft_bounce_at"), table_name="soft_bounce")
    op.drop_table("soft_bounce")
    op.drop_table("stop_count")
