"""What letters and calls are about, by whose stop they are decided when they are handed over."""

import sqlalchemy as sa
from alembic import op

revision = "0047"
down_revision = "0046"


def upgrade() -> None:
    op.add_column("letter_batch", sa.Column("topic", sa.Text(), server_default="", nullable=False))
    op.add_column("call_list", sa.Column("topic", sa.Text(), server_default="", nullable=False))


def downgrade() -> None:
    op.drop_column("call_list", "topic")
    op.drop_column("letter_batch", "topic")
