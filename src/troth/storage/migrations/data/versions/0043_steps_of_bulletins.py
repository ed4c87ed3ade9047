"""Who takes the step of a bulletin that is under way, so that no other process takes one beside it."""

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"


def upgrade() -> None:
    op.create_table(
        "bulletin_step",
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("held_until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("case_id", name="pk_bulletin_step"),
    )


def downgrade() -> None:
    op.drop_table("bulletin_step")
