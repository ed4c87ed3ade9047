"""The lake of reports: a Delta Lake table, partitioned by the day of receipt. No row tells an installation or an instant."""

from array import array
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from troth.ingress.inbox import body_of
from troth.storage import DeltaFolder, StoredBatch, day_of

if TYPE_CHECKING:
    from arro3.core import Array, Schema

TEXTS = ("day", "week", "product", "release", "schema", "source")
COLUMNS = (*TEXTS, "numbers", "words", "entry")
"""Columns of the table, in this order."""


class ReportLake(DeltaFolder):
    """The table of reports.

    Args:
        place: Its folder.
    """

    def __init__(self, place: Path) -> None:
        super().__init__(place, "reports", ["day"], {"delta.dataSkippingStatsColumns": "week"})

    def schema(self) -> "Schema":
        """The columns."""
        return _schema()

    def append(self, batches: Sequence[StoredBatch], number: int) -> None:
        """Put batches into the table as one folding, in one commit that bears its number.

        Raises:
            Unavailable: The table cannot be written; nothing of it was.
        """
        self.write(_columns(batches), number)

    def dispose(self, before: int) -> int:
        """Remove reports of days before that of an instant (microseconds), and their bytes; gives how many went."""
        return self.delete([f"day < '{day_of(before)}'"])

    def count_before(self, before: int) -> int:
        """How many reports are of days before that of an instant (microseconds)."""
        if not self.exists:
            return 0
        rows = self.table().scan(columns=["day"], predicate=f"day < '{day_of(before)}'")
        return sum(batch.num_rows for batch in rows)


@lru_cache(maxsize=1)
def _schema() -> "Schema":
    from arro3.core import Schema
    from deltalake.schema import Field, MapType, PrimitiveType
    from deltalake.schema import Schema as DeltaSchema

    text = PrimitiveType("string")
    kinds = {
        "numbers": MapType(text, PrimitiveType("double"), value_contains_null=False),
        "words": MapType(text, text, value_contains_null=False),
    }
    fields = [Field(name, kinds.get(name, text), nullable=False) for name in COLUMNS]
    return Schema.from_arrow(DeltaSchema(fields).to_arrow())


def _columns(batches: Sequence[StoredBatch]) -> "list[Array]":
    bodies = [body_of(batch) for batch in batches]
    lines = list(chain.from_iterable(body.lines for body in bodies))
    days = [day_of(batch.at) for batch in batches for _ in range(batch.count)]
    product, release, week, schema, source, numbers, words, _ = zip(*lines, strict=True)
    entries = [body.entries[line[-1]] for body in bodies for line in body.lines]
    texts = (days, week, product, release, schema, source)
    found = {name: _texts(side) for name, side in zip(TEXTS, texts, strict=True)}
    found |= {"numbers": _maps("numbers", numbers), "words": _maps("words", words), "entry": _texts(entries)}
    return [found[name] for name in COLUMNS]


def _texts(values: Sequence[str]) -> "Array":
    from arro3.core import Array, DataType

    return Array(list(values), DataType.string())


def _maps(name: str, values: Sequence[dict[str, Any]]) -> "Array":
    """A column of maps.

    A map has the memory of a list of pairs, which is what can be made here; only its type is told otherwise (Arrow columnar
    format, Map layout).
    """
    from arro3.core import Array, DataType, Field, list_array, struct_array

    kind = DataType.float64() if name == "numbers" else DataType.string()
    told: list[Any] = [one for value in values for one in value.values()]
    told = [float(one) for one in told] if name == "numbers" else told
    fields = [Field("key", DataType.string(), nullable=False), Field("value", kind, nullable=False)]
    pairs = struct_array(
        [_texts([one for value in values for one in value]), Array(told, kind)], fields=fields
    )
    ends = array("i", (0,))
    for value in values:
        ends.append(ends[-1] + len(value))
    _, memory = list_array(Array(ends), pairs).__arrow_c_array__()
    return Array.from_arrow_pycapsule(_schema().field(name).type.__arrow_c_schema__(), memory)
