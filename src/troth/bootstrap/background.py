"""Background work of a running Troth: one thread that runs due jobs and periodic tasks.

It wakes when a job is promised in this process, and once a second for those that others promised, that fall due, or that
a clock set by hand has made due. Which are due the `Clock` says; how long to wait goes by the machine's time.
"""

from collections.abc import Callable, Mapping, Sequence
from threading import Event, Lock, Thread
from typing import Any, NamedTuple

from troth.kernel import Clock, Log, TrothError, raised_at
from troth.storage import Database, Handler, Job, JobWorker, Task, TaskRunner

LOOK_SECONDS = 1.0
GATHER_SECONDS = 0.05
"""Pause after a wake: hundreds of commits a second must not make hundreds of looks, which would take the writer's turn."""
_log = Log("troth.background")


class Ran(NamedTuple):
    """What a look did: jobs finished and tasks run."""

    jobs: int
    tasks: tuple[str, ...]


class Background:
    """Runs due jobs and tasks, in a thread of its own once it was started.

    Args:
        database: Where jobs are kept; its commits wake the thread.
        clock: Tells what is due.
        handlers: A handler for each topic.
        tasks: Periodic tasks.
        side_by_side: How many jobs of a topic are run at once, where that is more than one.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        handlers: Mapping[str, Handler],
        tasks: Sequence[Task],
        side_by_side: Mapping[str, int] | None = None,
    ) -> None:
        self.tasks = tuple(tasks)
        self._jobs = JobWorker(database, clock, handlers, side_by_side)
        self._tasks = TaskRunner(database, clock, tasks)
        self._woken, self._stopping = Event(), Event()
        self._looking = Lock()
        self._thread: Thread | None = None
        self.failure: TrothError | None = None
        """Why the last look could not be finished; None when it was."""
        database.listen(self._woken.set)

    def start(self) -> None:
        """Begin to look for due work."""
        self._thread = Thread(target=self._run, name="troth-background", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Let the job that runs finish, give the others back, and end the thread."""
        self._stopping.set()
        self._woken.set()
        if self._thread is not None:
            self._thread.join()

    def run_due(self) -> Ran:
        """Run everything that is due now, and what this makes due; gives what was done.

        Raises:
            Unavailable: A store takes no work.
        """
        with self._looking:
            tasks = self._tasks.run_due(self._stopping.is_set)
            for name, failure in tasks:
                if failure is not None:
                    _log.error("task_failed", task=name, **_told(failure))
            jobs = 0
            while done := self._jobs.run_due(stopping=self._stopping.is_set):
                jobs += done
        return Ran(jobs, tuple(name for name, _ in tasks))

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._look()
            self._woken.wait(LOOK_SECONDS)
            self._stopping.wait(GATHER_SECONDS)
            self._woken.clear()

    def _look(self) -> None:
        """Run what is due, whatever happens: nobody above a thread could catch. The log tells a failure once."""
        try:
            self.run_due()
        except Exception as error:  # noqa: BLE001  kept in `failure` and logged; the next look tries again
            if self.failure is None:
                _log.error("background_failed", **_told(error))
            self.failure = error if isinstance(error, TrothError) else _unforeseen(error)
        else:
            self.failure = None


def forgetting(forgetters: Sequence[Callable[[str], None]]) -> Handler:
    """The handler of what follows an erasure: each room with data outside the vault forgets the person.

    Args:
        forgetters: Given the handle of who was erased; each may be called again for the same person.
    """

    def handle(job: Job) -> None:
        for forget in forgetters:
            forget(job.body["person"])

    return handle


def _told(error: Exception) -> dict[str, Any]:
    """What the log tells of a failure: its code, or of one that nobody foresaw its type and where it was."""
    if isinstance(error, TrothError):
        return {"error": error.code}
    return {"error": type(error).__name__, "where": raised_at(error)}


def _unforeseen(error: Exception) -> TrothError:
    failure = TrothError(f"Background work failed ({type(error).__name__}).", mend="Read the log.")
    failure.__cause__ = error
    return failure
