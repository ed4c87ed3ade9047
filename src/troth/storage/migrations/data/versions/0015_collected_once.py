"""Collections that were sent with a mark, so that the same one counts once."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.create_table(
        "collected_once",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_collected_once")),
    )
    op.create_index(op.f("ix_collected_once_at"), "collected_once", ["at"])


def downgrade() -> None:
    op.drop_table("collected_once")
