"""Runs through the gate: objectors leave, budgets are spent before anything is drawn, and no true figure stands anywhere."""

import fcntl
import re
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.support.folders import made_folder
from tests.support.lakes import event, installation, write_events, write_reports
from tests.support.process import free_port
from tests.support.waiting import wait_until
from troth.bootstrap import Troth, open_troth
from troth.bootstrap.analysing import insights_of
from troth.cli import checks
from troth.gate import Ask
from troth.insights import Run, noise
from troth.insights.budget import spent
from troth.insights.service import inquiry_of, reported
from troth.kernel import Conflict, InvalidInput, Refused, SettableClock, Unavailable

REGISTER = "essential.service.product_registration"
VISITS = "analytics.reporting.site_usage"
TELEMETRY = "analytics.reporting.telemetry"
CHOICE = "essential.service.choice"
SIGN_IN = "essential.service.authentication"


class Company(NamedTuple):
    """An open folder and an analyst's key."""

    troth: Troth
    key: str

    @property
    def lake(self) -> Path:
        """Where its tables are."""
        return self.troth.folder / "lake"

    def spent(self, data_set: str = "telemetry-reports") -> int:
        """Millionths of epsilon that a data set has spent of the first week."""
        with self.troth.database.snapshot() as tx:
            return spent(tx, data_set, "2026-W02")[0]

    def person(self, number: int) -> str:
        """Somebody who registered a product; gives the handle."""
        key, _ = self.troth.issue_key(name="i", role="service.import", purposes=[REGISTER])
        ask = Ask(
            act="collect", purpose=REGISTER, key=key, point="import", channel="import",
            values={"email": f"person{number}@example.com", "product": "sensor"},
        )  # fmt: skip
        (outcome,) = self.troth.perform([ask])
        assert outcome.effect == "permit", outcome
        return outcome.person

    def files_with(self, number: int) -> list[str]:
        """Files of the folder that hold a number, which is no part of a longer one or of an id."""
        whole = re.compile(rb"(?<![0-9a-f])%d(?![0-9a-f])" % number)
        return [
            one.name
            for one in self.troth.folder.rglob("*")
            if one.is_file() and whole.search(one.read_bytes())
        ]


@pytest.fixture
def company(tmp_path: Path, clock: SettableClock) -> Iterator[Company]:
    """A company with the reference policy, when the reports of its week are due."""
    made_folder(tmp_path / "data", clock)
    with open_troth(tmp_path / "data", clock=clock) as troth:
        key, _ = troth.issue_key(name="a", role="staff.analyst", purposes=[VISITS, TELEMETRY])
        clock.advance(timedelta(days=9))
        yield Company(troth, key)


def test_whoever_objects_leaves_the_next_run(company: Company) -> None:
    """Of those who stand in the events while signed in, objectors are left out, and so is whoever is not known any more."""
    people = [company.person(number) for number in range(3)]
    session_key, _ = company.troth.issue_key(name="s", role="service.web", purposes=[CHOICE, SIGN_IN])
    opened = company.troth.perform(
        [Ask(act="instruct", purpose=SIGN_IN, key=session_key, order="open-session", person=people[1])]
    )[0]
    said = Ask(
        act="instruct", purpose=CHOICE, key=opened.values["session"], order="record-stance", about=VISITS,
        stance="objected", person=people[1],
    )  # fmt: skip
    assert company.troth.perform([said])[0].effect == "permit"
    policy = company.troth.policy()
    inquiry = inquiry_of(policy, reported(policy, "pages-visited"), company.key)
    asked = company.troth.gate.analysis(inquiry)
    assert asked.permitted([*people, "f" * 32]) == {people[0], people[2]}


def test_the_budget_is_spent_before_and_stays_spent(
    company: Company, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """When the process of the noise ends, the run fails, what it cost is gone, and the next run pays again."""
    write_reports(company.lake / "reports", [installation({"weeks_in_use": 1}) for _ in range(300)])
    broken = tmp_path / "broken.py"
    broken.write_text("import sys; sys.stdin.readline(); raise SystemExit(1)", encoding="utf-8")
    with monkeypatch.context() as patched:
        patched.setattr(noise.Noise.__init__, "__defaults__", (broken,))
        with pytest.raises(Unavailable):
            company.troth.insights.run("retention", company.key)
    assert company.spent() == 1_000_000
    assert company.troth.insights.run("retention", company.key).state == "done"
    assert company.spent() == 2_000_000


def test_two_processes_pay_once_for_a_period(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks for figures that another process computes waits for them: they are drawn once, and paid for once."""
    write_reports(company.lake / "reports", [installation({"weeks_in_use": 1}) for _ in range(300)])
    one, other = insights_of(company.troth), insights_of(company.troth)
    runs, asked, lock = list[Future[Run]](), threading.Event(), fcntl.flock

    def watched(file: Any, how: int) -> None:
        if isinstance(file, int) and Path(f"/proc/self/fd/{file}").readlink().name == "figures.lock":
            asked.set()
        lock(file, how)

    with ThreadPoolExecutor(1) as pool:

        def begun() -> None:
            monkeypatch.setattr(fcntl, "flock", watched)
            runs.append(pool.submit(other.run, "retention", company.key))
            wait_until(lambda: asked.is_set() or runs[0].done(), "the other one waits, or is over")

        sources = {**one._sources, "reports": one._sources["reports"]._replace(fold=begun)}
        monkeypatch.setattr(one, "_sources", sources)
        assert one.run("retention", company.key) == runs[0].result()
    assert company.spent() == 1_000_000


@pytest.mark.parametrize(
    ("name", "engine", "says"),
    [
        ("retention", "spark://nowhere", "no address of a Spark master"),
        ("retention", "sqlite", "no engine 'sqlite'"),
        ("registered-products", "duckdb", "no engine does that"),
    ],
)
def test_a_wrong_engine_costs_nothing(company: Company, name: str, engine: str, says: str) -> None:
    """It is refused before anything is decided."""
    with pytest.raises(InvalidInput, match=says):
        company.troth.insights.run(name, company.key, engine=engine)
    assert company.spent() == 0


def test_a_master_that_is_away_costs_nothing(company: Company) -> None:
    """The run has failed before it was paid for; the same one runs here afterwards."""
    write_reports(company.lake / "reports", [installation({"weeks_in_use": 1}) for _ in range(300)])
    with pytest.raises(Unavailable, match="No Spark master answers"):
        company.troth.insights.run("retention", company.key, engine=f"spark://127.0.0.1:{free_port()}")
    assert company.spent() == 0
    assert company.troth.insights.run("retention", company.key, engine="duckdb").state == "done"


def test_reports_wait_for_what_is_not_installed(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extras nothing is noted as failed or missed; where each report stands says what lacks, `troth doctor` does, and asking too."""
    with monkeypatch.context() as bare:
        for module in ("engine", "service"):
            bare.setattr(f"troth.insights.{module}.engine_available", lambda: False)
        company.troth.insights.run_due()
        standings = {one.report.name: one for one in company.troth.insights.standings(company.key)}
        assert standings["retention"].lacks == "troth[insights,lake]"
        assert standings["retention"].last is None
        assert standings["registered-products"].lacks == ""
        assert standings["registered-products"].last is not None
        told = checks.reports(company.troth)
        assert "retention" in told
        assert told.endswith("cannot run: install troth[insights,lake]")
        with pytest.raises(Conflict, match="not installed"):
            company.troth.insights.run("retention", company.key)
    assert company.spent() == 0
    assert checks.reports(company.troth) == f"{len(standings)} reports can run"


def test_runs_at_the_same_time_keep_to_the_budget(company: Company) -> None:
    """Six reports that cost 3 of a budget of 6 are run at once, in as many processes' places: two are paid for."""
    write_events(company.lake / "events", [event(f"v{number}", "/p", 1) for number in range(400)])
    found: list[str] = []

    def run() -> None:
        insights = insights_of(
            company.troth
        )  # its own, as another process has one: nothing is shared but the database
        try:
            found.append(insights.run("pages-visited", company.key).state)
        except Refused:
            found.append("refused")

    threads = [threading.Thread(target=run) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert company.spent("page-visits") <= 6_000_000
    assert found.count("refused") == 6 - found.count("done")
    assert found.count("done") >= 1


def test_no_true_figure_stands_anywhere(company: Company) -> None:
    """The number of reports, which is odd enough to be found, stands in no file of the folder once they were analysed."""
    number = 86_413
    one = installation({"weeks_in_use": 1})
    write_reports(company.lake / "reports", [one] * number)
    company.troth.flush_ledger()
    before = company.files_with(number)
    run = company.troth.insights.run("retention", company.key)
    company.troth.flush_ledger()
    assert run.figures is not None
    shown = {
        one
        for table in run.figures.tables
        for cell in table.cells
        for one in (cell.figure, cell.low, cell.high)
    }
    if number not in shown:  # the noise is 0 in about 1 of 4 figures, and as wide as the bound in 1 of 40
        assert company.files_with(number) == before


def test_a_run_waits_for_what_comes_late(company: Company) -> None:
    """On Monday the week before is not looked at yet; what came until the third day counts, and the period before that is the one that is shown."""
    write_reports(company.lake / "reports", [installation({"weeks_in_use": 1}) for _ in range(200)])
    clock = company.troth.clock
    assert isinstance(clock, SettableClock)
    clock.advance(timedelta(days=-2))
    early = company.troth.insights.run("retention", company.key)
    assert (early.period, early.state) == ("2025-12-29/2026-01-05", "withheld")
    write_reports(company.lake / "reports", [installation({"weeks_in_use": 1}) for _ in range(200)])
    clock.advance(timedelta(days=2))
    told = company.troth.insights.run("retention", company.key)
    assert told.period == "2026-01-05/2026-01-12"
    assert told.figures is not None
    assert told.figures.total is not None
    assert 350 < told.figures.total < 450
