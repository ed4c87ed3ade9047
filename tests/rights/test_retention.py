"""Retention: what is past its time goes by itself, nothing else does, and what will go is told before."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tests.rights.test_holds import DEMAND, HOLD, act, buy
from tests.web import conftest as web_conftest
from tests.web.conftest import SUPPORT, Web
from troth.bootstrap import dispose_due, retention_forecast
from troth.gate import due_records
from troth.kernel import micros
from troth.policy import Scheduled, Span, instant_after, instant_before, schedule_of

engine_web = web_conftest.engine_web
DAY = timedelta(days=1)
TWO_YEARS = timedelta(days=731)
ANN = "ann@example.com"


def ticket(web: Web, email: str = ANN, *, closed: bool = True) -> str:
    """Somebody writes in, and support closes the ticket; gives the record."""
    opened = act(
        web, "service.collection", "collect", SUPPORT, channel="web", point="support-contact",
        notice="support-notice", age_passed=True, values={"email": email, "ticket_text": "It does not start."},
    )  # fmt: skip
    assert opened.permitted, opened
    if closed:
        done = act(
            web,
            "staff.support",
            "instruct",
            SUPPORT,
            order="close-case",
            case=opened.case,
            person=opened.person,
        )
        assert done.permitted, done
    return opened.record


def due(web: Web, at: datetime) -> list[str]:
    """Records that are due by an instant."""
    with web.troth.database.snapshot() as tx:
        return [one.record for one in due_records(tx, web.troth.policy(), micros(at))]


def test_a_closed_ticket_goes_after_two_years_and_not_before(engine_web: Web) -> None:
    """Forecast for its day, erased on it in the role of disposal; an open one, and a younger one, stay."""
    web, start = engine_web, engine_web.clock.now()
    old, standing = ticket(web), ticket(web, "bob@example.com", closed=False)
    web.clock.advance(30 * DAY)
    young = ticket(web, "cy@example.com")
    last = start.replace(year=start.year + 2)
    assert due(web, last - timedelta(microseconds=1)) == []
    assert due(web, last) == [old]
    (told,) = retention_forecast(web.troth, last)
    assert (told.kind, told.retention, told.clause, told.records, told.earliest) == (
        "ticket", "support-tickets", "II.12", 1, micros(last),
    )  # fmt: skip
    web.clock.set(last)
    assert dispose_due(web.troth) == 1
    assert dispose_due(web.troth) == 0
    assert due(web, last) == []
    assert due(web, last + 31 * DAY) == [young]
    assert standing not in due(web, last + 3_000 * DAY)
    web.troth.flush_ledger()


def test_a_task_does_it_once_a_day(engine_web: Web) -> None:
    """Without anybody asking."""
    ticket(engine_web)
    engine_web.clock.advance(TWO_YEARS)
    engine_web.troth.background.run_due()
    assert due(engine_web, engine_web.clock.now()) == []


def test_what_is_held_stays(engine_web: Web) -> None:
    """Of an order the books stay; under a legal hold nothing of a ticket goes."""
    web = engine_web
    bought = buy(web)
    found = act(web, "staff.billing", "instruct", "essential.service.fulfil_order", order="find-cases",
                identify={"order_number": "OR-1"})  # fmt: skip
    (opened,) = found.values["cases"]
    act(web, "staff.billing", "instruct", "essential.service.fulfil_order", order="close-case", case=opened["case"],
        person=found.person)  # fmt: skip
    held = ticket(web, "bob@example.com")
    demand = act(web, "staff.legal", "instruct", DEMAND, order="open-case", case_type="demand",
                 identify={"email": "bob@example.com"})  # fmt: skip
    placed = act(web, "staff.legal", "instruct", HOLD, order="place-hold", person=demand.person, case=demand.case,
                 reason="court 12")  # fmt: skip
    assert placed.permitted, placed
    web.clock.advance(TWO_YEARS)
    with web.troth.database.snapshot() as tx:
        (one,) = due_records(tx, web.troth.policy(), micros(web.clock.now()))
    assert one.record == bought
    assert "shipping_address" in one.fields
    assert not {"name", "billing_address", "order_number"} & set(one.fields)
    assert dispose_due(web.troth) == 1
    assert held not in due(web, web.clock.now())


def test_the_schedule_follows_the_policy(web: Web) -> None:
    """Every kind whose retention counts from the end of its own case."""
    found = {one.kind: (one.retention, one.keep) for one in schedule_of(web.troth.policy())}
    assert found == {
        "order": ("orders", "2 years"),
        "request": ("requests", "3 years"),
        "ticket": ("support-tickets", "2 years"),
    }


web = web_conftest.web
_SPANS = st.one_of(
    st.builds(Span, st.integers(1, 5000), st.just("hours")),
    st.builds(Span, st.integers(1, 130), st.just("months")),
    st.builds(Span, st.integers(1, 60), st.just("business days")),
)


@given(
    ended=st.datetimes(datetime(2000, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    span=_SPANS,
    later=st.integers(0, 400),
)
def test_looking_back_never_overlooks_what_is_due(ended: datetime, span: Span, later: int) -> None:
    """Whatever is due by an instant lies before the instant that is looked back to, give or take ten days."""
    until = instant_after(ended, span) + later * DAY
    assert ended <= instant_before(until, span) + 10 * DAY
    assert Scheduled("a", "a", "a", "a", "a", span, ()).due(ended) == instant_after(ended, span)
