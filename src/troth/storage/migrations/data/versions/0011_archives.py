"""What was erased, backups with the end of their epoch keys, and restore drills."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.create_table(
        "erased",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("slot", sa.Text(), nullable=False),
        sa.Column("key_group", sa.Text(), nullable=False),
        sa.Column("erased_at", sa.BigInteger(), nullable=False),
        sa.Column("noted", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("person", "slot", name=op.f("pk_erased")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_erased_noted"), "erased", ["noted"], unique=False)
    op.create_table(
        "archive",
        sa.Column("archive", sa.Text(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.BigInteger(), nullable=False),
        sa.Column("destroyed_at", sa.BigInteger(), nullable=False),
        sa.Column("data_at", sa.Text(), nullable=False),
        sa.Column("keys_at", sa.Text(), nullable=False),
        sa.Column("epochs", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("archive", name=op.f("pk_archive")),
    )
    op.create_index(op.f("ix_archive_destroyed_at_until"), "archive", ["destroyed_at", "until"], unique=False)
    op.create_index(op.f("ix_archive_made_at"), "archive", ["made_at"], unique=False)
    op.create_table(
        "drill",
        sa.Column("drill", sa.Text(), nullable=False),
        sa.Column("began_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=False),
        sa.Column("passed", sa.Integer(), nullable=False),
        sa.Column("archives", sa.Integer(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("fields", sa.Integer(), nullable=False),
        sa.Column("opened", sa.Integer(), nullable=False),
        sa.Column("controls", sa.Integer(), nullable=False),
        sa.Column("found", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("drill", name=op.f("pk_drill")),
    )
    op.create_index(op.f("ix_drill_ended_at"), "drill", ["ended_at"], unique=False)


def downgrade() -> None:
    op.drop_table("drill")
    op.drop_table("archive")
    op.drop_table("erased")
