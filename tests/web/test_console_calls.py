"""Call lists at the console: open ones by numbers, for whose role has to do with them."""

import re
from datetime import timedelta

from tests.web.conftest import SUPPORT, Web
from tests.web.staff import Desk
from tests.web.test_console_letters import signed_in
from tests.web.test_sent_again import buy
from troth.kernel import micros, new_id
from troth.outreach import CallList, CallOrder, LetterText
from troth.outreach.call_tables import open_list

CALLS = "essential.service.notifications.phone"
NOTICES = "essential.service.notifications.product_notice"
PAGE = "/console/calls"
SCRIPT = LetterText("Your ticket", "you wrote to us", "Good day, {name}.")
COLUMNS = ("due", "out", "reached", "later", "wrong", "stop", "given up", "left out")


def numbers(desk: Desk) -> dict[str, list[int]]:
    """Numbers of each list on the page, by the case that it leads to."""
    text = desk.get(PAGE).text
    return {
        found["case"]: [int(one) for one in re.findall(r'<td class="n">(\d+)</td>', found["rest"])]
        for found in re.finditer(
            r'<td><a href="/console/cases/(?P<case>\w+)">(?P<rest>.*?)</tr>', text, re.DOTALL
        )
    }


def told(one: list[int]) -> dict[str, int]:
    """The numbers of a list that are not zero, by their column."""
    return {name: number for name, number in zip(COLUMNS, one, strict=True) if number}


def put(web: Web, purpose: str, hours: int) -> None:
    """An open list that ends in some hours."""
    now = web.clock.now()
    with web.troth.database.transaction() as tx:
        open_list(
            tx,
            CallList(
                new_id(), new_id(), purpose, "phone-centre", "Subject", "why", "Body", "en", 0, micros(now),
                micros(now + timedelta(hours=hours)), 0,
            ),
        )  # fmt: skip


def test_a_call_stands_in_one_column_at_a_time(engine_web: Web) -> None:
    """Due, out, no answer and due again, given up; reached, wrong number and stop; whoever may not be called; and nobody by name."""
    web = engine_web
    sam = signed_in(web, "sam.example", "staff.support")
    assert f'href="{PAGE}"' in sam.get("/console/me").text
    centre, _ = web.troth.issue_key(name="centre", role="partner.calls", purposes=(CALLS,), cases=())
    desk, _ = web.troth.issue_key(
        name="desk", role="staff.support", purposes=(SUPPORT, CALLS), cases=("ticket",)
    )

    def opened(email: str, phone: str) -> str:
        assert buy(web, email=email, phone=phone).status_code == 201
        _, case = web.ticket(email)
        web.troth.calls.open(CallOrder(case, CALLS, SCRIPT, desk))
        return case

    seen: list[list[dict[str, int]]] = []
    for number, outcome in enumerate(("reached", "wrong-number", "stop", "no-answer")):
        case = opened(f"lea{number}@example.com", f"+1650253000{number}")
        steps = [told(numbers(sam)[case])]
        for _ in range(3 if outcome == "no-answer" else 1):
            (call,) = web.troth.calls.pull(centre)
            steps.append(told(numbers(sam)[case]))
            web.troth.calls.outcome(centre, call.id, outcome)
            steps.append(told(numbers(sam)[case]))
            web.clock.advance(timedelta(hours=5))
            sam.sign_in()
        seen.append(steps)
    due, out = {"due": 1}, {"out": 1}
    assert seen[0] == [due, out, {"reached": 1}]
    assert seen[1] == [due, out, {"wrong": 1}]
    assert seen[2] == [due, out, {"stop": 1}]
    assert seen[3] == [due, out, {"later": 1}, out, {"later": 1}, out, {"given up": 1}]
    _, again = web.ticket("lea2@example.com")
    web.troth.calls.open(CallOrder(again, CALLS, SCRIPT, desk))
    assert web.troth.calls.pull(centre) == []
    assert told(numbers(sam)[again]) == {"left out": 1}
    text = sam.get(PAGE).text
    for words in ("lea2@", "+1650", "Lea", SCRIPT.subject):
        assert words not in text
    web.clock.advance(timedelta(days=20))
    web.troth.calls.expire()
    sam.sign_in()
    assert "No call list that your role has to do with is open." in sam.get(PAGE).text


def test_lists_of_others_are_passed_over_and_the_soonest_to_end_stands_first(web: Web) -> None:
    """Fifty a page; the privacy desk sees the lists of bulletins only, and whose role has nothing to do with calls no page."""
    for hours in range(1, 61):
        put(web, CALLS, 61 - hours)
        put(web, NOTICES, hours)
    sam = signed_in(web, "sam.example", "staff.support")
    first = sam.get(PAGE).text
    ends = re.findall(r'<th scope="row"><time datetime="([^"]+)"', first)
    assert (len(ends), ends == sorted(ends)) == (50, True)
    behind = re.search(rf'href="{PAGE}\?behind=([^"]+)"', first)
    assert behind is not None
    rest = sam.get(PAGE, behind=behind[1]).text
    more = re.findall(r'<th scope="row"><time datetime="([^"]+)"', rest)
    assert (len(more), "Next page" in rest, min(more) > max(ends)) == (10, False, True)
    ann = signed_in(web, "ann.example", "staff.privacy")
    assert ann.get(PAGE).text.count('<th scope="row">') == 50
    eva = signed_in(web, "eva.example", "staff.fulfilment")
    assert PAGE not in eva.get("/console/me").text
    assert eva.get(PAGE).status_code == 403
    assert Desk(web, "nora.example").get(PAGE).headers["location"].startswith("/console/sign-in")
