"""Plans of requests: what is done in each place, item by item, and the ledger entries that prove it."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def _text(name: str) -> sa.Column:
    return sa.Column(name, sa.Text(), nullable=False)


def upgrade() -> None:
    op.create_table(
        "plan_item",
        _text("case_id"),
        sa.Column("place", sa.Integer(), nullable=False),
        *(_text(n) for n in ("store", "what", "target", "action", "reason")),
        sa.Column("until", sa.BigInteger(), nullable=False),
        _text("state"),
        sa.Column("done_at", sa.BigInteger(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        _text("note"),
        sa.PrimaryKeyConstraint("case_id", "place", name=op.f("pk_plan_item")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_plan_item_state_until"), "plan_item", ["state", "until"])
    op.create_table(
        "plan_receipt",
        *(_text(n) for n in ("case_id", "entry")),
        sa.PrimaryKeyConstraint("case_id", "entry", name=op.f("pk_plan_receipt")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("plan_receipt")
    op.drop_table("plan_item")
