"""A power cut at any moment loses nothing that was acknowledged and leaves nothing half done."""

import os
import signal
from multiprocessing.process import BaseProcess
from pathlib import Path
from random import Random

import pytest

import troth
from tests.faults.burst import write_on
from tests.faults.checking import check_folder
from tests.faults.test_kill_erasure import SPAWNING
from tests.support.policies import any_serial_file
from tests.support.waiting import wait_until
from troth.bootstrap import Troth

RIGHTS = "essential.service.rights_request"
KILLS = 50
KILLS_ON_POSTGRES = 20


def _burst(folder: Path, name: str, key: str, notice: str, stop_after: int, output: Path) -> list[list[str]]:
    """Run a burst, kill it when it has acknowledged so many acts, and give what it acknowledged."""
    output.touch()
    process = SPAWNING.Process(target=write_on, args=(folder, name, key, notice, output))
    process.start()
    try:
        wait_until(
            lambda: _ended(process) or output.stat().st_size > stop_after * 80, "the burst has begun", 60
        )
    finally:
        process.kill()
        process.join(60)
    assert process.exitcode == -signal.SIGKILL
    complete = output.read_text().rpartition("\n")[0]
    return [line.split() for line in complete.splitlines()]


def _ended(process: BaseProcess) -> bool:
    if process.exitcode is not None:
        raise AssertionError(f"the burst ended by itself with {process.exitcode}")
    return False


def _bursts(folder: Path, tmp_path: Path, series: int, kills: int) -> None:
    made = troth.init_folder(
        folder,
        policy=any_serial_file(tmp_path),
        database_url=os.environ.get("TROTH_DATABASE_URL", ""),
        keystore_url=os.environ.get("TROTH_KEYSTORE_URL", ""),
    )
    with troth.open(folder) as running:
        key, _ = running.issue_key(name="site", role="service.collection", purposes=["essential.service"])
        notice = str(running.policy().points["product-registration"].notice)
    random = Random(series)
    acknowledged: list[list[str]] = []
    for number in range(kills):
        acknowledged += _burst(
            folder, f"s{series}b{number}", key, notice, random.randint(0, 60), tmp_path / f"burst{number}"
        )
    assert len(acknowledged) > kills
    check_folder(folder, [entry for entry, _, _ in acknowledged])
    with troth.open(folder) as running:
        _check_values(running, made.admin_key, acknowledged)


@pytest.mark.slow
@pytest.mark.parametrize("series", range(2))
def test_nothing_acknowledged_is_lost(tmp_path: Path, series: int) -> None:
    """After kill -9 at random points of bursts, what was acknowledged is in vault and ledger, and nothing in only one."""
    _bursts(tmp_path / "data", tmp_path, series, KILLS)


@pytest.mark.slow
@pytest.mark.usefixtures("on_postgres")
def test_nothing_acknowledged_is_lost_on_postgres(tmp_path: Path) -> None:
    """The same with both stores on PostgreSQL."""
    _bursts(tmp_path / "data", tmp_path, 4, KILLS_ON_POSTGRES)


def _check_values(running: Troth, key: str, acknowledged: list[list[str]]) -> None:
    """Every acknowledged value reads back as it was written."""
    for start in range(0, len(acknowledged), 500):
        part = acknowledged[start : start + 500]
        opened = running.perform(
            [
                troth.Ask(
                    act="instruct",
                    order="open-case",
                    case_type="request",
                    purpose=RIGHTS,
                    key=key,
                    person=who,
                )
                for _, who, _ in part
            ]
        )
        read = running.perform(
            [
                troth.Ask(act="use", purpose=RIGHTS, key=key, person=who, fields=("product",), case=case.case)
                for (_, who, _), case in zip(part, opened, strict=True)
            ]
        )
        assert [one.values["product"] for one in read] == [mark for _, _, mark in part]
