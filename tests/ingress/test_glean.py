"""Pings of Glean: read within limits, stripped of what the SDK adds, refused where they hold what nobody declared."""

import gzip
import json
import zlib
from typing import Any

import pytest
from hypothesis import given

from tests.ingress.conftest import WEEK, Receiving
from tests.ingress.test_reading import CANARY, DAY, JSON, schema
from tests.support.telemetry import Installed
from troth.ingress import MAX_INFLATED, read_glean, read_path
from troth.ingress.glean import Ping
from troth.kernel import InvalidInput, TrothError

PING = Ping("example-sensor", "weekly", "0a6b2f3c-5d1e-4f7a-9b8c-1d2e3f4a5b6c")
TIMES = {
    "seq": 7,
    "start_time": "2026-01-05T08:00+00:00",
    "end_time": "2026-01-05T09:00+00:00",
    "reason": CANARY,
}
CLIENT = {
    "client_id": CANARY,
    "session_id": CANARY,
    "app_display_version": "5.2.1-beta",
    "os": "Linux",
    "locale": CANARY,
}


def ping(metrics: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A ping as the SDK makes it."""
    client = {**CLIENT, "app_display_version": "5.2.1"}
    return {"ping_info": TIMES, "client_info": client, "metrics": metrics, **more}


def read(document: dict[str, Any], where: Ping = PING) -> Any:
    """What a ping says."""
    return read_glean(gzip.compress(json.dumps(document).encode()), where, "gzip", schema(), DAY)


def test_a_ping_becomes_a_report_and_loses_its_ids() -> None:
    """Metrics come through by their own names; ids, times and the SDK's own metrics do not."""
    found = read(
        ping(
            {
                "quantity": {"usage.cores": 4},
                "counter": {"errors": 2, "glean.validation.pings_submitted": 9},
                "labeled_counter": {
                    "usage.plugins_in_use": {"dns": 1, "__other__": 4},
                    "glean.error.invalid_label": {CANARY: 1},
                },
                "string": {"usage.product_edition": "server"},
                "timing_distribution": {
                    "search_time": {"sum": 99, "values": {"5000000": 2, "60000000": 1, "9000000000": 3}}
                },
            }
        )
    )
    assert found.words == {"product_edition": "server"}
    assert {name: number for name, number in found.numbers.items() if number} == {
        "cores": 4, "errors": 2, "plugins_in_use/dns": 1, "search_time/0": 2, "search_time/2": 1, "search_time/6": 3,
    }  # fmt: skip
    assert (found.product, found.release, found.week, found.source) == (
        "example-sensor",
        "5.2.1",
        WEEK,
        "glean",
    )
    assert CANARY not in repr(found)


@pytest.mark.parametrize("name", ["baseline", "health", "events", "deletion-request"])
def test_pings_of_the_sdk_itself_are_not_kept(name: str) -> None:
    """Nothing of them is read, whatever they hold."""
    assert read_glean(b"\xff", PING._replace(name=name), "", schema(), DAY) is None


@pytest.mark.parametrize(
    "document",
    [
        ping({"counter": {"usage.unknown": 1}}),
        ping({"counter": {"cores": 1}}),
        ping({"labeled_counter": {"plugins_in_use": {"undeclared": 1}}}),
        ping({"string": {"product_edition": CANARY}}),
        ping({"uuid": {"usage.id": CANARY}}),
        ping({"url": {"usage.host": CANARY}}),
        ping({"timing_distribution": {"search_time": {"values": {CANARY: 1}}}}),
        ping({"quantity": {"cores": True}}),
        ping({"quantity": {"cores": 4}}, events=[{"category": "a", "name": "b", "timestamp": 1}]),
        ping({"quantity": {"cores": 4}}, client_info={**CLIENT, "app_display_version": CANARY}),
        ping({"quantity": {"cores": 4}}, ping_info={**TIMES, "end_time": CANARY}),
        ping({"quantity": {"cores": 4}}, ping_info={**TIMES, "end_time": "2024-01-05"}),
        ping({"quantity": {"cores": 4}}, ping_info=[]),
    ],
)
def test_what_nobody_declared_is_refused(document: dict[str, Any]) -> None:
    """Unknown metrics, labels, words and types, events, versions that are none: refused, and no value is repeated."""
    with pytest.raises(InvalidInput) as refused:
        read(document)
    assert CANARY not in str(refused.value)


def test_a_bomb_does_not_go_off() -> None:
    """A small body that unpacks to a large one is refused, and so are cut, doubled and unknown encodings."""
    bomb = gzip.compress(b" " * 100 * MAX_INFLATED)
    whole = gzip.compress(json.dumps(ping({"quantity": {"cores": 4}})).encode())
    for body, encoding in (
        (bomb, "gzip"),
        (whole[:-4], "gzip"),
        (whole + whole, "gzip"),
        (zlib.compress(b"{}"), "deflate"),
        (b"{}", "gzip"),
    ):
        with pytest.raises(InvalidInput):
            read_glean(body, PING, encoding, schema(), DAY)


@given(JSON, JSON)
def test_any_ping_is_read_or_refused(metrics: Any, client: Any) -> None:
    """Whatever stands in a ping, the reader ends with a report of declared words or an error of ours."""
    try:
        found = read(ping(metrics, client_info=client))
    except TrothError:
        return
    assert found is None or all(name.partition("/")[0] in schema().metrics for name in found.numbers)


def test_only_the_sdks_own_addresses_are_pings() -> None:
    """`/submit/<app>/<ping>/1/<uuid>`, whole."""
    assert read_path("/submit/example-sensor/weekly/1/abc") == Ping("example-sensor", "weekly", "abc")
    for path in ("/submit", "/submit/a/b/2/c", "/submit/a/b/1", "/submit/a//1/c", "/other/a/b/1/c"):
        assert read_path(path) is None


def test_a_ping_needs_a_receipt_and_counts_once(receiving: Receiving) -> None:
    """Without a receipt 403, with it 200; one ping counts for a week; a deletion request ends the receipt."""
    one = Installed(receiving.web.client.request)
    assert one.opt_in().status_code == 201
    body = gzip.compress(json.dumps(ping({"quantity": {"cores": 4}})).encode())
    packed = {"Content-Encoding": "gzip", "Content-Type": "application/json"}

    def send(base: str, name: str = "weekly", document: str = "one", content: bytes = body) -> int:
        answer = one.send(
            "POST", f"{base}/submit/example-sensor/{name}/1/{document}", content=content, headers=packed
        )
        return answer.status_code

    base = f"/t/{one.receipt}"
    assert send("") == 403
    assert send("/t/wrong") == 403
    assert [send(base), send(base), send(base, document="two")] == [200, 403, 403]
    assert send(base, "health", content=b"anything") == 200
    assert len(receiving.lines()) == 1
    answer = one.send(
        "POST", f"{base}/submit/example-sensor/deletion-request/1/x", content=body, headers=packed
    )
    assert answer.status_code == 200
    assert "found by nobody" in answer.text
    assert send(base, document="three") == 403
    assert one.send("GET", f"{base}/submit/example-sensor/weekly/1/x").status_code == 405
