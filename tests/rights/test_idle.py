"""Idle profiles: five years after the last sign of somebody everything of them goes by itself, and not before."""

from datetime import datetime, timedelta

from tests.rights.test_holds import DEMAND, HOLD, act, buy
from tests.rights.test_retention import ticket
from tests.web import conftest as web_conftest
from tests.web.conftest import SUPPORT, Web
from troth.bootstrap import dispose_due, retention_forecast
from troth.gate import idle_people
from troth.kernel import micros
from troth.policy import idle_of

engine_web, web = web_conftest.engine_web, web_conftest.web
ANN, BOB = "ann@example.com", "bob@example.com"
MOMENT = timedelta(microseconds=1)


def years_after(instant: datetime, count: int = 5) -> datetime:
    """So many years later."""
    return instant.replace(year=instant.year + count)


def known(web: Web, email: str) -> str:
    """Handle of whom an address is; empty for nobody."""
    found = act(
        web,
        "staff.support",
        "instruct",
        SUPPORT,
        order="open-case",
        case_type="ticket",
        identify={"email": email},
    )
    if found.permitted:
        ended = {"case": found.case, "person": found.person}
        assert act(web, "staff.support", "instruct", SUPPORT, order="close-case", **ended).permitted
    return found.person if found.permitted else ""


def due(web: Web, at: datetime) -> list[str]:
    """Whose profile is due by an instant."""
    with web.troth.database.snapshot() as tx:
        return [one.person for one in idle_people(tx, web.troth.policy(), micros(at))]


def test_an_idle_profile_goes_with_its_registrations(engine_web: Web) -> None:
    """Forecast to the microsecond, erased through the gate by the daily task, on record; who registered later stays."""
    web, start = engine_web, engine_web.clock.now()
    assert web.register(ANN, "SN-1").status_code == 201
    web.clock.advance(timedelta(days=400))
    assert web.register(BOB, "SN-2").status_code == 201
    last = years_after(start)
    assert due(web, last - MOMENT) == []
    (told,) = [one for one in retention_forecast(web.troth, last) if one.kind == "profile"]
    assert (told.retention, told.clause, told.records, told.earliest) == (
        "idle-profiles",
        "I.4",
        1,
        micros(last),
    )
    web.clock.set(last)
    web.troth.background.run_due()
    assert known(web, ANN) == ""
    assert known(web, BOB)
    web.troth.flush_ledger()


def test_signing_in_begins_the_time_anew(engine_web: Web) -> None:
    """Somebody who only ever looks is there: the day of the sign-in counts, and nothing else of it is kept."""
    web, start = engine_web, engine_web.clock.now()
    assert web.register(ANN, "SN-1").status_code == 201
    (who,) = due(web, years_after(start))
    web.clock.set(years_after(start, 4))
    web.troth.accounts.open_session(person=who)
    day = web.clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
    assert due(web, years_after(start)) == []
    assert due(web, years_after(day) - MOMENT) == []
    assert due(web, years_after(day)) == [who]


def test_whoever_is_bound_stays(engine_web: Web) -> None:
    """An open case, an order that has its own time, and a legal hold keep a profile; ended, none of them does."""
    web, start = engine_web, engine_web.clock.now()
    assert web.register(ANN, "SN-1").status_code == 201
    who, far = due(web, years_after(start))[0], years_after(start, 30)
    ticket(web, ANN, closed=False)
    assert due(web, far) == []
    buy(web, BOB)
    assert due(web, far) == []
    assert web.register("cy@example.com", "SN-3").status_code == 201
    demand = act(web, "staff.legal", "instruct", DEMAND, order="open-case", case_type="demand",
                 identify={"email": "cy@example.com"})  # fmt: skip
    given = {"person": demand.person, "case": demand.case}
    placed = act(web, "staff.legal", "instruct", HOLD, order="place-hold", reason="court 12", **given)
    closed = act(web, "staff.legal", "instruct", DEMAND, order="close-case", **given)
    assert closed.permitted, closed
    assert due(web, far) == []
    again = act(
        web, "staff.legal", "instruct", DEMAND, order="open-case", case_type="demand", person=demand.person
    )
    ended = act(web, "staff.legal", "instruct", HOLD, order="end-hold", about=placed.values["hold"],
                person=demand.person, case=again.case)  # fmt: skip
    assert ended.permitted, ended
    act(web, "staff.legal", "instruct", DEMAND, order="close-case", person=demand.person, case=again.case)
    assert due(web, far) == [demand.person]
    assert who not in due(web, far)


def test_disposing_twice_finds_nothing(engine_web: Web) -> None:
    """Run by hand as by the task."""
    web = engine_web
    assert web.register(ANN, "SN-1").status_code == 201
    web.clock.set(years_after(web.clock.now()))
    assert dispose_due(web.troth) == 1
    assert dispose_due(web.troth) == 0


def test_the_reference_policy_says_which_kinds_go_with_their_person(web: Web) -> None:
    """Registrations do; orders, tickets and requests have a time of their own."""
    idle = idle_of(web.troth.policy())
    assert idle is not None
    assert (idle.retention, str(idle.span)) == ("idle-profiles", "5 years")
    assert "registration" in idle.kinds
    assert not {"order", "ticket", "request"} & idle.kinds
