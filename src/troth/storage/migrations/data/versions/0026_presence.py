"""The day on which somebody last signed in, from which the time of an idle profile counts."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    op.create_table(
        "presence",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_presence")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("presence")
