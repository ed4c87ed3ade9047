"""Mailboxes that are looked into, and which of their mails were taken."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    op.create_table(
        "mail_folder",
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("validity", sa.BigInteger(), nullable=False),
        sa.Column("next_uid", sa.BigInteger(), nullable=False),
        sa.Column("new_from", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("looked_at", sa.BigInteger(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("not_before", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("place", name=op.f("pk_mail_folder")),
    )
    op.create_table(
        "mail_taken",
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("validity", sa.BigInteger(), nullable=False),
        sa.Column("uid", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("marked", sa.Integer(), nullable=False),
        sa.Column("taken_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("place", "validity", "uid", name=op.f("pk_mail_taken")),
    )
    op.create_index(op.f("ix_mail_taken_place_digest"), "mail_taken", ["place", "digest"], unique=False)
    op.create_index(
        op.f("ix_mail_taken_place_validity_marked"), "mail_taken", ["place", "validity", "marked"], unique=False
    )
    op.create_index(op.f("ix_mail_taken_taken_at"), "mail_taken", ["taken_at"], unique=False)


def downgrade() -> None:
    op.drop_table("mail_taken")
    op.drop_table("mail_folder")
