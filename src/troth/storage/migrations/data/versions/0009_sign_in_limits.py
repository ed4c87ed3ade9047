"""Limits on signing in, spent challenges, changes of address, and the device that a session was opened on."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

SESSION = (
    sa.Column("session_id", sa.Text(), nullable=False),
    sa.Column("digest", sa.LargeBinary(), nullable=False),
    sa.Column("person", sa.Text(), nullable=False),
    sa.Column("opened_at", sa.BigInteger(), nullable=False),
    sa.Column("expires_at", sa.BigInteger(), nullable=False),
)


def upgrade() -> None:
    op.create_table(
        "address_change",
        sa.Column("submission", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("submission", name=op.f("pk_address_change")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_address_change_person"), "address_change", ["person"], unique=False)
    op.create_table(
        "sign_in_attempt",
        sa.Column("mark", sa.LargeBinary(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("mark", name=op.f("pk_sign_in_attempt")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_sign_in_attempt_expires_at"), "sign_in_attempt", ["expires_at"], unique=False)
    op.create_table(
        "spent_challenge",
        sa.Column("challenge", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("challenge", name=op.f("pk_spent_challenge")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_spent_challenge_expires_at"), "spent_challenge", ["expires_at"], unique=False)
    _remake(with_device=True)


def downgrade() -> None:
    for table in ("address_change", "sign_in_attempt", "spent_challenge"):
        op.drop_table(table)
    _remake(with_device=False)


def _remake(*, with_device: bool) -> None:
    """Add or take away the column `device`; on SQLite the table is made anew, as in 0003."""
    if op.get_bind().dialect.name == "postgresql":
        if with_device:
            op.add_column("person_session", _device())
        else:
            op.drop_column("person_session", "device")
        return
    names = ", ".join(column.name for column in SESSION)
    columns = [column._copy() for column in SESSION] + ([_device()] if with_device else [])
    constraint = sa.PrimaryKeyConstraint("session_id", name=op.f("pk_person_session"))
    op.create_table("person_session_new", *columns, constraint)
    op.execute(f"INSERT INTO person_session_new ({names}) SELECT {names} FROM person_session")
    op.drop_table("person_session")
    op.rename_table("person_session_new", "person_session")
    op.create_index(op.f("ix_person_session_expires_at"), "person_session", ["expires_at"], unique=False)
    op.create_index(op.f("ix_person_session_person"), "person_session", ["person"], unique=False)


def _device() -> sa.Column:
    return sa.Column("device", sa.Text(), server_default="", nullable=False)
