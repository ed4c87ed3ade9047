"""Starts of the program as forks of one that has loaded it: the same as starts from nothing, seen from outside."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support import starting


@pytest.mark.parametrize("arguments", [["access", "list", "--json"], ["no-such-command"]])
def test_a_fork_does_what_a_start_from_nothing_does(arguments: list[str], tmp_path: Path) -> None:
    """What it prints, what it tells and its exit status are the same, under variables of its own."""
    command: list[str | Path] = [starting.TROTH, *arguments]
    environment = {**os.environ, "TROTH_DATA": str(tmp_path / "none"), "NO_COLOR": "1"}
    forked, fresh = (starting.run(command, environment, afresh=afresh) for afresh in (False, True))
    assert (forked.returncode, forked.stdout, forked.stderr) == (
        fresh.returncode,
        fresh.stdout,
        fresh.stderr,
    )


def test_forks_started_at_once_are_kept_apart(tmp_path: Path) -> None:
    """Each has its own variables and tells its own end."""

    def named(number: int) -> str:
        place = str(tmp_path / f"none{number}")
        ended = starting.run([starting.TROTH, "access", "list"], {**os.environ, "TROTH_DATA": place})
        assert ended.returncode == 1
        return ended.stderr

    with ThreadPoolExecutor(4) as threads:
        told = list(threads.map(named, range(6)))
    assert all(f"none{number}" in text for number, text in enumerate(told)), told
