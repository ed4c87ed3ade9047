"""Every declared type of every point of the reference policy through POST /collect: taken whole, or refused by name and not at all."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from tests.support.policies import any_serial
from tests.web.conftest import Web
from troth.policy import Field, Point, kept_policy
from troth.storage import Statement
from troth.vault.tables import identifier, person, record, sealed_field

POLICY = kept_policy(any_serial())
POINTS = [
    point
    for point in POLICY.points.values()
    if not (point.events or point.telemetry or point.refers or point.part or "sign-up" in point.name)
    and point.channels
]
"""What a key can bring alone: no web events or telemetry, nothing about an account or an order that must stand already."""
WORDS = st.text("abcdefgh ijk", min_size=1, max_size=40).filter(lambda text: text.strip())
TOKENS = st.text("ABCDEFGH0123456789", min_size=8, max_size=20)
NOT_TEXT: st.SearchStrategy[Any] = st.sampled_from([7, True, ["a"], {"a": "b"}, 1.5])
_PARTS = {"line1": WORDS, "city": WORDS, "country": st.sampled_from(["US", "DE"])}
_MONEY = st.fixed_dictionaries(
    {"amount": st.sampled_from(["0", "12", "49.90"]), "currency": st.sampled_from(["EUR", "USD"])}
)
_LINES = st.lists(
    st.fixed_dictionaries({"sku": TOKENS, "quantity": st.integers(1, 99)}), min_size=1, max_size=3
)
GOOD: dict[str, Callable[[Field], st.SearchStrategy[Any]]] = {
    "name": lambda _: WORDS,
    "email": lambda _: st.builds("{}@example.com".format, st.text("abcdefgh", min_size=6, max_size=20)),
    "phone": lambda _: st.integers(1_000, 9_999).map("+1202555{}".format),
    "address": lambda _: st.fixed_dictionaries(_PARTS),
    "date": lambda _: st.dates().filter(lambda day: day.year > 1900).map(str),
    "serial": lambda _: TOKENS,
    "order-lines": lambda _: _LINES,
    "money": lambda _: _MONEY,
    "text": lambda field: st.text("abcdefgh ijk\n", min_size=1, max_size=min(80, field.max_length)).filter(
        lambda text: text.strip()
    ),
    "file": lambda _: st.just({"name": "log.txt", "media": "text/plain", "data": "b2sK"}),
    "choice": lambda field: (
        st.lists(st.sampled_from(field.choices), min_size=1, max_size=len(field.choices))
        if field.uses
        else st.sampled_from(field.choices)
    ),
    "token": lambda _: TOKENS,
    "country": lambda _: st.sampled_from(["US", "DE"]),
    "boolean": lambda _: st.booleans(),
    "integer": lambda _: st.integers(-(10**6), 10**6),
}
BAD: dict[str, st.SearchStrategy[Any]] = {
    "name": st.sampled_from(["12", "a\x07", "x" * 201]) | NOT_TEXT,
    "email": st.sampled_from(["no address", "a@", "@example.com", "a@b@c.de", "a" * 300]) | NOT_TEXT,
    "phone": st.sampled_from(["12", "ring me", "+1", "555-0143"]) | NOT_TEXT,
    "address": st.sampled_from(["somewhere", {}, {"line1": "1 Way"}, {"line1": "1", "city": "c", "country": "XX"}, {"line1": "1", "city": "c", "country": "US", "planet": "Mars"}]),
    "date": st.sampled_from(["2015-02-30", "16.4.2015", "yesterday", 20150416]),
    "serial": st.sampled_from(["two words", "a--b", "-a", "x" * 65, "é"]) | NOT_TEXT,
    "order-lines": st.sampled_from([[], "one", [{}], [{"sku": "A"}], [{"sku": "A", "quantity": 0}], [{"sku": "A", "quantity": 1, "x": 1}]]),
    "money": st.sampled_from(["12", {"amount": "12"}, {"amount": "-1", "currency": "EUR"}, {"amount": "1.999", "currency": "EUR"}, {"amount": "1", "currency": "XXZ"}]),
    "text": st.sampled_from(["a\x07"]) | NOT_TEXT,
    "file": st.sampled_from(["log", {"name": "a"}, {"name": "a", "data": "!"}, {"name": "a", "data": "AAE="}]),
    "choice": st.sampled_from(["none of them", ["a"], 1]),
    "token": st.sampled_from(["a\x07"]) | NOT_TEXT,
    "country": st.sampled_from(["XX", "USA", "de "[:1], 1]),
    "boolean": st.sampled_from(["yes", 1, "true"]),
    "integer": st.sampled_from(["1", 1.5, True, 2**60]),
}  # fmt: skip


def stored(web: Web) -> tuple[int, ...]:
    """How much is kept of people."""
    with web.troth.database.snapshot() as tx:
        rows = [
            tx.row(Statement(select(func.count()).select_from(one)))
            for one in (person, sealed_field, identifier, record)
        ]
    return tuple(int(row[0]) for row in rows if row is not None)


@pytest.fixture(scope="module")
def keys(shared: Web) -> dict[str, str]:
    """A key for the role of each point, which may serve whatever it collects for."""
    roles = {point.actor for point in POINTS}
    return {
        role: shared.troth.issue_key(name=role, role=role, purposes=["*"], cases=["*"])[0] for role in roles
    }


def send(web: Web, key: str, point: Point, values: dict[str, Any]) -> Any:
    """A submission in everything but its values as it must be."""
    body: dict[str, Any] = {"channel": point.channels[0], "purpose": point.purposes[0], "values": values}
    body |= {"notice": point.notice} if point.notice else {}
    body |= {"age_passed": True} if point.age_screen else {}
    body |= {"acknowledged": point.notice} if point.acknowledge else {}
    return web.post(f"/collect/{point.name}", body, key)


def good(draw: st.DrawFn, point: Point) -> dict[str, Any]:
    """Values that fit: all that are required, and some others."""
    chosen = [name for name, need in point.fields.items() if need == "required" or draw(st.booleans())]
    return {name: draw(GOOD[POLICY.fields[name].type](POLICY.fields[name])) for name in chosen}


@st.composite
def fitting(draw: st.DrawFn) -> tuple[Point, dict[str, Any]]:
    """A point and values that fit."""
    point = draw(st.sampled_from(POINTS))
    return point, good(draw, point)


@st.composite
def spoilt(draw: st.DrawFn) -> tuple[Point, dict[str, Any], str]:
    """A point, values of which one does not fit, and its field."""
    point = draw(st.sampled_from(POINTS))
    values = good(draw, point)
    how = draw(st.sampled_from(["malformed", "missing", "undeclared", "of another point"]))
    required = [name for name, need in point.fields.items() if need == "required"]
    others = sorted(POLICY.fields.keys() - point.fields.keys())
    if how == "missing" and required:
        name = draw(st.sampled_from(required))
        del values[name]
    elif how == "undeclared":
        name = "shoe_size"
        values[name] = 44
    elif how == "of another point":
        name = draw(st.sampled_from(others))
        values[name] = draw(GOOD[POLICY.fields[name].type](POLICY.fields[name]))
    else:
        name = draw(st.sampled_from(sorted(point.fields)))
        values[name] = draw(BAD[POLICY.fields[name].type])
    return point, values, name


def test_every_type_has_values_that_fit_and_others() -> None:
    """None that the policy declares is left out, and enough points are among those that are fed."""
    types = {POLICY.fields[name].type for point in POINTS for name in point.fields}
    assert types <= GOOD.keys() == BAD.keys()
    assert len(types) >= 10
    assert {"shop", "product-registration", "email-opt-in", "support-contact"} <= {one.name for one in POINTS}


@pytest.mark.slow
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(case=fitting())
def test_what_fits_is_taken_whole(
    shared: Web, keys: dict[str, str], case: tuple[Point, dict[str, Any]]
) -> None:
    """Stored under every name that was sent; or, where a value is somebody else's or a rule forbids it, not at all."""
    point, values = case
    before = stored(shared)
    answer = send(shared, keys[point.actor], point, values)
    if answer.status_code in {201, 202}:
        assert set(answer.json()["stored"]) == set(values)
        assert stored(shared) >= before  # the same again of somebody who is known adds nothing
    else:
        assert answer.status_code in {403, 409}, (point.name, values, answer.text)
        assert stored(shared) == before


@pytest.mark.slow
@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(case=spoilt())
def test_what_does_not_fit_is_refused_by_name(
    shared: Web, keys: dict[str, str], case: tuple[Point, dict[str, Any], str]
) -> None:
    """422 that names the field; nothing of the rest is stored."""
    point, values, name = case
    before = stored(shared)
    answer = send(shared, keys[point.actor], point, values)
    assert answer.status_code == 422, (point.name, values, answer.text)
    assert name in {fault["field"].partition(".")[0] for fault in answer.json()["errors"]}
    assert stored(shared) == before
