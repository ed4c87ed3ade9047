"""A report holds what is declared, within its bounds, in one form; nothing else can get in."""

import copy
import json
import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from troth.telemetry import ReportError, Schema, SchemaError, sample_report, serialize_report

WEEK = "2015-W17"
METRICS: list[dict[str, Any]] = [
    {"name": "errors", "type": "counter", "maximum": 100},
    {"name": "features", "type": "labelled-counter", "choices": ["search", "export"], "maximum": 10},
    {"name": "cores", "type": "quantity", "minimum": 1, "maximum": 64},
    {"name": "search_time", "type": "timing", "edges": [10, 100], "maximum": 50},
    {"name": "dark", "type": "boolean", "randomised": 1.5},
    {"name": "edition", "type": "choice", "choices": ["sensor", "server"]},
    {"name": "weeks", "type": "weeks-in-use", "edges": [1, 4]},
]
DOCUMENT: dict[str, Any] = {
    "format": "troth-telemetry/1",
    "fingerprint": "0123456789abcdef",
    "products": {"p": "5.0"},
    "metrics": METRICS,
}
SCHEMA = Schema.from_document(DOCUMENT)
VALUES = st.fixed_dictionaries(
    {},
    optional={
        "errors": st.integers(0, 100),
        "features": st.dictionaries(st.sampled_from(["search", "export"]), st.integers(0, 10)),
        "cores": st.integers(1, 64),
        "search_time": st.lists(st.integers(0, 50), min_size=3, max_size=3),
        "dark": st.booleans(),
        "edition": st.sampled_from(["sensor", "server"]),
        "weeks": st.integers(0, 2),
    },
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


def report(values: dict[str, Any], *, release: str = "5.2", day: str | None = None) -> bytes:
    """A report of the small schema."""
    return serialize_report(SCHEMA, product="p", release=release, week=WEEK, values=values, day=day)


@given(VALUES, st.randoms(use_true_random=False))
def test_the_bytes_are_canonical(values: dict[str, Any], chance: Any) -> None:
    """The same values give the same bytes in whatever order they come; keys are sorted and nothing stands between."""
    names = list(values)
    chance.shuffle(names)
    body = report({name: values[name] for name in names})
    assert body == report(values)
    document = json.loads(body)
    assert document["metrics"] == values
    assert body == json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    assert set(document) == {"format", "schema", "product", "release", "week", "metrics"}


@given(st.sampled_from([*SCHEMA.metrics, "other"]), ANYTHING)
def test_anything_else_is_refused_by_name(name: str, value: Any) -> None:
    """Whatever a value is, it is either in its metric's bounds, or refused with the metric's name and not the value."""
    found = ""
    try:
        body = report({name: value})
    except ReportError as error:
        found, body = error.metric, b""
    assert found in {"", name}
    letters = set(body.decode()) - set(string.ascii_letters + string.digits + string.punctuation)
    assert not letters
    assert len(body) < 300


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("errors", -1),
        ("errors", 101),
        ("errors", True),
        ("errors", 1.0),
        ("features", {"delete": 1}),
        ("features", {"search": 11}),
        ("cores", 0),
        ("search_time", [1, 2]),
        ("search_time", [1, 2, 51]),
        ("dark", 1),
        ("edition", "laptop"),
        ("weeks", 3),
        ("host_name", "x"),
    ],
)
def test_out_of_bounds(name: str, value: Any) -> None:
    """A value outside its bounds, a label that is not declared, a number that is none: refused."""
    with pytest.raises(ReportError, match=name):
        report({name: value})


def test_what_is_over_or_not_yet_begun_is_left_out() -> None:
    """An expired metric is not sent from its day on, nor one that a later release begins to send."""
    document = copy.deepcopy(DOCUMENT)
    document["metrics"][0]["expires"] = "2015-04-27"
    document["metrics"][2]["since"] = "5.3"
    schema = Schema.from_document(document)

    def told(release: str, week: str, day: str | None = None) -> set[str]:
        values = {"errors": 1, "cores": 2}
        body = serialize_report(schema, product="p", release=release, week=week, values=values, day=day)
        return set(json.loads(body)["metrics"])

    assert told("5.2", "2015-W17") == {"errors"}
    assert told("5.10", "2015-W17") == {"errors", "cores"}
    assert told("5.3.1", "2015-W18") == {"cores"}
    assert told("5.3.1", "2015-W17", "2015-04-27") == {"cores"}


@pytest.mark.parametrize(
    ("product", "release", "week"),
    [
        ("q", "5", WEEK),
        ("p", "4.9", WEEK),
        ("p", "five", WEEK),
        ("p", "5", "2015-W54"),
        ("p", "5", "2015-17"),
    ],
)
def test_who_may_not_report(product: str, release: str, week: str) -> None:
    """Another product, an old release or a week that is none: refused."""
    with pytest.raises(ReportError):
        serialize_report(SCHEMA, product=product, release=release, week=week, values={})


def test_the_sample_shows_every_metric(schema: Schema) -> None:
    """The sample of the reference policy holds every declared metric with a value, and is the same each time."""
    for product in schema.products:
        body = sample_report(schema, product, "5.2", WEEK)
        assert body == sample_report(schema, product, "5.2", WEEK)
        metrics = json.loads(body)["metrics"]
        assert set(metrics) == set(schema.metrics)
        assert body == serialize_report(schema, product=product, release="5.2", week=WEEK, values=metrics)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("errors", {"type": "text"}),
        ("errors", {"maximum": None}),
        ("errors", {"maximum": 0}),
        ("errors", {"randomised": 1.0}),
        ("errors", {"expires": "soon"}),
        ("errors", {"since": "x"}),
        ("cores", {"minimum": 65}),
        ("features", {"choices": []}),
        ("features", {"choices": ["a", "a"]}),
        ("features", {"choices": ["a.example.com"]}),
        ("search_time", {"edges": [10, 10]}),
        ("search_time", {"edges": 7}),
        ("dark", {"randomised": 11}),
        ("dark", {"maximum": 3}),
    ],
)
def test_a_schema_that_is_not_whole(name: str, change: dict[str, Any]) -> None:
    """The error names the metric."""
    document = copy.deepcopy(DOCUMENT)
    next(one for one in document["metrics"] if one["name"] == name).update(change)
    with pytest.raises(SchemaError, match=name):
        Schema.from_document(document)


@given(ANYTHING)
def test_any_document(value: Any) -> None:
    """Whatever stands where a metric should, the schema is refused with an error that says so."""
    with pytest.raises(SchemaError):
        Schema.from_document({**DOCUMENT, "metrics": [value]})
