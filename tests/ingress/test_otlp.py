"""Metrics of OpenTelemetry: what is declared is gathered into one report a week, running totals are never counted twice."""

import gzip
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)

from tests.ingress.conftest import WEEK, Receiving
from tests.ingress.test_reading import DAY, JSON, schema
from tests.support.otlp import (
    DELTA,
    START,
    export,
    gauge,
    histogram,
    point,
    request,
    total,
)
from tests.support.telemetry import Installed, canonical
from troth.gate import Admission, Arrival
from troth.ingress import JSON as JSON_TYPE
from troth.ingress import PROTOBUF, NotOptedIn, OtlpReader, week_of
from troth.ingress.gathering import MOST_RUNNING, Gathered, empty_old_weeks
from troth.ingress.model import Portion, Proof
from troth.ingress.service import Prepared, _Batch
from troth.ingress.tables import gathered_week
from troth.kernel import TrothError
from troth.storage import Statement

WEEKLY = timedelta(days=7)


def installed(receiving: Receiving, **more: Any) -> Installed:
    """An installation that opted in, and shows its receipt."""
    one = Installed(receiving.web.client.request, **more)
    assert one.opt_in().status_code == 201
    return one


def week_after(receiving: Receiving, one: Installed) -> tuple[dict[str, float], dict[str, str]]:
    """A week passes, and the installation sends something: the report of the week before."""
    week = week_of(receiving.web.clock.now().date())
    receiving.web.clock.advance(WEEKLY)
    assert export(one, request(gauge("cores", point(4)))).status_code == 200
    (line,) = [line for line in receiving.lines() if line[2] == week]
    return line[5], line[6]


# As in the examples of the protocol's repository: enums as numbers, 64-bit integers as text and as numbers, a bool, a double.
EXAMPLE = """
{"resourceMetrics": [{
  "resource": {"attributes": [
    {"key": "service.name", "value": {"stringValue": "example-sensor"}},
    {"key": "service.version", "value": {"stringValue": "5.2.1"}},
    {"key": "service.instance.id", "value": {"stringValue": "627cc493-f310-47de-96bd-71410b7dec09"}},
    {"key": "host.name", "value": {"stringValue": "ann-laptop"}},
    {"key": "process.pid", "value": {"intValue": "4711"}}]},
  "schemaUrl": "https://opentelemetry.io/schemas/1.30.0", "somethingOfLater": {"versions": [1, 2]},
  "scopeMetrics": [{
    "scope": {"name": "my.library", "version": "1.0.0", "attributes": [{"key": "a", "value": {"boolValue": true}}]},
    "metrics": [
      {"name": "errors", "unit": "1", "description": "I am a Counter", "metadata": [],
       "sum": {"aggregationTemporality": %s, "isMonotonic": true, "dataPoints": [
         {"asDouble": 5, "startTimeUnixNano": "1767600000000000000", "timeUnixNano": 1767600060000000000,
          "exemplars": [{"traceId": "5b8efff798038103d269b633813fc60c", "spanId": "eee19b7ec3c1b174", "asInt": "1",
                         "timeUnixNano": "1767600060000000000", "filteredAttributes": []}],
          "attributes": [{"key": "my.counter.attr", "value": {"stringValue": "ann"}}]}]}},
      {"name": "cores", "unit": "1",
       "gauge": {"dataPoints": [{"asInt": "4", "timeUnixNano": "1767600060000000000", "attributes": []}]}},
      {"name": "search_time", "unit": "s",
       "histogram": {"aggregationTemporality": %s, "dataPoints": [
         {"startTimeUnixNano": "1767600000000000000", "timeUnixNano": "1767600060000000000", "count": "3", "sum": 2,
          "bucketCounts": [1, "1", 1], "explicitBounds": [0.01, 1], "min": 0, "max": 2, "flags": 0}]}}]}]}]}
"""


@pytest.mark.parametrize(
    ("sums", "buckets"),
    [("1", "2"), ('"AGGREGATION_TEMPORALITY_DELTA"', '"AGGREGATION_TEMPORALITY_CUMULATIVE"')],
)
def test_a_document_of_the_specification(receiving: Receiving, sums: str, buckets: str) -> None:
    """Enums by name or number, integers as text, later members: what is declared is kept, of instance, host and process nothing."""
    one = installed(receiving)
    answer = export(one, (EXAMPLE % (sums, buckets)).encode(), packed=True)
    assert (answer.status_code, answer.content, answer.headers["content-type"]) == (200, b"{}", JSON_TYPE)
    assert receiving.lines() == []
    numbers, words = week_after(receiving, one)
    assert words == {}
    told = {name: number for name, number in numbers.items() if number}
    assert told == {"errors": 5, "cores": 4, "search_time/0": 1, "search_time/1": 1, "search_time/5": 1}
    (line,) = receiving.lines()
    assert (line[0], line[1], line[2], line[4]) == ("example-sensor", "5.2.1", WEEK, "otlp")


def test_deltas_add_up_and_running_totals_do_not(receiving: Receiving) -> None:
    """Deltas are summed; of running totals what they grew by; what is sent again counts once; every week has its own."""
    one = installed(receiving)
    first = request(
        total("errors", point(3), temporality=DELTA),
        total(
            "plugins_in_use",
            point(2, label="dns"),
            point(1, label="http"),
            temporality="AGGREGATION_TEMPORALITY_CUMULATIVE",
        ),
    )
    for told in (first, first):
        assert export(one, told).status_code == 200
    second = request(
        total("errors", point(4, 120), temporality=DELTA),
        total("plugins_in_use", point(5, 120, label="dns"), point(1, 120, label="http")),
        gauge("product_edition", point(1, label="server")),
        total("assets", point(40, 120), point(2, 120, host__name="b"), rises=False),
    )
    assert export(one, second, path=f"/t/{one.receipt}/v1/metrics").status_code == 200
    restarted = request(total("plugins_in_use", point(1, start=START + 1, label="dns")))
    assert export(one, restarted).status_code == 200
    late = request(total("plugins_in_use", point(4, 90, label="dns")))
    assert export(one, late).status_code == 200
    numbers, words = week_after(receiving, one)
    assert numbers == {"errors": 7, "plugins_in_use/dns": 6, "plugins_in_use/http": 1, "assets": 42}
    assert words == {"product_edition": "server"}
    assert export(one, request(total("plugins_in_use", point(7, 900, label="dns")))).status_code == 200
    numbers, _ = week_after(receiving, one)
    assert numbers == {"cores": 4, "plugins_in_use/dns": 2}


def test_a_collector_that_sends_two_exports_at_once(receiving: Receiving) -> None:
    """Two moments of one running total in one request, and the same point twice: the highest counts."""
    one = installed(receiving)
    two = request(total("errors", point(5, 60), point(7, 120), point(7, 120), point(2, 120, part="b")))
    assert export(one, two).status_code == 200
    assert week_after(receiving, one)[0] == {"errors": 9}


def test_what_was_counted_before_opting_in_does_not_count(receiving: Receiving) -> None:
    """A running total that began before the day of opting in counts from the first time that it is seen."""
    one = installed(receiving)
    old = START - 100 * 86_400 * 10**9
    for value in (1_000, 1_003):
        assert export(one, request(total("errors", point(value, value, start=old)))).status_code == 200
    assert week_after(receiving, one)[0] == {"errors": 3}


PART = st.tuples(st.integers(0, 3), st.integers(1, 30))


@given(st.lists(PART, min_size=1, max_size=40), st.randoms())
def test_running_totals_are_never_counted_twice(grown: list[tuple[int, int]], chance: Any) -> None:
    """Processes that each count for themselves, whose exports come late, twice and out of order: the sum is what they counted."""
    totals: dict[int, int] = {}
    sent: list[tuple[int, int]] = []
    for process, more in grown:
        totals[process] = totals.get(process, 0) + more
        sent.append((process, totals[process]))
    last = list(totals.items())
    sent += sent[: len(sent) // 2]
    chance.shuffle(sent)
    week, metrics = Gathered("2026-W02"), schema().metrics
    for number, (process, value) in enumerate([*sent, *last]):
        running = {("errors", START + process): value}
        week.add(Portion({}, {}, {}, running, number.to_bytes(8, "big")), metrics, 0)
        assert week.numbers["errors"] <= sum(totals.values())
    assert week.numbers["errors"] == sum(totals.values())


def test_what_was_forgotten_is_not_counted_again() -> None:
    """Of more running totals than are remembered the oldest are forgotten; when they come back, only what they grow by counts."""
    week, metrics = Gathered("2026-W02"), schema().metrics

    def tell(start: int, value: int) -> int:
        before = week.numbers.get("errors", 0)
        mark = f"{start} {value}".encode()
        week.add(Portion({}, {}, {}, {("errors", start): value}, mark), metrics, 0)
        return week.numbers["errors"] - before

    for start in range(1, MOST_RUNNING + 2):
        assert tell(start, 10) == 10
    assert len(week.running) == MOST_RUNNING
    assert tell(1, 12) == 0
    assert tell(1, 15) == 3
    assert tell(MOST_RUNNING + 9, 10) == 10


def test_nobody_but_the_installation_opens_its_week(receiving: Receiving) -> None:
    """What is gathered is sealed under the receipt: it holds no name, its length tells little, opting out removes it."""
    one, other = installed(receiving), installed(receiving)
    assert (
        export(
            one, request(total("errors", point(3)), total("plugins_in_use", point(2, label="dns")))
        ).status_code
        == 200
    )
    assert export(other, request(gauge("cores", point(2)))).status_code == 200

    def rows() -> list[Any]:
        with receiving.web.troth.database.snapshot() as tx:
            return list(tx.rows(Statement(gathered_week.select())))

    sealed = [bytes(row[2]) for row in rows()]
    assert len({len(one) for one in sealed}) == 1
    assert not any(word in one for one in sealed for word in (b"errors", b"dns", b"cores", b"5.2"))
    from troth.bootstrap.telemetry import _sealing

    sealing = _sealing(receiving.web.troth.vault.keys)
    assert sum(_opens(sealing, one.receipt, told) for told in sealed) == 1
    assert one.opt_out().status_code == 204
    assert len(rows()) == 1
    assert export(one, request(gauge("cores", point(2)))).status_code == 403
    assert len(rows()) == 1


def _opens(sealing: Any, receipt: str, sealed: bytes) -> bool:
    try:
        return bool(sealing.unseal(receipt, sealed))
    except TrothError:
        return False


def test_a_week_ends_on_sunday_at_two(receiving: Receiving) -> None:
    """What comes on Sunday at two finishes the week, so that its report is there on Monday; one report a week by a receipt."""
    one = installed(receiving)
    clock = receiving.web.clock
    assert export(one, request(total("errors", point(3)))).status_code == 200
    clock.set(datetime(2026, 1, 11, 1, 59, tzinfo=UTC))
    assert export(one, request(total("errors", point(5, 90)))).status_code == 200
    assert receiving.lines() == []
    clock.set(datetime(2026, 1, 11, 2, 0, tzinfo=UTC))
    assert export(one, request(total("errors", point(9, 120)))).status_code == 200
    (line,) = receiving.lines()
    assert (line[2], line[5]) == ("2026-W02", {"errors": 5})

    def whole(week: str) -> int:
        body = canonical(one.report(week))
        return one.send("POST", "/telemetry/reports", content=body, headers=one.shown()).status_code

    assert whole("2026-W02") == 403
    clock.advance(timedelta(days=1))
    assert whole("2026-W03") == 202
    clock.advance(WEEKLY)
    assert export(one, request(total("errors", point(9, 150)))).status_code == 200
    assert len(receiving.lines()) == 2


def test_a_week_that_nobody_continues_is_emptied(receiving: Receiving) -> None:
    """After nine weeks it is empty; a running total of then does not count again, a new one does."""
    one = installed(receiving)
    assert export(one, request(total("errors", point(5)))).status_code == 200
    troth = receiving.web.troth
    receiving.web.clock.advance(timedelta(days=70))
    empty_old_weeks(troth.database, troth.clock)
    with troth.database.snapshot() as tx:
        assert [bytes(row[2]) for row in tx.rows(Statement(gathered_week.select()))] == [b""]
    assert export(one, request(total("errors", point(9, 900)))).status_code == 200
    assert receiving.lines() == []
    new = START + 60 * 86_400 * 10**9
    assert export(one, request(total("errors", point(2, start=new)))).status_code == 200
    assert week_after(receiving, one)[0] == {"errors": 2}


REFUSED: list[tuple[dict[str, Any], str, int]] = [
    (total("never_declared", point(1), point(2, 9)), "never_declared", 2),
    (total("plugins_in_use", point(1, label="zq-canary")), "plugins_in_use", 1),
    (total("plugins_in_use", point(1)), "plugins_in_use", 1),
    (gauge("errors", point(1)), "errors", 1),
    (total("errors", point(1), rises=False), "errors", 1),
    (total("errors", point(1), temporality=0), "errors", 1),
    (total("errors", point(-1)), "errors", 1),
    (total("errors", point(1.5)), "errors", 1),
    (total("errors", point(1, start=0)), "errors", 1),
    (total("errors", point(1_000_001), temporality=DELTA), "errors", 1),
    (total("assets", point(1), rises=False, temporality=DELTA), "assets", 1),
    (gauge("cores", point(5_000)), "cores", 1),
    (gauge("cores", {**point(1.5), "asDouble": "NaN"}), "cores", 1),
    (gauge("product_edition", point(1, label="zq-canary")), "product_edition", 1),
    (histogram("search_time", [1, 2], [1.0, 2.0]), "search_time", 1),
    (histogram("search_time", [1, 2], [1.0], unit="fortnight"), "search_time", 1),
    ({"name": "search_time", "summary": {"dataPoints": [{"count": 1}]}}, "search_time", 1),
]


@pytest.mark.parametrize(("metric", "name", "count"), REFUSED)
def test_what_does_not_fit_is_refused_by_name(metric: dict[str, Any], name: str, count: int) -> None:
    """The rest is taken; the answer names the metric and the number of points, and repeats no label or value."""
    reader = OtlpReader(JSON_TYPE)
    found = reader(json.dumps(request(gauge("cores", point(4)), metric)).encode(), schema(), DAY)
    assert found is not None
    assert found.portion is not None
    assert found.portion.latest == {"cores": 4}
    assert (found.portion.added, found.portion.running, found.portion.words) == ({}, {}, {})
    assert reader.refused == count
    assert reader.message.startswith(f"{name}: ")
    assert "canary" not in reader.message


def test_answers_are_those_of_the_protocol(receiving: Receiving) -> None:
    """Each in the encoding that was sent: partial success, 400, 403, 415; nothing else of the folder changes."""
    one = installed(receiving)
    told = request(total("never_declared", point(1)), gauge("cores", point(4)))
    answer = export(one, told)
    assert answer.status_code == 200
    partial = answer.json()["partialSuccess"]
    assert partial == {
        "rejectedDataPoints": "1",
        "errorMessage": "never_declared: This metric is not declared.",
    }
    from google.protobuf import json_format

    body = json_format.ParseDict(told, ExportMetricsServiceRequest()).SerializeToString()
    protobuf = {"Content-Type": PROTOBUF}
    answer = export(one, body, packed=True, headers=protobuf)
    assert (answer.status_code, answer.headers["content-type"]) == (200, PROTOBUF)
    response = ExportMetricsServiceResponse.FromString(answer.content)
    assert response.partial_success.rejected_data_points == 1
    assert response.partial_success.error_message == partial["errorMessage"]
    for bad in (b"\xff" * 9, b"\x0a\x05ab"):
        answer = export(one, bad, headers=protobuf)
        assert (answer.status_code, answer.headers["content-type"]) == (400, PROTOBUF)
        assert b"no request for exporting metrics" in answer.content
    for bad in (b"[]", b"{", b"\xff", b'{"a":' * 40 + b"1" + b"}" * 40, b"[" * 900_000):
        answer = export(one, bad)
        assert answer.status_code == 400
        assert answer.json()["message"]
    bomb = gzip.compress(b" " * 50_000_000)
    assert export(one, bomb, headers={"Content-Encoding": "gzip"}).status_code == 400
    assert export(one, b"\x0a\x00" * 20_000, headers=protobuf).status_code == 400
    assert export(one, b"{}", headers={"Content-Type": "text/plain"}).status_code == 415
    assert export(one, b" " * 1_100_000).status_code == 413
    wrong = Installed(receiving.web.client.request)
    wrong.receipt = "A" * 43
    answer = export(wrong, told)
    assert answer.status_code == 403
    assert "opted in" in answer.json()["message"]
    foreign = export(one, request(gauge("cores", point(4)), product="example-server"))
    assert foreign.status_code == 403
    unknown = export(one, request(gauge("cores", point(4)), product="unknown_service"))
    assert "service.name" in unknown.json()["partialSuccess"]["errorMessage"]
    assert one.send("GET", "/v1/metrics").status_code == 405


def test_whatever_the_policy_permits_a_week_needs_a_receipt() -> None:
    """Where a policy permits reports of whoever comes, a part of one is refused all the same: nothing could seal it."""
    report = OtlpReader(JSON_TYPE)(json.dumps(request(gauge("cores", point(4)))).encode(), schema(), DAY)
    arrival, reason = Arrival("collect", "anything", ()), NotOptedIn("No receipt.")
    batch = _Batch({arrival: Admission(permitted=True, entry="entry")}, {}, Any)  # type: ignore[arg-type]
    assert batch.take(Prepared(report, Proof()), (arrival, reason)) is reason


def test_a_token_does_not_open_a_week(receiving: Receiving) -> None:
    """A token is of one whole report: what is gathered needs the receipt."""
    one = receiving.installed()
    told = json.dumps(request(gauge("cores", point(4)))).encode()
    headers = {"Content-Type": JSON_TYPE, "Authorization": f"Token {one.token}"}
    assert one.send("POST", "/v1/metrics", content=told, headers=headers).status_code == 403
    assert one.upload(one.report(WEEK)).status_code == 202


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    """Whatever comes as protobuf, the reader ends with a part of declared words or an error of ours."""
    try:
        found = OtlpReader(PROTOBUF)(body, schema(), DAY)
    except TrothError:
        return
    assert found is None or found.portion is not None


@given(JSON, JSON)
@settings(max_examples=30)
def test_any_json_is_read_or_refused(resource: Any, data: Any) -> None:
    """The same for JSON, wherever something else stands than the protocol has there."""
    told = request(gauge("cores", point(4)))
    told["resourceMetrics"][0]["resource"] = resource
    told["resourceMetrics"][0]["scopeMetrics"][0]["metrics"][0]["gauge"] = data
    try:
        OtlpReader(JSON_TYPE)(json.dumps(told).encode(), schema(), DAY)
    except TrothError:
        return
