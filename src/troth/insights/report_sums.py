"""Sums over the reports of installations as Ibis expressions, each bounded by what one installation may add."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from troth.insights.event_sums import Keeper
from troth.insights.planning import Part
from troth.insights.readers import Reader

if TYPE_CHECKING:
    import ibis.expr.types as ir

LARGEST = 2.0**53


class _Flat(NamedTuple):
    """Reports with a column for each number and word that is wanted, so that no expression looks into a map twice.

    A number is whole and not below 0; it is null where the report has none.
    """

    table: "ir.Table"
    numbers: Mapping[str, str]
    words: Mapping[str, str]

    def number(self, name: str) -> Any:
        return self.table[self.numbers[name]].fill_null(0)

    def has(self, name: str) -> Any:
        return self.table[self.numbers[name]].notnull()

    def word(self, name: str) -> Any:
        return self.table[self.words[name]].fill_null("")


def add_up(reader: Reader, reports: "ir.Table", parts: Sequence[Part]) -> list[list[int]]:
    """The sums of each part, over the reports of its weeks."""
    (row,) = reader.rows(sums_of(reader, reports, parts))
    values = iter(int(row[f"c{place}"] or 0) for place in range(len(row)))
    return [[next(values) for _ in part.keys] for part in parts]


def sums_of(keeper: Keeper, reports: "ir.Table", parts: Sequence[Part]) -> "ir.Table":
    """One row with every sum, in the order of the parts and their keys."""
    flat = _flat(keeper, reports, parts)
    sums = [one for part in parts for one in _sums(flat, part)]
    return flat.table.aggregate(**{f"c{place}": one for place, one in enumerate(sums)})


def _flat(keeper: Keeper, reports: "ir.Table", parts: Sequence[Part]) -> _Flat:
    numbers = sorted({name for part in parts for name in _numbers(part)})
    words = sorted({part.name for part in parts if _worded(part)})
    weeks = sorted({week for part in parts for week in part.weeks})
    wanted = reports.filter(reports.week.isin(weeks or [""]))
    number_columns = {name: f"n{place}" for place, name in enumerate(numbers)}
    word_columns = {name: f"w{place}" for place, name in enumerate(words)}
    raw = wanted.select(
        "week",
        **{column: wanted.numbers.get(name) for name, column in number_columns.items()},
        **{column: wanted.words.get(name) for name, column in word_columns.items()},
    )
    found = keeper.kept(raw)
    whole = {column: _whole(found[column]) for column in number_columns.values()}
    table = keeper.kept(found.mutate(**whole))
    return _Flat(table, number_columns, word_columns)


def _whole(value: Any) -> Any:
    return value.isnan().ifelse(0.0, value).clip(0.0, LARGEST).floor().cast("int64")


def _worded(part: Part) -> bool:
    return part.metric is not None and part.metric.type == "choice"


def _numbers(part: Part) -> Iterator[str]:
    """The names of the numbers that a part reads."""
    if part.metric is None or _worded(part):
        return
    if part.metric.type == "timing":
        yield from (f"{part.name}/{place}" for place in range(len(part.keys)))
    elif part.metric.type == "labelled-counter":
        yield from (f"{part.name}/{key}" for key in part.keys)
    else:
        yield part.name


def _sums(flat: _Flat, part: Part) -> Iterator[Any]:
    counted = flat.table.week.isin(list(part.weeks) or [""])
    if part.metric is None:
        yield counted.sum()
        return
    for value in _SHOWN[part.show](flat, part):
        yield value.sum(where=counted)


def _total(flat: _Flat, part: Part) -> Iterator[Any]:
    yield flat.number(part.name).clip(0, part.most)


def _mean_of(flat: _Flat, part: Part) -> Iterator[Any]:
    yield flat.has(part.name).cast("int64")


def _shared(flat: _Flat, part: Part) -> Iterator[Any]:
    """Several numbers of one report; where they come to more than may count, each is made smaller by the same factor.

    Each is cut at the most first, so that their product stays a whole number of 64 bits. Rounding down never gives more.
    """
    numbers = [flat.number(name).clip(0, part.most) for name in _numbers(part)]
    together = sum(numbers[1:], numbers[0])
    for number in numbers:
        yield (together > part.most).ifelse((number * part.most) // together.clip(1), number)


def _reached(flat: _Flat, part: Part) -> Iterator[Any]:
    for name in _numbers(part):
        yield (flat.number(name) >= 1).cast("int64")


def _funnel(flat: _Flat, part: Part) -> Iterator[Any]:
    """Who reached a step reached all before it too."""
    so_far: Any = None
    for name in _numbers(part):
        step = flat.number(name) >= 1
        so_far = step if so_far is None else so_far & step
        yield so_far.cast("int64")


def _histogram(flat: _Flat, part: Part) -> Iterator[Any]:
    edges = part.shown.edges if part.shown is not None else ()
    number, has = flat.number(part.name), flat.has(part.name)
    for low, high in zip((0, *edges), (*edges, None), strict=True):
        inside = has & (number >= low)
        yield (inside if high is None else inside & (number < high)).cast("int64")


def _shares(flat: _Flat, part: Part) -> Iterator[Any]:
    if _worded(part):
        for key in part.keys:
            yield (flat.word(part.name) == key).cast("int64")
        return
    for place in range(len(part.keys)):
        yield (flat.has(part.name) & (flat.number(part.name) == place)).cast("int64")


_SHOWN = {
    "total": _total,
    "mean": _total,
    "mean-of": _mean_of,
    "labels": _shared,
    "timing": _shared,
    "reached": _reached,
    "funnel": _funnel,
    "histogram": _histogram,
    "shares": _shares,
}
