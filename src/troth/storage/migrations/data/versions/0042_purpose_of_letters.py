"""What a batch of letters serves, by which its letters are decided again when it is fetched."""

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"


def upgrade() -> None:
    op.add_column("letter_batch", sa.Column("purpose", sa.Text(), server_default="", nullable=False))


def downgrade() -> None:
    op.drop_column("letter_batch", "purpose")
