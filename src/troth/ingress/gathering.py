"""Weeks that are not over, of senders that report all the time: gathered here, sealed, and told as one report each.

An installation adds one report a week, whoever gathers it. What is gathered is sealed under the receipt, which is not kept: it
opens only while the installation shows it. Running totals are known by their start and the highest value seen, so that
nothing of them is ever counted twice.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import NamedTuple

import msgspec
from sqlalchemy import bindparam, update

from troth.ingress import tokens
from troth.ingress.model import Portion, Report, check_week, monday, week_of
from troth.ingress.reading import takers_of
from troth.ingress.receipts import week_mark
from troth.ingress.tables import gathered_week
from troth.kernel import Clock, InvalidInput
from troth.policy import Telemetry, TelemetrySchema, release_numbers
from troth.storage import Database, Lookup, Statement, Transaction, Upsert

MOST_RUNNING = 512
"""Most running totals that are remembered of an installation; of more, the one that was seen longest ago is forgotten."""
MOST_MARKS = 64
"""How many of its last parts are known again when they are sent again."""
LONGEST = timedelta(days=63)
"""How long a week that nobody continues is kept: longer than its report would be taken."""
_LEAD = timedelta(hours=22)
"""A week ends on Sunday at two, as that of a sender that gathers its own: its report is there before the week is counted."""
_NANOS = 1_000_000_000
_BLOCK = 512
"""What is sealed is filled up to whole blocks (bytes), so that its length tells little."""
_LENGTH_BYTES = 4
_FIND = Lookup(gathered_week, by=("receipt",), take=("week", "sealed"))
_PUT = Upsert(gathered_week, by=("receipt",), update=("week", "sealed"))
_EMPTY = Statement(
    update(gathered_week)
    .where(gathered_week.c.week < bindparam("before"))
    .values(sealed=bindparam("nothing"))
)


class Sealing(NamedTuple):
    """How a week is sealed.

    Args:
        seal: Seals bytes under the text of a receipt, anew each time.
        unseal: Opens what was sealed.
    """

    seal: Callable[[str, bytes], bytes]
    unseal: Callable[[str, bytes], bytes]


class Gathered(msgspec.Struct, array_like=True, gc=False):
    """A week that is not over.

    Args:
        week: ISO week.
        release: Version that sent last.
        source: Wire format that it sent in.
        numbers: Numbers by series.
        words: Choices by metric.
        running: Running totals by start and series: the highest value seen.
        forgotten: Running totals that began until then (nanoseconds since 1970) may have been counted, and be forgotten.
        marks: Of the last parts.
    """

    week: str
    release: str = ""
    source: str = ""
    numbers: dict[str, int] = {}
    words: dict[str, str] = {}
    running: dict[str, int] = {}
    forgotten: int = -1
    marks: list[bytes] = []

    def add(self, portion: Portion, metrics: Mapping[str, Telemetry], since: int) -> None:
        """Add a part, once.

        Args:
            portion: The part.
            metrics: Declared metrics by name.
            since: Running totals that began before (nanoseconds since 1970) tell of the time before the installation opted in;
                only what they grow by from now on counts.
        """
        if portion.mark in self.marks:
            return
        self.marks = [*self.marks[1 - MOST_MARKS :], portion.mark]
        for series, count in portion.added.items():
            self._count(series, count, metrics)
        for (series, start), value in portion.running.items():
            key = f"{start} {series}"
            unknown = 0 if start > self.forgotten and start >= since else value
            high = self.running.pop(key, unknown)
            self._count(series, max(0, value - high), metrics)
            self.running[key] = max(high, value)  # behind all that were seen longer ago
        self.numbers |= portion.latest
        self.words |= portion.words
        while len(self.running) > MOST_RUNNING:
            oldest = next(iter(self.running))
            del self.running[oldest]
            self.forgotten = max(self.forgotten, int(oldest.partition(" ")[0]))

    def _count(self, series: str, count: int, metrics: Mapping[str, Telemetry]) -> None:
        most = metrics[series.partition("/")[0]].maximum or 0
        self.numbers[series] = min(self.numbers.get(series, 0) + count, most)

    def begin(self, week: str) -> None:
        """Begin another week; running totals go on."""
        self.week, self.numbers, self.words = week, {}, {}


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Gathered).decode


class Weeks:
    """The gathered weeks of those who report in one unit of work.

    Args:
        tx: The unit of work.
        sealing: How they are sealed.
        schema: The schema in force.
        now: The instant.
        receipts: Texts of the receipts by digest.
    """

    def __init__(
        self,
        tx: Transaction,
        sealing: Sealing,
        schema: TelemetrySchema,
        now: datetime,
        receipts: Mapping[bytes, str],
    ) -> None:
        self._tx, self._sealing, self._schema, self._today = tx, sealing, schema, now.date()
        self._week = week_of((now + _LEAD).date())
        self._marks: list[tuple[str, bytes]] = []
        self._receipts = receipts
        rows = tx.lookup(_FIND, [(one,) for one in receipts]) if receipts else {}
        self._rows = {key[0]: (str(row[0]), bytes(row[1])) for key, row in rows.items()}
        self._open: dict[bytes, Gathered] = {}

    def add(self, receipt: bytes, report: Report, portion: Portion, opted_in: str) -> Report | None:
        """Add a part of a report to the week of its installation.

        Args:
            receipt: Digest of the receipt.
            report: What says product, version and wire format.
            portion: The part.
            opted_in: The day on which the installation opted in (ISO 8601).

        Returns:
            The report of the week before, when this part is the first after its end and there is something in it.
        """
        found = self._open.get(receipt) or self._opened(receipt)
        over = None
        if found.week != self._week:
            over = _finished(found, report.product, self._schema, self._today)
            mark = week_mark(receipt, found.week)
            if over is not None and tokens.spent(self._tx, [mark]):  # the week was reported in another way
                over = None
            self._marks += [mark] if over is not None else []
            found.begin(self._week)
        found.release, found.source = report.release, report.source
        found.add(portion, self._schema.metrics, _nanoseconds(date.fromisoformat(opted_in)))
        self._open[receipt] = found
        return over

    def keep(self) -> None:
        """Keep what was gathered."""
        tokens.note_spent(self._tx, self._marks)
        for receipt, found in self._open.items():
            told = _encode(found)
            told = len(told).to_bytes(_LENGTH_BYTES, "big") + told
            sealed = self._sealing.seal(self._receipts[receipt], told + bytes(-len(told) % _BLOCK))
            self._tx.run(_PUT, (receipt, found.week, sealed))

    def _opened(self, receipt: bytes) -> Gathered:
        kept, sealed = self._rows.get(receipt, ("", b""))
        if sealed:
            told = self._sealing.unseal(self._receipts[receipt], sealed)
            size = int.from_bytes(told[:_LENGTH_BYTES], "big")
            return _decode(told[_LENGTH_BYTES : _LENGTH_BYTES + size])
        begins = monday(kept)
        # An emptied week forgot all that began before its end.
        forgotten = _nanoseconds(begins + timedelta(days=7)) if begins else -1
        return Gathered(self._week, forgotten=forgotten)


def empty_old_weeks(database: Database, clock: Clock) -> None:
    """Empty weeks that nobody continued in time; that something was gathered in them stays known."""
    before = week_of(clock.now().date() - LONGEST)
    with database.transaction() as tx:
        tx.run(_EMPTY, {"before": before, "nothing": b""})


def _finished(found: Gathered, product: str, schema: TelemetrySchema, today: date) -> Report | None:
    """The report of a week that is over: what is declared now, within its bounds; None where nothing is left, or too late."""
    try:
        check_week(found.week, today)
    except InvalidInput:  # nobody continued it for so long that its report is taken no more
        return None
    numbers: dict[str, float] = {
        series: number
        for series, number in found.numbers.items()
        if _declared(series, number, found.release, schema, today)
    }
    words = {
        name: word
        for name, word in found.words.items()
        if _taken(name, found.release, schema, today) and word in schema.metrics[name].choices
    }
    if not numbers and not words:
        return None
    return Report(product, found.release, found.week, schema.fingerprint, numbers, words, found.source)


def _declared(series: str, number: int, release: str, schema: TelemetrySchema, today: date) -> bool:
    name, _, part = series.partition("/")
    if not _taken(name, release, schema, today):
        return False
    metric = schema.metrics[name]
    if metric.type == "labelled-counter":
        fits = part in metric.choices
    elif metric.type == "timing":
        fits = part.isdecimal() and int(part) <= len(metric.edges)
    else:
        fits = not part
    most = metric.maximum if metric.numbered else max(1, len(metric.edges))
    return fits and metric.minimum <= number <= (most or 0)


def _taken(name: str, release: str, schema: TelemetrySchema, today: date) -> bool:
    taker = takers_of(schema).get(name)
    return taker is not None and taker.expires > today.isoformat() and taker.since <= release_numbers(release)


def _nanoseconds(day: date) -> int:
    """The beginning of a day, UTC, in nanoseconds since 1970."""
    return (day.toordinal() - date(1970, 1, 1).toordinal()) * 86_400 * _NANOS
