"""Mozilla's Glean reports unchanged, the SDK and the package for browsers; what they add by themselves is not kept, and what they let through is refused."""

import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.clauses.vendor import Site, Vendor
from tests.clients.counted import reports
from tests.support import clients
from tests.support.telemetry import PRODUCT
from tests.support.waiting import wait_until

WEEKLY, ENDED = "weekly", "deletion-request"
CLIENT = Path(__file__).parent / "glean" / "client.py"


def glean(site: Site, receipt: str, folder: Path, label: str) -> None:
    """Run the product that reports, with the receipt in its server's address."""
    base = f"{site.server.base_url}/t/{receipt}"
    arguments = [str(clients.python()), str(CLIENT), base, str(folder), label]
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=90, check=False)
    assert done.returncode == 0, done.stderr


def glean_web(site: Site, receipt: str, folder: Path) -> tuple[list[list[object]], list[str]]:
    """Run the product that reports with the package for browsers: what each ping was answered, and the client ids in them."""
    script = clients.script("glean_web.mjs", folder)
    done = subprocess.run(
        ["node", str(script), site.server.base_url, receipt],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout.splitlines()[-1])
    return said["asked"], said["clients"]


def told(site: Site, effect: str) -> bool:
    """Whether the door counted a report with this effect."""
    return f'troth_reports_total{{effect="{effect}"}} 1.0' in site.request("GET", "/metrics").text


@pytest.mark.slow
def test_glean_sdk(tmp_path: Path) -> None:
    """Its ping becomes a report without client id and times; an undeclared label is dropped; switching off ends the receipt."""
    company = Vendor(tmp_path)
    company.clock.set(datetime.now(UTC))
    folder = tmp_path / "glean"
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
        answer = site.request("POST", "/telemetry/opt-in", body={"product": PRODUCT, "release": "5.2"})
        receipt = answer.json()["receipt"]
        asked, ids = glean_web(site, receipt, tmp_path / "web")
        assert asked == [[WEEKLY, 422], [WEEKLY, 200], [WEEKLY, 403], [ENDED, 200]]
        counts = company.json("telemetry", "installations")["counts"]
        assert [(one["state"], one["installations"]) for one in counts] == [("opted-out", 2)]
    by_sdk, by_package = sorted(reports(company), key=lambda row: float(dict(row["numbers"])["cores"]))
    assert (by_package["release"], by_package["source"]) == ("5.2.1", "glean")
    assert dict(by_package["numbers"]) == {"cores": 8, "plugins_in_use/dns": 3}
    assert len(ids) == 1
    assert company.files_with(ids[0]) == []
    numbers = dict(by_sdk["numbers"])
    assert (by_sdk["product"], by_sdk["release"], by_sdk["source"]) == (PRODUCT, "5.2.1", "glean")
    assert dict(by_sdk["words"]) == dict(by_package["words"]) == {"product_edition": "server"}
    assert (numbers["cores"], numbers["plugins_in_use/dns"], numbers["search_time/0"]) == (4, 2, 1)
    client_id = next(iter(folder.rglob("client_id.txt")), None)
    if client_id is not None:
        assert company.files_with(client_id.read_text("utf-8").strip()) == [
            str(client_id.relative_to(tmp_path))
        ]
