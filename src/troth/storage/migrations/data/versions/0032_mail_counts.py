"""Counts of mails that go out: by day, by span at a provider, and by what became of them."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"


def upgrade() -> None:
    op.create_table(
        "mail_count",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", "since", name=op.f("pk_mail_count")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("mail_count")
