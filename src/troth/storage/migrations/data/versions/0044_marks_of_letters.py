"""By what a letter is known to have another name or address by now: a keyed hash of what it was made with."""

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0043"


def upgrade() -> None:
    op.add_column("letter_in_batch", sa.Column("mark", sa.Text(), server_default="", nullable=False))


def downgrade() -> None:
    op.drop_column("letter_in_batch", "mark")
