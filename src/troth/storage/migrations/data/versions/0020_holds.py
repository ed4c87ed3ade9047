"""Legal holds: what staff keep from being erased, on whom, why and under which case."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.create_table(
        "legal_hold",
        *(
            sa.Column(n, sa.Text(), nullable=False)
            for n in ("hold_id", "person", "record", "purpose", "reason", "case_id", "role")
        ),
        *(sa.Column(n, sa.BigInteger(), nullable=False) for n in ("placed_at", "ended_at")),
        sa.PrimaryKeyConstraint("hold_id", name=op.f("pk_legal_hold")),
    )
    op.create_index(op.f("ix_legal_hold_person"), "legal_hold", ["person"])
    op.create_index(op.f("ix_legal_hold_ended_at_placed_at"), "legal_hold", ["ended_at", "placed_at"])


def downgrade() -> None:
    op.drop_table("legal_hold")
