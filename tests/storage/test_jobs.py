"""Durable jobs: promised with their reason, done after it, once at a time, again when the first try died."""

import threading
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta

import pytest

from troth.kernel import Clock, SettableClock, Unavailable, micros
from troth.storage import (
    Database,
    Handler,
    Job,
    JobWorker,
    forget_jobs,
    open_database,
    stage_job,
    waiting_jobs,
)
from troth.storage.jobs import FIRST_RETRY, LAST_RETRY, LEASE, job
from troth.storage.statements import Statement

MINUTE = timedelta(minutes=1)
ALL = Statement(job.select().order_by(job.c.job_id))


class Crash(BaseException):
    """Ends a handler as the end of its process would."""


def promise(database: Database, topic: str, *, due: int = 0, person: str = "", **body: str) -> str:
    """Stage one job in a unit of work of its own."""
    with database.transaction() as tx:
        return stage_job(tx, topic, body, due=due, person=person)


def waiting(database: Database) -> dict[str, tuple[int, int]]:
    """Unfinished jobs by topic."""
    with database.snapshot() as tx:
        return waiting_jobs(tx)


def worker(database: Database, clock: Clock, handler: Handler, topic: str = "mail") -> JobWorker:
    """A worker for one topic."""
    return JobWorker(database, clock, {topic: handler})


def test_a_job_runs_once_with_what_was_promised(database: Database, clock: SettableClock) -> None:
    """A due job is handed over with its handles, and is done then."""
    job_id = promise(database, "mail", person="p" * 32, case="c1", kind="ack")
    seen: list[Job] = []
    runner = worker(database, clock, seen.append)
    assert waiting(database) == {"mail": (1, 0)}
    assert runner.run_due() == 1
    assert seen == [Job(job_id, "mail", "p" * 32, {"case": "c1", "kind": "ack"}, 1)]
    assert runner.run_due() == 0
    assert waiting(database) == {}


def test_a_promise_goes_with_its_unit_of_work(database: Database, clock: SettableClock) -> None:
    """A job whose unit of work fails was never promised."""
    with pytest.raises(Crash), database.transaction() as tx:  # noqa: PT012
        stage_job(tx, "mail", {}, due=0)
        raise Crash
    assert waiting(database) == {}
    assert worker(database, clock, _fail).run_due() == 0


def _fail(_: Job) -> None:
    pytest.fail("a job ran that should not")


def test_a_job_waits_until_it_is_due(database: Database, clock: SettableClock) -> None:
    """A job is not run before its instant, and is run at it."""
    promise(database, "mail", due=micros(clock.now() + MINUTE))
    seen: list[Job] = []
    runner = worker(database, clock, seen.append)
    clock.advance(MINUTE - timedelta(microseconds=1))
    assert runner.run_due() == 0
    clock.advance(timedelta(microseconds=1))
    assert runner.run_due() == 1


def test_other_topics_are_left_alone(database: Database, clock: SettableClock) -> None:
    """A worker takes only jobs that it has a handler for, and at most as many of each as it is told."""
    for _ in range(3):
        promise(database, "mail")
        promise(database, "push")
    seen: list[Job] = []
    runner = worker(database, clock, seen.append)
    assert runner.run_due(most=2) == 2
    assert waiting(database) == {"mail": (1, 0), "push": (3, 0)}
    assert runner.run_due() == 1
    assert waiting(database) == {"push": (3, 0)}


def test_jobs_of_one_instant_run_as_they_were_promised(database: Database, clock: SettableClock) -> None:
    """Earlier ones first, and of one instant the one that was promised first, wherever its row stands and where a limit cuts."""
    promised = [promise(database, "mail", due=due) for due in (2, 1, *[2] * 40)]
    rows = [(job_id, "mail", "", "{}", 2, 0, 0, 0, "") for job_id in promised if job_id != promised[1]]
    with database.transaction() as tx:
        tx.run(Statement(job.delete().where(job.c.due_at == 2)))
        tx.run_many(Statement(job.insert()), rows[::-1])
    seen: list[str] = []
    runner = worker(database, clock, lambda one: seen.append(one.job_id))
    while runner.run_due(most=15):
        pass
    assert seen == [promised[1], promised[0], *promised[2:]]


def test_failed_jobs_are_put_off_longer_each_time(database: Database, clock: SettableClock) -> None:
    """A job that fails is tried again after 10 s, 20 s, 40 s and so on, six hours at most, however often."""
    promise(database, "mail")
    tries: list[int] = []

    def handler(one: Job) -> None:
        tries.append(one.attempts)
        raise Unavailable("The mail server does not answer.")

    runner = worker(database, clock, handler)
    for attempt in range(60):
        wait = min(FIRST_RETRY * 2 ** min(attempt, 20), LAST_RETRY)
        assert runner.run_due() == 0
        assert len(tries) == attempt + 1
        clock.advance(wait - timedelta(microseconds=1))
        assert runner.run_due() == 0
        assert len(tries) == attempt + 1
        clock.advance(timedelta(microseconds=1))
    assert tries == list(range(1, 61))
    with database.snapshot() as tx:
        (row,) = tx.rows(ALL)
    assert row[-1] == "unavailable"
    seen: list[Job] = []
    assert worker(database, clock, seen.append).run_due() == 1
    assert seen[0].attempts == 61


def test_an_error_tells_no_value(database: Database, clock: SettableClock) -> None:
    """Only the error's code is kept with the job."""
    promise(database, "mail")

    def handler(_: Job) -> None:
        raise Unavailable("ann@example.com bounced.")

    worker(database, clock, handler).run_due()
    with database.snapshot() as tx:
        assert "ann@example.com" not in repr(tx.rows(ALL))


def test_a_dead_workers_job_is_taken_when_the_lease_runs_out(
    database: Database, clock: SettableClock
) -> None:
    """A job whose worker died is left alone while the lease lasts, and then run again by another."""
    job_id = promise(database, "mail")

    def die(_: Job) -> None:
        raise Crash

    with pytest.raises(Crash):
        worker(database, clock, die).run_due()
    clock.advance(LEASE - timedelta(microseconds=1))
    assert worker(database, clock, _fail).run_due() == 0
    clock.advance(timedelta(microseconds=1))
    seen: list[Job] = []
    assert worker(database, clock, seen.append).run_due() == 1
    assert [(one.job_id, one.attempts) for one in seen] == [(job_id, 2)]


def test_a_slow_worker_leaves_what_its_lease_no_longer_covers(
    database: Database, clock: SettableClock
) -> None:
    """A worker that used up the lease on one job does not start the next, which another may hold by then."""
    for _ in range(3):
        promise(database, "mail")
    seen: list[str] = []

    def slow(one: Job) -> None:
        seen.append(one.job_id)
        clock.advance(LEASE)

    assert worker(database, clock, slow).run_due() == 1
    others: list[Job] = []
    assert worker(database, clock, others.append).run_due() == 2
    assert len({*seen, *(one.job_id for one in others)}) == 3


def test_a_stale_worker_cannot_put_off(database: Database, clock: SettableClock) -> None:
    """The end of an outdated try changes nothing of the try that holds the lease."""
    promise(database, "mail")

    def outdated(_: Job) -> None:
        clock.advance(LEASE)
        with pytest.raises(Crash):
            worker(database, clock, die).run_due()
        raise Unavailable("Too late.")

    def die(_: Job) -> None:
        raise Crash

    worker(database, clock, outdated).run_due()
    clock.advance(FIRST_RETRY * 2)
    assert worker(database, clock, _fail).run_due() == 0
    clock.advance(LEASE)
    seen: list[Job] = []
    assert worker(database, clock, seen.append).run_due() == 1
    assert seen[0].attempts == 3


def test_forgetting_a_person_removes_their_jobs(database: Database, clock: SettableClock) -> None:
    """Every job about a person goes, done or not; others stay."""
    for person in ("ann", "ann", "bob"):
        promise(database, "mail", person=person)
    worker(database, clock, lambda _: None).run_due(most=1)
    promise(database, "push", person="ann")
    with database.transaction() as tx:
        assert forget_jobs(tx, "ann") == 3
        assert forget_jobs(tx, "ann") == 0
    with database.snapshot() as tx:
        assert [row[2] for row in tx.rows(ALL)] == ["bob"]


def test_many_workers_run_each_job_once(database: Database, database_url: str, clock: SettableClock) -> None:
    """Workers with connections of their own share the jobs: each is run once, and none twice at a time."""
    wanted = {promise(database, "mail") for _ in range(60)}
    done: list[str] = []
    failures: list[BaseException] = []
    start = threading.Barrier(4)

    def guarded(run: Callable[[], None]) -> None:
        try:
            run()
        except BaseException as error:  # noqa: BLE001  told to the test
            failures.append(error)

    def run() -> None:
        with closing(open_database(database_url)) as own:
            runner = worker(own, clock, lambda one: done.append(one.job_id))
            start.wait()
            while finished := runner.run_due(most=3):
                assert finished <= 3

    threads = [threading.Thread(target=guarded, args=(run,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert sorted(done) == sorted(wanted)
    assert waiting(database) == {}


def test_some_topics_run_side_by_side(database: Database, clock: SettableClock) -> None:
    """Four jobs that wait for each other end, each once; one that fails is put off alone."""
    for number in range(8):
        promise(database, "mail", number=str(number))
    together, seen = threading.Barrier(4, timeout=60), []

    def handle(one: Job) -> None:
        together.wait()
        seen.append(one.body["number"])
        if one.body["number"] == "5":
            raise Unavailable("Not now.")

    assert JobWorker(database, clock, {"mail": handle}, {"mail": 4}).run_due() == 7
    assert sorted(seen) == [str(number) for number in range(8)]
    assert waiting(database)["mail"][0] == 1


def test_what_was_not_begun_side_by_side_is_given_back(database: Database, clock: SettableClock) -> None:
    """Once it shall stop, running jobs end and the others wait for the next worker."""
    for number in range(9):
        promise(database, "mail", number=str(number))
    stop, seen = threading.Event(), []

    def handle(one: Job) -> None:
        seen.append(one.job_id)
        stop.set()

    runner = JobWorker(database, clock, {"mail": handle}, {"mail": 2})
    assert runner.run_due(stopping=stop.is_set) == len(seen) <= 2
    assert waiting(database)["mail"] == (9 - len(seen), 0)
    begun = len(seen)
    assert worker(database, clock, lambda one: seen.append(one.job_id)).run_due() == 9 - begun
    assert len(seen) == len(set(seen)) == 9
