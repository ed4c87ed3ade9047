"""The durable inbox of web events."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "event_batch",
        sa.Column("batch_id", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("batch_id", name=op.f("pk_event_batch")),
    )
    op.create_index(op.f("ix_event_batch_at"), "event_batch", ["at"], unique=False)
    op.create_table(
        "event_fold",
        sa.Column("batch_id", sa.Text(), nullable=False),
        sa.Column("fold_no", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("batch_id", name=op.f("pk_event_fold")),
    )
    op.create_index(op.f("ix_event_fold_fold_no"), "event_fold", ["fold_no"], unique=False)
    op.create_table(
        "event_seen",
        sa.Column("event_id", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_event_seen")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_event_seen_at"), "event_seen", ["at"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_event_seen_at"), table_name="event_seen")
    op.drop_table("event_seen")
    op.drop_index(op.f("ix_event_fold_fold_no"), table_name="event_fold")
    op.drop_table("event_fold")
    op.drop_index(op.f("ix_event_batch_at"), table_name="event_batch")
    op.drop_table("event_batch")
