"""Apache Spark as the engine: it keeps the same contract as DuckDB, on a master and a worker of its own on loopback.

One test opens the one session of the suite, because Java takes long to start; the mistakes need none.
"""

import gc
import sys
from contextlib import nullcontext
from pathlib import Path

import pytest

from tests.insights.contract import CHECKS
from tests.support.process import free_port
from tests.support.spark import SMALL, cluster
from troth.insights.readers import opener
from troth.insights.spark import masters, open_spark
from troth.kernel import Conflict, InvalidInput, Unavailable


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
def test_spark_keeps_the_contract_of_engines(tmp_path: Path) -> None:
    """All checks on one session; each has a lake of its own, which master and worker read as files."""
    with cluster(tmp_path / "work") as address, open_spark(address, SMALL) as reader:
        for check in CHECKS:
            check(lambda: nullcontext(reader), tmp_path / check.__name__)
    gc.collect()  # what leads to Java leaves a socket open, which is told when it is found


@pytest.mark.parametrize(
    "address", ["spark://", "spark://host", "spark://host:x", "spark://a:1,b", "spark://a:1/x"]
)
def test_an_address_that_is_none_is_refused(address: str) -> None:
    """The mistake is told before anything is decided or started."""
    with pytest.raises(InvalidInput, match="no address of a Spark master"):
        opener(address)


def test_several_masters_may_be_named() -> None:
    """As Spark writes those that stand by for each other."""
    assert masters("spark://one:7077,two.example:7078") == [("one", 7077), ("two.example", 7078)]


def test_an_engine_that_is_none_is_refused() -> None:
    """The mend names those that there are."""
    with pytest.raises(InvalidInput, match="no engine 'sqlite'"):
        opener("sqlite")


def test_a_master_that_does_not_answer_is_told_at_once() -> None:
    """Not after Spark's own three tries of twenty seconds; no Java is started."""
    with (
        pytest.raises(Unavailable, match="No Spark master answers"),
        open_spark(f"spark://127.0.0.1:{free_port()}"),
    ):
        raise AssertionError


def test_what_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without pyspark the extra is named that brings it."""
    monkeypatch.setitem(sys.modules, "pyspark", None)
    with pytest.raises(Conflict) as found:
        opener("spark://127.0.0.1:7077")
    assert "troth[spark]" in found.value.mend
