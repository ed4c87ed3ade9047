"""What connectors did for requests: from the first attempt to the end, with keyed digests of the rows that were found."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def _text(name: str) -> sa.Column:
    return sa.Column(name, sa.Text(), nullable=False)


def _instant(name: str) -> sa.Column:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def upgrade() -> None:
    op.create_table(
        "connector_run",
        *(_text(n) for n in ("case_id", "store", "person", "message", "identity", "answer")),
        sa.Column("found", sa.Integer(), nullable=False),
        sa.Column("digests", sa.LargeBinary(), nullable=False),
        *(_instant(n) for n in ("begun_at", "sent_at", "received_at", "done_at", "due_at", "chased_at")),
        *(_text(n) for n in ("result", "told")),
        sa.PrimaryKeyConstraint("case_id", "store", name=op.f("pk_connector_run")),
        sa.UniqueConstraint("message", name=op.f("uq_connector_run_message")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        op.f("ix_connector_run_done_at_chased_at_due_at"), "connector_run", ["done_at", "chased_at", "due_at"]
    )
    op.create_index(op.f("ix_connector_run_person"), "connector_run", ["person"])


def downgrade() -> None:
    op.drop_table("connector_run")
