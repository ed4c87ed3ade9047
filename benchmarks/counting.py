"""Counts what goes to PostgreSQL: statements and commits, by database.

Times swing with whatever else a machine does; these do not.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

import psycopg
from psycopg.pq import TransactionStatus


class Counts:
    """Statements and commits, by the name of the database; and how often each statement was sent."""

    def __init__(self) -> None:
        self.statements: Counter[str] = Counter()
        self.commits: Counter[str] = Counter()
        self.texts: Counter[str] = Counter()

    def told(self, times: int, databases: Sequence[str]) -> str:
        """Statements and commits for each of so many times, in some databases together."""
        if not any(self.statements[one] for one in databases):
            return ""
        sent, ended = (
            sum(kind[one] for one in databases) / times for kind in (self.statements, self.commits)
        )
        return f"{sent:.0f} statements and {ended:.1f} commits each"


@contextmanager
def counted() -> Iterator[Counts]:
    """Count in a block; a batch of rows under one statement is one."""
    counts = Counts()
    execute, many, commit = psycopg.Cursor.execute, psycopg.Cursor.executemany, psycopg.Connection.commit

    def counting(self: Any, query: Any, *rest: Any, **more: Any) -> Any:
        name = self.connection.info.dbname
        counts.statements[name] += 1
        counts.texts[str(query)] += 1
        return execute(self, query, *rest, **more)

    def counting_many(self: Any, query: Any, *rest: Any, **more: Any) -> None:
        counts.statements[self.connection.info.dbname] += 1
        counts.texts[str(query)] += 1
        many(self, query, *rest, **more)

    def committing(self: Any) -> None:
        if self.info.transaction_status != TransactionStatus.IDLE:
            counts.commits[self.info.dbname] += 1
        commit(self)

    with ExitStack() as stack:
        stack.enter_context(patch.object(psycopg.Cursor, "execute", counting))
        stack.enter_context(patch.object(psycopg.Cursor, "executemany", counting_many))
        stack.enter_context(patch.object(psycopg.Connection, "commit", committing))
        yield counts
