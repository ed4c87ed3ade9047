"""Background work: promised jobs run soon after their commit, tasks when their time has come, and nothing stops them."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.waiting import wait_until
from troth.bootstrap import Troth, init_folder, open_troth
from troth.bootstrap.background import Background
from troth.kernel import SettableClock, Unavailable, micros
from troth.storage import Database, Handler, Job, Task, job_records, stage_job, task_records

HOUR = timedelta(hours=1)


def promise(database: Database, topic: str = "mail", *, due: int = 0) -> str:
    """Stage one job in a unit of work of its own."""
    with database.transaction() as tx:
        return stage_job(tx, topic, {}, due=due)


def background(
    database: Database, clock: SettableClock, handlers: dict[str, Handler], *tasks: Task
) -> Background:
    """Background work over a database, not started."""
    return Background(database, clock, handlers, tasks)


def test_a_promised_job_wakes_the_worker(
    database: Database, clock: SettableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A job that is promised in this process runs although the worker would not look again for an hour."""
    monkeypatch.setattr("troth.bootstrap.background.LOOK_SECONDS", 3_600.0)
    seen: list[Job] = []
    working = background(database, clock, {"mail": seen.append})
    working.start()
    try:
        for number in range(3):
            promise(database)
            wait_until(lambda wanted=number + 1: len(seen) == wanted, "the job runs")  # type: ignore[misc]
    finally:
        working.stop()


def test_a_job_falls_due_by_the_clock(database: Database, clock: SettableClock) -> None:
    """A clock that is moved by hand is noticed within a look."""
    seen: list[Job] = []
    working = background(database, clock, {"mail": seen.append})
    working.start()
    try:
        promise(database, due=micros(clock.now() + HOUR))
        assert seen == []
        clock.advance(HOUR)
        wait_until(lambda: bool(seen), "the job runs")
    finally:
        working.stop()


def test_a_failing_handler_stops_nothing(
    database: Database, clock: SettableClock, capsys: pytest.CaptureFixture[str]
) -> None:
    """An error that nobody foresaw puts its job off and is logged without its text; the others run."""
    seen: list[str] = []

    def handle(job: Job) -> None:
        if not seen:
            seen.append(job.job_id)
            raise ValueError("ann@example.com")
        seen.append(job.job_id)

    promise(database)
    promise(database)
    working = background(database, clock, {"mail": handle})
    assert working.run_due().jobs == 1
    with database.snapshot() as tx:
        (left,) = job_records(tx, done=False, most=10)
    assert (left.job_id, left.attempts, left.last_error) == (seen[0], 1, "unforeseen")
    told = "".join(capsys.readouterr())
    assert "ann@example.com" not in told
    assert seen[0] in told


def test_stopping_gives_back_what_was_not_begun(database: Database, clock: SettableClock) -> None:
    """A worker that stops finishes the job it is at; the others are free at once, and count no try."""
    at_work, go_on = threading.Event(), threading.Event()
    seen: list[Job] = []

    def slow(job: Job) -> None:
        seen.append(job)
        at_work.set()
        assert go_on.wait(60)

    for _ in range(3):
        promise(database)
    working = background(database, clock, {"mail": slow})
    working.start()
    assert at_work.wait(60)
    stopper = threading.Thread(target=working.stop)
    stopper.start()
    wait_until(working._stopping.is_set, "the worker is told to stop")
    go_on.set()
    stopper.join()
    assert len(seen) == 1
    others: list[Job] = []
    assert background(database, clock, {"mail": others.append}).run_due().jobs == 2
    assert [job.attempts for job in others] == [1, 1]


def test_no_transaction_is_open_while_a_handler_runs(database: Database, clock: SettableClock) -> None:
    """A handler may write by itself, and others may while it waits for the outside."""
    done: list[str] = []

    def handle(_: Job) -> None:
        thread = threading.Thread(target=lambda: done.append(promise(database, "other")))
        thread.start()
        thread.join(60)
        done.append(promise(database, "other"))

    promise(database)
    assert background(database, clock, {"mail": handle}).run_due().jobs == 1
    assert len(done) == 2


class TestTasks:
    """Periodic tasks."""

    def test_a_task_runs_once_a_period(self, database: Database, clock: SettableClock) -> None:
        """A task runs at the first look, then when its period is over, by the clock."""
        runs: list[int] = []
        working = background(database, clock, {}, Task("count", HOUR, lambda: runs.append(1)))
        assert working.run_due().tasks == ("count",)
        assert working.run_due().tasks == ()
        clock.advance(HOUR - timedelta(microseconds=1))
        assert working.run_due().tasks == ()
        clock.advance(timedelta(microseconds=1))
        assert working.run_due().tasks == ("count",)
        assert len(runs) == 2

    def test_several_processes_run_it_once(self, database: Database, clock: SettableClock) -> None:
        """Who takes a run first has it; the next one finds it taken."""
        runs: list[int] = []

        def meanwhile() -> None:
            runs.append(1)
            assert background(database, clock, {}, counted).run_due().tasks == ()

        counted = Task("count", HOUR, meanwhile)
        assert background(database, clock, {}, counted).run_due().tasks == ("count",)
        assert runs == [1]

    def test_a_failed_run_comes_again_soon(self, database: Database, clock: SettableClock) -> None:
        """A failure is noted by its code and tried again after minutes, not after a whole period."""

        def fail() -> None:
            raise Unavailable("No room.")

        working = background(database, clock, {}, Task("fail", timedelta(days=1), fail))
        assert working.run_due().tasks == ("fail",)
        with database.snapshot() as tx:
            (known,) = task_records(tx)
        assert known.last_error == "unavailable"
        clock.advance(timedelta(minutes=5))
        assert working.run_due().tasks == ("fail",)

    def test_the_log_tells_where_an_unforeseen_failure_was(
        self, database: Database, clock: SettableClock, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """By type and place, never by its text, which may repeat a value."""

        def fail() -> None:
            raise ValueError("ann@example.com")

        background(database, clock, {}, Task("fail", timedelta(days=1), fail)).run_due()
        told = "".join(capsys.readouterr())
        assert "ValueError" in told
        assert "test_background.py:" in told
        assert "ann@example.com" not in told

    def test_a_clock_that_jumps_back_does_not_silence_it(
        self, database: Database, clock: SettableClock
    ) -> None:
        """An instant further away than a period comes from a clock that was wrong; the task is due."""
        runs: list[int] = []
        working = background(database, clock, {}, Task("count", HOUR, lambda: runs.append(1)))
        clock.advance(timedelta(days=400))
        working.run_due()
        clock.advance(-timedelta(days=400))
        assert working.run_due().tasks == ("count",)


@pytest.fixture
def opened(tmp_path: Path, clock: SettableClock) -> Iterator[Troth]:
    """A new folder, open without background work."""
    init_folder(tmp_path / "data", clock=clock)
    with open_troth(tmp_path / "data", clock=clock) as running:
        yield running


def test_finished_jobs_go_after_a_week(opened: Troth, clock: SettableClock) -> None:
    """A finished job is kept for a week, so that it can be looked at, and not longer."""
    with opened.database.transaction() as tx:
        stage_job(tx, "person.erased", {"person": "0" * 32}, due=0)
    assert opened.background.run_due().jobs == 1
    clock.advance(timedelta(days=7))
    opened.background.run_due()
    with opened.database.snapshot() as tx:
        assert len(job_records(tx, done=True, most=10)) == 1
    clock.advance(HOUR)
    opened.background.run_due()
    with opened.database.snapshot() as tx:
        assert job_records(tx, done=True, most=10) == []
