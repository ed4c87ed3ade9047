"""Counting everybody by spans, of which is kept what was read: a count looks anew only at spans in which something changed.

What is kept of a span stands in the memory of this process alone: how many people there are of whom the same stands in the vault,
and whose permitted values are the same. It holds no handle. Everything is decided anew in each count; values are kept only where
they were opened under a permit, and where a count would open more than was opened, the span is read anew.

Whether a span is as it was tells its mark (`troth.vault.spans`), whoever wrote to it.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from secrets import randbelow
from threading import Lock
from typing import Any, NamedTuple

import msgspec

from troth.gate.access import Actor
from troth.gate.counting import Count, Counting, Kind, Said, Sufficient, Values
from troth.gate.listed import ListRules
from troth.policy import Policy
from troth.storage import Database, Transaction
from troth.vault import (
    Page,
    Span,
    make_spans,
    mark_of,
    people_within,
    restricted_above,
    shorten_notes,
    spans,
)

MOST_KEPT = 4
"""Sets of fields of which spans are kept; beyond them that one goes which was asked for longest ago."""
MOST_ALIKE = 1_000_000
"""Groups of people who are alike that are kept of one set of fields; beyond them spans are read each time."""
_TOKENS = 2**40
_encode = msgspec.json.Encoder(order="sorted").encode
_decode = msgspec.json.Decoder(dict[str, Any]).decode
TakeMany = Callable[[Values, int], None]
Seen = Callable[[int, int], None]
"""Told of how many of the spans that must be read are read."""


def unwatched(_: int, __: int) -> None:
    """Nobody watches."""


Alike = tuple[Said, bytes | None]
"""What stands in the vault that decides, and what was opened; None where nothing was, because it was not permitted."""


class Sheet(NamedTuple):
    """What was read of a span.

    Args:
        mark: The span's mark in the snapshot in which it was read.
        people: How many people there are who are alike.
    """

    mark: tuple[int, int]
    people: Mapping[Alike, int]


class Sheets:
    """What this process keeps of spans, by the fields that were looked at."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._forgettings = 0
        self._kept: dict[tuple[str, ...], dict[str, Sheet]] = {}

    def of(self, fields: tuple[str, ...]) -> dict[str, Sheet]:
        """What is kept of some fields, by the border below."""
        with self._lock:
            found = self._kept[fields] = self._kept.pop(fields, {})
            while len(self._kept) > MOST_KEPT:
                del self._kept[next(iter(self._kept))]
            return dict(found)

    @property
    def forgettings(self) -> int:
        """How often people were forgotten."""
        with self._lock:
            return self._forgettings

    def keep(self, fields: tuple[str, ...], low: str, sheet: Sheet | None, forgettings: int) -> None:
        """Keep what was read of a span, or forget it; not where people were forgotten since before it was read."""
        with self._lock:
            kept = self._kept.get(fields, {})
            kept.pop(low, None)
            if (
                sheet is not None
                and forgettings == self._forgettings
                and sum(len(one.people) for one in kept.values()) + len(sheet.people) <= MOST_ALIKE
            ):
                kept[low] = sheet

    def forget_persons(self, persons: Iterable[str]) -> None:
        """Forget the spans in which some people are, so that this process keeps nothing of whoever is erased."""
        with self._lock:
            self._forgettings += 1
            for kept in self._kept.values():
                lows = sorted(kept)
                for who in persons:
                    at = bisect_left(lows, who) - 1
                    if at >= 0:
                        kept.pop(lows[at], None)


class Tallying(Counting):
    """One count of everybody; made like a count, with what the process keeps."""

    def tally(self, sheets: Sheets, take: TakeMany, sufficient: Sufficient, seen: Seen) -> Count:
        """Count.

        Args:
            sheets: What is kept.
            take: Given what is permitted of people, and of how many.
            sufficient: As for `count`.
            seen: Told before the first span that is read, and after each.

        Raises:
            Unauthenticated: The key does not work.
            Refused: The policy denies the question as a whole.
            InvalidInput: A field is not declared.
            Unavailable: A store takes no work, or another policy version came into force meanwhile.
        """
        policy, rules, actor = self._begin()
        self._values: Counter[bytes] = Counter()
        make_spans(self._database)
        there, anew = self._from_kept(policy, rules, actor, sheets)
        for done, span in enumerate(anew):
            seen(done, len(anew))
            forgettings = sheets.forgettings
            sheet = self._read(policy, rules, actor, span)
            sheets.keep(self._inquiry.fields, span.low, sheet, forgettings)
        seen(len(anew), len(anew))
        after = there[-1].high if there else ""
        while True:
            page, opened, lost = self._page(policy, rules, actor, after)
            self._values.update(map(_encoded, opened.values()))
            self._unreadable += lost
            after = page.last
            if not after:
                break
        for encoded, number in self._values.items():
            take(_decoded(encoded), number)
        return self._end(policy, actor, sufficient, _keep_nothing)

    def _from_kept(
        self, policy: Policy, rules: ListRules, actor: Actor, sheets: Sheets
    ) -> tuple[list[Span], list[Span]]:
        """Count what is kept and still so; gives every span, and those that must be read."""
        kept, anew, changed = sheets.of(self._inquiry.fields), [], []
        with self._database.snapshot() as tx:
            there = spans(tx)
            closed = bool(restricted_above(tx, {self._inquiry.purpose}))
            for span in there:
                sheet = kept.get(span.low)
                if sheet is None or sheet.mark != span.mark:
                    changed.append(span)
                elif self._added(tx, policy, rules, actor, sheet.people, closed=closed):
                    continue
                anew.append(span)
        shorten_notes(self._database, changed, randbelow(_TOKENS))
        return there, anew

    def _added(
        self,
        tx: Transaction,
        policy: Policy,
        rules: ListRules,
        actor: Actor,
        people: Mapping[Alike, int],
        *,
        closed: bool,
    ) -> bool:
        """Count the people of a span; False, and nothing is counted, where more is permitted than was opened."""
        kinds: Counter[Kind] = Counter()
        values: Counter[bytes] = Counter()
        for (said, encoded), number in people.items():
            kind = self._kind(policy, rules, said, closed=closed)
            kinds[kind] += number
            if self._decide(tx, policy, actor, kind)[1]:
                continue
            if encoded is None:
                return False
            values[encoded] += number
        self._counts.update(kinds)
        self._values.update(values)
        return True

    def _read(self, policy: Policy, rules: ListRules, actor: Actor, span: Span) -> Sheet | None:
        """Count the people of a span as they are in the vault; gives what can be kept of it."""
        mark: tuple[int, int] | None = None

        def find(tx: Transaction) -> Page:
            nonlocal mark
            mark = mark_of(tx, span)
            return people_within(tx, span.low, span.high, self._inquiry.fields)

        look = self._look(policy, rules, actor, find)
        people: Counter[Alike] = Counter()
        for who in look.kinds.keys() - look.lost:
            values = look.opened.get(who)
            people[look.said[who], None if values is None else _encoded(values)] += 1
            self._counts[look.kinds[who]] += 1
        for (_, encoded), number in people.items():
            if encoded is not None:
                self._values[encoded] += number
        self._unreadable += len(look.lost)
        return Sheet(mark, people) if mark is not None and not look.lost else None


def _keep_nothing(tx: Transaction, count: Count) -> None:
    """Nothing of such a count is kept beside its ledger entries."""


def clear_notes(database: Database) -> None:
    """Put one note in the place of many, also where nobody counts."""
    with database.snapshot() as tx:
        there = spans(tx)
    shorten_notes(database, there, randbelow(_TOKENS))


def _encoded(values: Values) -> bytes:
    """One person's values, without the handles of records; equal for people who have the same."""
    profile = _encode(values.get("", {}))
    return b"\n".join([profile, *sorted(_encode(one) for record, one in values.items() if record)])


def _decoded(encoded: bytes) -> Values:
    profile, *records = encoded.split(b"\n")
    return {"": _decode(profile), **{str(at): _decode(one) for at, one in enumerate(records)}}
