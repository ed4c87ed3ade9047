"""Reports at the console: figures with their bounds and charts, for those who may see them, and the changes they lead to."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.lakes import installation, write_reports
from tests.web.conftest import Web
from tests.web.staff import Desk
from troth.insights import Board
from troth.insights.budget import spent
from troth.insights.noise import Noise
from troth.kernel import Refused, Unavailable
from troth.ledger import decode_entry
from troth.ledger import entries as ledger_entries

FEATURES = {"search": 4, "dashboard": 3, "report": 1}
INSTALLATIONS = 400
POPULARITY = "feature-popularity"


def paid(web: Web) -> int:
    """What reports over the week's telemetry have spent so far, in millionths of epsilon."""
    with web.troth.database.snapshot() as tx:
        return spent(tx, "telemetry-reports", "2026-W02")[0]


def reported(web: Web, *, days: int = 0) -> None:
    """A week of reports of many installations: the one before this, or later by some days."""
    day = (web.clock.now() - timedelta(days=web.clock.now().weekday() + 3 - days)).date()
    week = "{}-W{:02d}".format(*day.isocalendar()[:2])
    numbers = {f"features_used/{name}": float(times) for name, times in FEATURES.items()}
    numbers |= {f"features_used/{name}": 0.0 for name in ("alert rule", "export", "update")}
    write_reports(
        web.troth.folder / "lake" / "reports",
        [installation(numbers, day=day.isoformat(), week=week) for _ in range(INSTALLATIONS)],
    )


def looks(web: Web) -> int:
    """Looks at figures that the ledger has."""
    web.troth.flush_ledger()
    with web.troth.database.snapshot() as tx:
        found = [decode_entry(one.body) for one in ledger_entries(tx, 0, 10_000)]
    return sum(one.detail.get("part") == "look" for one in found)


@pytest.fixture
def analyst(web: Web) -> Desk:
    """An analyst who is signed in, on a Wednesday: the reports of the week before are due."""
    web.clock.advance(timedelta(days=2))
    desk = Desk(web, "ada.example", "staff.analyst")
    desk.sign_in()
    return desk


def test_an_analyst_sees_figures_with_bounds_and_charts(
    web: Web, analyst: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the run gave stands on the page: the figure, how exact it is, a chart that no screen reader repeats, and what it cost."""
    reported(web)
    before = analyst.get("/console/reports")
    assert "No run has given figures yet" in before.text
    assert analyst.post(f"/console/reports/{POPULARITY}/run").status_code == 303
    page = analyst.get(f"/console/reports/{POPULARITY}").text
    assert re.search(r'<th scope="row">search</th><td class="n">\d', page)
    assert "between" in page
    assert page.count('<figure class="chart" aria-hidden="true"><svg') >= 1
    assert "style=" not in page
    assert "<script" not in page
    overview = analyst.get("/console/reports").text
    assert f'href="/console/reports/{POPULARITY}"' in overview
    assert "<svg xmlns" in overview
    row = re.search(r'<th scope="row">telemetry-reports</th>(.*?)</tr>', overview)
    assert row is not None
    assert re.findall(r">([^<>]+)</td>", row[1]) == [
        "2026-W01",
        "2",
        "10",
        "1",
        "2",
        "0",
    ]  # what noise has cost
    assert "cannot run here" not in overview
    monkeypatch.setattr("troth.insights.service.engine_available", lambda: False)
    assert "cannot run here: install troth[insights,lake]" in analyst.get("/console/reports").text


def test_charts_are_drawn_once(web: Web, analyst: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that is looked at again draws nothing: the chart is read from where it was kept."""
    reported(web)
    analyst.post(f"/console/reports/{POPULARITY}/run")
    web.troth.board.draw()
    monkeypatch.setattr("troth.insights.board.chart_svg", None)
    assert "<svg xmlns" in analyst.get("/console/reports").text
    assert isinstance(web.troth.board, Board)


def test_each_look_is_an_act_and_whoever_may_not_see_sees_none(web: Web, analyst: Desk) -> None:
    """The page records a look for each report it shows; somebody of another role has no such page in the menu, and gets no figure."""
    reported(web)
    analyst.post(f"/console/reports/{POPULARITY}/run")
    count = looks(web)
    visible = web.troth.board.visible(analyst.key)
    analyst.get("/console/reports")
    assert looks(web) == count + len(visible) > count
    other = Desk(web, "ben.example", "staff.privacy")
    other.sign_in()
    assert "/console/reports" not in other.get("/console/me").text
    page = other.get("/console/reports")
    assert "There is no report that your role may see." in page.text
    assert other.get(f"/console/reports/{POPULARITY}").status_code == 403
    assert analyst.get("/console/reports/none").status_code == 404


def test_a_change_is_noted_where_the_figures_are(web: Web, analyst: Desk) -> None:
    """The form notes a change with the run shown; what is wrong with it is told on the page, and nothing is noted."""
    reported(web)
    path = f"/console/reports/{POPULARITY}"
    without = analyst.post(f"{path}/changes", product="example-sensor", text="Search first.")
    assert without.status_code == 409
    analyst.post(f"{path}/run")
    wrong = analyst.post(f"{path}/changes", product="none", text="Search first.")
    assert (wrong.status_code, "declares no such product" in wrong.text) == (422, True)
    noted = analyst.post(
        f"{path}/changes", product="example-sensor", text="Search <b>first</b>.", release="5.3"
    )
    assert noted.status_code == 303
    assert "Search &lt;b&gt;first&lt;/b&gt;." in web.get("/changes").text
    assert "Search &lt;b&gt;first&lt;/b&gt;." in analyst.get(path).text


def test_a_run_that_keeps_failing_spends_the_budget_slowly(
    web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process of the noise that dies fails the run and its cost stays spent; the schedule tries again hours later, not at once."""
    reported(web, days=7)
    dying = tmp_path / "dying.py"
    dying.write_text("raise SystemExit(1)\n", encoding="utf-8")
    monkeypatch.setattr("troth.insights.noise.Noise", lambda: Noise(dying))
    web.clock.advance(timedelta(days=9))
    with pytest.raises(Unavailable):
        web.troth.insights.run_due()
    once = paid(web)
    assert once > 0
    web.troth.insights.run_due()
    assert paid(web) == once
    web.clock.advance(timedelta(hours=7))
    with pytest.raises(Refused, match="used up"):
        web.troth.insights.run_due()
    assert paid(web) > once
