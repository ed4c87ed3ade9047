"""Staging and integrating, on both engines."""

import subprocess
import sys
import threading
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.ledger import naive
from tests.ledger.support import LOG, OTHER_LOG, make_entry, new_clock, new_sequencer, stage_entries
from tests.support.waiting import wait_until
from troth.kernel import Conflict, Corrupt, InvalidInput, NotFound, TrothError, Unavailable, new_id
from troth.ledger import (
    BadSignature,
    Checkpoint,
    CountMismatch,
    DatabaseSource,
    RootMismatch,
    Sequencer,
    SequencerThread,
    checkpoints,
    counts_by_clause,
    entries,
    entry,
    journal,
    open_checkpoint,
    recount,
    resource,
    stage,
    staged_count,
    tree_head,
    verify_log,
)
from troth.ledger.merkle import EMPTY_ROOT
from troth.storage import Database


class Failure(Exception):
    """Stands for a crash in the middle of a transaction."""


def head_of(database: Database) -> Checkpoint:
    """The signed head, its signature checked."""
    with database.snapshot() as tx:
        return open_checkpoint(tree_head(tx).note, LOG.verifier)


def bodies_of(database: Database) -> list[bytes]:
    """Bodies of all integrated entries, in order."""
    with database.snapshot() as tx:
        return [recorded.body for recorded in entries(tx, 0, 1 << 40)]


def test_the_first_look_signs_the_empty_tree(database: Database) -> None:
    """Before anything is staged there is no checkpoint; the first look signs one of size 0, the next changes nothing."""
    sequencer = new_sequencer(database)
    with database.snapshot() as tx, pytest.raises(NotFound, match="no checkpoint"):
        tree_head(tx)
    assert sequencer.integrate() == 0
    head = head_of(database)
    assert (head.size, head.root) == (0, EMPTY_ROOT)
    assert sequencer.integrate() == 0


def test_staged_entries_stand_in_the_tree_after_integration(database: Database) -> None:
    """Every entry has a leaf in order of its id, and the signed root is that of the second implementation."""
    made = stage_entries(database, 600)
    with database.snapshot() as tx:
        assert staged_count(tx) == 600
        assert entry(tx, made[3][0]).leaf_index is None
    assert new_sequencer(database).flush() == 600
    assert bodies_of(database) == [body for _, _, body in made]
    assert head_of(database) == Checkpoint(LOG.name, 600, naive.mth([body for _, _, body in made]))
    with database.snapshot() as tx:
        assert staged_count(tx) == 0
        assert entry(tx, made[3][0]).leaf_index == 3
        assert entry(tx, made[3][0]).entry.id == made[3][0]


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(st.tuples(st.integers(0, 300), st.integers(1, 400)), min_size=1, max_size=5))
def test_whatever_the_batches_every_file_is_that_of_the_definition(
    database: Database, steps: list[tuple[int, int]]
) -> None:
    """Staging and integrating in any portions gives the tiles, bundles and root of the second implementation."""
    sequencer = new_sequencer(database)
    for count, limit in steps:
        stage_entries(database, count)
        sequencer.integrate(limit)
    sequencer.flush()
    bodies = bodies_of(database)
    with database.snapshot() as tx:
        for path, data in naive.tile_files(bodies).items():
            assert resource(tx, path) == data
    assert head_of(database).root == naive.mth(bodies)


def test_a_limit_leaves_the_rest_staged(database: Database) -> None:
    """A batch takes the oldest entries, as many as it may."""
    made = stage_entries(database, 10)
    assert new_sequencer(database).integrate(limit=4) == 4
    with database.snapshot() as tx:
        assert staged_count(tx) == 6
    assert bodies_of(database) == [body for _, _, body in made[:4]]


def test_an_act_that_fails_leaves_no_entry(database: Database) -> None:
    """Entries staged in a transaction that rolls back were never there."""

    def act() -> None:
        with database.transaction() as tx:
            stage(tx, [make_entry(1)])
            raise Failure

    with pytest.raises(Failure):
        act()
    with database.snapshot() as tx:
        assert staged_count(tx) == 0


def test_an_integration_that_fails_leaves_everything_as_it_was(database: Database) -> None:
    """When the last step fails nothing was moved, no tile written, no checkpoint changed; the next try succeeds."""
    sequencer = new_sequencer(database)
    stage_entries(database, 300)
    sequencer.flush()
    before, made = head_of(database), stage_entries(database, 10)

    class Broken:
        def now(self) -> object:
            raise Failure

    with pytest.raises(Failure):
        Sequencer(database, LOG, Broken()).integrate()  # type: ignore[arg-type]
    assert head_of(database) == before
    with database.snapshot() as tx:
        assert staged_count(tx) == 10
        recount(tx)
    assert sequencer.flush() == 10
    assert bodies_of(database)[300:] == [body for _, _, body in made]
    assert head_of(database).root == naive.mth(bodies_of(database))


def test_entries_staged_by_threads_stand_in_the_tree_once_each(database: Database) -> None:
    """While four threads stage and two sequencers integrate, no entry is lost or doubled and the root is right."""
    made: list[str] = []

    def work() -> None:
        for _ in range(12):
            batch = [make_entry(number) for number in range(9)]
            with database.transaction() as tx:
                stage(tx, batch)
            made.extend(entry_id for entry_id, _, _ in batch)

    with (
        SequencerThread(new_sequencer(database), interval=0.001),
        SequencerThread(new_sequencer(database), 0.001),
    ):
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    with database.snapshot() as tx:
        recorded = entries(tx, 0, 10_000)
        assert staged_count(tx) == 0
        recount(tx)
    assert sorted(one.entry_id for one in recorded) == sorted(made)
    assert [one.leaf_index for one in recorded] == list(range(len(made)))
    assert head_of(database) == Checkpoint(LOG.name, len(made), naive.mth([one.body for one in recorded]))


WORKER = """
import sys
from tests.ledger.support import make_entry, new_sequencer
from troth.ledger import stage
from troth.storage import open_database
database = open_database(sys.argv[1])
sequencer = new_sequencer(database)
for _ in range(15):
    with database.transaction() as tx:
        stage(tx, [make_entry(number) for number in range(7)])
    sequencer.integrate(limit=10)
sequencer.flush()
database.close()
"""


@pytest.mark.slow
def test_sequencers_of_several_processes_build_one_tree(database: Database, database_url: str) -> None:
    """Three processes stage and integrate at once: every entry stands in one tree, whose root is right."""
    started = [subprocess.Popen([sys.executable, "-c", WORKER, database_url]) for _ in range(3)]
    assert [process.wait(timeout=60) for process in started] == [0, 0, 0]
    new_sequencer(database).flush()
    bodies = bodies_of(database)
    assert len(set(bodies)) == 3 * 15 * 7
    assert head_of(database) == Checkpoint(LOG.name, len(bodies), naive.mth(bodies))
    with database.snapshot() as tx:
        assert verify_log(DatabaseSource(tx), LOG.verifier_key).size == recount(tx) == len(bodies)


def test_a_second_sequencer_carries_on(database: Database) -> None:
    """Sequencers of several processes take turns on one tree."""
    first, second = new_sequencer(database), new_sequencer(database)
    for sequencer in (first, second, first, second):
        stage_entries(database, 5)
        assert sequencer.integrate() == 5
    assert head_of(database).root == naive.mth(bodies_of(database))


def test_another_key_does_not_sign_on(database: Database) -> None:
    """A log that one key signed is not continued by another; the entries stay staged."""
    stage_entries(database, 3)
    new_sequencer(database).flush()
    stage_entries(database, 2)
    with pytest.raises(BadSignature):
        new_sequencer(database, OTHER_LOG).integrate()
    with database.snapshot() as tx:
        assert staged_count(tx) == 2


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE ledger_tree SET edge = (SELECT data FROM ledger_tile WHERE level = 0)",
        "UPDATE ledger_tree SET size = 2",
        "UPDATE ledger_tree SET size = 5",
    ],
)
def test_a_head_that_was_written_to_is_not_signed_on(database: Database, change: str) -> None:
    """When size or edge of the tree in the database are not the signed ones, the sequencer refuses to grow it."""
    stage_entries(database, 3)
    new_sequencer(database).flush()
    stage_entries(database, 2)
    with database.transaction() as tx:
        tx.script(change)
    with pytest.raises(RootMismatch):
        new_sequencer(database).integrate()


def test_a_lost_tile_stops_the_sequencer(database: Database) -> None:
    """When the tile that must grow is gone, nothing is signed."""
    stage_entries(database, 3)
    new_sequencer(database).flush()
    stage_entries(database, 2)
    with database.transaction() as tx:
        tx.script("DELETE FROM ledger_tile")
    with pytest.raises(Corrupt, match="tile 0/0 is gone"):
        new_sequencer(database).integrate()


@pytest.mark.parametrize("leaf", [3, 9])
def test_rows_behind_the_end_of_the_tree_stop_the_sequencer(database: Database, leaf: int) -> None:
    """A row put straight into the entry table, next to the tree's end or further on, is not signed."""
    stage_entries(database, 3)
    new_sequencer(database).flush()
    stage_entries(database, 2)
    with database.transaction() as tx:
        tx.script(
            "INSERT INTO ledger_entry (leaf_index, entry_id, segment, person, body)"  # noqa: S608  a number
            f" SELECT {leaf}, 'x', segment, person, body FROM ledger_entry WHERE leaf_index = 0"
        )
    with pytest.raises(Corrupt):
        new_sequencer(database).integrate()
    assert head_of(database).size == 3


def test_an_id_that_is_in_the_tree_is_not_integrated_again(database: Database) -> None:
    """An entry staged once more after its integration is told, and the tree stays as it is."""
    made = stage_entries(database, 3)
    sequencer = new_sequencer(database)
    sequencer.flush()
    with database.transaction() as tx:
        stage(tx, made[:1])
    with pytest.raises(Corrupt, match="taken in the tree"):
        sequencer.integrate()
    assert head_of(database).size == 3


def test_an_id_is_staged_once(database: Database) -> None:
    """Staging the same id twice is a conflict, so that an act has one entry."""
    twice = make_entry(1)
    with pytest.raises(Conflict), database.transaction() as tx:
        stage(tx, [twice, twice])


def test_a_body_that_no_tile_can_hold_is_not_staged(database: Database) -> None:
    """What could never be integrated is refused in the act's own transaction."""
    with database.transaction() as tx, pytest.raises(InvalidInput):
        stage(tx, [(new_id(), "", b"x" * 65_536)])


def test_the_last_checkpoint_of_each_hour_is_kept(database: Database) -> None:
    """Within an hour a newer checkpoint takes the older one's place; those of earlier hours stay."""
    clock = new_clock()
    sequencer = Sequencer(database, LOG, clock)
    for _ in range(5):
        stage_entries(database, 1)
        sequencer.integrate()
        clock.advance(timedelta(minutes=20))
    with database.snapshot() as tx:
        kept = [head.size for head in checkpoints(tx)]
        assert kept == [3, 5]
        assert [open_checkpoint(head.note, LOG.verifier).size for head in checkpoints(tx)] == kept


def test_clauses_are_counted_as_entries_are_integrated(database: Database) -> None:
    """Counts by clause and effect equal those of the entries; denials by default stand under an empty clause."""
    sequencer = new_sequencer(database)
    stage_entries(database, 5, clauses=("II.3", "II.13"))
    stage_entries(database, 2, effect="deny", clauses=("II.13",))
    stage_entries(database, 1, effect="deny", clauses=())
    sequencer.flush()
    stage_entries(database, 3, clauses=("II.3",))
    sequencer.flush()
    with database.snapshot() as tx:
        assert counts_by_clause(tx) == {
            "": {"deny": 1},
            "II.13": {"deny": 2, "permit": 5},
            "II.3": {"permit": 8},
        }
        assert recount(tx) == 11


def test_a_count_that_was_written_to_is_found(database: Database) -> None:
    """A count that differs from the entries is named with its clause."""
    stage_entries(database, 5)
    new_sequencer(database).flush()
    with database.transaction() as tx:
        tx.script("UPDATE ledger_clause_count SET count = count + 1")
    with database.snapshot() as tx, pytest.raises(CountMismatch) as caught:
        recount(tx)
    assert caught.value.clause == "II.3"


@pytest.mark.parametrize("change", ["person = 'x'", "segment = 7", "entry_id = 'x'"])
def test_an_entry_hidden_from_its_journal_is_found(database: Database, change: str) -> None:
    """Whoever changes the columns by which entries are found, and leaves the entries alone, is found all the same."""
    stage_entries(database, 5)
    new_sequencer(database).flush()
    with database.transaction() as tx:
        tx.script(f"UPDATE ledger_entry SET {change} WHERE leaf_index = 3")  # noqa: S608  the test's own words
    with database.snapshot() as tx, pytest.raises(CountMismatch, match="Leaf 3"):
        recount(tx)


def test_an_unreadable_entry_does_not_stop_the_log(database: Database) -> None:
    """Bytes in no known format are integrated and counted apart, for the tree must go on."""
    with database.transaction() as tx:
        stage(tx, [(new_id(), "", b"\xff"), make_entry(1), (new_id(), "", b"{},{}")])
    assert new_sequencer(database).flush() == 3
    with database.snapshot() as tx:
        assert counts_by_clause(tx) == {"": {"unreadable": 2}, "II.3": {"permit": 1}}
        assert recount(tx) == 3


def test_a_persons_journal_holds_that_persons_entries_in_order(database: Database) -> None:
    """A journal is the person's entries, oldest first, in pages that neither skip nor repeat."""
    made = stage_entries(database, 100)
    new_sequencer(database).flush()
    mine = [body for _, person, body in made if person == f"{3:032x}"]
    with database.snapshot() as tx:
        assert [one.body for one in journal(tx, f"{3:032x}")] == mine
        paged: list[bytes] = []
        after = -1
        while page := journal(tx, f"{3:032x}", after=after, limit=4):
            paged += [one.body for one in page]
            after = page[-1].leaf_index or 0
        assert paged == mine
        assert journal(tx, "nobody") == []
        assert [one.body for one in journal(tx, f"{3:032x}", limit=4, newest=True)] == mine[-4:]
        assert [one.body for one in journal(tx, f"{3:032x}", newest=True)] == mine
        assert journal(tx, f"{3:032x}", limit=0) == journal(tx, f"{3:032x}", limit=0, newest=True) == []


def test_a_journal_reaches_across_segments(database: Database) -> None:
    """Entries of a person that lie in different segments of the index are all found, in order."""
    stage_entries(database, 40)
    new_sequencer(database).flush()
    with database.transaction() as tx:
        tx.script(
            "UPDATE ledger_entry SET leaf_index = leaf_index + 200 * 8192, segment = 200 WHERE leaf_index >= 20"
        )
        tx.script("UPDATE ledger_tree SET size = 201 * 8192")
    person = f"{1:032x}"
    with database.snapshot() as tx:
        leaves = [one.leaf_index for one in journal(tx, person)]
        assert leaves == [1, 8, 15, *(200 * 8192 + leaf for leaf in (22, 29, 36))]
        assert [one.leaf_index for one in journal(tx, person, after=15, limit=2)] == leaves[3:5]
        assert [one.leaf_index for one in journal(tx, person, limit=4, newest=True)] == leaves[2:]
        assert [one.leaf_index for one in journal(tx, person, after=leaves[3] or 0, newest=True)] == leaves[
            4:
        ]


def test_an_unknown_entry_is_not_found(database: Database) -> None:
    """An id without an entry is not found, staged or not."""
    with database.snapshot() as tx, pytest.raises(NotFound):
        entry(tx, new_id())


def test_stopping_a_sequencer_thread_integrates_what_is_staged(database: Database) -> None:
    """What was staged before the stop stands in the tree after it; a second start and stop do no harm."""
    thread = SequencerThread(new_sequencer(database), interval=3600)
    thread.start()
    thread.start()
    stage_entries(database, 4)
    thread.stop()
    thread.stop()
    assert head_of(database).size == 4


def test_a_sequencer_thread_outlives_a_failure(database: Database) -> None:
    """Whatever goes wrong in a look, the next look goes on; the failure is forgotten once a look succeeds."""

    class Stumbling:
        def __init__(self) -> None:
            self.stumbles = 3

        def now(self) -> datetime:
            self.stumbles -= 1
            if self.stumbles >= 0:
                raise Failure
            return new_clock().now()

    clock = Stumbling()
    stage_entries(database, 4)
    thread = SequencerThread(Sequencer(database, LOG, clock), interval=0.001)
    with thread:
        wait_until(lambda: clock.stumbles < 0, "a look that succeeds")
    assert thread.failure is None
    assert head_of(database).size == 4


def test_a_failure_that_nobody_foresaw_is_told_in_the_houses_words(database: Database) -> None:
    """Whoever reads `failure` finds what happened and what to do, and the original error behind it."""

    class Broken:
        def now(self) -> datetime:
            raise Failure

    stage_entries(database, 1)
    thread = SequencerThread(Sequencer(database, LOG, Broken()), interval=0.001)
    thread.start()
    with pytest.raises(Unavailable, match="Failure") as caught:
        thread.stop()
    assert isinstance(caught.value.__cause__, Failure)


def test_a_sequencer_thread_tells_why_it_cannot_go_on(database: Database) -> None:
    """A failure is kept, told when the thread stops, and its entries stay staged."""
    stage_entries(database, 1)
    new_sequencer(database).flush()
    stage_entries(database, 1)
    thread = SequencerThread(new_sequencer(database, OTHER_LOG), interval=0.001)
    thread.start()
    with pytest.raises(BadSignature):
        thread.stop()
    assert isinstance(thread.failure, TrothError)
    with pytest.raises(BadSignature):
        thread.flush()
    with database.snapshot() as tx:
        assert staged_count(tx) == 1
