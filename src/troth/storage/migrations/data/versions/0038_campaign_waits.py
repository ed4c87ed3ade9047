"""Why a campaign waits, and since when."""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"


def upgrade() -> None:
    op.add_column("campaign", sa.Column("waits", sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("campaign", "waits")
