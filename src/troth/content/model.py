"""What a visitor looked at, as the visitor's own browser keeps it, and which segment that makes. Pure.

The cookie that remembers interest holds, for each segment that counts looks at a section, how many there were and the day of
the last one: `v1.sensor-readers:3:20260105`. It holds no identifier and no address of a page, and no copy of it is kept
elsewhere: refusing takes it back, and then nothing is left anywhere.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import NamedTuple

from troth.kernel import NotFound
from troth.policy import Policy, Segment, Slot, read_span

VERSION = "v1"
MOST = 99
MAX_VALUE = 3_000
_PARTS = 3
_DAY_LENGTH = 8
_HOURS = {"hours": 1, "business days": 24, "months": 24 * 30}


class Seen(NamedTuple):
    """How often the pages of a section were looked at, and on which day last."""

    looks: int
    last: date


Interest = Mapping[str, Seen]
"""By the name of the segment that counts."""


class Chosen(NamedTuple):
    """What is shown in a slot; `segment` says why, None for the generic variant."""

    slot: Slot
    variant: str
    segment: Segment | None = None


def slot_of(policy: Policy, name: str) -> Slot:
    """A declared slot.

    Raises:
        NotFound: The policy declares none of this name.
    """
    found = next((slot for slot in policy.of(Slot) if slot.name == name), None)
    if found is None:
        raise NotFound(
            "The policy declares no such slot.", field="slot", mend="Declare it, or check the name."
        )
    return found


def sections_of(policy: Policy) -> tuple[Segment, ...]:
    """The segments that count looks."""
    return tuple(segment for segment in policy.of(Segment) if segment.rule.section)


def read_interest(policy: Policy, value: str) -> Interest:
    """The interest that a cookie's value holds; nothing where it is malformed. Segments not declared are left out."""
    version, *parts = value.split(".")
    if version != VERSION or len(value) > MAX_VALUE:
        return {}
    known = {segment.name for segment in sections_of(policy)}
    found = {}
    for part in parts:
        pieces = part.split(":")
        if len(pieces) != _PARTS or pieces[0] not in known:
            continue
        count, day = pieces[1], pieces[2]
        if not (count.isascii() and count.isdigit() and len(count) <= len(str(MOST)) and int(count)):
            continue
        try:
            last = date.fromisoformat(day) if len(day) == _DAY_LENGTH and day.isdigit() else None
        except ValueError:
            last = None
        if last is not None:
            found[pieces[0]] = Seen(int(count), last)
    return found


def interest_value(interest: Interest) -> str:
    """The cookie's value for an interest."""
    parts = [f"{name}:{seen.looks}:{seen.last:%Y%m%d}" for name, seen in sorted(interest.items())]
    return ".".join((VERSION, *parts))


def noted(policy: Policy, interest: Interest, page: str, today: date) -> Interest:
    """The interest after a look at a page (its path), what is forgotten left out."""
    after = {}
    for segment in sections_of(policy):
        seen = interest.get(segment.name)
        if seen is not None and _forgotten(segment, seen, today):
            seen = None
        if _below(page, segment.rule.section):
            seen = Seen(min((seen.looks if seen else 0) + 1, MOST), today)
        if seen is not None:
            after[segment.name] = seen
    return after


def belongs(segment: Segment, interest: Interest, told: Mapping[str, object], today: date) -> bool:
    """Whether somebody belongs to a segment.

    Args:
        segment: A declared segment.
        interest: What was looked at; empty where that may not be used.
        told: Values that the person gave, by field; empty where they may not be used.
        today: The present day.
    """
    rule = segment.rule
    if rule.field:
        return str(told.get(rule.field, "")).strip().casefold() == rule.value.casefold()
    seen = interest.get(segment.name)
    return seen is not None and seen.looks >= rule.at_least and not _forgotten(segment, seen, today)


def _below(page: str, section: str) -> bool:
    return page == section or page.startswith(section.rstrip("/") + "/")


def _forgotten(segment: Segment, seen: Seen, today: date) -> bool:
    span = read_span(segment.rule.within)
    hours = _HOURS[span.unit] * span.count if span else 0
    return seen.last > today or today - seen.last > timedelta(hours=hours)
