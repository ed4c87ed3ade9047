"""The mails that people wrote about a ticket, beside ours."""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"


def upgrade() -> None:
    op.add_column("desk_mail", sa.Column("record", sa.Text(), server_default="", nullable=False))


def downgrade() -> None:
    op.execute("DELETE FROM desk_mail WHERE record <> ''")
    op.drop_column("desk_mail", "record")
