"""People of the console, their sessions, whose session an API key is, and what the console's queue is filtered by."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"

API_KEY = (
    sa.Column("key_id", sa.Text(), nullable=False),
    sa.Column("digest", sa.LargeBinary(), nullable=False),
    sa.Column("name", sa.Text(), nullable=False),
    sa.Column("role", sa.Text(), nullable=False),
    sa.Column("purposes", sa.Text(), nullable=False),
    sa.Column("cases", sa.Text(), nullable=False),
    sa.Column("created_at", sa.BigInteger(), nullable=False),
    sa.Column("expires_at", sa.BigInteger(), nullable=False),
    sa.Column("revoked_at", sa.BigInteger(), nullable=False),
)
FILTERS = (("matter", "ended_at"), ("kind", "ended_at"), ("kind", "state"))


def upgrade() -> None:
    op.create_table(
        "staff_member",
        sa.Column("staff_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("purposes", sa.Text(), nullable=False),
        sa.Column("cases", sa.Text(), nullable=False),
        sa.Column("pass_hash", sa.Text(), nullable=False),
        sa.Column("seed", sa.Text(), nullable=False),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("invitation", sa.LargeBinary(), nullable=False),
        sa.Column("invited_until", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("disabled_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("staff_id", name=op.f("pk_staff_member")),
        sa.UniqueConstraint("name", name=op.f("uq_staff_member_name")),
    )
    for column in ("disabled_at", "invitation", "subject"):
        op.create_index(op.f(f"ix_staff_member_{column}"), "staff_member", [column], unique=False)
    op.create_table(
        "staff_code",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("staff_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_staff_code")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_staff_code_staff_id"), "staff_code", ["staff_id"], unique=False)
    op.create_table(
        "staff_passkey",
        sa.Column("credential", sa.Text(), nullable=False),
        sa.Column("staff_id", sa.Text(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("credential", name=op.f("pk_staff_passkey")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_staff_passkey_staff_id"), "staff_passkey", ["staff_id"], unique=False)
    op.create_table(
        "staff_session",
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("staff_id", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("proven_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.Column("device", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_staff_session")),
    )
    for column in ("ends_at", "staff_id"):
        op.create_index(op.f(f"ix_staff_session_{column}"), "staff_session", [column], unique=False)
    for columns in FILTERS:
        name = op.f(f"ix_matter_{'_'.join(columns)}_due_at_case_id")
        op.create_index(name, "matter", [*columns, "due_at", "case_id"], unique=False)
    _remake(with_holder=True)


def downgrade() -> None:
    for table in ("staff_session", "staff_passkey", "staff_code", "staff_member"):
        op.drop_table(table)
    for columns in FILTERS:
        op.drop_index(op.f(f"ix_matter_{'_'.join(columns)}_due_at_case_id"), "matter")
    _remake(with_holder=False)


def _remake(*, with_holder: bool) -> None:
    """Add or take away the column `holder`; on SQLite the table is made anew, as in 0003."""
    if op.get_bind().dialect.name == "postgresql":
        if with_holder:
            op.add_column("api_key", _holder())
        else:
            op.drop_index(op.f("ix_api_key_holder_revoked_at"), "api_key")
            op.drop_column("api_key", "holder")
    else:
        names = ", ".join(column.name for column in API_KEY)
        columns = [column._copy() for column in API_KEY] + ([_holder()] if with_holder else [])
        op.create_table("api_key_new", *columns, sa.PrimaryKeyConstraint("key_id", name=op.f("pk_api_key")))
        op.execute(f"INSERT INTO api_key_new ({names}) SELECT {names} FROM api_key")
        op.drop_table("api_key")
        op.rename_table("api_key_new", "api_key")
    if with_holder:
        op.create_index(op.f("ix_api_key_holder_revoked_at"), "api_key", ["holder", "revoked_at"], unique=False)


def _holder() -> sa.Column:
    return sa.Column("holder", sa.Text(), server_default="", nullable=False)
