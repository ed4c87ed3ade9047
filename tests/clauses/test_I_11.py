"""Clause I.11: names, addresses and the like have a fixed form; what does not fit is sent back, and nothing of it is stored."""

import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.clauses.test_I_10 import POINTS, flat
from tests.clauses.vendor import CANARY, Site, Vendor
from tests.support.forms import FormPage, Visitor

WRONG: dict[str, tuple[str, ...]] = {
    "name": ("12345", "a\u0001b", "x" * 300),
    "email": ("nowhere", "a@b", "@example.com", "a b@example.com", "x" * 300 + "@example.com"),
    "phone": ("yes", "12", "+1 202 555 0143 ext 9", "0" * 50),
    "date": ("2015-02-30", "16.04.2015", "yesterday"),
    "serial": ("EX 1", "-EX", "EX_1", "x" * 100),
    "country": ("Germany", "XX", "D"),
    "text": ("x" * 20_001, "bell\u0007"),
    "token": ("x" * 5_000,),
    "address": (),
    "money": (),
    "order-lines": (),
    "file": (),
    "choice": ("what nobody offers",),
}
PARTS = {
    "address": {"line1": "", "city": "", "country": "Atlantis"},
    "money": {"amount": "1,50", "currency": "euro"},
    "order-lines": {"0.quantity": "0", "0.sku": "a b"},
}
"""Parts that spoil a value of several, each alone."""


@pytest.mark.clause("I.11")
def test_an_answer_that_does_not_fit_is_named_and_nothing_is_stored(vendor: Vendor) -> None:
    """Each field of each form spoilt in each way: 422, the error at that field, and no trace of the others."""
    with vendor.open() as site, site.visitor() as visitor:
        for point in POINTS:
            _spoil(site, visitor, point)
    assert vendor.files_with(CANARY) == []
    assert [entry for entry in vendor.ledger() if entry["act"] == "collect"] == []


def _spoil(site: Site, visitor: Visitor, point: str) -> None:
    told = site.request("GET", f"/v1/collect/{point}").json()["fields"]
    good = good_values(told)
    page = visitor.form(point)
    for name, field in told.items():
        if not any(control == name or control.startswith(f"{name}.") for control in page.fields):
            continue  # the company issues it, and no form asks for it
        for wrong in spoilt(name, field, good):
            answer = visitor.client.post(f"/forms/{point}", data={**page.hidden, **wrong})
            assert answer.status_code == 422, (name, answer.text[:2000])
            errors = FormPage(answer.text).errors
            assert any(error == name or error.startswith(f"{name}.") for error in errors), (name, errors)
    extra = visitor.client.post(f"/forms/{point}", data={**page.hidden, **good, "shoe_size": CANARY})
    assert extra.status_code == 422
    assert "declares and classes no such field" in extra.text


def good_values(told: dict[str, Any]) -> dict[str, str]:
    """A whole form as a browser sends it, with the canary in what is free text."""
    values = {name: field["example"] for name, field in told.items() if field["type"] != "file"}
    canaries = {name: f"{CANARY} {name}" for name, field in told.items() if field["type"] == "text"}
    return dict(flat({**values, **canaries}))


def spoilt(name: str, field: dict[str, Any], good: dict[str, str]) -> list[dict[str, str]]:
    """The form with one field spoilt, in every way that its type knows; and left out, where it is needed."""
    rest = {key: value for key, value in good.items() if key != name and not key.startswith(f"{name}.")}
    ways = [
        {**rest, name: wrong} for wrong in WRONG[field["type"]] if len(wrong) > 1 or field["type"] != "text"
    ]
    if field["type"] == "text":
        ways = [{**rest, name: "x" * (field["max_length"] + 1)}, {**rest, name: "bell\u0007"}]
    parts = PARTS.get(field["type"], {})
    whole = {key: value for key, value in good.items() if key.startswith(f"{name}.")}
    ways += [{**rest, **whole, f"{name}.{part}": wrong} for part, wrong in parts.items()]
    return [*ways, rest] if field["required"] and field["type"] != "file" else ways


@pytest.mark.slow
@pytest.mark.clause("I.11")
def test_whatever_is_sent_is_stored_whole_or_not_at_all(vendor: Vendor) -> None:
    """Any names and values, by form and by JSON: never a failure, and never a part: 422 leaves no trace."""
    with vendor.open() as site, site.visitor() as visitor:
        hidden = visitor.form("shop").hidden
        forms = {point: site.request("GET", f"/v1/collect/{point}").json() for point in POINTS}

        @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
        @given(st.sampled_from(POINTS), st.data())
        def fuzz(point: str, data: st.DataObject) -> None:
            known = st.sampled_from(sorted(good_values(forms[point]["fields"])))
            names = known | st.text(max_size=30) | known.map(lambda name: f"{name}.0")
            body = data.draw(st.dictionaries(names, st.text(max_size=60) | st.just(CANARY), max_size=8))
            _check(visitor, site, point, body, forms[point], hidden)

        fuzz()
    assert vendor.files_with(CANARY) == []


def _check(
    visitor: Visitor,
    site: Site,
    point: str,
    body: dict[str, str],
    told: dict[str, Any],
    hidden: dict[str, str],
) -> None:
    faulty = {**body, "shoe_size": CANARY}  # so that whatever is drawn, it must be refused
    notice = {"troth-notice": told["notice"]["name"]}
    sent = visitor.client.post(f"/forms/{point}", data={**faulty, **hidden, **notice})
    assert sent.status_code in {400, 422}, sent.text[:500]
    assert not re.search(r"Traceback|Something failed here", sent.text)
    taken = site.collect(point, faulty)
    assert taken.status_code in {400, 422}
    named = {fault["field"] for fault in taken.json().get("errors", [{"field": "shoe_size"}])}
    assert "shoe_size" in named or "body" in named
