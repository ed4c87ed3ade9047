"""By what campaigns are found that are over and were in somebody's hands."""

from alembic import op

revision = "0046"
down_revision = "0045"


def upgrade() -> None:
    op.create_index(op.f("ix_campaign_state_holder"), "campaign", ["state", "holder"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_campaign_state_holder"), table_name="campaign")
