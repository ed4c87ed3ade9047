"""Periodic tasks: work that comes again, such as removing what is over; each run by one process at a time.

A task's next instant stands in the database. Whoever takes it moves that instant on before running it, so that several
processes over one database run it once. A run that fails comes again soon; one whose process dies, when its lease is over.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import NamedTuple

from sqlalchemy import BigInteger, Column, Table, Text, bindparam, or_, select, update

from troth.kernel import Clock, TrothError, micros
from troth.storage.database import Database, Transaction
from troth.storage.jobs import LEASE
from troth.storage.schema import data_tables
from troth.storage.statements import Lookup, Statement, Upsert

RETRY = timedelta(minutes=5)

task = Table(
    "task",
    data_tables,
    Column("name", Text, primary_key=True),
    Column("due_at", BigInteger, nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger, nullable=False),
    Column("last_error", Text, nullable=False),
)
_READ = Lookup(task, by=("name",), take=("due_at", "started_at", "ended_at", "last_error"))
_ADD = Upsert(task, by=("name",))
# An instant further away than one period comes from a clock that has jumped back since.
_TAKE = Statement(
    update(task)
    .where(
        task.c.name == bindparam("which"),
        or_(task.c.due_at <= bindparam("now"), task.c.due_at > bindparam("furthest")),
    )
    .values(due_at=bindparam("until"), started_at=bindparam("now"))
)
_END = Statement(
    update(task)
    .where(task.c.name == bindparam("which"))
    .values(due_at=bindparam("next"), ended_at=bindparam("at"), last_error=bindparam("error"))
)
_LIST = Statement(
    select(task.c.name, task.c.due_at, task.c.started_at, task.c.ended_at, task.c.last_error).order_by(
        task.c.name
    )
)


class Task(NamedTuple):
    """A periodic task.

    Args:
        name: Names it for people and in the database.
        every: Span from the end of one run to the next.
        run: Does the work; may be run again after a crash.
        about: What it does, one sentence.
    """

    name: str
    every: timedelta
    run: Callable[[], None]
    about: str = ""


class TaskRecord(NamedTuple):
    """What is known of a task's runs. Instants in microseconds, 0 for never."""

    name: str
    due_at: int
    started_at: int
    ended_at: int
    last_error: str


class TaskRunner:
    """Runs due tasks.

    Args:
        database: Where their instants are kept.
        clock: Tells which are due.
        tasks: The tasks.
    """

    def __init__(self, database: Database, clock: Clock, tasks: Sequence[Task]) -> None:
        self._database = database
        self._clock = clock
        self._tasks = tuple(tasks)

    def run_due(self, stopping: Callable[[], bool] = lambda: False) -> list[tuple[str, Exception | None]]:
        """Run every due task; gives the name of each that ran, and what went wrong in it.

        A task that was never run is due. No transaction is open while one runs.
        """
        ran: list[tuple[str, Exception | None]] = []
        for one in self._due():
            if stopping():
                break
            if self._taken(one):
                ran.append((one.name, self._run(one)))
        return ran

    def _due(self) -> list[Task]:
        now = micros(self._clock.now())
        with self._database.reading() as tx:
            found = tx.lookup(_READ, [(one.name,) for one in self._tasks])
        return [one for one in self._tasks if not now < found.get((one.name,), (0,))[0] <= now + _span(one)]

    def _taken(self, one: Task) -> bool:
        """Whether this call took the run; somebody else may have been quicker."""
        now = self._clock.now()
        until = micros(now + min(one.every, LEASE))
        with self._database.transaction() as tx:
            tx.run(_ADD, (one.name, 0, 0, 0, ""))
            values = {
                "which": one.name,
                "now": micros(now),
                "furthest": micros(now) + _span(one),
                "until": until,
            }
            return tx.run(_TAKE, values) == 1

    def _run(self, one: Task) -> Exception | None:
        failure: Exception | None = None
        try:
            one.run()
        except Exception as error:  # noqa: BLE001  handed to the caller, and noted with the task
            failure = error
        code = "" if failure is None else failure.code if isinstance(failure, TrothError) else "unforeseen"
        now = self._clock.now()
        following = micros(now + (one.every if failure is None else min(one.every, RETRY)))
        with self._database.transaction() as tx:
            tx.run(_END, {"which": one.name, "next": following, "at": micros(now), "error": code})
        return failure


def task_records(tx: Transaction) -> list[TaskRecord]:
    """What is known of every task that was ever run."""
    return [TaskRecord(*row) for row in tx.rows(_LIST)]


def _span(one: Task) -> int:
    return one.every // timedelta(microseconds=1)
