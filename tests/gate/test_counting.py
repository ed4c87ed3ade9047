"""Counting people through the gate: who is in, who is left out and why, what is recorded, what is given on."""

from collections import Counter
from typing import Any

import pytest

from tests.gate.conftest import RIGHTS, Company
from troth.gate import Count, Inquiry
from troth.gate import counting as counting_room
from troth.kernel import InvalidInput, Refused, Unauthenticated

USAGE = "analytics.reporting.product_usage"


def count(company: Company, *, cohort: int = 2, **more: Any) -> tuple[Count, Counter[str]]:
    """A count of products."""
    found: Counter[str] = Counter()
    inquiry = Inquiry(company.key("staff.analyst", (USAGE,)), USAGE, ("product",), words={"report": "x"})

    def take(values: Any) -> None:
        found.update({record["product"] for record in values.values()})

    given = company.gate.count(
        inquiry._replace(**more), take, lambda n: n >= cohort, lambda _tx, _count: None
    )
    return given, found


def say(company: Company, person: str, stance: str, about: str) -> None:
    """Somebody says something, recorded at the privacy desk."""
    case = company.open_case("request", "staff.privacy", RIGHTS, person)
    done = company.act(
        "instruct",
        "staff.privacy",
        "essential.service.choice",
        order="record-stance",
        about=about,
        stance=stance,
        person=person,
        case=case,
    )
    assert done.permitted, done


def test_who_is_left_out_and_why(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    """Objectors (also to what lies above), restricted people and children are out; each page is a few people here."""
    monkeypatch.setattr(counting_room, "PAGE", 3)
    people = [company.register(number) for number in range(1, 9)]
    say(company, people[0], "objected", USAGE)
    say(company, people[1], "objected", "analytics")
    say(company, people[2], "restricted", USAGE)
    say(company, people[3], "objected", "marketing")
    child = company.act(
        "instruct",
        "staff.privacy",
        RIGHTS,
        order="verify-parent",
        person=people[4],
        method="video-call",
        until="2030-06-30",
    )
    assert child.permitted, child
    given, found = count(company)
    assert (given.counted, given.left_out) == (5, {"objected": 2, "restricted": 1})
    assert found == Counter({"sensor": 5})
    assert given.released
    given, _ = count(company, barred=frozenset({"person.child"}))
    assert (given.counted, given.left_out) == (4, {"objected": 2, "restricted": 1, "child": 1})


def test_every_record_is_seen_and_people_without_the_field_only_when_asked(company: Company) -> None:
    """Somebody with two products has both given on at once; who has none is nobody's business unless everybody is asked."""
    company.register(1)
    company.gate.perform([company.registration(1, serial="SN-9999", product="server")])
    ticket = company.gate.policy().points["support-contact"]
    values = {"email": "person7@example.com", "ticket_text": "It does not start."}
    asked = company.act(
        "collect",
        "service.collection",
        "essential.service.operations.support",
        values=values,
        point="support-contact",
        channel="web",
        notice=str(ticket.notice),
        age_passed=True,
    )
    assert asked.permitted
    given, found = count(company)
    assert (given.counted, found) == (1, Counter({"sensor": 1, "server": 1}))
    given, _ = count(company, everybody=True)
    assert given.counted == 2


def test_what_is_recorded(company: Company) -> None:
    """One entry for the question, one for each kind of people, one for the release; the numbers add up, nobody is named."""
    people = [company.register(number) for number in range(1, 6)]
    say(company, people[0], "objected", USAGE)
    given, _ = count(company)
    told = [entry for entry in company.entries() if entry.detail.get("run") == given.run]
    assert [(one.effect, one.detail["part"], one.detail.get("count")) for one in told] == [
        ("permit", "question", None),
        ("permit", "people", "4"),
        ("deny", "people", "1"),
        ("permit", "release", None),
    ]
    assert {one.person for one in told} == {""}
    assert told[-1].detail["left_out.objected"] == "1"
    assert told[-1].id == given.entry


def test_too_few_are_not_released(company: Company) -> None:
    """Below the minimum the policy lets no figure out, and that is on record."""
    company.register(1)
    given, _ = count(company)
    assert (given.counted, given.released) == (1, False)
    assert company.entries()[-1].effect == "deny"


def test_who_may_not_ask(company: Company) -> None:
    """Another role, another purpose, no key, an undeclared field: nothing is opened."""
    company.register(1)
    for key in (company.key("staff.marketing", (USAGE,)), company.key("staff.analyst", ("marketing",))):
        with pytest.raises(Refused):
            count(company, key=key)
        assert company.entries()[-1].effect == "deny"
    with pytest.raises(Unauthenticated):
        count(company, key="troth_x")
    with pytest.raises(InvalidInput):
        count(company, fields=("nothing",))


def test_data_keeps_the_promises_of_its_version(company: Company, reference_text: bytes) -> None:
    """What was collected under a version without reports is not counted under a later one that has them."""
    rule = b"permit: count-usage\nacts: [analyse]"
    assert reference_text.count(rule) == 1
    company.publish(reference_text.replace(rule, b"permit: count-usage\nacts: [analyse]\nfrom: 2099-01-01"))
    company.register(1)
    company.publish(reference_text + b"\n")
    company.register(2)
    given, _ = count(company, cohort=1)
    assert (given.counted, given.left_out) == (1, {"older-promise": 1})


def test_an_erased_person_is_gone(company: Company) -> None:
    """Erasing somebody leaves one less to count."""
    people = [company.register(number) for number in (1, 2, 3)]
    case = company.open_case("request", "staff.privacy", RIGHTS, people[0])
    assert company.act("erase", "staff.privacy", RIGHTS, person=people[0], case=case).permitted
    given, _ = count(company)
    assert (given.counted, given.left_out) == (2, {})
