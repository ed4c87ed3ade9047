"""Matters of people: requests, disputes and questions, with their clocks and steps."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def _text(name: str) -> sa.Column:
    return sa.Column(name, sa.Text(), nullable=False)


def _instant(name: str) -> sa.Column:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def upgrade() -> None:
    op.add_column("case_file", sa.Column("verified_at", sa.BigInteger(), server_default="0", nullable=False))
    op.create_table(
        "matter",
        *(_text(n) for n in ("case_id", "number", "matter", "kind", "state", "person", "record", "channel")),
        *(_text(n) for n in ("about", "policy", "language", "handler", "reviewer")),
        *(_instant(n) for n in ("received_at", "due_at")),
        _text("due_rule"),
        *(_instant(n) for n in ("verified_at", "overdue_at", "ended_at")),
        _text("outcome"),
        _text("slot"),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_matter")),
        sa.UniqueConstraint("number", name=op.f("uq_matter_number")),
        sa.UniqueConstraint("slot", name=op.f("uq_matter_slot")),
    )
    op.create_index(op.f("ix_matter_ended_at_due_at_case_id"), "matter", ["ended_at", "due_at", "case_id"])
    op.create_index(op.f("ix_matter_state_due_at_case_id"), "matter", ["state", "due_at", "case_id"])
    op.create_index(op.f("ix_matter_person_received_at"), "matter", ["person", "received_at"])
    op.create_index(op.f("ix_matter_handler_ended_at_due_at"), "matter", ["handler", "ended_at", "due_at"])
    op.create_table(
        "duty",
        *(_text(n) for n in ("case_id", "rule", "does")),
        *(_instant(n) for n in ("due_at", "met_at")),
        *(_text(n) for n in ("why", "remind")),
        sa.PrimaryKeyConstraint("case_id", "rule", name=op.f("pk_duty")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_duty_does_met_at_due_at"), "duty", ["does", "met_at", "due_at"])
    op.create_table(
        "matter_step",
        *(_text(n) for n in ("step_id", "case_id")),
        _instant("at"),
        *(_text(n) for n in ("step", "role", "key_id", "note")),
        sa.PrimaryKeyConstraint("step_id", name=op.f("pk_matter_step")),
    )
    op.create_index(op.f("ix_matter_step_case_id_step_id"), "matter_step", ["case_id", "step_id"])


def downgrade() -> None:
    op.drop_table("matter_step")
    op.drop_table("duty")
    op.drop_table("matter")
    op.drop_column("case_file", "verified_at")
