"""Purging a child's record: everything goes at once but what a law or a court keeps, and that follows by itself."""

from datetime import timedelta

from tests.rights.test_holds import ANN, DEMAND, HOLD, YEARS, act, buy
from tests.web import conftest as web_conftest
from tests.web.conftest import Web
from troth.gate import Outcome
from troth.vault import holdings_of

engine_web = web_conftest.engine_web
RIGHTS = "essential.service.rights_request"
DAY = timedelta(days=1)


def purge(web: Web) -> Outcome:
    """The privacy desk learns that Ann is a child."""
    return act(web, "staff.privacy", "instruct", RIGHTS, order="purge-child", identify={"email": ANN})


def stands(web: Web, who: str) -> set[str]:
    """Names of the fields that are left of somebody."""
    with web.troth.database.snapshot() as tx:
        return {one.field for one in holdings_of(tx, who)}


def known(web: Web, who: str) -> bool:
    """Whether anything is left of somebody."""
    with web.troth.database.snapshot() as tx:
        return bool(web.troth.vault.people(tx, [who]))


def test_a_child_without_a_duty_goes_at_once(engine_web: Web) -> None:
    """Nothing waits for anything: no person is left, and nothing is told to be kept."""
    web = engine_web
    assert web.register().status_code == 201
    done = purge(web)
    assert done.permitted, done
    assert (done.values["erased"], "kept" in done.values) == (True, False)
    assert not known(web, done.person)


def test_what_a_law_keeps_of_a_child_is_told_and_follows_by_itself(engine_web: Web) -> None:
    """The books of an order stay with law and day; the rest goes, the address is suppressed, and after the day nothing is left."""
    web = engine_web
    record = buy(web)
    done = purge(web)
    assert done.permitted, done
    assert done.values["erased"] is True
    told = done.values["kept"]
    assert {one["slot"] for one in told} == {
        f"{name}.{record}" for name in ("billing_address", "name", "order_lines", "order_number")
    }
    assert all("tax law" in one["reason"] and one["until"] > "2032" for one in told)
    assert stands(web, done.person) == {"billing_address", "name", "order_lines", "order_number"}
    again = act(web, "service.collection", "collect", "essential.service.fulfil_order", channel="web", point="shop",
                notice="shop-notice", age_passed=True, values={"email": ANN, "name": "Ann"})  # fmt: skip
    assert not again.permitted
    for _ in range(2):
        web.clock.advance(DAY)
        web.troth.background.run_due()
    assert known(web, done.person)
    web.clock.advance(YEARS)
    web.troth.background.run_due()
    assert not known(web, done.person)
    web.troth.flush_ledger()


def test_a_court_keeps_a_childs_record_until_its_hold_ends(engine_web: Web) -> None:
    """Everything stands under the hold; a day after it ends, all of it is gone without anybody asking."""
    web = engine_web
    assert web.register().status_code == 201
    demand = act(
        web, "staff.legal", "instruct", DEMAND, order="open-case", case_type="demand", identify={"email": ANN}
    )
    given = {"person": demand.person, "case": demand.case}
    placed = act(web, "staff.legal", "instruct", HOLD, order="place-hold", reason="court 12", **given)
    assert placed.permitted, placed
    done = purge(web)
    assert {one["reason"] for one in done.values["kept"]} == {"legal hold: court 12"}
    assert {one["until"] for one in done.values["kept"]} == {""}
    web.clock.advance(DAY)
    web.troth.background.run_due()
    assert known(web, done.person)
    ended = act(web, "staff.legal", "instruct", HOLD, order="end-hold", about=placed.values["hold"], **given)
    assert ended.permitted, ended
    web.clock.advance(DAY)
    web.troth.background.run_due()
    assert not known(web, done.person)


def test_what_a_closed_account_leaves_follows_too(engine_web: Web) -> None:
    """Erased without a request, so without a plan: what the books keep goes after its time all the same."""
    web = engine_web
    buy(web)
    opened = act(
        web,
        "staff.privacy",
        "instruct",
        RIGHTS,
        order="open-case",
        case_type="request",
        identify={"email": ANN},
    )
    gone = act(web, "service.disposal", "erase", "essential.service.disposal", person=opened.person)
    assert gone.values["kept"]
    web.clock.advance(YEARS)
    web.troth.background.run_due()
    assert not known(web, opened.person)
