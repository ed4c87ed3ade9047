"""Processes that start at once on one folder: each file of the service's own is made once and whole."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import troth
from troth.bootstrap import folder as making
from troth.bootstrap import leaving, service_keys
from troth.bootstrap.leaving import ExitKeys
from troth.bootstrap.site_key import site_key
from troth.kernel import Conflict


@pytest.fixture
def folder(data_folder: Path) -> Path:
    """A new folder."""
    troth.init_folder(data_folder)
    return data_folder


def once_before(monkeypatch: pytest.MonkeyPatch, place: Any, name: str, work: Callable[[], object]) -> None:
    """Let somebody else do something just before a function is called the first time."""
    real = getattr(place, name)

    def hooked(*arguments: Any, **named: Any) -> Any:
        monkeypatch.setattr(place, name, real)
        work()
        return real(*arguments, **named)

    monkeypatch.setattr(place, name, hooked)


def test_of_two_who_make_a_folder_one_goes_on(data_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second one is refused and takes nothing away from the first, whose folder opens."""
    once_before(monkeypatch, making, "create_root_key_file", lambda: troth.init_folder(data_folder))
    with pytest.raises(Conflict) as told:
        troth.init_folder(data_folder)
    assert "nothing was changed" in told.value.what
    with troth.open(data_folder, sequencer=False) as opened:
        assert opened.key_records()


def test_two_who_need_a_key_of_the_service_make_one(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two processes in which the pages are looked at first act under the same key, and no other one is on record."""
    with troth.open(folder, sequencer=False) as one, troth.open(folder, sequencer=False) as other:
        made: list[str] = []
        once_before(
            monkeypatch,
            service_keys,
            "held",
            lambda: made.append(site_key(other.service_keys, other.policy())),
        )
        assert [one.web_key()] == made
        assert [record.name for record in one.key_records()].count("pages of the service") == 1


def test_links_that_were_signed_first_stay_valid(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two processes that make the first key of exit links, both sign with the same one from then on."""
    one, other = ExitKeys(folder), ExitKeys(folder)
    signed = []
    once_before(monkeypatch, leaving, "_new_key", lambda: signed.append(other()))
    assert [one()] == signed
    assert other() == signed[0]
    assert not [name for name in os.listdir(folder / "keys") if name.endswith(".new")]  # noqa: PTH208
