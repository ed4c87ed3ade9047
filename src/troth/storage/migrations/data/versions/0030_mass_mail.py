"""The outbox of mass mail: who gets a batch, by handle, and what became of each copy."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    op.create_table(
        "outreach_messages",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("batch", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outreach_messages")),
        sa.UniqueConstraint("batch", "person", "channel", name=op.f("uq_outreach_messages_batch_person_channel")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        op.f("ix_outreach_messages_batch_state_at_why"), "outreach_messages", ["batch", "state", "at", "why"], unique=False
    )
    op.create_index(op.f("ix_outreach_messages_person"), "outreach_messages", ["person"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_outreach_messages_person"), table_name="outreach_messages")
    op.drop_index(op.f("ix_outreach_messages_batch_state_at_why"), table_name="outreach_messages")
    op.drop_table("outreach_messages")
