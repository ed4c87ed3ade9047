"""The console's page of reports: twelve with their charts, out of stored results, from a real server."""

import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter
from typing import Any

import troth
from benchmarks.console import cookie_name, somebody
from benchmarks.over_http import free_port, serving
from benchmarks.report import Report, Result
from tests.support.lakes import event, installation, write_events, write_reports
from tests.support.policies import REFERENCE
from troth.bootstrap import Troth
from troth.insights import period_before

REPORTS, COPIES, ROUNDS, MOST_MS = 12, 4, 40, 300.0
INSTALLATIONS, VISITORS = 3_000, 2_000
_COPIED = "retention"


def run(report: Report, place: Path) -> None:
    """Measure the page with every report's newest figures; each round is one request on a connection that stays open."""
    folder = Path(tempfile.mkdtemp(prefix="troth-dashboard-", dir=place))
    try:
        with _company(folder) as opened:
            session = _filled(opened)
            cookie = cookie_name(opened)
        port = free_port()
        command = [
            str(Path(sys.executable).parent / "troth"),
            "serve",
            "--data",
            str(folder / "data"),
            "--port",
            str(port),
        ]
        with serving(command, port):
            taken, size = _asked(port, f"{cookie}={session}")
    finally:
        shutil.rmtree(folder)
    middle, late = median(taken), quantiles(taken, n=20)[-1]
    report.add(
        Result(
            f"dashboard page with {REPORTS} reports, from stored results", middle, "ms", f"{MOST_MS:.0f} ms", middle <= MOST_MS,
            f"95 of 100 within {late:,.0f} ms", "", f"median of {ROUNDS} over HTTP; {size / 1024:,.0f} kB with charts; each report's look is decided and recorded",
        )
    )  # fmt: skip


def _company(folder: Path) -> Troth:
    policy = folder / "policy.md"
    policy.write_text(_more_reports(REFERENCE.read_text(encoding="utf-8")), encoding="utf-8")
    troth.init_folder(folder / "data", policy=policy)
    return troth.open(folder / "data")


def _more_reports(text: str) -> str:
    """The reference policy with copies of one report, so that there are enough."""
    found = re.search(rf"```rule\ndeclare: report\nname: {_COPIED}\n.*?```\n", text, re.DOTALL)
    assert found is not None
    more = [found[0].replace(f"name: {_COPIED}\n", f"name: {_COPIED}-{number}\n") for number in range(COPIES)]
    return text.replace(found[0], "\n".join([found[0], *more])).replace(
        "epsilon: 10, each", "epsilon: 100, each"
    )


def _filled(opened: Troth) -> str:
    """Run the reports and draw their charts; gives an analyst's session."""
    lake = opened.folder / "lake"
    for schedule in ("weekly", "monthly"):
        period = period_before(schedule, opened.clock.now())
        day, week = period.start.isoformat(), period.weeks[-1]
        write_reports(
            lake / "reports",
            [installation(*_numbers(one), day=day, week=week) for one in range(INSTALLATIONS)],
        )
        write_events(lake / "events", list(_visits(day)))
    session = somebody(opened, opened.clock.now(), "staff.analyst")[0]
    for name in opened.board.visible(session):
        if opened.insights.run(name, session).state != "done":
            print(f"{name} has no figures", file=sys.stderr)
    opened.board.draw()
    return session


def _numbers(one: int) -> tuple[dict[str, float], dict[str, str]]:
    told: dict[str, float] = {
        "weeks_in_use": one % 7,
        "errors": one % 5,
        "cores": 2 ** (one % 6),
        "crashes": int(one % 9 == 0),
    }
    told |= {f"search_time/{place}": (one + place) % 4 for place in range(7)}
    told |= {f"features_used/{name}": one % 3 for name in ("search", "dashboard", "report", "export")}
    told |= {f"setup_steps/{name}": 1 for name in ("installed", "first sensor")}
    return told, {"product_edition": ("sensor", "server", "all-in-one")[one % 3]}


def _visits(day: str) -> Iterator[dict[str, Any]]:
    for one in range(VISITORS):
        for place in range(3):
            page = f"www.example.com/page-{(one + place) % 12}"
            yield event(f"v{one}", page, place, day=day, referrer=f"site-{one % 9}.example")
        yield event(f"v{one}", "www.example.com/product", 3, day=day, name=f"feature {one % 8}")


def _asked(port: int, cookie: str) -> tuple[list[float], int]:
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    taken, text = [], b""
    for _ in range(ROUNDS):
        started = perf_counter()
        connection.request("GET", "/console/reports", headers={"Cookie": cookie})
        answer = connection.getresponse()
        text = answer.read()
        taken.append((perf_counter() - started) * 1000)
        assert answer.status == 200, answer.status
    connection.close()
    shown, charts = text.count(b'<article class="card report"'), text.count(b"<svg")
    assert shown >= REPORTS <= charts, (shown, charts)
    return taken, len(text)
