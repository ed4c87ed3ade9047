"""Certificates of erasure: one for each case, its newest edition."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.create_table(
        "certificate",
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        *(sa.Column(n, sa.Text(), nullable=False) for n in ("covers", "digest")),
        sa.Column("issued_at", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_certificate")),
    )
    op.create_index(op.f("ix_certificate_issued_at"), "certificate", ["issued_at"])


def downgrade() -> None:
    op.drop_table("certificate")
