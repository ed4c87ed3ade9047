"""The relay between users: aliases, what was passed on, and who is blocked."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.create_table(
        "block",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("person", "sender", name=op.f("pk_block")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_block_sender"), "block", ["sender"], unique=False)
    op.create_table(
        "relay_alias",
        sa.Column("alias", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("other", sa.Text(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("alias", name=op.f("pk_relay_alias")),
    )
    op.create_index(op.f("ix_relay_alias_holder_other"), "relay_alias", ["holder", "other"], unique=True)
    op.create_index(op.f("ix_relay_alias_other"), "relay_alias", ["other"], unique=False)
    op.create_index(op.f("ix_relay_alias_expires_at"), "relay_alias", ["expires_at"], unique=False)
    op.create_table(
        "relay_passed",
        sa.Column("record", sa.Text(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("receiver", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("record", name=op.f("pk_relay_passed")),
    )
    op.create_index(op.f("ix_relay_passed_sender_at"), "relay_passed", ["sender", "at"], unique=False)
    op.create_index(op.f("ix_relay_passed_receiver"), "relay_passed", ["receiver"], unique=False)
    op.create_index(op.f("ix_relay_passed_at"), "relay_passed", ["at"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_relay_passed_at"), table_name="relay_passed")
    op.drop_index(op.f("ix_relay_passed_receiver"), table_name="relay_passed")
    op.drop_index(op.f("ix_relay_passed_sender_at"), table_name="relay_passed")
    op.drop_table("relay_passed")
    op.drop_index(op.f("ix_relay_alias_expires_at"), table_name="relay_alias")
    op.drop_index(op.f("ix_relay_alias_other"), table_name="relay_alias")
    op.drop_index(op.f("ix_relay_alias_holder_other"), table_name="relay_alias")
    op.drop_table("relay_alias")
    op.drop_index(op.f("ix_block_sender"), table_name="block")
    op.drop_table("block")
