"""By what batches of letters are listed, and found for one that came back."""

from alembic import op

revision = "0045"
down_revision = "0044"


def upgrade() -> None:
    op.create_index(op.f("ix_letter_batch_made_at_batch"), "letter_batch", ["made_at", "batch"], unique=False)
    op.create_index(op.f("ix_letter_batch_case_id"), "letter_batch", ["case_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_letter_batch_case_id"), table_name="letter_batch")
    op.drop_index(op.f("ix_letter_batch_made_at_batch"), table_name="letter_batch")
