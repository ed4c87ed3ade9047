"""Receipts of notices that visitors were shown: counted in memory, recorded in batches, never about anybody.

A visitor can ask for pages at will, so a page view makes no transaction of its own: what was shown within a moment
becomes one ledger entry for each notice and place, with a count. Being shown a notice is a receipt and no consent.
"""

from collections import Counter
from collections.abc import Mapping
from concurrent.futures import Future
from threading import Event, Lock, Thread

from troth.gate import IN_RECEIPT, Shown, note_shown
from troth.kernel import Clock, Log, NotFound, micros, raised_at
from troth.policy import Notice, Policy
from troth.storage import Database

GATHER_SECONDS = 2.0
_log = Log("troth.choice")
Entries = Mapping[tuple[str, str], str]
"""Ids of ledger entries by version (SHA-256) and name of the notice."""


class _Batch:
    """What was shown since the last time, and the promise of its entries."""

    def __init__(self) -> None:
        self.shown: dict[str, tuple[Policy, Counter[Shown]]] = {}
        self.entries: Future[Entries] = Future()

    def count(self, policy: Policy, shown: Shown, times: int = 1) -> None:
        self.shown.setdefault(policy.sha256, (policy, Counter()))[1][shown] += times

    def holds(self, policy: Policy, name: str) -> bool:
        _, counts = self.shown.get(policy.sha256, (policy, Counter[Shown]()))
        return any(one.notice == name for one in counts)


class ShownNotices:
    """Counts the notices that pages show, and records the counts every few seconds.

    Args:
        database: Where the ledger is.
        clock: Dates the entries.
        gather: Seconds (of the machine) between the first notice shown and the entry about it.
    """

    def __init__(self, database: Database, clock: Clock, gather: float = GATHER_SECONDS) -> None:
        self._database = database
        self._clock = clock
        self._gather = gather
        self._batch = _Batch()
        self._latest: dict[tuple[str, str], str] = {}
        self._lock, self._recording = Lock(), Lock()
        self._woken, self._stopping = Event(), Event()
        self._thread: Thread | None = None

    def start(self) -> None:
        """Begin to record in the background."""
        self._thread = Thread(target=self._run, name="troth-notices", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Record what waits, and end."""
        self._stopping.set()
        self._woken.set()
        if self._thread is not None:
            self._thread.join()
        self._look()

    def at(self, policy: Policy, place: str) -> tuple[Notice, ...]:
        """The notices of a place, counted as shown there once more.

        Args:
            policy: The version that is shown.
            place: A declared place, such as `page.home`.
        """
        found = tuple(notice for notice in policy.notices.values() if place in notice.at)
        with self._lock:
            for notice in found:
                self._batch.count(policy, Shown(notice.name, place))
        if found:
            self._woken.set()
        return found

    def receipt(self, policy: Policy, name: str) -> Future[str]:
        """The entry that proves that a notice of this version was shown, as soon as it is on disk.

        It counts every view until now. Where there is none, reading the receipt is the first.

        Raises:
            NotFound: The version has no such notice.
        """
        if name not in policy.notices:
            raise NotFound(
                "The policy has no notice of this name.", field="name", mend="See the policy for its notices."
            )
        entry: Future[str] = Future()
        with self._lock:
            latest = self._latest.get((policy.sha256, name))
            if not self._batch.holds(policy, name):
                if latest is not None:
                    entry.set_result(latest)
                    return entry
                self._batch.count(policy, Shown(name, IN_RECEIPT))
            self._batch.entries.add_done_callback(lambda done: _hand_on(done, (policy.sha256, name), entry))
        self._woken.set()
        return entry

    def record(self) -> int:
        """Record what was shown since the last time; gives the number of entries.

        Raises:
            Unavailable: The ledger cannot be written; the counts are kept for the next time.
        """
        with self._recording:
            with self._lock:
                if not self._batch.shown:
                    return 0
                batch, self._batch = self._batch, _Batch()
            try:
                entries = self._written(batch)
            except BaseException as error:
                with self._lock:
                    for policy, counts in batch.shown.values():
                        for shown, times in counts.items():
                            self._batch.count(policy, shown, times)
                batch.entries.set_exception(error)
                raise
            with self._lock:
                self._latest.update(entries)
            batch.entries.set_result(entries)
        return len(entries)

    def _written(self, batch: _Batch) -> dict[tuple[str, str], str]:
        found = {}
        with self._database.transaction() as tx:
            now = micros(self._clock.now())
            for policy, shown in batch.shown.values():
                for one, entry in note_shown(tx, policy, shown, now).items():
                    found[policy.sha256, one.notice] = entry
        return found

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._woken.wait()
            self._stopping.wait(self._gather)
            self._woken.clear()
            self._look()

    def _look(self) -> None:
        """Record, whatever happens: nobody above a thread could catch. The counts are kept; the next look tries again."""
        try:
            self.record()
        except Exception as error:  # noqa: BLE001  told in the log
            _log.error(
                "notices_not_recorded",
                reason=getattr(error, "code", type(error).__name__),
                where=raised_at(error),
            )
            self._woken.set()


def _hand_on(done: Future[Entries], key: tuple[str, str], entry: Future[str]) -> None:
    error = done.exception()
    if error is not None:
        entry.set_exception(error)
    else:
        entry.set_result(done.result()[key])
