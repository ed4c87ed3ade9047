"""Triggers that note in which span of people anything changed that a count looks at.

The engine itself notes it, in the unit of work that changes it: no code that writes can forget to. A note is a row of its own,
so that nobody who writes waits for another.
"""

from collections.abc import Iterator, Mapping

OF_PEOPLE = ("person", "sealed_field", "preference", "identifier", "childhood")
"""Tables that `page_of_people` reads, by handle; beside them the suppression list, by identifier."""
LISTED = "suppression"
_STEPS = ("insert", "update", "delete")
_ROWS = {"insert": ("NEW",), "update": ("NEW", "OLD"), "delete": ("OLD",)}
_SQLITE_TOKEN = "abs(random() % 1099511627776)"  # noqa: S105  tells two states apart; nothing secret
_POSTGRESQL_TOKEN = "floor(random() * 1099511627776)::bigint"  # noqa: S105  as above


def _note(who: str, token: str) -> str:
    """Note a change of somebody, where a span covers the handle."""
    return (
        f"INSERT INTO person_change (low, token) SELECT s.low, {token} FROM "  # noqa: S608  fixed names
        f"(SELECT low, high FROM person_span WHERE low < {who} ORDER BY low DESC LIMIT 1) AS s WHERE s.high >= {who};"
    )


def _note_listed(row: str, token: str) -> str:
    """Note a change of whoever has an identifier on the suppression list."""
    return (
        f"INSERT INTO person_change (low, token) SELECT s.low, {token} FROM identifier AS i JOIN person_span AS s "  # noqa: S608  fixed names
        f"ON s.low < i.person AND s.high >= i.person WHERE i.kind = {row}.kind AND i.blind = {row}.blind;"
    )


def _sqlite() -> Iterator[str]:
    for table in (*OF_PEOPLE, LISTED):
        for step in _STEPS:
            notes = " ".join(
                _note_listed(row, _SQLITE_TOKEN) if table == LISTED else _note(f"{row}.person", _SQLITE_TOKEN)
                for row in _ROWS[step]
            )
            yield (
                f"CREATE TRIGGER IF NOT EXISTS note_{table}_{step} AFTER {step.upper()} ON {table} "
                f"BEGIN {notes} END"
            )


def _function(name: str, new: str, old: str) -> str:
    return (
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF TG_OP <> 'DELETE' THEN {new} END IF; IF TG_OP <> 'INSERT' THEN {old} END IF; RETURN NULL; END $$"
    )


def _postgresql() -> Iterator[str]:
    token = _POSTGRESQL_TOKEN
    yield _function("note_person_change", _note("NEW.person", token), _note("OLD.person", token))
    yield _function("note_listed_change", _note_listed("NEW", token), _note_listed("OLD", token))
    for table in (*OF_PEOPLE, LISTED):
        name = "note_listed_change" if table == LISTED else "note_person_change"
        yield (
            f"CREATE OR REPLACE TRIGGER note_{table} AFTER INSERT OR UPDATE OR DELETE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION {name}()"
        )


TRIGGERS: Mapping[str, tuple[str, ...]] = {"sqlite": tuple(_sqlite()), "postgresql": tuple(_postgresql())}
"""Statements that make them, by engine."""
