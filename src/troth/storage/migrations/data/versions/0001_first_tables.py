"""First tables of the data database: people, policy, cases, API keys, ledger, jobs."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "api_key",
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("purposes", sa.Text(), nullable=False),
        sa.Column("cases", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_api_key")),
    )
    op.create_table(
        "case_file",
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("case_type", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_case_file")),
    )
    op.create_index(
        op.f("ix_case_file_closed_at_opened_at"), "case_file", ["closed_at", "opened_at"], unique=False
    )
    op.create_index(op.f("ix_case_file_person"), "case_file", ["person"], unique=False)
    op.create_table(
        "erasure",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("begun_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_erasure")),
    )
    op.create_table(
        "identifier",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("blind", sa.LargeBinary(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "blind", name=op.f("pk_identifier")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_identifier_person"), "identifier", ["person"], unique=False)
    op.create_table(
        "job",
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("leased_until", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("done_at", sa.BigInteger(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("job_id", name=op.f("pk_job")),
    )
    op.create_index(op.f("ix_job_done_at_due_at"), "job", ["done_at", "due_at"], unique=False)
    op.create_index(op.f("ix_job_person"), "job", ["person"], unique=False)
    op.create_table(
        "ledger_checkpoint",
        sa.Column(
            "size", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("cosigned", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("size", name=op.f("pk_ledger_checkpoint")),
    )
    op.create_index(
        op.f("ix_ledger_checkpoint_cosigned_size"), "ledger_checkpoint", ["cosigned", "size"], unique=False
    )
    op.create_table(
        "ledger_clause_count",
        sa.Column("clause", sa.Text(), nullable=False),
        sa.Column("effect", sa.Text(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("clause", "effect", name=op.f("pk_ledger_clause_count")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "ledger_entry",
        sa.Column(
            "leaf_index",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("entry_id", sa.Text(), nullable=False),
        sa.Column("segment", sa.Integer(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("leaf_index", name=op.f("pk_ledger_entry")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_ledger_entry_entry_id")),
    )
    op.create_index(
        op.f("ix_ledger_entry_segment_person"), "ledger_entry", ["segment", "person"], unique=False
    )
    op.create_table(
        "ledger_staged",
        sa.Column("entry_id", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_ledger_staged")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "ledger_tile",
        sa.Column("level", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("tile_index", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("level", "tile_index", name=op.f("pk_ledger_tile")),
    )
    op.create_table(
        "ledger_tree",
        sa.Column("singleton", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("edge", sa.LargeBinary(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("singleton", name=op.f("pk_ledger_tree")),
    )
    op.create_table(
        "person",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("has_stances", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_person")),
    )
    op.create_index(op.f("ix_person_policy"), "person", ["policy"], unique=False)
    op.create_table(
        "policy_version",
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("captured_on", sa.Text(), nullable=False),
        sa.Column("last_updated", sa.Text(), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.Column("posted_at", sa.BigInteger(), nullable=False),
        sa.Column("text", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_policy_version")),
        sa.UniqueConstraint("number", name=op.f("uq_policy_version_number")),
    )
    op.create_index(op.f("ix_policy_version_posted_at"), "policy_version", ["posted_at"], unique=False)
    op.create_table(
        "preference",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("stance", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("person", "purpose", "stance", name=op.f("pk_preference")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_preference_purpose_stance"), "preference", ["purpose", "stance"], unique=False)
    op.create_table(
        "sealed_field",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("key_group", sa.Text(), nullable=False),
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("person", "field", name=op.f("pk_sealed_field")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "store_mark",
        sa.Column("singleton", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("mark", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("singleton", name=op.f("pk_store_mark")),
    )
    op.create_table(
        "suppression",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("blind", sa.LargeBinary(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "blind", "reason", name=op.f("pk_suppression")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("suppression")
    op.drop_table("store_mark")
    op.drop_table("sealed_field")
    op.drop_index(op.f("ix_preference_purpose_stance"), table_name="preference")
    op.drop_table("preference")
    op.drop_index(op.f("ix_policy_version_posted_at"), table_name="policy_version")
    op.drop_table("policy_version")
    op.drop_index(op.f("ix_person_policy"), table_name="person")
    op.drop_table("person")
    op.drop_table("ledger_tree")
    op.drop_table("ledger_tile")
    op.drop_table("ledger_staged")
    op.drop_index(op.f("ix_ledger_entry_segment_person"), table_name="ledger_entry")
    op.drop_table("ledger_entry")
    op.drop_table("ledger_clause_count")
    op.drop_index(op.f("ix_ledger_checkpoint_cosigned_size"), table_name="ledger_checkpoint")
    op.drop_table("ledger_checkpoint")
    op.drop_index(op.f("ix_job_person"), table_name="job")
    op.drop_index(op.f("ix_job_done_at_due_at"), table_name="job")
    op.drop_table("job")
    op.drop_index(op.f("ix_identifier_person"), table_name="identifier")
    op.drop_table("identifier")
    op.drop_table("erasure")
    op.drop_index(op.f("ix_case_file_person"), table_name="case_file")
    op.drop_index(op.f("ix_case_file_closed_at_opened_at"), table_name="case_file")
    op.drop_table("case_file")
    op.drop_table("api_key")
