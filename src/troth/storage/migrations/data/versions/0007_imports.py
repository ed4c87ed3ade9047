"""How far imports of files have come."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "import_run",
        sa.Column("file", sa.LargeBinary(), nullable=False),
        sa.Column("point", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("taken", sa.BigInteger(), nullable=False),
        sa.Column("refused", sa.BigInteger(), nullable=False),
        sa.Column("begun_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("file", "point", "purpose", name=op.f("pk_import_run")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("import_run")
