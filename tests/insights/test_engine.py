"""The engine: known content gives known sums, and one visitor or installation moves no sum beyond its bound.

What every engine must do stands in `contract.py`; `test_spark.py` asks the same of Apache Spark.
"""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.insights.contract import CHECKS, MEASURED, MONTH, POLICY, REPORTS, WEEK
from tests.support.lakes import installation, write_reports
from troth.insights.engine import REPORT_COLUMNS, Engine
from troth.insights.planning import Part, parts_of
from troth.insights.readers import Opener, open_duckdb


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_duckdb_keeps_the_contract_of_engines(check: Callable[[Opener, Path], None], tmp_path: Path) -> None:
    """DuckDB, which runs reports where nothing else is said."""
    check(open_duckdb, tmp_path / "lake")


def test_a_column_that_nobody_knows_is_named(tmp_path: Path) -> None:
    """What could point to an installation is seen before anything is read."""
    write_reports(tmp_path / "lake", [installation(), installation(installation_id="x")])
    assert Engine(tmp_path / "lake", REPORT_COLUMNS).unknown_columns() == ("installation_id",)


_VALUES = st.one_of(
    st.integers(0, 200), st.sampled_from([2.0**53, 1e300, float("inf"), float("nan"), -5.0, 0.5])
)


ODD = [part for name in MEASURED for part in parts_of(REPORTS[name], POLICY, WEEK)]


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[list[int]]]:
    """A folder for lakes, and the sums of one with three usual reports."""
    place = tmp_path_factory.mktemp("lakes")
    write_reports(place / "usual", [installation({"errors": 1}) for _ in range(3)])
    return place, Engine(place / "usual", REPORT_COLUMNS).reports(ODD)


@pytest.mark.slow
@settings(max_examples=3, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(data=st.data())
def test_one_installation_moves_no_part_beyond_its_bound(
    usual: tuple[Path, list[list[int]]], data: st.DataObject
) -> None:
    """However large or odd what it sends is, the sums of each part change by no more than the noise is made for."""
    names = [
        f"{one}/{key}"
        for one, keys in {"search_time": range(7), "features_used": ("search", "export", "report")}.items()
        for key in keys
    ]
    names += ["errors", "crashes", "assets", "cores", "weeks_in_use"]
    numbers = {name: data.draw(_VALUES, label=name) for name in names}
    place, before = usual
    lake = place / f"lake-{len(list(place.iterdir()))}"
    write_reports(lake, [*[installation({"errors": 1}) for _ in range(3)], installation(numbers)])
    after = Engine(lake, REPORT_COLUMNS).reports(ODD)
    moved = [sum(abs(b - a) for a, b in zip(*both, strict=True)) for both in zip(before, after, strict=True)]
    assert [part.name for part, change in zip(ODD, moved, strict=True) if change > part.l1] == []
    assert moved[0] == 1


def test_of_several_weeks_each_counts(tmp_path: Path) -> None:
    """A month's bound is that of a week times its weeks, for what is added up over them."""
    shown = REPORTS["use-and-quality"]
    parts = {f"{one.name} {one.show}": one for one in parts_of(shown, POLICY, MONTH)}
    weeks = len(MONTH.weeks)
    assert parts["errors mean"].l1 == 100 * weeks
    assert parts["crashes reached"].l1 == weeks
    assert parts["installations count"] == Part("installations", "count", ("",), 1, MONTH.weeks[-1:])
