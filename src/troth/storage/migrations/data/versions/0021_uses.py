"""The data uses that a request is about; what nobody has proven stands alone."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    op.add_column("matter", sa.Column("uses", sa.Text(), server_default="", nullable=False))
    matter = sa.table("matter", sa.column("matter"), sa.column("case_id"), sa.column("slot"), sa.column("verified_at"))
    alone = sa.update(matter).where(matter.c.matter == "request", matter.c.verified_at == 0)
    op.execute(alone.values(slot=matter.c.case_id))


def downgrade() -> None:
    op.drop_column("matter", "uses")
