"""Campaigns, and the versions of the company's own messages."""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"


def upgrade() -> None:
    op.create_table(
        "outreach_templates",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_outreach_templates")),
    )
    op.create_index(
        op.f("ix_outreach_templates_name_added_at"), "outreach_templates", ["name", "added_at"], unique=False
    )
    op.create_table(
        "campaign",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("case_id", "name", "template", "audience")),
        sa.Column("starts_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.Column("per_hour", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("created_at", "began_at", "ended_at")),
        sa.Column("cursor", sa.Text(), nullable=False),
        sa.Column("planned", sa.Integer(), nullable=False),
        sa.Column("looked", sa.Integer(), nullable=False),
        sa.Column("left_out", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("leased_until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_campaign")),
    )
    op.create_index(op.f("ix_campaign_created_at"), "campaign", ["created_at"], unique=False)
    op.create_index(op.f("ix_campaign_state_starts_at"), "campaign", ["state", "starts_at"], unique=False)


def downgrade() -> None:
    op.drop_table("campaign")
    op.drop_table("outreach_templates")
