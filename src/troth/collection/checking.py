"""Reading and checking rows in a process of its own, so that the next batch is checked while the gate works on one.

The rows cross a pipe of this machine and stand on no other disk. The process holds no key and opens no store; it ends when
nobody reads its pipe, also when its parent was killed.
"""

import multiprocessing
import signal
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import islice, takewhile
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

from troth.collection.errors import Fault, InvalidSubmission
from troth.collection.reading import Row, Sheet, rows_of
from troth.collection.service import Collection
from troth.gate import Ask
from troth.kernel import TrothError, Unavailable
from troth.policy import Policy, compile_policy

BATCH = 500
WORTH = 4_000
"""So many rows are worth a process, which takes a second to start."""
MEANWHILE = 4 * BATCH
"""So many rows are checked while it starts."""


class Job(NamedTuple):
    """What rows are checked for: the point, and the members that every submission has beside its values."""

    point: str
    members: Mapping[str, str]


class Checked(NamedTuple):
    """A batch of rows, checked: the rows without what was read, and for each the values in the form in which they are kept, or its faults."""

    rows: Sequence[Row]
    found: Sequence[dict[str, Any] | Sequence[Fault]]


def check_rows(collection: Collection, job: Job, rows: Sequence[Row]) -> Checked:
    """Check rows by the types of the point's fields."""
    found: list[dict[str, Any] | Sequence[Fault]] = []
    for row in rows:
        if row.fault is not None:
            found.append((row.fault,))
            continue
        try:
            ask: Ask = collection.submission(job.point, {**job.members, "values": row.values})
            found.append(ask.values)
        except InvalidSubmission as error:
            found.append(error.errors)
    return Checked([row._replace(values={}) for row in rows], found)


def checked_batches(
    sheet: Sheet, start: int, policy: Policy, text: bytes, job: Job, *, beside: bool
) -> Iterator[Checked]:
    """The rows of a file from behind a row's number, in batches, each checked.

    Args:
        sheet: The file, looked through.
        start: The number of the row.
        policy: The version that they are checked under.
        text: Its bytes, for the other process.
        job: What they are checked for.
        beside: Whether to read and check in another process, ahead of whoever takes the batches.

    Raises:
        InvalidInput: The file is not what it was when it was looked through.
        Unavailable: The other process ended.
    """
    if not beside:
        yield from _checked(sheet, start, policy, job)
        return
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(
        target=_serve, args=(theirs, sheet, start + MEANWHILE, text, job), daemon=True, name="troth-check"
    )
    try:
        # Starting returns only when the process has read the policy, a second later: the first rows are checked here meanwhile.
        with ThreadPoolExecutor(1) as starter:
            started = starter.submit(process.start)
            yield from _checked(sheet, start, policy, job, until=start + MEANWHILE)
            started.result()
        theirs.close()
        yield from _received(ours)
    finally:
        theirs.close()
        ours.close()
        process.join()


def _received(ours: Connection) -> Iterator[Checked]:
    try:
        while (found := ours.recv()) is not None:
            if isinstance(found, TrothError):
                raise found
            yield found
    except EOFError:
        raise Unavailable(
            "The process that checks rows ended; what was counted is in.", mend="Give the command again."
        ) from None


def _checked(
    sheet: Sheet, start: int, policy: Policy, job: Job, until: int | None = None
) -> Iterator[Checked]:
    collection = Collection(lambda: policy, "")
    rows = takewhile(lambda row: until is None or row.number <= until, rows_of(sheet, policy, start))
    while batch := list(islice(rows, BATCH)):
        yield check_rows(collection, job, batch)


def _serve(pipe: Connection, sheet: Sheet, start: int, text: bytes, job: Job) -> None:
    """Read and check to the end, as far ahead as the pipe holds; when nobody reads it any more, nothing is left to do."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(BrokenPipeError, ConnectionResetError):
        try:
            for checked in _checked(sheet, start, compile_policy(text), job):
                pipe.send(checked)
            pipe.send(None)
        except TrothError as error:
            pipe.send(error)
