"""When periodic tasks ran and are due; due jobs of a topic are found by an index."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "task",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_task")),
    )
    op.create_index(op.f("ix_job_done_at_topic_due_at"), "job", ["done_at", "topic", "due_at"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_job_done_at_topic_due_at"), table_name="job")
    op.drop_table("task")
