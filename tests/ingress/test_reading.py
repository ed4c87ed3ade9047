"""Reading reports: what the schema names is taken, everything else is refused and named without its value."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.policies import REFERENCE
from tests.support.telemetry import canonical
from troth.ingress import OtherSchema, read_report
from troth.kernel import InvalidInput, TrothError
from troth.policy import TelemetrySchema, kept_policy, schema_document, telemetry_schema
from troth.telemetry import Schema, sample_report

POLICY = kept_policy(REFERENCE.read_bytes())
DAY = "2026-01-05"
CANARY = "zq-canary-7c1f"


def schema() -> TelemetrySchema:
    """The reference policy's."""
    found = telemetry_schema(POLICY)
    assert found is not None
    return found


def report(metrics: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """A report that is taken as it is."""
    return {
        "format": "troth-report/1",
        "schema": schema().fingerprint,
        "product": "example-sensor",
        "release": "5.2",
        "week": "2026-W02",
        "metrics": {"cores": 4} if metrics is None else metrics,
        **more,
    }


def test_every_type_is_taken() -> None:
    """Numbers by metric, label and bucket; booleans as 0 and 1; choices as words."""
    given_metrics = {
        "cores": 4,
        "product_edition": "server",
        "plugins_in_use": {"dns": 2, "http": 0},
        "search_time": [0, 1, 2, 3, 4, 5, 6],
        "weeks_in_use": 3,
    }
    found = read_report(canonical(report(given_metrics)), schema(), DAY)
    buckets = {f"search_time/{place}": place for place in range(7)}
    assert found.numbers == {
        "cores": 4,
        "plugins_in_use/dns": 2,
        "plugins_in_use/http": 0,
        "weeks_in_use": 3,
        **buckets,
    }
    assert found.words == {"product_edition": "server"}
    assert (found.product, found.release, found.week) == ("example-sensor", "5.2", "2026-W02")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"host": CANARY}, "host"),
        ({"format": CANARY}, "format"),
        ({"product": CANARY}, "product"),
        ({"release": CANARY}, "release"),
        ({"week": CANARY}, "week"),
        ({"week": "2025-W02"}, "week"),
        ({"week": "2026-W04"}, "week"),
        ({"metrics": [CANARY]}, "metrics"),
        ({"metrics": {"host_name": CANARY}}, "host_name"),
        ({"metrics": {"cores": CANARY}}, "cores"),
        ({"metrics": {"cores": True}}, "cores"),
        ({"metrics": {"cores": 4.0}}, "cores"),
        ({"metrics": {"cores": -1}}, "cores"),
        ({"metrics": {"cores": 4097}}, "cores"),
        ({"metrics": {"cores": None}}, "cores"),
        ({"metrics": {"product_edition": CANARY}}, "product_edition"),
        ({"metrics": {"product_edition": 1}}, "product_edition"),
        ({"metrics": {"plugins_in_use": {"dns": CANARY}}}, "plugins_in_use.dns"),
        ({"metrics": {"plugins_in_use": {"other": 1}}}, "plugins_in_use.other"),
        ({"metrics": {"plugins_in_use": 3}}, "plugins_in_use"),
        ({"metrics": {"search_time": [1, 2]}}, "search_time"),
        ({"metrics": {"weeks_in_use": 7}}, "weeks_in_use"),
        ({"metrics": {"single_sign_on": True}}, "single_sign_on"),
    ],
)
def test_what_does_not_fit_is_named_without_its_value(change: dict[str, Any], field: str) -> None:
    """The error names the part, and repeats nothing of what was sent."""
    with pytest.raises(InvalidInput) as refused:
        read_report(canonical(report(**change)), schema(), DAY)
    assert refused.value.field == field
    assert CANARY not in f"{refused.value} {refused.value.field}"


@pytest.mark.parametrize(
    "body",
    [
        b"", b"null", b"[]", b"{", b'"x"', b"\xff", b"{}",
        json.dumps(report()).encode(),
        canonical(report()) + b"\n",
        canonical(report()).replace(b'"cores":4', b'"cores":4,"cores":4'),
        canonical(report()).replace(b'"cores":4', b'"cores":4e0'),
        canonical(report()).replace(b'"cores"', b'"\\u0063ores"'),
        canonical(report({"cores": [[[[[[[[1]]]]]]]]})),
        b"[" * 40_000,
        canonical(report({"x" * 70_000: 1})),
    ],
)  # fmt: skip
def test_only_the_one_form_is_taken(body: bytes) -> None:
    """Spaces, repeated keys, other number forms, escapes, depth and size are refused."""
    with pytest.raises(InvalidInput):
        read_report(body, schema(), DAY)


def test_another_schema_is_told_so() -> None:
    """A fingerprint that nobody knows is a conflict; one of an earlier version is taken as far as its metrics are declared."""
    body = canonical(report(schema="0123456789abcdef"))
    with pytest.raises(OtherSchema):
        read_report(body, schema(), DAY)
    metrics = dict(schema().metrics)
    earlier = schema()._replace(
        fingerprint="0123456789abcdef", metrics={**metrics, "other": metrics["cores"]}
    )
    assert read_report(body, schema(), DAY, [earlier]).numbers == {"cores": 4}
    with pytest.raises(OtherSchema):
        read_report(canonical(report({"other": 1}, schema="0123456789abcdef")), schema(), DAY, [earlier])
    with pytest.raises(InvalidInput):
        read_report(canonical(report({"never": 1}, schema="0123456789abcdef")), schema(), DAY, [earlier])
    fewer = earlier._replace(metrics={name: one for name, one in metrics.items() if name != "cores"})
    with pytest.raises(InvalidInput):
        read_report(body, schema(), DAY, [fewer])


def test_the_senders_sample_is_taken() -> None:
    """Whatever the sender's serializer makes is taken by the door (clause II.7)."""
    document = schema_document(POLICY)
    assert document is not None
    for product in schema().products:
        body = sample_report(Schema.from_document(document), product, "5.2", "2026-W02", day=DAY)
        found = read_report(body, schema(), DAY)
        told = {name.partition("/")[0] for name in found.numbers} | found.words.keys()
        assert told == {name for name, one in schema().metrics.items() if not one.expired(DAY)}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=20), inner, max_size=5),
    max_leaves=20,
)


@given(st.dictionaries(st.sampled_from([*schema().metrics, "host", "id"]), JSON, max_size=6))
def test_whatever_is_sent_only_declared_words_come_through(metrics: dict[str, Any]) -> None:
    """Any metrics: either refused, or each name, label and word that came through is declared, and each number in bounds."""
    try:
        found = read_report(canonical(report(metrics)), schema(), DAY)
    except InvalidInput as refused:
        known = {*schema().metrics, "host", "id", "body"}
        if refused.field.partition(".")[0] not in known:
            raise
        return
    for name, number in found.numbers.items():
        metric, _, part = name.partition("/")
        declared = schema().metrics[metric]
        assert not part or part in declared.choices or int(part) <= len(declared.edges)
        assert 0 <= number <= (declared.maximum or len(declared.edges) or 1)
    for name, word in found.words.items():
        assert word in schema().metrics[name].choices


@given(st.binary(max_size=300) | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_are_refused_and_nothing_breaks(body: bytes) -> None:
    """Whatever comes is an error of ours, never another."""
    with pytest.raises(TrothError):
        read_report(body, schema(), DAY)
