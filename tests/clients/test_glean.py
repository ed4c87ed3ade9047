"""Mozilla's Glean SDK reports unchanged; what it adds by itself is not kept, and what it lets through is refused."""

import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

import troth
from tests.clauses.vendor import Site, Vendor
from tests.support import clients
from tests.support.telemetry import PRODUCT
from tests.support.waiting import wait_until
from troth.ingress.inbox import Line, body_of
from troth.ingress.tables import REPORTS

CLIENT = Path(__file__).parent / "glean" / "client.py"


def glean(site: Site, receipt: str, folder: Path, label: str) -> None:
    """Run the product that reports, with the receipt in its server's address."""
    base = f"{site.server.base_url}/t/{receipt}"
    arguments = [str(clients.python()), str(CLIENT), base, str(folder), label]
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=90, check=False)
    assert done.returncode == 0, done.stderr


def told(site: Site, effect: str) -> bool:
    """Whether the door counted a report with this effect."""
    return f'troth_reports_total{{effect="{effect}"}} 1.0' in site.request("GET", "/metrics").text


def lines(company: Vendor) -> list[Line]:
    """Every report of a stopped company that waits in the inbox."""
    with troth.open(company.data, sequencer=False) as running, running.database.snapshot() as tx:
        return [line for batch in REPORTS.behind(tx) for line in body_of(batch).lines]


@pytest.mark.slow
def test_glean_sdk(tmp_path: Path) -> None:
    """Its ping becomes a report without client id and times; an undeclared label is dropped; switching off ends the receipt."""
    company = Vendor(tmp_path)
    company.clock.set(datetime.now(UTC))
    folder = tmp_path / "glean"
    settings = company.data / "troth.toml"
    settings.write_text(
        settings.read_text("utf-8").replace("fold_seconds = 5.0", "fold_seconds = 3600.0"), "utf-8"
    )
    with company.open() as site:
        answer = site.request("POST", "/telemetry/opt-in", body={"product": PRODUCT, "release": "5.2"})
        receipt = answer.json()["receipt"]
        glean(site, receipt, folder, "dns")
        wait_until(lambda: told(site, "kept"), "the ping was kept")
        glean(site, receipt, folder, "undeclared")
        wait_until(lambda: told(site, "invalid-input"), "the undeclared label was refused")
        glean(site, receipt, folder, "off")
        wait_until(
            lambda: company.json("telemetry", "installations")["counts"][0]["state"] == "opted-out",
            "the receipt was ended",
        )
    (line,) = lines(company)
    product, release, _, _, source, numbers, words, _ = line
    assert (product, release, source, words) == (PRODUCT, "5.2.1", "glean", {"product_edition": "server"})
    assert (numbers["cores"], numbers["plugins_in_use/dns"], numbers["search_time/0"]) == (4, 2, 1)
    client_id = next(iter(folder.rglob("client_id.txt")), None)
    if client_id is not None:
        assert company.files_with(client_id.read_text("utf-8").strip()) == [
            str(client_id.relative_to(tmp_path))
        ]
