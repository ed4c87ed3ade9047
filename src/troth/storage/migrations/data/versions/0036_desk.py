"""To whom a case is assigned, records that joined one later, cases worked on step by step, and the mails of a thread."""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"


def upgrade() -> None:
    op.add_column("case_file", sa.Column("holder", sa.Text(), server_default="", nullable=False))
    op.execute(
        "UPDATE case_file SET holder = (SELECT handler FROM matter WHERE matter.case_id = case_file.case_id)"
        " WHERE case_id IN (SELECT case_id FROM matter WHERE handler <> '')"
    )
    op.create_table(
        "case_record",
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("case_id", "record", name=op.f("pk_case_record")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_case_record_record"), "case_record", ["record"])
    op.create_table(
        "desk_case",
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_desk_case")),
        sa.UniqueConstraint("number", name=op.f("uq_desk_case_number")),
    )
    op.create_index(
        op.f("ix_desk_case_kind_ended_at_opened_at_case_id"),
        "desk_case",
        ["kind", "ended_at", "opened_at", "case_id"],
    )
    op.create_index(op.f("ix_desk_case_person"), "desk_case", ["person"])
    op.create_table(
        "desk_step",
        sa.Column("step_id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("step_id", name=op.f("pk_desk_step")),
    )
    op.create_index(op.f("ix_desk_step_case_id_step_id"), "desk_step", ["case_id", "step_id"])
    op.create_table(
        "desk_mail",
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("message", name=op.f("pk_desk_mail")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_desk_mail_case_id_at"), "desk_mail", ["case_id", "at"])


def downgrade() -> None:
    for table in ("desk_mail", "desk_step", "desk_case", "case_record"):
        op.drop_table(table)
    op.drop_column("case_file", "holder")
