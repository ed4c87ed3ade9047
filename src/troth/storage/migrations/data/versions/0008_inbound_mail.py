"""Mail that arrives, sealed until it is handled."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "parcel",
        sa.Column("parcel", sa.Text(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("parcel", name=op.f("pk_parcel")),
    )
    op.create_table(
        "mail_inbox",
        sa.Column("mail_id", sa.Text(), nullable=False),
        sa.Column("route", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("arrived_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("mail_id", name=op.f("pk_mail_inbox")),
    )
    op.create_index(op.f("ix_mail_inbox_arrived_at"), "mail_inbox", ["arrived_at"], unique=False)
    op.create_index(op.f("ix_mail_inbox_state_arrived_at"), "mail_inbox", ["state", "arrived_at"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_mail_inbox_state_arrived_at"), table_name="mail_inbox")
    op.drop_index(op.f("ix_mail_inbox_arrived_at"), table_name="mail_inbox")
    op.drop_table("mail_inbox")
    op.drop_table("parcel")
