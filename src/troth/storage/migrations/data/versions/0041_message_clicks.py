"""How often the links of a message were followed, by day; nobody stands in it."""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"


def upgrade() -> None:
    op.create_table(
        "message_click",
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("link", sa.Integer(), nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("version", "link", "day", name=op.f("pk_message_click")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("message_click")
