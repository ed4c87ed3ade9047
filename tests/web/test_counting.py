"""Counts under way at the console: one of a kind at a time, given up at the end, told once."""

from threading import Event

import pytest

from tests.support.waiting import wait_until
from troth.kernel import Unavailable
from troth.outreach import Size
from troth.web.counting import Counts, Going, Seen

SIZE = Size("a", 12, {}, 10, "r", "e")


def test_a_short_count_is_told_once() -> None:
    """Its result is told to whoever asked, and gone then."""
    counts = Counts()
    counts.ask("ann", "spring", lambda _: SIZE)
    assert counts.told("ben", "spring") is None
    told: list[object] = []

    def over() -> bool:
        told.append(counts.told("ann", "spring"))
        return not isinstance(told[-1], Going)

    wait_until(over, "the count is over")
    assert (told[-1], counts.told("ann", "spring")) == (SIZE, None)
    counts.close()


def test_what_is_under_way_is_given_up_at_the_end() -> None:
    """At the next part that it reads; the server does not wait for the whole count."""
    counts, begun, go_on = Counts(), Event(), Event()
    parts: list[int] = []

    def count(seen: Seen) -> Size:
        for part in range(1000):
            seen(part, 1000)
            parts.append(part)
            begun.set()
            assert go_on.wait(60)
        return SIZE

    counts.ask("ann", "spring", count)
    assert begun.wait(60)
    assert counts.told("ann", "spring") == Going(0, 1000)
    counts.end()
    go_on.set()
    counts.close()
    with pytest.raises(Unavailable, match="given up"):
        counts.told("ann", "spring")
    assert parts == [0]


def test_so_many_wait_and_no_more() -> None:
    """Whoever asked longest ago is told nothing any more; nothing grows without an end."""
    counts = Counts()
    for number in range(101):
        counts.ask(str(number), "spring", lambda _: SIZE)
    assert counts.told("0", "spring") is None
    assert counts.told("1", "spring") == SIZE
    counts.close()
