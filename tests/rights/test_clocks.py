"""Clocks: promises in hours, terms of laws in calendar months and business days, whatever the zone of the instant."""

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from troth.kernel import micros
from troth.policy import Span
from troth.rights import STATUTES, Due, Rule, Weekdays, calendar_of, due, reason_of

PROMISE = Rule("answer-requests", "answer", Span(720, "hours"), "clause III.6")
FIRST, LAST = datetime.fromisoformat("1999-01-01"), datetime.fromisoformat("2090-01-01")
INSTANTS = st.datetimes(timezones=st.just(UTC), min_value=FIRST, max_value=LAST)
ZONES = st.sampled_from(
    [UTC, ZoneInfo("America/Los_Angeles"), ZoneInfo("Australia/Lord_Howe"), timezone(timedelta(hours=14))]
)


def statute(name: str) -> Rule:
    """A clock of a law by name."""
    return next(one.rule for one in STATUTES if one.rule.name == name)


def ends(name: str, received: str, *, extended: bool = False) -> str:
    """When a clock of a law runs out."""
    rule = statute(name)
    calendar = calendar_of(rule.place) if rule.place else None
    return due(rule, datetime.fromisoformat(received), calendar, extended=extended).at.isoformat()


@pytest.mark.parametrize(
    ("name", "received", "expected"),
    [
        ("gdpr-answer", "2026-01-30T10:00:00Z", "2026-03-03T00:00:00+00:00"),  # the 28th is a Saturday
        ("gdpr-answer", "2026-01-31T10:00:00Z", "2026-03-03T00:00:00+00:00"),
        ("gdpr-answer", "2024-01-31T10:00:00Z", "2024-03-01T00:00:00+00:00"),  # 29 February of a leap year
        ("gdpr-answer", "2026-03-05T23:59:59Z", "2026-04-07T00:00:00+00:00"),  # 5 April is a Sunday
        (
            "uk-gdpr-answer",
            "2026-03-05T23:59:59Z",
            "2026-04-07T00:00:00+00:00",
        ),  # Easter Monday is no holiday in Scotland
        (
            "ccpa-acknowledge",
            "2026-06-18T09:00:00Z",
            "2026-07-07T00:00:00+00:00",
        ),  # 19 June, 3 July are holidays
        ("ccpa-answer", "2026-01-01T00:00:00Z", "2026-02-16T00:00:00+00:00"),
        ("can-spam-opt-out", "2026-01-02T12:00:00Z", "2026-01-17T00:00:00+00:00"),
        ("uk-complaint", "2026-01-05T09:00:00Z", "2026-02-05T00:00:00+00:00"),
    ],
)
def test_terms_of_laws_end_where_the_calendar_says(name: str, received: str, expected: str) -> None:
    """Month ends, leap days, weekends and holidays."""
    assert ends(name, received) == expected


def test_longer_times_are_added_to_the_term() -> None:
    """Two more months of the GDPR from the end of the first, 45 more days in California."""
    assert ends("gdpr-answer", "2026-01-15T10:00:00Z", extended=True) == "2026-04-16T00:00:00+00:00"
    assert ends("gdpr-answer", "2025-01-31T10:00:00Z", extended=True) == "2025-05-01T00:00:00+00:00"
    assert ends("ccpa-answer", "2026-01-01T00:00:00Z", extended=True) == "2026-04-02T00:00:00+00:00"
    with pytest.raises(ValueError, match="knows no longer time"):
        due(PROMISE, datetime(2026, 1, 1, tzinfo=UTC), extended=True)


@given(INSTANTS, ZONES)
def test_a_promise_is_so_many_hours_whatever_clocks_do(received: datetime, zone: timezone) -> None:
    """Thirty days are 720 hours, across leap days, month ends and daylight saving, in whatever zone it was received."""
    found = due(PROMISE, received.astimezone(zone))
    assert found.at - received == timedelta(hours=720)
    assert found.at.tzinfo is UTC


@given(INSTANTS, ZONES, st.sampled_from([one.rule for one in STATUTES]))
def test_the_zone_of_receipt_changes_nothing(received: datetime, zone: timezone, rule: Rule) -> None:
    """The same instant gives the same due date, and the same reason for it."""
    assert due(rule, received.astimezone(zone), Weekdays()) == due(rule, received, Weekdays())


@given(INSTANTS)
def test_longer_time_counts_from_receipt_in_one_term(received: datetime) -> None:
    """One month and two more are three: the same day three months on, or the last of a shorter month (article 3 of 1182/71)."""
    rule = statute("gdpr-answer")._replace(rolls=False)
    last = (due(rule, received, extended=True).at - timedelta(days=1)).date()
    month = received.month + 3
    first = date(received.year + (month - 1) // 12, (month - 1) % 12 + 1, 1)
    assert (last.year, last.month) == (first.year, first.month)
    if last.day != received.day:
        assert last.day < received.day
        assert (last + timedelta(days=1)).day == 1


@given(INSTANTS, st.sampled_from([one.rule for one in STATUTES]))
def test_a_due_date_lies_ahead_and_never_goes_back(received: datetime, rule: Rule) -> None:
    """Whoever writes later is not answered sooner; and nothing is due when it arrives."""

    def at(instant: datetime) -> Due:
        return due(rule, instant, Weekdays())

    assert at(received).at > received
    assert at(received).at <= at(received + timedelta(minutes=1)).at


@given(INSTANTS)
def test_business_days_end_with_a_working_day(received: datetime) -> None:
    """Ten business days contain exactly ten working days after the day of receipt."""
    rule = Rule("ten", "answer", Span(10, "business days"), "clause VI.1")
    last = due(rule, received).at - timedelta(days=1)
    days = [received.date() + timedelta(days=n) for n in range(1, (last.date() - received.date()).days + 1)]
    assert sum(day.weekday() < 5 for day in days) == 10
    assert last.weekday() < 5


def test_public_holidays_are_taken_out_where_the_law_has_a_place() -> None:
    """Christmas is no working day in California, and is one where no calendar is known: due earlier, never later."""
    rule = statute("ccpa-acknowledge")
    received = datetime(2026, 12, 15, 9, tzinfo=UTC)
    assert due(rule, received, calendar_of("US-CA")).at > due(rule, received, calendar_of("XX")).at


def test_an_instant_without_zone_is_refused() -> None:
    """An instant that could be any of two dozen sets no clock."""
    with pytest.raises(ValueError, match="needs its zone"):
        due(PROMISE, datetime(2026, 1, 1))  # noqa: DTZ001  the very fault


def test_a_due_date_says_why() -> None:
    """Which rule, counted from when, in which unit."""
    why = due(PROMISE, datetime(2026, 5, 17, 10, tzinfo=UTC)).why
    assert why == (
        "Answer by 16 June 2026, 10:00 UTC: 30 days from receipt on 17 May 2026, 10:00 UTC. "
        "answer-requests (clause III.6)."
    )


@given(received=INSTANTS, rule=st.sampled_from([one.rule for one in STATUTES]), longer=st.booleans())
def test_a_reason_can_be_taken_apart(received: datetime, rule: Rule, *, longer: bool) -> None:
    """What a clock keeps as its reason gives back the spans, the instant of receipt and the rule; other texts give nothing."""
    found = due(rule, received, extended=longer and rule.extension is not None)
    reason = reason_of(found.why)
    assert reason is not None
    spans = (rule.span, rule.extension) if longer and rule.extension else (rule.span,)
    assert [f"{count} {unit}" for count, unit in reason.spans] == [str(one) for one in spans]
    assert (reason.rule, reason.source) == (rule.name, rule.source)
    assert reason.start == micros(received.replace(second=0, microsecond=0))
    assert reason.whole_days is (rule.whole_days or rule.span.unit == "business days")
    assert reason_of(f"{found.why} ") is None
