"""`troth jobs`: work that was promised and is done after its commit, and what is done periodically."""

from typing import TYPE_CHECKING, Annotated

import typer

from troth.cli.frame import command, group
from troth.cli.say import Say, table
from troth.cli.sources import moment

if TYPE_CHECKING:
    from troth.storage import JobRecord, Task, TaskRecord

app = group("jobs", "List and run promised jobs, such as mails, and periodic tasks.")


@command(
    app,
    "list",
    example="troth jobs list",
    gives={
        "jobs": "job, topic, due, attempts, done and error of each; bodies are not shown",
        "waiting": "by topic: how many are not done, and the earliest instant at which one is due",
    },
)
def list_(
    say: Say,
    *,
    done: Annotated[
        bool, typer.Option("--done", help="Those that are over (kept for a week), the newest first.")
    ] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, metavar="N", help="How many.")] = 100,
) -> None:
    """List jobs that wait, the earliest due first. A server runs them by itself."""
    from troth.storage import job_records, waiting_jobs

    with say.open() as troth, troth.database.snapshot() as tx:
        found = job_records(tx, done=done, most=limit)
        waiting = waiting_jobs(tx)
    rows = [_row(one) for one in found]
    counts = {topic: {"jobs": count, "due": moment(due)} for topic, (count, due) in waiting.items()}
    heads = list(rows[0]) if rows else ["no jobs"]
    say.answer({"jobs": rows, "waiting": counts}, table(heads, [list(row.values()) for row in rows]))


def _row(one: "JobRecord") -> dict[str, object]:
    return {
        "job": one.job_id,
        "topic": one.topic,
        "due": moment(one.due_at),
        "attempts": one.attempts,
        "done": moment(one.done_at),
        "error": one.last_error,
    }


@command(
    app,
    "run",
    example="troth jobs run",
    gives={"jobs": "how many jobs were finished", "tasks": "names of the periodic tasks that were run"},
)
def run(say: Say) -> None:
    """Run every job and task that is due now, and end. For a folder that no server runs."""
    with say.open() as troth:
        ran = troth.background.run_due()
        troth.flush_ledger()
    say.answer(
        {"jobs": ran.jobs, "tasks": list(ran.tasks)},
        f"{ran.jobs} jobs finished. Tasks run: {', '.join(ran.tasks) or 'none'}.",
    )


@command(
    app,
    "tasks",
    example="troth jobs tasks",
    gives={"tasks": "name, about, every (seconds), next, started, ended and error of each"},
)
def tasks(say: Say) -> None:
    """List the periodic tasks with their last and next run."""
    from troth.storage import task_records

    with say.open() as troth:
        declared = troth.background.tasks
        with troth.database.snapshot() as tx:
            known = {one.name: one for one in task_records(tx)}
    rows = [_task(one, known.get(one.name)) for one in declared]
    say.answer({"tasks": rows}, table(list(rows[0]), [list(row.values()) for row in rows]))


def _task(one: "Task", seen: "TaskRecord | None") -> dict[str, object]:
    return {
        "name": one.name,
        "about": one.about,
        "every": int(one.every.total_seconds()),
        "next": moment(seen.due_at) if seen else "at once",
        "started": moment(seen.started_at) if seen else "",
        "ended": moment(seen.ended_at) if seen else "",
        "error": seen.last_error if seen else "",
    }
