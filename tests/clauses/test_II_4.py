"""Clause II.4: how often a feature is used, counted by feature, with a stated bound."""

import json

import pytest

from tests.clauses.reporting import USAGE, WEEK, cells, holds, numbers_in, run, runs, told_of, visitors
from tests.clauses.vendor import CANARY, Vendor

REPORT = "feature-frequency"
SEARCHERS, EXPORTERS, FEW = 260, 250, 9


@pytest.mark.clause("II.4")
def test_known_events_give_counts_within_the_stated_bound(vendor: Vendor, reference_text: str) -> None:
    """What visitors did is counted by feature; each figure says how exact it is, and what few did is nowhere.

    A figure lies outside its bound once in 20 runs, outside twice of it once in 400, outside six times of it once in 20^6. So that three of
    the four lie outside twice of it, or one outside six times of it, happens by chance less than once in 5 million runs; how often the bound
    itself holds is counted in tests/insights/test_accuracy.py. That one of the two groups is too small for its threshold of about 140 is
    as rare.
    """
    analyst = vendor.key("staff.analyst", USAGE)
    with vendor.open() as site:
        visitors(site, reference_text, SEARCHERS, "search", times=2)
        visitors(site, reference_text, EXPORTERS, "export")
        visitors(site, reference_text, FEW, CANARY)
    vendor.clock.advance(WEEK)
    told = run(vendor, analyst, REPORT)
    again = run(vendor, analyst, REPORT)
    history = runs(vendor, analyst, REPORT)
    people, events = cells(told, "visitors", "groups"), cells(told, "events", "groups")
    assert people.keys() == events.keys() == {"search", "export"}
    truths = [
        (people["search"], SEARCHERS),
        (people["export"], EXPORTERS),
        (events["search"], 2 * SEARCHERS),
        (events["export"], EXPORTERS),
    ]
    assert sum(holds(one, truth, times=2) for one, truth in truths) >= 2, told
    assert all(holds(one, truth, times=6) for one, truth in truths), told
    cell = events["search"]
    assert cell["words"] == f"between {cell['low']:,} and {cell['high']:,}, 95 %"
    assert cell["high"] - cell["low"] < 60
    assert told["figures"]["guarantee"]["epsilon"] == 3.0
    assert again == told  # the same question about the same week gets the same answer, without new noise
    assert history == [told]
    assert CANARY not in json.dumps(history)
    entries = told_of(vendor, REPORT)
    assert [one["detail"]["part"] for one in entries] == ["question", "budget", "release", "look", "look"]
    assert entries[1]["detail"]["left"] == "3"
    assert numbers_in(entries) == {"3"}  # of the budget; no number of people
