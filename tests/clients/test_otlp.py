"""The published OpenTelemetry SDK and exporter report unchanged, by running totals or by deltas; of hosts and instances nothing is kept."""

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.clauses.vendor import Site, Vendor
from tests.clients.counted import reports
from tests.support import clients
from tests.support.otlp import gauge, point, request
from tests.support.telemetry import PRODUCT

CLIENT = Path(__file__).parent / "otlp_product.py"


def opted_in(site: Site) -> str:
    """The receipt of another installation."""
    answer = site.request("POST", "/telemetry/opt-in", body={"product": PRODUCT, "release": "5.2"})
    receipt: str = answer.json()["receipt"]
    return receipt


def report(site: Site, *receipts: str) -> None:
    """Run the product that reports, as two installations."""
    arguments = [str(clients.python()), str(CLIENT), site.server.base_url, *receipts]
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=90, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_opentelemetry_sdk(tmp_path: Path) -> None:
    """Three exports and a stop, then the product starts anew: both ways come to the same sums, each process counted once."""
    company = Vendor(tmp_path)
    company.clock.set(datetime.now(UTC))
    with company.open() as site:
        receipts = opted_in(site), opted_in(site)
        report(site, *receipts)
        company.clock.set(datetime.now(UTC) + timedelta(days=7))
        for receipt in receipts:
            told = request(gauge("cores", point(4)))
            assert site.request("POST", f"/t/{receipt}/v1/metrics", body=told).status_code == 200
    found = reports(company)
    assert len(found) == 2
    for row in found:
        assert (row["product"], row["release"]) == (PRODUCT, "5.2.1")
        assert (row["source"], dict(row["words"])) == ("otlp", {"product_edition": "server"})
        assert {name: number for name, number in dict(row["numbers"]).items() if number} == {
            "errors": 24,
            "features_used/search": 6,
            "assets": 42,
            "search_time/1": 6,
            "search_time/5": 6,
        }
        assert "zq-canary" not in repr(row)
    assert company.files_with("zq-canary") == []
