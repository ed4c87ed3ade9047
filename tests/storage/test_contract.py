"""What every `Database` promises, tried on each engine."""
# ruff: noqa: PT012  a block that fails as a whole is what is tried here

import threading
from contextlib import closing
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import bindparam, delete, func, insert, select, text, update

from tests.storage.shelf import ADD, ADD_TAG, ALL, OF_OWNER, TAGS, row, shelves, tag, thing
from troth.kernel import Conflict, TrothError, Unavailable
from troth.storage import Database, Lookup, Statement, Upsert, create_all, open_database

ONE = Lookup(thing, by=("owner", "number"), take=("label", "bytes"))
EACH = Lookup(thing, by=("owner",), take=("number", "label"))
RENAME = Statement(update(thing).where(thing.c.owner == bindparam("whose")).values(label=bindparam("new")))
DROP = Statement(delete(thing).where(thing.c.owner == bindparam("whose")))
COUNT = Statement(select(func.count()).select_from(thing))


class Broken(Exception):
    """Raised by a test inside a unit of work."""


def fill(store: Database, *rows: tuple[Any, ...]) -> None:
    """Commit rows of `thing`."""
    with store.transaction() as tx:
        tx.run_many(ADD, list(rows))


def everything(store: Database) -> list[tuple[Any, ...]]:
    """All rows of `thing`, as committed."""
    with store.snapshot() as tx:
        return tx.rows(ALL)


def test_values_come_back_as_they_went_in(store: Database) -> None:
    """Text, 64-bit numbers, bytes, floats and null come back with their type."""
    rows = [
        ("", -(2**63), -(2**31), "", b"", None),
        ("ä😀'\"%s?:x", 2**63 - 1, 2**31 - 1, "line\nend", bytes(range(256)), 0.1),
    ]
    fill(store, *rows)
    found = everything(store)
    assert found == rows
    assert [[type(value) for value in one] for one in found] == [
        [type(value) for value in one] for one in rows
    ]


def test_parameters_go_by_name_or_by_place(store: Database) -> None:
    """Named parameters and tuples in the order of the columns write the same; a missing name is an error."""
    with store.transaction() as tx:
        assert tx.run(ADD, row("a", 1)) == 1
        assert tx.run(ADD, dict(zip(thing.c.keys(), row("a", 2), strict=True))) == 1
        tx.run_many(ADD, [dict(zip(thing.c.keys(), row("a", n), strict=True)) for n in (3, 4)])
        tx.run_many(ADD, [])
    assert everything(store) == [row("a", n) for n in (1, 2, 3, 4)]
    with pytest.raises(KeyError, match="owner"), store.transaction() as tx:
        tx.run(ADD, {"number": 5})


def test_literals_of_a_statement_count(store: Database) -> None:
    """Values written into a statement stand beside its parameters."""
    fill(store, row("a", 1), row("a", 2), row("b", 1))
    query = Statement(
        select(thing.c.number)
        .where(thing.c.owner == bindparam("owner"), thing.c.number > 1)
        .limit(bindparam("most"))
    )
    with store.snapshot() as tx:
        assert tx.rows(query, {"owner": "a", "most": 9}) == [(2,)]
        assert tx.rows(query, {"owner": "a", "most": 0}) == []


def test_rows_and_row(store: Database) -> None:
    """`rows` gives all, `row` the first or None."""
    fill(store, row("a", 2, "two"), row("a", 1, "one"))
    with store.snapshot() as tx:
        assert tx.rows(OF_OWNER, {"owner": "a"}) == [(1, "one"), (2, "two")]
        assert tx.row(OF_OWNER, {"owner": "a"}) == (1, "one")
        assert tx.rows(OF_OWNER, {"owner": "z"}) == []
        assert tx.row(OF_OWNER, {"owner": "z"}) is None


def test_run_counts_rows(store: Database) -> None:
    """`run` tells how many rows a change touched."""
    fill(store, row("a", 1), row("a", 2), row("b", 1))
    with store.transaction() as tx:
        assert tx.run(RENAME, {"whose": "a", "new": "x"}) == 2
        assert tx.run(RENAME, {"whose": "z", "new": "x"}) == 0
        assert tx.run(DROP, {"whose": "b"}) == 1
        assert tx.rows(COUNT) == [(2,)]


def test_a_changing_statement_may_return_rows(store: Database) -> None:
    """RETURNING gives the rows of a change."""
    fill(store, row("a", 1), row("a", 2))
    statement = Statement(
        delete(thing).where(thing.c.number == bindparam("which")).returning(thing.c.owner, thing.c.label)
    )
    with store.transaction() as tx:
        assert tx.rows(statement, {"which": 2}) == [("a", "label")]
    assert everything(store) == [row("a", 1)]


def test_lookup_finds_by_unique_keys(store: Database) -> None:
    """A batch read gives what is there by its key; repeated keys and none at all are no matter."""
    fill(store, row("a", 1, "one"), row("b", 2, "two"))
    with store.snapshot() as tx:
        found = tx.lookup(ONE, [("b", 2), ("a", 1), ("a", 1), ("a", 2), ("nobody", 9)])
        assert found == {("a", 1): ("one", b"\x01" * 4), ("b", 2): ("two", b"\x02" * 4)}
        assert tx.lookup(ONE, []) == {}


def test_lookup_all_gives_every_row_of_a_key(store: Database) -> None:
    """A batch read by a key that is not unique gives a list for each key that has rows."""
    fill(store, row("a", 1), row("a", 2), row("b", 1))
    with store.snapshot() as tx:
        found = tx.lookup_all(EACH, [("a",), ("b",), ("b",), ("c",)])
        assert {key: sorted(rows) for key, rows in found.items()} == {
            ("a",): [(1, "label"), (2, "label")],
            ("b",): [(1, "label")],
        }
        assert tx.lookup_all(EACH, []) == {}


def test_upsert_overwrites_only_what_it_names(store: Database) -> None:
    """An upsert inserts, or overwrites the named columns of the row with the key."""
    upsert = Upsert(thing, by=("owner", "number"), update=("label",))
    with store.transaction() as tx:
        assert tx.run(upsert, row("a", 1, "old")) == 1
        assert tx.run(upsert, ("a", 1, 99, "new", b"other", 99.0)) == 1
        tx.run_many(upsert, [row("a", 2, "two"), row("a", 2, "again")])
    assert everything(store) == [row("a", 1, "new"), row("a", 2, "again")]


def test_upsert_may_leave_what_is_there(store: Database) -> None:
    """An upsert that overwrites nothing keeps the first row and touches none."""
    keep = Upsert(thing, by=("owner", "number"))
    with store.transaction() as tx:
        assert tx.run(keep, row("a", 1, "first")) == 1
        assert tx.run(keep, row("a", 1, "second")) == 0
    assert everything(store) == [row("a", 1, "first")]


def test_a_unit_of_work_happens_or_does_not(store: Database) -> None:
    """An error in the block undoes all of it and comes out as it is; the store goes on working."""
    with pytest.raises(Broken), store.transaction() as tx:
        tx.run(ADD, row("a", 1))
        raise Broken
    assert everything(store) == []
    fill(store, row("a", 1))
    assert everything(store) == [row("a", 1)]


@pytest.mark.parametrize("many", [False, True])
def test_a_key_that_exists_is_a_conflict(store: Database, many: bool) -> None:  # noqa: FBT001
    """A second row with a unique key is a `Conflict`; nothing of the unit of work stays; no value is told."""
    with store.transaction() as tx:
        tx.run(ADD_TAG, ("1", "secret-name"))
    with pytest.raises(Conflict) as caught, store.transaction() as tx:
        tx.run(ADD_TAG, ("2", "other"))
        if many:
            tx.run_many(ADD_TAG, [("3", "third"), ("4", "secret-name")])
        else:
            tx.run(ADD_TAG, ("3", "secret-name"))
    assert "secret-name" not in str(caught.value)
    with store.snapshot() as tx:
        assert tx.rows(TAGS) == [("1", "secret-name")]


def test_a_broken_rule_of_the_schema_is_no_conflict(store: Database) -> None:
    """A null where none may be is an error of its own: there is no other row to read."""
    with pytest.raises(TrothError) as caught, store.transaction() as tx:
        tx.run(ADD, ("a", 1, None, "label", b"", 0.0))
    assert not isinstance(caught.value, Conflict)
    assert everything(store) == []


def test_a_part_can_fail_alone(store: Database) -> None:
    """A savepoint undoes its own block; what stood before and comes after is kept."""
    with store.transaction() as tx:
        tx.run(ADD, row("a", 1))
        with pytest.raises(Conflict), tx.savepoint():
            tx.run(ADD, row("b", 1))
            tx.run(ADD, row("a", 1))
        with pytest.raises(Broken), tx.savepoint():
            tx.run(ADD, row("c", 1))
            raise Broken
        with tx.savepoint():
            tx.run(ADD, row("d", 1))
            with pytest.raises(Broken), tx.savepoint():
                tx.run(ADD, row("e", 1))
                raise Broken
    assert everything(store) == [row("a", 1), row("d", 1)]


def test_a_snapshot_stands_still(store: Database) -> None:
    """What commits after a snapshot began is not in it, and it holds up no writer."""
    fill(store, row("a", 1))
    with store.snapshot() as before:
        assert before.rows(COUNT) == [(1,)]
        fill(store, row("a", 2))
        assert before.rows(COUNT) == [(1,)]
        with store.snapshot() as after:
            assert after.rows(COUNT) == [(2,)]


def test_a_snapshot_cannot_write(store: Database) -> None:
    """A change in a snapshot is refused and leaves nothing."""
    with pytest.raises(Unavailable), store.snapshot() as tx:
        tx.run(ADD, row("a", 1))
    assert everything(store) == []


def test_uncommitted_work_is_not_seen(store: Database) -> None:
    """A snapshot beside an open unit of work sees nothing of it."""
    with store.transaction() as tx:
        tx.run(ADD, row("a", 1))
        assert everything(store) == []
    assert everything(store) == [row("a", 1)]


def test_rows_can_be_streamed(store: Database) -> None:
    """A stream gives every row in order, in a snapshot and in a unit of work, and may be left half read."""
    rows = [row("a", number) for number in range(5_000)]
    fill(store, *rows)
    with store.snapshot() as tx:
        assert list(tx.stream(ALL)) == rows
    with store.transaction() as tx:
        stream = tx.stream(OF_OWNER, {"owner": "a"})
        assert next(stream) == (0, "label")
        stream.close()  # type: ignore[attr-defined]
        assert tx.run(DROP, {"whose": "a"}) == 5_000
    with store.snapshot() as tx:
        assert list(tx.stream(ALL)) == []
    fill(store, row("b", 1), row("b", 2))
    with store.snapshot() as tx:
        next(tx.stream(ALL))
    assert len(everything(store)) == 2


def test_writers_take_turns(store: Database) -> None:
    """Many threads that read, add and write one number lose none of their additions."""
    with store.transaction() as tx:
        tx.run(ADD, ("counter", 0, 0, "", b"", None))
    read = Statement(select(thing.c.small).where(thing.c.owner == "counter").with_for_update())
    write = Statement(update(thing).where(thing.c.owner == "counter").values(small=bindparam("new")))
    failures: list[BaseException] = []

    def add() -> None:
        try:
            for _ in range(25):
                with store.transaction() as tx:
                    (value,) = tx.rows(read)[0]
                    tx.run(write, {"new": value + 1})
        except BaseException as error:  # noqa: BLE001  told to the test
            failures.append(error)

    threads = [threading.Thread(target=add) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert everything(store)[0][2] == 150


def test_a_closed_store_is_unavailable(store: Database) -> None:
    """After `close` every use is refused in words; closing again does no harm."""
    store.close()
    store.close()
    for use in (store.transaction, store.snapshot):
        with pytest.raises(Unavailable), use():
            pytest.fail("a closed store was used")


def test_location_tells_no_password(store: Database) -> None:
    """The place of a store can be shown."""
    assert store.location
    assert "@" not in store.location
    assert "?" not in store.location


def test_create_all_twice(store: Database) -> None:
    """Making tables that are there leaves them and their rows alone."""
    fill(store, row("a", 1))
    create_all(store, thing.metadata)
    assert everything(store) == [row("a", 1)]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=30)
@given(
    st.dictionaries(
        st.tuples(
            st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
            st.integers(-(2**63), 2**63 - 1),
        ),
        st.tuples(st.integers(-(2**31), 2**31 - 1), st.binary(), st.none() | st.floats(allow_nan=False)),
        max_size=8,
    )
)
def test_any_rows_come_back(store: Database, wanted: dict[tuple[str, int], tuple[Any, ...]]) -> None:
    """Whatever is written in a batch is found by its keys, bit by bit."""
    with store.transaction() as tx:
        tx.run(Statement(delete(thing)))
        tx.run_many(ADD, [(o, n, small, o, raw, weight) for (o, n), (small, raw, weight) in wanted.items()])
        found = tx.lookup(
            Lookup(thing, by=("owner", "number"), take=("small", "bytes", "weight")), list(wanted)
        )
    assert found == wanted


def test_one_unit_of_work_spans_tables(store: Database) -> None:
    """Statements over several tables see each other's work."""
    with store.transaction() as tx:
        tx.run(ADD, row("a", 1))
        tx.run(Statement(insert(tag)), {"tag_id": "1", "name": "a"})
        joined = Statement(select(tag.c.tag_id).join(thing, thing.c.owner == tag.c.name))
        assert tx.rows(joined) == [("1",)]


def test_a_lookup_by_itself_finds_what_is_committed(store: Database) -> None:
    """A database answers one lookup without a unit of work, of one key and of several, and holds nothing open for it."""
    number = Lookup(thing, by=("owner", "number"), take=("number",))
    owned = Lookup(thing, by=("owner",), take=("number",))
    fill(store, row("a", 1), row("a", 2), row("b", 3))
    assert store.lookup(number, [("a", 1)]) == {("a", 1): (1,)}
    assert store.lookup(number, [("a", 1), ("b", 3), ("c", 4)]) == {("a", 1): (1,), ("b", 3): (3,)}
    assert store.lookup(number, []) == {}
    assert {key: sorted(rows) for key, rows in store.lookup_all(owned, [("a",)]).items()} == {
        ("a",): [(1,), (2,)]
    }
    fill(store, row("b", 4))
    store.scrub()
    assert sorted(store.lookup_all(owned, [("b",), ("c",)])[("b",)]) == [(3,), (4,)]


def test_a_snapshot_after_a_lookup_stays_as_it_was(store: Database) -> None:
    """Reads by themselves and snapshots share connections; each behaves as it should all the same."""
    owned = Lookup(thing, by=("owner",), take=("number",))
    fill(store, row("a", 1))
    assert store.lookup_all(owned, [("a",)]) == {("a",): [(1,)]}
    with store.snapshot() as tx:
        before = tx.lookup_all(owned, [("a",)])
        fill(store, row("a", 2))
        assert tx.lookup_all(owned, [("a",)]) == before
    assert len(store.lookup_all(owned, [("a",)])[("a",)]) == 2


def test_reads_that_need_not_agree(store: Database) -> None:
    """A look without a unit of work sees what is committed, statement by statement, and changes nothing."""
    fill(store, row("a", 1))
    with store.reading() as tx:
        assert tx.rows(ALL) == [row("a", 1)]
        fill(store, row("a", 2))
    with store.reading() as tx:
        assert tx.row(COUNT) == (2,)
    with pytest.raises((TrothError, RuntimeError)), store.reading() as tx:
        tx.run(RENAME, {"whose": "a", "new": "b"})


@pytest.mark.postgresql
def test_snapshots_keep_prepared_statements(pg_url: str) -> None:
    """What a connection has prepared outlives a snapshot; preparing it anew cost a third of the work of a request."""
    prepared = Statement(text("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%thing%'"))
    with closing(open_database(pg_url)) as store:
        create_all(store, shelves)
        for _ in range(2):
            with store.snapshot() as tx:
                tx.rows(ALL)
        with store.snapshot() as tx:
            ((kept,),) = tx.rows(prepared)
    assert kept >= 1
