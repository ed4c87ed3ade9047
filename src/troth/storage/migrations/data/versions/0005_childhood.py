"""Who is known to be a child, and what a verified parent consented to."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "childhood",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("known_at", sa.BigInteger(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("verified_at", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("sharing", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_childhood")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("childhood")
