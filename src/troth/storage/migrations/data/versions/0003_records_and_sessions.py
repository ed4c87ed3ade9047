"""Records, submissions that wait for a confirmation, sessions of people and proofs of mailboxes."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

IDENTIFIER = (
    sa.Column("kind", sa.Text(), nullable=False),
    sa.Column("blind", sa.LargeBinary(), nullable=False),
    sa.Column("person", sa.Text(), nullable=False),
)
CASE_FILE = (
    sa.Column("case_id", sa.Text(), nullable=False),
    sa.Column("case_type", sa.Text(), nullable=False),
    sa.Column("person", sa.Text(), nullable=False),
    sa.Column("role", sa.Text(), nullable=False),
    sa.Column("opened_at", sa.BigInteger(), nullable=False),
    sa.Column("closed_at", sa.BigInteger(), nullable=False),
)


def upgrade() -> None:
    op.create_table(
        "held",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("point", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("notice", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("blind", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_held")),
    )
    op.create_index(op.f("ix_held_expires_at"), "held", ["expires_at"], unique=False)
    op.create_index(op.f("ix_held_kind_blind"), "held", ["kind", "blind"], unique=False)
    op.create_table(
        "person_session",
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("session_id", name=op.f("pk_person_session")),
    )
    op.create_index(op.f("ix_person_session_expires_at"), "person_session", ["expires_at"], unique=False)
    op.create_index(op.f("ix_person_session_person"), "person_session", ["person"], unique=False)
    op.create_table(
        "proof",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("use", sa.Text(), nullable=False),
        sa.Column("issued_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_proof")),
    )
    op.create_index(op.f("ix_proof_expires_at"), "proof", ["expires_at"], unique=False)
    op.create_index(op.f("ix_proof_person"), "proof", ["person"], unique=False)
    op.create_table(
        "record",
        sa.Column("record", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("point", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("record", name=op.f("pk_record")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_record_kind_record"), "record", ["kind", "record"], unique=False)
    op.create_index(op.f("ix_record_person_kind"), "record", ["person", "kind"], unique=False)
    _remake(with_record=True)


def downgrade() -> None:
    for table in ("record", "proof", "person_session", "held"):
        op.drop_table(table)
    _remake(with_record=False)


def _remake(*, with_record: bool) -> None:
    """Add or take away the column `record`.

    SQLite would put an added column behind the constraints, so that the schema's text told its history; there the tables
    are made anew.
    """
    if op.get_bind().dialect.name == "postgresql":
        for table in ("identifier", "case_file"):
            if with_record:
                op.add_column(table, _record())
            else:
                op.drop_column(table, "record")
        return
    _remake_table("identifier", IDENTIFIER, ("kind", "blind"), {"sqlite_with_rowid": False}, with_record)
    _remake_table("case_file", CASE_FILE, ("case_id",), {}, with_record)
    op.create_index(op.f("ix_identifier_person"), "identifier", ["person"], unique=False)
    op.create_index(
        op.f("ix_case_file_closed_at_opened_at"), "case_file", ["closed_at", "opened_at"], unique=False
    )
    op.create_index(op.f("ix_case_file_person"), "case_file", ["person"], unique=False)


def _remake_table(name, columns, keys, options, with_record):
    names = ", ".join(column.name for column in columns)
    all_columns = [column._copy() for column in columns] + ([_record()] if with_record else [])
    constraint = sa.PrimaryKeyConstraint(*keys, name=op.f(f"pk_{name}"))
    op.create_table(f"{name}_new", *all_columns, constraint, **options)
    op.execute(f"INSERT INTO {name}_new ({names}) SELECT {names} FROM {name}")
    op.drop_table(name)
    op.rename_table(f"{name}_new", name)


def _record() -> sa.Column:
    return sa.Column("record", sa.Text(), server_default="", nullable=False)
