"""Clause I.18: no marketing to children under 13; nothing that could build a child audience is collected."""

from typing import Any

import pytest

from tests.clauses.vendor import CANARY, REGISTER, RIGHTS, SUPPORT, Site, Vendor

CHOICE = "essential.service.choice"
EMAIL = "marketing.communications.email"

CHILD_DATA = ("user.childrens", "user.demographic.age_range", "user.demographic.date_of_birth")


@pytest.mark.clause("I.18")
def test_no_place_asks_for_a_childs_data_or_an_age(vendor: Vendor) -> None:
    """No field of any point holds a child's data, an age or a date of birth, and one that is sent along is refused."""
    with vendor.open() as site:
        for point in (
            "shop",
            "product-registration",
            "account",
            "email-opt-in",
            "support-contact",
            "forum",
            "import",
        ):
            fields = site.request("GET", f"/v1/collect/{point}").json()["fields"]
            assert not any(field["category"].startswith(CHILD_DATA) for field in fields.values())
        for name in ("date_of_birth", "age", "birth_year"):
            refused = site.collect("email-opt-in", {"email": f"{CANARY}@example.com", name: "2015"})
            assert (refused.status_code, refused.json()["field"]) == (422, name)
    assert vendor.files_with(CANARY) == []


@pytest.mark.clause("I.18")
def test_no_audience_is_built_from_children_or_age(vendor: Vendor) -> None:
    """Whoever asks: the policy denies using such data for marketing, and names the clause."""
    key = vendor.key("staff.marketing", "marketing")
    with vendor.open() as site:
        for category in CHILD_DATA:
            act = {
                "kind": "use",
                "actor": "staff.marketing",
                "purpose": "marketing.communications.email",
                "data": [category],
                "facts": ["purpose.granted", "person.consented", "case.open", "case.campaign"],
            }
            decision = site.request("POST", "/v1/decide", key=key, body=act).json()["decision"]
            assert decision["effect"] == "deny"
            assert "I.18" in decision["clauses"]


def _act(act: str, purpose: str, **more: Any) -> dict[str, Any]:
    return {"act": act, "purpose": purpose, **more}


class Marketed:
    """People who were taken over from an earlier system, and asked for announcements.

    Args:
        site: The running service.
        vendor: Gives keys.
        people: Product of each, by number.
    """

    def __init__(self, site: Site, vendor: Vendor, people: dict[int, str]) -> None:
        self._site = site
        self._privacy = vendor.key("staff.privacy", RIGHTS, CHOICE, cases=("request",))
        importer = vendor.key("service.import", REGISTER)
        values = {n: {"email": f"person{n}@example.com", "product": what} for n, what in people.items()}
        acts = [
            _act("collect", REGISTER, point="import", channel="import", values=one) for one in values.values()
        ]
        self._all(importer, acts)
        opened = [
            _act("instruct", RIGHTS, order="open-case", case_type="request", identify={"email": one["email"]})
            for one in values.values()
        ]
        self._cases = dict(zip(people, self._all(self._privacy, opened), strict=True))

    def say(self, stance: str, *numbers: int) -> None:
        """What people say about announcements, recorded at the privacy desk."""
        order = {"order": "record-stance", "about": EMAIL, "stance": stance}
        self._all(self._privacy, [_act("instruct", CHOICE, **order, **self._whose(one)) for one in numbers])

    def found_a_child(self, number: int) -> None:
        """Somebody turns out to be a child, whose parent agrees to having the record kept."""
        order = {"order": "verify-parent", "method": "video-call", "until": "2027-06-30"}
        self._all(self._privacy, [_act("instruct", RIGHTS, **order, **self._whose(number))])

    def listed_as_childs(self, number: int) -> None:
        """An address turns out to be a child's."""
        order = {"order": "suppress", "about": "child", "identify": {"email": f"person{number}@example.com"}}
        self._all(self._privacy, [_act("instruct", RIGHTS, **order)])

    def _whose(self, number: int) -> dict[str, str]:
        return {"person": self._cases[number]["person"], "case": self._cases[number]["case"]}

    def _all(self, key: str, acts: list[dict[str, Any]]) -> list[dict[str, Any]]:
        outcomes: list[dict[str, Any]] = self._site.request(
            "POST", "/v1/acts", key=key, body={"acts": acts}
        ).json()["outcomes"]
        assert all(one["effect"] == "permit" for one in outcomes), outcomes
        return outcomes


@pytest.mark.clause("I.18")
def test_an_audience_that_could_ask_for_children_is_not_built(vendor: Vendor) -> None:
    """An age, a band, a school year, a parent's consent, known children, whatever is not declared: 422 with the clause, nothing kept."""
    key = vendor.key("staff.marketing", "marketing")
    asked = (
        "age < 13",
        "age >= 18",
        'age = "12"',
        'age_band = "0-12"',
        'date_of_birth = "2015-01-01"',
        f'school_year = "{CANARY}"',
        'parent.verified = "true"',
        'person.child = "true"',
        'not person.child = "true"',
        'product = "sensor" or school_year = "6"',
        'name = "Ann Example"',
        'email = "ann@example.com"',
        'country = "Atlantis"',
        "",
    )
    with vendor.open() as site:
        for expression in asked:
            body = {"name": "Some", "expression": expression}
            refused = site.request("POST", "/v1/audiences", key=key, body=body)
            assert refused.status_code == 422, expression
            assert refused.json().get("clause") == ("I.18" if expression else None)
        for other in (vendor.key("staff.support", "marketing"), vendor.key("staff.marketing", SUPPORT)):
            body = {"name": "Some", "expression": 'product = "sensor"'}
            assert site.request("POST", "/v1/audiences", key=other, body=body).status_code == 403
    assert vendor.files_with(CANARY) == []
    checked = vendor.command("--data", vendor.data, "audience", "check", "age < 13", status=1)
    assert "I.18" in checked.stderr


@pytest.mark.clause("I.18")
def test_a_child_is_counted_in_no_audience(vendor: Vendor) -> None:
    """Children are left out whatever the expression and whatever a parent agreed to; so is who objects or never asked; nobody is listed."""
    key = vendor.key("staff.marketing", "marketing")
    with vendor.open() as site:
        people = Marketed(site, vendor, {**dict.fromkeys(range(1, 14), "sensor"), 14: "server", 15: "server"})
        people.say("consented", *range(1, 15))

        def build(expression: str) -> str:
            body = {"name": "Some", "expression": expression}
            made = site.request("POST", "/v1/audiences", key=key, body=body)
            assert made.status_code == 201, made.text
            return str(made.json()["audience"])

        def count(audience: str) -> dict[str, Any]:
            answer = site.request("GET", f"/v1/audiences/{audience}/count", key=key)
            assert answer.status_code == 200, answer.text
            found: dict[str, Any] = answer.json()
            return found

        sensors, everybody = build('product = "sensor"'), build('not product = "nothing"')
        assert (count(sensors)["count"], count(everybody)["count"]) == (13, 14)
        people.found_a_child(1)
        people.listed_as_childs(2)
        people.say("objected", 3)
        sizes = count(sensors), count(everybody)
        few = count(build('product = "server"'))
        assert site.request("GET", f"/v1/audiences/{sensors}/count").status_code == 401
    assert [one["count"] for one in sizes] == [10, 11]
    assert sizes[0]["left_out"] == {"child": None, "no-purpose": None, "objected": None}
    assert (few["count"], few["left_out"]) == (None, {})
    entries = [one for one in vendor.ledger() if one.get("detail", {}).get("run") == sizes[0]["run"]]
    assert {one["detail"]["part"] for one in entries} == {"question", "people", "release"}
    told = {
        name: value
        for one in entries
        for name, value in one["detail"].items()
        if name.startswith("left_out.")
    }
    assert told == {"left_out.child": "2", "left_out.no-purpose": "1", "left_out.objected": "1"}
    assert not any(one.get("person") for one in entries)
