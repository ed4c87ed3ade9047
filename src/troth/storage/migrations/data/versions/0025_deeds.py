"""How often each key did each act on each day, counted from the entries that stand already."""

import json
from collections import Counter

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
_DAY = 86_400_000_000
_CHUNK = 10_000


def upgrade() -> None:
    made = op.create_table(
        "ledger_deed",
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("effect", sa.Text(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "day", "key", "role", "act", "purpose", "effect", name=op.f("pk_ledger_deed")
        ),
        sqlite_with_rowid=False,
    )
    assert made is not None
    counted = _counted()
    names = ("day", "key", "role", "act", "purpose", "effect")
    rows = [{**dict(zip(names, deed, strict=True)), "count": number} for deed, number in counted.items()]
    if rows:
        op.bulk_insert(made, rows)


def _counted() -> "Counter[tuple[int, str, str, str, str, str]]":
    connection = op.get_bind()
    page = sa.text(
        "SELECT leaf_index, body FROM ledger_entry WHERE leaf_index > :behind ORDER BY leaf_index LIMIT :most"
    )
    counted: Counter[tuple[int, str, str, str, str, str]] = Counter()
    behind = -1
    while rows := connection.execute(page, {"behind": behind, "most": _CHUNK}).fetchall():
        for leaf, body in rows:
            behind = leaf
            try:
                said = json.loads(bytes(body))
                key = said.get("key", "")
            except (ValueError, AttributeError):
                continue  # in no known format
            if key:
                counted[
                    said.get("at", 0) // _DAY, key, said.get("actor", ""), said.get("act", ""),
                    said.get("purpose", ""), said.get("effect", ""),
                ] += 1  # fmt: skip
    return counted


def downgrade() -> None:
    op.drop_table("ledger_deed")
