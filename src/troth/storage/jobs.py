"""Durable jobs, and with them the outbox: work that is promised in a transaction and done after its commit.

A job is staged in the unit of work that promises it, so that the promise and the reason for it commit together. A
worker leases due jobs, runs their handler outside the transaction and records the end. A worker that dies leaves a
lease that runs out; another one takes the job again: handlers see a job at least once and must tell a repeat by its
id. Bodies hold handles, never values.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    Table,
    Text,
    bindparam,
    exists,
    func,
    insert,
    literal,
    select,
    union_all,
    update,
)

from troth.kernel import Clock, Log, TrothError, Unavailable, micros, new_id, raised_at
from troth.storage.database import Database, Transaction
from troth.storage.schema import data_tables
from troth.storage.statements import Statement

_log = Log("troth.jobs")
LEASE = timedelta(minutes=5)
FIRST_RETRY = timedelta(seconds=10)
LAST_RETRY = timedelta(hours=6)
_DOUBLINGS = 12  # past the last retry; a span that went on doubling would overflow

job = Table(
    "job",
    data_tables,
    Column("job_id", Text, primary_key=True),
    Column("topic", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("leased_until", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("done_at", BigInteger, nullable=False),
    Column("last_error", Text, nullable=False),
    Index(None, "done_at", "due_at"),
    Index(None, "done_at", "topic", "due_at"),
    Index(None, "person"),
)

_ADD = Statement(insert(job))
_DUE = (
    select(job.c.job_id)
    .where(
        job.c.done_at == 0,
        job.c.due_at <= bindparam("now"),
        job.c.leased_until <= bindparam("now"),
        job.c.topic == bindparam("wanted"),
    )
    .order_by(job.c.due_at, job.c.job_id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_LEASE = Statement(
    update(job)
    .where(job.c.job_id.in_(_DUE.scalar_subquery()))
    .values(leased_until=bindparam("until"), attempts=job.c.attempts + 1)
    .returning(job.c.due_at, job.c.job_id, job.c.topic, job.c.person, job.c.body, job.c.attempts)
)
_PROMISED = Statement(
    select(literal(1))
    .where(
        job.c.done_at == 0,
        job.c.topic == bindparam("wanted"),
        job.c.due_at <= bindparam("by"),
        job.c.leased_until <= bindparam("now"),
        job.c.body == bindparam("body"),
    )
    .limit(1)
)
_FINISH = Statement(
    update(job)
    .where(job.c.job_id == bindparam("id"))
    .values(done_at=bindparam("at"), last_error=bindparam("error"), leased_until=0)
)
_GIVE_BACK = Statement(
    update(job)
    .where(job.c.job_id == bindparam("id"), job.c.attempts == bindparam("attempt"), job.c.done_at == 0)
    .values(leased_until=0, attempts=job.c.attempts - 1)
)
_PUT_OFF = Statement(
    update(job)
    .where(job.c.job_id == bindparam("id"), job.c.attempts == bindparam("attempt"))
    .values(due_at=bindparam("due"), leased_until=0, last_error=bindparam("error"))
)
_FORGET = Statement(job.delete().where(job.c.person == bindparam("person")))
_WAITING = Statement(
    select(job.c.topic, func.count(), func.min(job.c.due_at)).where(job.c.done_at == 0).group_by(job.c.topic)
)
_REMOVE_DONE = Statement(job.delete().where(job.c.done_at > 0, job.c.done_at < bindparam("before")))
_COLUMNS = (
    job.c.job_id,
    job.c.topic,
    job.c.due_at,
    job.c.leased_until,
    job.c.attempts,
    job.c.done_at,
    job.c.last_error,
)
_UNDONE = Statement(
    select(*_COLUMNS).where(job.c.done_at == 0).order_by(job.c.due_at, job.c.job_id).limit(bindparam("most"))
)
_DONE = Statement(
    select(*_COLUMNS)
    .where(job.c.done_at > 0)
    .order_by(job.c.done_at.desc(), job.c.job_id.desc())
    .limit(bindparam("most"))
)


class Job(NamedTuple):
    """A leased job. `body` is a JSON object of handles; `attempts` counts this one."""

    job_id: str
    topic: str
    person: str
    body: dict[str, str]
    attempts: int


class JobRecord(NamedTuple):
    """A job as listed, without its body. Instants in microseconds, 0 for never."""

    job_id: str
    topic: str
    due_at: int
    leased_until: int
    attempts: int
    done_at: int
    last_error: str


class JobOver(Exception):
    """Raised by a handler: the job is over although it was not done; it is not tried again.

    Args:
        code: Why, a static word such as `refused`; kept with the job.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


Handler = Callable[[Job], None]


def stage_job(tx: Transaction, topic: str, body: Mapping[str, str], *, due: int, person: str = "") -> str:
    """Promise a job in the current unit of work.

    Args:
        tx: Unit of work.
        topic: Names the handler.
        body: Handles that the handler needs; no values of a person.
        due: Earliest instant (microseconds) at which to run it.
        person: Handle of the person concerned, so that erasure finds the job.

    Returns:
        The job's id.
    """
    job_id = new_id()
    tx.run(_ADD, (job_id, topic, person, _written(body), due, 0, 0, 0, ""))
    tx.announce()
    return job_id


def is_promised(tx: Transaction, topic: str, body: Mapping[str, str], *, by: int, now: int) -> bool:
    """Whether the very same job waits already, due by an instant (microseconds), and nobody is running it now."""
    found = tx.row(_PROMISED, {"wanted": topic, "body": _written(body), "by": by, "now": now})
    return found is not None


def _written(body: Mapping[str, str]) -> str:
    return msgspec.json.encode(dict(body)).decode()


def forget_jobs(tx: Transaction, person: str) -> int:
    """Remove every job about a person, done or not; gives their number."""
    return tx.run(_FORGET, {"person": person})


def waiting_jobs(tx: Transaction) -> dict[str, tuple[int, int]]:
    """Unfinished jobs by topic: their number and the earliest due instant (microseconds)."""
    return {topic: (count, earliest) for topic, count, earliest in tx.rows(_WAITING)}


def job_records(tx: Transaction, *, done: bool, most: int) -> list[JobRecord]:
    """Jobs as listed, at most so many: unfinished ones by due instant, or finished ones, the newest first."""
    return [JobRecord(*row) for row in tx.rows(_DONE if done else _UNDONE, {"most": most})]


def remove_finished(tx: Transaction, before: int) -> int:
    """Remove jobs that were finished before an instant (microseconds); gives their number."""
    return tx.run(_REMOVE_DONE, {"before": before})


def _any_due(topics: Iterable[str]) -> Statement:
    """Which of some topics have due jobs: a look into the index for each, all in one statement."""
    return Statement(
        union_all(
            *(
                select(literal(topic)).where(
                    exists().where(
                        job.c.done_at == 0,
                        job.c.topic == topic,
                        job.c.due_at <= bindparam("now"),
                        job.c.leased_until <= bindparam("now"),
                    )
                )
                for topic in topics
            )
        )
    )


class JobWorker:
    """Runs due jobs.

    Args:
        database: Where they are kept.
        clock: Tells which are due.
        handlers: A handler for each topic; jobs of other topics are left alone.
        side_by_side: How many jobs of a topic are run at once, where that is more than one: their handlers wait for others.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        handlers: Mapping[str, Handler],
        side_by_side: Mapping[str, int] | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._handlers = dict(handlers)
        self._side_by_side = dict(side_by_side or {})
        self._any_due = _any_due(self._handlers)

    def run_due(self, most: int = 100, stopping: Callable[[], bool] = lambda: False) -> int:
        """Run due jobs of every topic that has a handler, at most so many of each; gives the number finished.

        Those of a topic are run as they are due; of one instant, as they were promised.

        A handler that raises an error puts its job off, ten seconds at first, twice as long each time, six hours at
        most; one that raises `JobOver` ends it. What is no `TrothError` is logged, for nobody foresaw it. No
        transaction is open while a handler runs.

        Args:
            most: Most jobs of a topic to take at once.
            stopping: Asked before each job; once it says so, what was taken and not begun is given back.
        """
        finished = 0
        for topic in self._due_topics():
            until = self._clock.now() + LEASE
            leased = self._lease(topic, most, until)
            done, left = self._run_leased(topic, leased, until, stopping)
            finished += done
            if left:
                self._give_back(left)
                break
        return finished

    def _run_leased(
        self, topic: str, leased: Sequence[Job], until: datetime, stopping: Callable[[], bool]
    ) -> tuple[int, list[Job]]:
        """Run leased jobs; gives how many were finished, and those not begun because of the wish to stop."""

        def run(one: Job) -> int | None:
            if stopping():
                return None
            # past the lease others may take it
            return self._run(one, self._handlers[topic]) if self._clock.now() < until else 0

        threads = min(self._side_by_side.get(topic, 1), len(leased))
        if threads > 1:
            with ThreadPoolExecutor(threads, thread_name_prefix="troth-job") as pool:
                ran = list(pool.map(run, leased))
        else:
            ran = [run(one) for one in leased]
        return sum(done or 0 for done in ran), [
            one for one, done in zip(leased, ran, strict=True) if done is None
        ]

    def _due_topics(self) -> list[str]:
        """Topics with due jobs, by a read: looking again and again must not stand in the writers' way."""
        if not self._handlers:
            return []
        with self._database.reading() as tx:
            due = {topic for (topic,) in tx.rows(self._any_due, {"now": micros(self._clock.now())})}
        return [topic for topic in self._handlers if topic in due]

    def _lease(self, topic: str, most: int, until: datetime) -> Sequence[Job]:
        now = until - LEASE
        with self._database.transaction() as tx:
            rows = tx.rows(
                _LEASE, {"now": micros(now), "until": micros(until), "wanted": topic, "most": most}
            )
        # an update gives what it changed in an order of its own
        return [
            Job(i, t, p, msgspec.json.decode(body, type=dict[str, str]), n)
            for _, i, t, p, body, n in sorted(rows)
        ]

    def _give_back(self, leased: Sequence[Job]) -> None:
        with self._database.transaction() as tx:
            tx.run_many(_GIVE_BACK, [{"id": one.job_id, "attempt": one.attempts} for one in leased])

    def _run(self, leased: Job, handler: Handler) -> int:
        over = ""
        try:
            handler(leased)
        except JobOver as end:
            over = end.code
        except TrothError as error:
            self._put_off(leased, error.code, error.at if isinstance(error, Unavailable) else None)
            return 0
        except Exception as error:  # noqa: BLE001  one job's failure must not stop the others; it is logged
            _log_unforeseen(leased, error)
            self._put_off(leased, "unforeseen")
            return 0
        with self._database.transaction() as tx:
            tx.run(_FINISH, {"id": leased.job_id, "at": micros(self._clock.now()), "error": over})
        return 1

    def _put_off(self, leased: Job, code: str, at: datetime | None = None) -> None:
        """Let a job wait, longer each time, and at least until the instant that whoever refused it named."""
        wait = min(FIRST_RETRY * 2 ** min(leased.attempts - 1, _DOUBLINGS), LAST_RETRY)
        due = micros(self._clock.now() + wait)
        if at is not None:
            due = max(due, micros(at))
        with self._database.transaction() as tx:
            tx.run(_PUT_OFF, {"id": leased.job_id, "due": due, "error": code, "attempt": leased.attempts})


def _log_unforeseen(leased: Job, error: Exception) -> None:
    """Only where it failed: an exception's text may repeat what somebody sent."""
    _log.error(
        "job_failed",
        job=leased.job_id,
        topic=leased.topic,
        error=type(error).__name__,
        where=raised_at(error),
    )
