"""Holds: what a law makes the company keep although somebody asks for its deletion; and what each keeps, pure."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, ClassVar, Literal, NamedTuple

from msgspec import Meta

from troth.policy.bases import Named
from troth.policy.rules import Name, SomeKeys, SpanText, Text
from troth.policy.spans import instant_after, read_span


class Hold(Named, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="declare", tag="hold"):
    """Data in records that a law makes the company keep for a time, whoever asks for its deletion."""

    kind: ClassVar[str] = "hold"
    law: Annotated[Text, Meta(description="the law that asks for it, as people are told")]
    records: Annotated[tuple[Name, ...], Meta(min_length=1, description="kinds of record that it keeps")]
    data: Annotated[SomeKeys, Meta(description="data categories that it keeps in them; the rest is erased")]
    purposes: Annotated[
        SomeKeys, Meta(description="the only data uses that may read what is left after an erasure")
    ]
    keep: Annotated[SpanText, Meta(description='how long, such as "7 years"')]
    after: Annotated[
        Literal["record.created", "record.changed"], Meta(description="what the span counts from")
    ] = "record.created"


class HeldValue(NamedTuple):
    """A value that stands in a record, without the value; instants with their zone."""

    field: str
    category: str
    kind: str
    created: datetime
    changed: datetime


def kept_by(holds: Iterable[Hold], slot: HeldValue, now: datetime) -> tuple[Hold, datetime] | None:
    """The hold that keeps a value the longest at an instant, and when it ends; None where nothing keeps it.

    Args:
        holds: Those of a policy version.
        slot: The value.
        now: The instant.
    """
    found = []
    for hold in holds:
        span = read_span(hold.keep)
        if span is None or slot.kind not in hold.records or not covers(hold, slot.category):
            continue
        ends = instant_after(slot.changed if hold.after == "record.changed" else slot.created, span)
        if ends > now:
            found.append((ends, hold.name, hold))
    if not found:
        return None
    ends, _, hold = max(found, key=lambda one: one[:2])
    return hold, ends


def covers(hold: Hold, category: str) -> bool:
    """Whether a hold keeps data of a category."""
    return any(category == key or category.startswith(key + ".") for key in hold.data)
