"""Charts of reports, drawn once for a run."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    op.create_table(
        "report_chart",
        sa.Column("run", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("svg", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("run", "place", name=op.f("pk_report_chart")),
    )


def downgrade() -> None:
    op.drop_table("report_chart")
