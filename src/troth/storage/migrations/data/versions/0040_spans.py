"""Spans of people, and the notes in which of them something changed, written by triggers."""

from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"

OF_PEOPLE = ("person", "sealed_field", "preference", "identifier", "childhood")
ROWS = {"insert": ("NEW",), "update": ("NEW", "OLD"), "delete": ("OLD",)}
TOKENS = {"sqlite": "abs(random() % 1099511627776)", "postgresql": "floor(random() * 1099511627776)::bigint"}


def _of_person(row: str, token: str) -> str:
    return (
        f"INSERT INTO person_change (low, token) SELECT s.low, {token} FROM "
        f"(SELECT low, high FROM person_span WHERE low < {row}.person ORDER BY low DESC LIMIT 1) AS s "
        f"WHERE s.high >= {row}.person;"
    )


def _of_listed(row: str, token: str) -> str:
    return (
        f"INSERT INTO person_change (low, token) SELECT s.low, {token} FROM identifier AS i JOIN person_span AS s "
        f"ON s.low < i.person AND s.high >= i.person WHERE i.kind = {row}.kind AND i.blind = {row}.blind;"
    )


def _triggers(dialect: str) -> Iterator[str]:
    token = TOKENS[dialect]
    tables = {**dict.fromkeys(OF_PEOPLE, _of_person), "suppression": _of_listed}
    if dialect == "sqlite":
        for table, note in tables.items():
            for step, rows in ROWS.items():
                notes = " ".join(note(row, token) for row in rows)
                yield f"CREATE TRIGGER note_{table}_{step} AFTER {step.upper()} ON {table} BEGIN {notes} END"
        return
    for name, note in (("note_person_change", _of_person), ("note_listed_change", _of_listed)):
        yield (
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"IF TG_OP <> 'DELETE' THEN {note('NEW', token)} END IF; "
            f"IF TG_OP <> 'INSERT' THEN {note('OLD', token)} END IF; RETURN NULL; END $$"
        )
    for table, note in tables.items():
        name = "note_listed_change" if note is _of_listed else "note_person_change"
        yield (
            f"CREATE TRIGGER note_{table} AFTER INSERT OR UPDATE OR DELETE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION {name}()"
        )


def upgrade() -> None:
    op.create_table(
        "person_span",
        sa.Column("low", sa.Text(), nullable=False),
        sa.Column("high", sa.Text(), nullable=False),
        sa.Column("ready", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("low", name=op.f("pk_person_span")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "person_change",
        sa.Column("low", sa.Text(), nullable=False),
        sa.Column("token", sa.BigInteger(), nullable=False),
    )
    op.create_index(op.f("ix_person_change_low_token"), "person_change", ["low", "token"], unique=False)
    for statement in _triggers(op.get_bind().dialect.name):
        op.execute(statement)


def downgrade() -> None:
    for table in (*OF_PEOPLE, "suppression"):
        if op.get_bind().dialect.name == "sqlite":
            for step in ROWS:
                op.execute(f"DROP TRIGGER note_{table}_{step}")
        else:
            op.execute(f"DROP TRIGGER note_{table} ON {table}")
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP FUNCTION note_person_change()")
        op.execute("DROP FUNCTION note_listed_change()")
    op.drop_index(op.f("ix_person_change_low_token"), table_name="person_change")
    op.drop_table("person_change")
    op.drop_table("person_span")
