"""Recording: quick, quiet and bounded. Whatever the product records, it is never disturbed."""

import atexit
import os
import threading
import weakref
from bisect import bisect_right
from collections.abc import Callable, Mapping
from datetime import datetime
from time import monotonic, perf_counter
from types import TracebackType
from typing import Any

from troth.telemetry.folder import Busy, Folder
from troth.telemetry.report import bucket, wrong
from troth.telemetry.schema import Metric, Schema, whole
from troth.telemetry.standing import read_standing
from troth.telemetry.sums import NAME, UNDECLARED, Key, Recorded, merge
from troth.telemetry.weeks import local_now, week_of

FLUSH_SECONDS = 60.0
LOOK_SECONDS = 60.0
UPLOAD_SECONDS = 600.0


class Telemetry:
    """Records what is declared, into sums of a week, and sends them when they are due. While telemetry is off it does nothing.

    Args:
        schema: What may be recorded.
        folder: A folder of the product's own for the sums; made when telemetry is on.
        product: Declared product.
        release: Its version.
        endpoint: Base address of the receiving door.
        uploads: Whether a thread of this process sends; else run `python -m troth.telemetry run` beside it.
        clock: Tells the local time.
        flush_seconds: How often what was recorded is put on disk.
        environ: The process's variables, unless others are given.

    Raises:
        ReportError: The product or release is not one that reports.
    """

    _on: bool
    _next_look: float
    _week: str
    _counts: dict[Key, int]
    _states: dict[str, Any]
    _refused: dict[str, int]
    _fresh: set[str]
    _ended: threading.Event

    def __init__(
        self,
        schema: Schema,
        folder: str | os.PathLike[str],
        *,
        product: str,
        release: str,
        endpoint: str,
        uploads: bool = True,
        clock: Callable[[], datetime] = local_now,
        flush_seconds: float = FLUSH_SECONDS,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        schema.check_sender(product, release)
        self.schema, self.product, self.release, self.endpoint = schema, product, release, endpoint
        self._folder, self._clock, self._environ = Folder(folder), clock, environ
        self._uploads, self._flush_seconds = uploads, flush_seconds
        self._known = _keys(schema)
        self._start_afresh()
        _at_exit(self)

    def add(self, name: str, n: int = 1, label: str | None = None) -> None:
        """Count.

        Args:
            name: A counter or labelled counter.
            n: How many, from 0.
            label: Of a labelled counter, one of its declared labels.
        """
        if not self._on and (monotonic() < self._next_look or not self._look()):
            return
        with self._lock:
            try:
                if type(n) is int and n > 0:
                    self._counts[name, label] += n
                    return
            except KeyError:
                pass  # not declared, or not counted yet
            self._count_first(name, label, n)

    def set(self, name: str, value: int | bool | str) -> None:  # noqa: FBT001  the value itself
        """Tell how something is now.

        Args:
            name: A quantity, boolean, choice, or weeks-in-use.
            value: A whole number, true or false, one of the choices, or the number of weeks.
        """
        if not self._on and (monotonic() < self._next_look or not self._look()):
            return
        metric = self.schema.metrics.get(name)
        with self._lock:
            told: Any = _state(metric, value)
            if told is None:
                self._refuse(name)
            else:
                self._states[name] = told
                self._fresh.add(name)

    def observe(self, name: str, milliseconds: float) -> None:
        """Count a duration in its bucket.

        Args:
            name: A timing.
            milliseconds: How long something took.
        """
        if not self._on and (monotonic() < self._next_look or not self._look()):
            return
        metric = self.schema.metrics.get(name)
        with self._lock:
            if metric is not None and metric.type == "timing" and milliseconds >= 0:
                key = (name, str(bisect_right(metric.edges, milliseconds)))
                self._counts[key] = self._counts.get(key, 0) + 1
            else:
                self._refuse(name)

    def time(self, name: str) -> "Timing":
        """Time what happens in a `with` block.

        Args:
            name: A timing.
        """
        return Timing(self, name)

    def flush(self) -> bool:
        """Put what was recorded on disk now; a thread does so by itself. Gives whether everything is on disk."""
        with self._flushing:
            return self._flush()

    def close(self) -> None:
        """Put what was recorded on disk, and end the thread."""
        self._ended.set()
        self.flush()

    def _count_first(self, name: str, label: str | None, n: int) -> None:
        if (name, label) in self._known and type(n) is int and n >= 0:
            self._counts[name, label] = self._counts.get((name, label), 0) + n
        else:
            self._refuse(name)

    def _refuse(self, name: str) -> None:
        # A name that nobody declared may itself tell something: it is counted, not kept.
        about = name if name in self.schema.metrics else UNDECLARED
        self._refused[about] = self._refused.get(about, 0) + 1

    def _look(self) -> bool:
        """Whether telemetry has been switched on meanwhile; looks once a minute at most."""
        now = monotonic()
        with self._lock:
            if self._on or now < self._next_look:
                return self._on
            self._on = read_standing(self._folder, self.endpoint, self._environ).on
            # Only now: other threads pass by without waiting while it lies ahead.
            self._next_look = now + LOOK_SECONDS
            if self._on:
                self._ended = threading.Event()
                _start(self)
        return self._on

    def _flush(self) -> bool:
        week = week_of(self._clock())
        with self._lock:
            fresh = self._states if week != self._week else {name: self._states[name] for name in self._fresh}
            taken = Recorded(self._counts, dict(fresh), self._refused)
            self._counts, self._refused, self._fresh = {}, {}, set()
        if not any(taken):
            return True
        try:
            if not read_standing(self._folder, self.endpoint, self._environ).on:
                self._rest()
                return True
            self._store(week, taken)
        except (Busy, OSError):  # a full disk or a busy folder: it is tried again with the next flush
            self._put_back(taken)
            return False
        self._week = week
        return True

    def _store(self, week: str, taken: Recorded) -> None:
        with self._folder.locked():
            if not read_standing(self._folder, self.endpoint, self._environ).on:
                return
            stored = self._folder.read(NAME)
            merge(stored, self.schema, week, taken)
            stored |= {"product": self.product, "release": self.release}
            self._folder.write(NAME, stored)

    def _put_back(self, taken: Recorded) -> None:
        with self._lock:
            for key, number in taken.counts.items():
                self._counts[key] = self._counts.get(key, 0) + number
            for name, times in taken.refused.items():
                self._refused[name] = self._refused.get(name, 0) + times
            self._fresh |= taken.states.keys()

    def _rest(self) -> None:
        """Telemetry was switched off: forget, and be still."""
        with self._lock:
            self._on, self._next_look = False, monotonic() + LOOK_SECONDS
            self._counts, self._states, self._refused, self._fresh = {}, {}, {}, set()
            self._ended.set()

    def _start_afresh(self) -> None:
        """The state of a new process: what the process that it came from had recorded is that one's to write."""
        self._lock, self._flushing, self._ended = threading.Lock(), threading.Lock(), threading.Event()
        self._counts, self._states, self._refused, self._fresh = {}, {}, {}, set()
        self._on, self._next_look, self._week = False, 0.0, ""

    def _upload(self) -> None:
        from troth.telemetry.sending import Sender

        Sender(
            self.schema,
            self._folder.place,
            product=self.product,
            release=self.release,
            endpoint=self.endpoint,
            clock=self._clock,
            environ=self._environ,
        ).send_due()


class Timing:
    """Times a block of code."""

    def __init__(self, telemetry: Telemetry, name: str) -> None:
        self._telemetry, self._name, self._begun = telemetry, name, 0.0

    def __enter__(self) -> None:
        self._begun = perf_counter()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._telemetry.observe(self._name, (perf_counter() - self._begun) * 1000)


def _keys(schema: Schema) -> frozenset[Key]:
    """Everything that `add` may count."""
    found: set[Key] = set()
    for metric in schema.metrics.values():
        if metric.type == "counter":
            found.add((metric.name, None))
        elif metric.type == "labelled-counter":
            found |= {(metric.name, label) for label in metric.choices}
    return frozenset(found)


def _state(metric: Metric | None, value: object) -> object:
    """A value as it is stored; None where it is refused."""
    if metric is None or metric.type not in {"quantity", "boolean", "choice", "weeks-in-use"}:
        return None
    if metric.type == "weeks-in-use":
        value = bucket(metric, value) if whole(value) else None  # type: ignore[arg-type]
    return None if wrong(metric, value) else value


def _start(telemetry: Telemetry) -> None:
    threading.Thread(
        target=_work, args=(weakref.ref(telemetry),), name="troth-telemetry", daemon=True
    ).start()


def _work(telemetry: "weakref.ref[Telemetry]") -> None:
    """Flush now and then, and send what is due, until the recorder ends or is dropped."""
    next_upload = 0.0
    while True:
        found = telemetry()
        if found is None:
            return
        ended, seconds = found._ended, found._flush_seconds
        del found
        over = ended.wait(seconds)
        found = telemetry()
        if found is None or over:
            return
        found.flush()
        if found._uploads and not ended.is_set() and monotonic() >= next_upload:
            next_upload = monotonic() + UPLOAD_SECONDS
            # In a thread of its own: a door that answers slowly must not keep what was recorded from the disk.
            threading.Thread(target=found._upload, name="troth-telemetry-upload", daemon=True).start()
        del found


def _at_exit(telemetry: Telemetry) -> None:
    """Flush when the process ends, and begin afresh in a process that forks from this one."""
    held = weakref.ref(telemetry)

    def flush() -> None:
        found = held()
        if found is not None:
            found.flush()

    def afresh() -> None:
        found = held()
        if found is not None:
            found._start_afresh()

    atexit.register(flush)
    weakref.finalize(telemetry, atexit.unregister, flush)
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=afresh)
