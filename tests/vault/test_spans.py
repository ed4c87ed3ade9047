"""Spans of people: whatever changes in one changes its mark, whoever wrote it, and nobody's else."""

from collections.abc import Mapping
from contextlib import ExitStack
from threading import Event, Thread
from typing import Any

import pytest
from sqlalchemy import text

from tests.support.waiting import wait_until
from troth.storage import Database, Statement
from troth.vault import Span, make_spans, mark_of, spans
from troth.vault.spans import add_spans, missing_spans

CHANGES = (
    "UPDATE person SET policy = 'v2' WHERE person = :who",
    "UPDATE person SET state = 'erasing' WHERE person = :who",
    "DELETE FROM person WHERE person = :who",
    "INSERT INTO person VALUES (:who || '0', 1, 'v1', 'live', 0)",
    "INSERT INTO sealed_field VALUES (:who, 'country', 'g', 'v1', 1, 'x', 1)",
    "UPDATE sealed_field SET sealed = 'y' WHERE person = :who",
    "DELETE FROM sealed_field WHERE person = :who",
    "INSERT INTO preference VALUES (:who, 'marketing', 'objected', 1)",
    "UPDATE preference SET stance = 'consented' WHERE person = :who",
    "DELETE FROM preference WHERE person = :who",
    "INSERT INTO identifier VALUES ('phone', :who, :who, '')",
    "UPDATE identifier SET person = 'f' WHERE person = :who",
    "DELETE FROM identifier WHERE person = :who",
    "INSERT INTO childhood VALUES (:who || 'b', 1, 'm', 0, 0, 0)",
    "UPDATE childhood SET until = 9 WHERE person = :who",
    "DELETE FROM childhood WHERE person = :who",
    "INSERT INTO suppression VALUES ('email', :who, 'bounced', 1)",
    "UPDATE suppression SET since = 9 WHERE blind = :who",
    "DELETE FROM suppression WHERE blind = :who",
)
ROWS = (
    "INSERT INTO person VALUES (:who, 1, 'v1', 'live', 0)",
    "INSERT INTO sealed_field VALUES (:who, 'product', 'g', 'v1', 1, 'x', 1)",
    "INSERT INTO preference VALUES (:who, 'support', 'objected', 1)",
    "INSERT INTO identifier VALUES ('email', :who, :who, '')",
    "INSERT INTO childhood VALUES (:who, 1, 'm', 0, 0, 0)",
    "INSERT INTO suppression VALUES ('email', :who, 'opted-out', 1)",
)
PEOPLE = tuple(f"{number:016x}" + "a" * 16 for number in (1, 2, 3, 4, 5))


def _run(database: Database, sql: str, who: str) -> None:
    with database.transaction() as tx:
        tx.run(_statement(database, sql), {"who": who})


def _statement(database: Database, sql: str) -> Statement:
    """A statement that gives a handle as text and, where it stands for a blind index, as bytes."""
    if database.dialect == "postgresql":
        for begin in ("'email', ", "'phone', ", "blind = "):
            sql = sql.replace(f"{begin}:who", f"{begin}convert_to(:who, 'UTF8')")
    return Statement(text(sql))


def _marks(database: Database) -> Mapping[str, Any]:
    with database.snapshot() as tx:
        return {one.low: one.mark for one in spans(tx)}


@pytest.fixture
def people(database: Database) -> Database:
    """Five people with a row of each kind, in two spans of two; the fifth is behind them."""
    for who in PEOPLE:
        for sql in ROWS:
            _run(database, sql, who)
    make_spans(database, 2)
    return database


@pytest.mark.parametrize("sql", CHANGES)
def test_a_change_of_any_row_changes_the_mark_of_its_span(people: Database, sql: str) -> None:
    """Each table, each way to change it: the mark of that span is another, and that of the other span is the same."""
    before = _marks(people)
    assert len(before) == 2
    changed, same = sorted(before)
    _run(people, sql, PEOPLE[0])
    after = _marks(people)
    assert after[changed] != before[changed]
    assert after[same] == before[same]
    _run(people, sql, PEOPLE[4])
    assert _marks(people) == after


def test_a_statement_tells_its_own_rows_and_not_those_of_triggers(people: Database) -> None:
    """How many rows a statement changed is the same for somebody in a span and behind it; who asks counts on it."""
    for who in (PEOPLE[0], PEOPLE[4]):
        with people.transaction() as tx:
            for sql, rows in (
                ("UPDATE preference SET since = 2 WHERE person = :who", 1),
                (CHANGES[9], 1),
                (CHANGES[9], 0),
            ):
                assert tx.run(_statement(people, sql), {"who": who}) == rows


def test_spans_follow_each_other(people: Database) -> None:
    """One begins where the one before ends, and nobody stands between two."""
    with people.snapshot() as tx:
        first, second = spans(tx)
    assert (first.low, first.high) == ("", second.low)
    assert [first.low < who <= first.high for who in PEOPLE] == [True, True, False, False, False]
    assert [second.low < who <= second.high for who in PEOPLE] == [False, False, True, True, False]
    assert {first.high, second.high}.isdisjoint(PEOPLE)


def test_a_writer_who_began_before_the_span_keeps_it_from_being_taken_for_known(people: Database) -> None:
    """While somebody writes who cannot know a span, nothing is kept of it; afterwards it is read with what was written."""
    if people.dialect == "sqlite":
        pytest.skip("SQLite has one writer")
    _run(people, "DELETE FROM person_span WHERE low >= :who", "")
    wrote, go_on = Event(), Event()

    def write() -> None:
        with people.transaction() as tx:
            tx.run(Statement(text(CHANGES[7])), {"who": PEOPLE[0]})
            wrote.set()
            go_on.wait(60)

    writer = Thread(target=write)
    writer.start()
    try:
        assert wrote.wait(60)
        make_spans(people, 2)
        first = _first(people)
        with people.snapshot() as tx:
            assert mark_of(tx, first) is None
    finally:
        go_on.set()
        writer.join()

    def known() -> bool:
        with people.snapshot() as tx:
            assert len(tx.rows(Statement(text("SELECT 1 FROM preference WHERE purpose = 'marketing'")))) == 1
            return mark_of(tx, first) is not None

    wait_until(known, "nobody writes who does not know the span")


def test_a_writer_who_began_while_the_span_was_being_committed_is_waited_for_too(people: Database) -> None:
    """What counts is when the span was committed: a writer with a later number may have looked before that."""
    if people.dialect == "sqlite":
        pytest.skip("SQLite has one writer")
    _run(people, "DELETE FROM person_span WHERE low >= :who", "")
    with ExitStack() as early:
        with people.transaction() as tx:
            tx.run(Statement(text("INSERT INTO person_span VALUES ('', :who, -1)")), {"who": PEOPLE[3]})
            writer = early.enter_context(people.transaction())
            writer.run(Statement(text(CHANGES[7])), {"who": PEOPLE[0]})
        make_spans(people, 2)
        first = _first(people)
        assert first.high == PEOPLE[3]
        with people.snapshot() as tx:
            assert mark_of(tx, first) is None
    assert _marks(people)[""] == (0, 0)


def _first(database: Database) -> Span:
    with database.snapshot() as tx:
        return spans(tx)[0]


def test_two_who_make_spans_at_once_make_no_two_that_overlap(people: Database) -> None:
    """What was made out before somebody else added spans is not added: a change would be noted in one and missed in the other."""
    _run(people, "DELETE FROM person_span WHERE low >= :who", "")
    mine = missing_spans(people, 2)
    _run(people, "DELETE FROM person WHERE person = :who", PEOPLE[0])
    make_spans(people, 2)
    with people.snapshot() as tx:
        there = spans(tx)
    assert [(one.low, one.high) for one in there] != [row[:2] for row in mine]
    add_spans(people, mine)
    with people.snapshot() as tx:
        assert spans(tx) == there
