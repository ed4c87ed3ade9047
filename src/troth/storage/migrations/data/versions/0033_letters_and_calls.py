"""Letters and calls: batches for the print house, which message lies in which, and call lists with their scripts."""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"


def upgrade() -> None:
    op.create_table(
        "letter_batch",
        sa.Column("batch", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("letters", sa.Integer(), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("batch", name=op.f("pk_letter_batch")),
    )
    op.create_index(op.f("ix_letter_batch_state_made_at"), "letter_batch", ["state", "made_at"], unique=False)
    op.create_table(
        "letter_in_batch",
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("batch", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("message", name=op.f("pk_letter_in_batch")),
    )
    op.create_index(op.f("ix_letter_in_batch_batch"), "letter_in_batch", ["batch"], unique=False)
    op.create_index(op.f("ix_letter_in_batch_person"), "letter_in_batch", ["person"], unique=False)
    op.create_table(
        "call_list",
        sa.Column("list", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("announcing", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("list", name=op.f("pk_call_list")),
    )
    op.create_index(op.f("ix_call_list_case_id"), "call_list", ["case_id"], unique=True)
    op.create_index(op.f("ix_call_list_closed_at_ends_at"), "call_list", ["closed_at", "ends_at"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_call_list_closed_at_ends_at"), table_name="call_list")
    op.drop_index(op.f("ix_call_list_case_id"), table_name="call_list")
    op.drop_table("call_list")
    op.drop_index(op.f("ix_letter_in_batch_person"), table_name="letter_in_batch")
    op.drop_index(op.f("ix_letter_in_batch_batch"), table_name="letter_in_batch")
    op.drop_table("letter_in_batch")
    op.drop_index(op.f("ix_letter_batch_state_made_at"), table_name="letter_batch")
    op.drop_table("letter_batch")
