"""Reports with noise, known from outside: visitors over HTTP, runs by command, what the ledger tells of them."""

import json
from datetime import timedelta
from typing import Any

from tests.clauses.test_I_16 import chosen
from tests.clauses.vendor import Site, Vendor
from tests.support.lakes import installation, write_reports

USAGE = "analytics.reporting.product_usage"
VISITS = "analytics.reporting.site_usage"
TELEMETRY = "analytics.reporting.telemetry"
WEEK, LATE = timedelta(days=7), timedelta(days=2)
DUE = WEEK + LATE
"""The vendor's clock begins on a Monday; a week and the two days for what comes late later, that week's reports are due."""


def visitors(site: Site, text: str, number: int, name: str, *, times: int = 1) -> None:
    """So many visitors who switched analytics on do something at the company's site, each in a browser of their own."""
    headers = chosen(text, VISITS)
    with site.server.client() as client:
        for _ in range(number):
            cookie = ""
            for _ in range(times):
                told = {**headers, "Cookie": headers["Cookie"] + (f"; {cookie}" if cookie else "")}
                event = {"n": name, "u": "https://www.example.com/product", "d": "www.example.com"}
                answer = client.post("/api/event", json=event, headers=told)
                assert answer.status_code == 202
                cookie = cookie or answer.headers["set-cookie"].partition(";")[0]
                client.cookies.clear()


def installations(vendor: Vendor, number: int, week: str = "2026-W02", **more: Any) -> None:
    """So many installations report: a third crashed, half use the export, each the search."""
    write_reports(
        vendor.data / "lake" / "reports",
        [
            installation(
                {
                    "errors": one % 5,
                    "crashes": int(one % 3 == 0),
                    "features_used/search": 2,
                    "features_used/export": one % 2,
                    "weeks_in_use": one % 4,
                    "cores": 2 ** (one % 5),
                    "setup_steps/installed": 1,
                    "setup_steps/first sensor": one % 2,
                },
                {"product_edition": ("sensor", "server")[one % 2]},
                week=week,
                **more,
            )
            for one in range(number)
        ],
    )


def run(vendor: Vendor, key: str, report: str, status: int = 0) -> dict[str, Any]:
    """A run on demand, by command: beside a server, the schedule would run every report at the same moment."""
    file = vendor.data.parent / "analyst.key"
    file.write_text(key, encoding="utf-8")
    found: dict[str, Any] = vendor.json("report", "run", report, "--key-file", file, status=status)
    return found


def runs(vendor: Vendor, key: str, report: str) -> list[dict[str, Any]]:
    """The runs of a report, newest first."""
    file = vendor.data.parent / "analyst.key"
    file.write_text(key, encoding="utf-8")
    found: list[dict[str, Any]] = vendor.json("report", "show", report, "--key-file", file)["runs"]
    return found


def cells(told: dict[str, Any], name: str, show: str) -> dict[str, dict[str, Any]]:
    """The figures of a table, by what they are grouped by."""
    (table,) = [one for one in told["figures"]["tables"] if (one["name"], one["show"]) == (name, show)]
    return {" ".join(cell["by"].values()): cell for cell in table["cells"]}


def holds(cell: dict[str, Any], truth: int, times: int = 1) -> bool:
    """Whether a figure is shown and its stated bound, made so many times as wide, holds the truth."""
    figure = cell["figure"]
    return figure is not None and times * (cell["low"] - figure) <= truth - figure <= times * (
        cell["high"] - figure
    )


def told_of(vendor: Vendor, report: str) -> list[dict[str, Any]]:
    """The ledger's entries about a report."""
    return [one for one in vendor.ledger() if one.get("detail", {}).get("report") == report]


def numbers_in(entries: list[dict[str, Any]]) -> set[str]:
    """Every whole number that stands in the details of entries."""
    words = {word for one in entries for word in json.loads(json.dumps(one["detail"])).values()}
    return {word for word in words if word.isdigit()}
