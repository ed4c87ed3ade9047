"""Whatever a door is sent, no field, label or text that the policy does not declare reaches a file or a log: each door is fuzzed.

A word that nobody declared is put anywhere into a document that would be taken, as a name, a value or one more of them. What is
packed or sealed is unpacked before it is searched: the lake's columns, the inbox, weeks that are not over. The ledger's entries
stand in the database's files as plain text.
"""

import gzip
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from google.protobuf import json_format
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from tests.ingress.conftest import WEEK, Receiving
from tests.ingress.test_glean import ping
from tests.ingress.test_otlp import EXAMPLE
from tests.support.otlp import gauge, point, total
from tests.support.telemetry import Installed, canonical
from troth.bootstrap.telemetry import _sealing
from troth.ingress.gathering import _decode
from troth.ingress.lake import COLUMNS
from troth.ingress.receipts import receipt_digest
from troth.ingress.tables import REPORTS, gathered_week
from troth.storage import Statement

WORD = "zqcanary"
_FEW = settings(max_examples=60, suppress_health_check=list(HealthCheck), deadline=None)
_REPORT = {
    "cores": 4,
    "product_edition": "server",
    "plugins_in_use": {"dns": 2},
    "search_time": [0, 1, 2, 3, 4, 5, 6],
    "weeks_in_use": 3,
}
_PING = ping(
    {
        "quantity": {"usage.cores": 4},
        "counter": {"errors": 2},
        "labeled_counter": {"usage.plugins_in_use": {"dns": 1}},
        "string": {"usage.product_edition": "server"},
        "timing_distribution": {"search_time": {"sum": 99, "values": {"5000000": 2}}},
    }
)
_METRICS = json.loads(EXAMPLE % ("1", "2"))
_METRICS["resourceMetrics"][0]["scopeMetrics"][0]["metrics"] += [
    total("plugins_in_use", point(2, label="dns")),
    gauge("product_edition", point(1, label="server")),
]


def _places(node: Any) -> Iterator[Any]:
    """Every object and list of a document."""
    if isinstance(node, dict | list):
        yield node
        for inner in node.values() if isinstance(node, dict) else node:
            yield from _places(inner)


@st.composite
def spoiled(draw: st.DrawFn, document: dict[str, Any]) -> dict[str, Any]:
    """A document with the word in it, somewhere."""
    found: dict[str, Any] = json.loads(json.dumps(document))
    place = draw(st.sampled_from(list(_places(found))))
    anywhere = draw(st.booleans())
    texts = [one for one in _places(found) if isinstance(one, dict) and "stringValue" in one]
    if texts and not anywhere:  # where attributes and labels of OpenTelemetry stand
        draw(st.sampled_from(texts))["stringValue"] = WORD
        return found
    strange: Any = draw(
        st.sampled_from(
            [WORD, {WORD: 1}, {WORD: WORD}, [WORD], {"key": WORD, "value": {"stringValue": WORD}}]
        )
    )
    if isinstance(place, list):
        place.insert(draw(st.integers(0, len(place))), strange)
        return found
    name = draw(st.sampled_from(sorted(place)) if place else st.just(WORD))
    change = draw(st.sampled_from(["value", "name", "more"]))
    if change == "value":
        place[name] = strange
    elif change == "name":
        place[WORD] = place.pop(name, 1)
    else:
        place[f"{draw(st.sampled_from(['', 'glean.', 'usage.']))}{WORD}"] = strange
    return found


class Searching:
    """A folder that takes reports, and everything in it that the word may stand in."""

    def __init__(self, receiving: Receiving) -> None:
        self._troth, self.request = receiving.web.troth, receiving.web.client.request
        self.receipts: list[str] = []
        self.answers: set[int] = set()

    def receipt(self) -> str:
        """The receipt of an installation that has just opted in."""
        self.receipts.append(self._troth.telemetry.switching.opt_in("example-sensor", "5.2").receipt)
        return self.receipts[-1]

    def send(self, path: str, body: bytes, **headers: str) -> None:
        """Send what was spoiled; the word stands in headers too."""
        shown = {
            "User-Agent": WORD,
            "X-Debug-ID": WORD,
            **{name.replace("_", "-"): text for name, text in headers.items()},
        }
        status = self.request("POST", path, content=body, headers=shown).status_code
        assert status < 500
        self.answers.add(status)

    def check(self, capfd: pytest.CaptureFixture[str]) -> None:
        """Look into everything."""
        inbox = [batch.body for batch in self._batches()]
        self._troth.telemetry.keeper.fold()
        lake = self._troth.telemetry.keeper.lake
        assert lake is not None
        rows = (
            [
                batch.column(name).to_pylist()
                for batch in lake.table().scan(columns=list(COLUMNS))
                for name in COLUMNS
            ]
            if lake.exists
            else []
        )
        assert WORD not in f"{inbox} {rows} {self._weeks()} {capfd.readouterr()}"
        files = [path for path in self._troth.folder.rglob("*") if path.is_file()]
        assert [path for path in files if WORD.encode() in path.read_bytes()] == []

    def _batches(self) -> Any:
        with self._troth.database.snapshot() as tx:
            return REPORTS.behind(tx)

    def _weeks(self) -> str:
        ring = self._troth.vault.keys
        texts = {receipt_digest(ring.blind, text): text for text in self.receipts}
        with self._troth.database.snapshot() as tx:
            rows = list(tx.rows(Statement(gathered_week.select())))
        opened = [_sealing(ring).unseal(texts[bytes(row[0])], bytes(row[2])) for row in rows]
        return repr([_decode(one[4 : 4 + int.from_bytes(one[:4], "big")]) for one in opened])


@pytest.fixture
def searching(receiving: Receiving) -> Searching:
    """The folder."""
    return Searching(receiving)


def fuzz(document: dict[str, Any], send: Callable[[dict[str, Any]], None]) -> None:
    """Send a document again and again, spoiled in another place each time."""

    @_FEW
    @given(spoiled(document))
    def run(found: dict[str, Any]) -> None:
        send(found)

    run()


def test_of_own_reports(searching: Searching, capfd: pytest.CaptureFixture[str]) -> None:
    """Whatever stands anywhere else than declared is refused."""
    one, shown = Installed(searching.request), f"Receipt {searching.receipt()}"

    def send(found: dict[str, Any]) -> None:
        searching.send("/telemetry/reports", canonical(found), Authorization=shown)

    fuzz(one.report(WEEK, _REPORT), send)
    assert searching.answers <= {403, 409, 422}
    searching.check(capfd)


def test_of_pings_of_glean(searching: Searching, capfd: pytest.CaptureFixture[str]) -> None:
    """What the SDK adds is dropped, what nobody declared is refused, also in the address."""

    def send(found: dict[str, Any]) -> None:
        body = gzip.compress(json.dumps(found).encode())
        path = f"/t/{searching.receipt()}/submit/example-sensor/{WORD}/1/{WORD}"
        searching.send(path, body, Content_Encoding="gzip")

    fuzz(_PING, send)
    assert searching.answers >= {200, 422}
    searching.check(capfd)


def test_of_metrics_of_opentelemetry(searching: Searching, capfd: pytest.CaptureFixture[str]) -> None:
    """Attributes, resources and later members are dropped, metrics and labels that nobody declared are refused; both encodings."""
    path = f"/t/{searching.receipt()}/v1/metrics"

    def send(found: dict[str, Any]) -> None:
        searching.send(path, json.dumps(found).encode(), Content_Type="application/json")
        try:
            message = json_format.ParseDict(found, ExportMetricsServiceRequest(), ignore_unknown_fields=True)
        except (json_format.ParseError, ValueError, TypeError, AttributeError):
            return
        searching.send(path, message.SerializeToString(), Content_Type="application/x-protobuf")

    fuzz(_METRICS, send)
    assert searching.answers >= {200, 400}
    searching.check(capfd)
