"""Durable jobs, and with them the outbox: work that is promised in a transaction and done after its commit.

A job is staged in the unit of work that promises it, so that the promise and the reason for it commit together. A
worker leases due jobs, runs their handler outside the transaction and records the end. A worker that dies leaves a
lease that runs out; another one takes the job again: handlers see a job at least once and must tell a repeat by its
id. Bodies hold handles, never values.
"""

from collections.abc import Callable, Mapping, Sequence
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
    func,
    insert,
    select,
    update,
)

from troth.kernel import Clock, TrothError, micros, new_id
from troth.storage.database import Database, Transaction
from troth.storage.schema import data_tables
from troth.storage.statements import Statement

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
    .order_by(job.c.due_at)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_LEASE = Statement(
    update(job)
    .where(job.c.job_id.in_(_DUE.scalar_subquery()))
    .values(leased_until=bindparam("until"), attempts=job.c.attempts + 1)
    .returning(job.c.job_id, job.c.topic, job.c.person, job.c.body, job.c.attempts)
)
_FINISH = Statement(
    update(job)
    .where(job.c.job_id == bindparam("id"))
    .values(done_at=bindparam("at"), last_error="", leased_until=0)
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


class Job(NamedTuple):
    """A leased job. `body` is a JSON object of handles; `attempts` counts this one."""

    job_id: str
    topic: str
    person: str
    body: dict[str, str]
    attempts: int


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
    tx.run(_ADD, (job_id, topic, person, msgspec.json.encode(dict(body)).decode(), due, 0, 0, 0, ""))
    return job_id


def forget_jobs(tx: Transaction, person: str) -> int:
    """Remove every job about a person, done or not; gives their number."""
    return tx.run(_FORGET, {"person": person})


def waiting_jobs(tx: Transaction) -> dict[str, tuple[int, int]]:
    """Unfinished jobs by topic: their number and the earliest due instant (microseconds)."""
    return {topic: (count, earliest) for topic, count, earliest in tx.rows(_WAITING)}


class JobWorker:
    """Runs due jobs.

    Args:
        database: Where they are kept.
        clock: Tells which are due.
        handlers: A handler for each topic; jobs of other topics are left alone.
    """

    def __init__(self, database: Database, clock: Clock, handlers: Mapping[str, Handler]) -> None:
        self._database = database
        self._clock = clock
        self._handlers = dict(handlers)

    def run_due(self, most: int = 100) -> int:
        """Run due jobs of every topic that has a handler, at most so many of each; gives the number finished.

        A handler that raises a `TrothError` puts its job off, ten seconds at first, twice as long each time, six
        hours at most; any other error leaves the lease to run out and comes up to the caller.
        """
        finished = 0
        for topic, handler in self._handlers.items():
            until = self._clock.now() + LEASE
            for leased in self._lease(topic, most, until):
                if self._clock.now() >= until:
                    break  # others may take these jobs from now on
                finished += self._run(leased, handler)
        return finished

    def _lease(self, topic: str, most: int, until: datetime) -> Sequence[Job]:
        now = until - LEASE
        with self._database.transaction() as tx:
            rows = tx.rows(
                _LEASE, {"now": micros(now), "until": micros(until), "wanted": topic, "most": most}
            )
        return [Job(i, t, p, msgspec.json.decode(body, type=dict[str, str]), n) for i, t, p, body, n in rows]

    def _run(self, leased: Job, handler: Handler) -> int:
        try:
            handler(leased)
        except TrothError as error:
            wait = min(FIRST_RETRY * 2 ** min(leased.attempts - 1, _DOUBLINGS), LAST_RETRY)
            due = micros(self._clock.now() + wait)
            with self._database.transaction() as tx:
                tx.run(
                    _PUT_OFF,
                    {"id": leased.job_id, "due": due, "error": error.code, "attempt": leased.attempts},
                )
            return 0
        with self._database.transaction() as tx:
            tx.run(_FINISH, {"id": leased.job_id, "at": micros(self._clock.now())})
        return 1
