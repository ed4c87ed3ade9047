"""Telemetry: receipts of installations, tokens, and the inbox of reports."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    op.create_table(
        "installation",
        sa.Column("receipt", sa.LargeBinary(), nullable=False),
        sa.Column("handle", sa.Text(), nullable=False),
        sa.Column("product", sa.Text(), nullable=False),
        sa.Column("release", sa.Text(), nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("receipt", name=op.f("pk_installation")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_installation_handle"), "installation", ["handle"], unique=True)
    op.create_index(op.f("ix_installation_product_state"), "installation", ["product", "state"], unique=False)
    op.create_table(
        "report_batch",
        sa.Column("batch_id", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("reports", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("batch_id", name=op.f("pk_report_batch")),
    )
    op.create_index(op.f("ix_report_batch_at"), "report_batch", ["at"], unique=False)
    op.create_table(
        "report_fold",
        sa.Column("batch_id", sa.Text(), nullable=False),
        sa.Column("fold_no", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("batch_id", name=op.f("pk_report_fold")),
    )
    op.create_index(op.f("ix_report_fold_fold_no"), "report_fold", ["fold_no"], unique=False)
    op.create_table(
        "token_issued",
        sa.Column("receipt", sa.LargeBinary(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("blinded", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("receipt", "key_id", name=op.f("pk_token_issued")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_token_issued_key_id"), "token_issued", ["key_id"], unique=False)
    op.create_table(
        "token_key",
        sa.Column("week", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("public", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("week", "number", name=op.f("pk_token_key")),
    )
    op.create_index(op.f("ix_token_key_key_id"), "token_key", ["key_id"], unique=True)
    op.create_table(
        "token_spent",
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("token", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("key_id", "token", name=op.f("pk_token_spent")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("token_spent")
    op.drop_table("token_key")
    op.drop_table("token_issued")
    op.drop_table("report_fold")
    op.drop_table("report_batch")
    op.drop_table("installation")
