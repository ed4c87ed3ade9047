"""Recording: sums of a week that survive, within their bounds, whoever records and whatever happens."""

import json
import os
import signal
import subprocess
import sys
import threading
from itertools import count
from math import exp, log, sqrt
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.waiting import wait_until
from tests.telemetry.site import Installation
from tests.telemetry.test_report import DOCUMENT, SCHEMA
from troth.telemetry import Schema, truth_probability
from troth.telemetry.chance import below, blurred, draw
from troth.telemetry.folder import Folder
from troth.telemetry.standing import read_standing
from troth.telemetry.sums import Recorded, compose, merge

ON = {"TROTH_TELEMETRY": "on"}
WEEK = "2026-W48"


def stored(here: Installation) -> dict[str, Any]:
    """What stands on disk."""
    found: dict[str, Any] = json.loads((here.folder / "sums.json").read_text(encoding="utf-8"))
    return found


@pytest.fixture
def here(tmp_path: Path) -> Installation:
    """An installation that is on."""
    return Installation(tmp_path, "https://telemetry.example.com", environ=ON)


def test_recording_never_disturbs(here: Installation) -> None:
    """What is undeclared, of another type or out of bounds is counted as refused; its own words stay nowhere."""
    product = here.telemetry()
    product.add("ann@example.com")
    product.add("errors", -1)
    product.add("errors", 1.5)  # type: ignore[arg-type]
    product.add("features", label="ann@example.com")
    product.add("cores")
    product.set("cores", 65)
    product.set("edition", "ann@example.com")
    product.set("dark", 1)
    product.observe("errors", 3)
    product.observe("search_time", -1)
    product.set("weeks", -1)
    product.close()
    one = stored(here)["weeks"][WEEK]
    assert one["values"] == {}
    assert one["refused"] == {
        "undeclared": 1, "errors": 3, "features": 1, "cores": 2, "edition": 1, "dark": 1, "search_time": 1, "weeks": 1,
    }  # fmt: skip
    assert "ann@" not in (here.folder / "sums.json").read_text(encoding="utf-8")
    assert here.sender().status().refused == one["refused"]


def test_a_full_disk_disturbs_nothing(here: Installation) -> None:
    """Where the folder cannot be written, recording goes on, and is put on disk when it can be again."""
    here.folder.parent.mkdir(exist_ok=True)
    here.folder.write_text("a file in the way", encoding="utf-8")
    product = here.telemetry()
    product.add("errors", 2)
    assert not product.flush()
    here.folder.unlink()
    product.add("errors", 3)
    assert product.flush()
    assert stored(here)["weeks"][WEEK]["values"] == {"errors": 5}


def test_values_go_on_into_the_next_week(here: Installation) -> None:
    """What is told once, such as the number of cores, stands in each week in which the product runs; counters begin anew."""
    product = here.telemetry()
    product.set("cores", 4)
    product.add("errors")
    product.flush()
    here.later(days=7)
    product.add("errors", 5)
    product.close()
    assert stored(here)["weeks"]["2026-W49"]["values"] == {"cores": 4, "errors": 5}


def test_weeks_in_use(here: Installation) -> None:
    """The coarse number of weeks since the first use is told without being recorded."""
    buckets = []
    for _ in range(6):
        product = here.telemetry()
        product.add("errors")
        product.close()
        body = here.sender().preview()
        assert body is not None
        here.later(days=7)
        sums = stored(here)
        week = max(sums["weeks"])
        told = compose(sums, SCHEMA, product="p", release="5.2", week=week)
        buckets.append(json.loads(told)["metrics"]["weeks"])
    assert buckets == [0, 1, 1, 1, 2, 2]


def test_threads_lose_nothing(here: Installation) -> None:
    """Counting from many threads, while it is put on disk, loses nothing."""
    document = {**DOCUMENT, "metrics": [{"name": "errors", "type": "counter", "maximum": 10**9}]}
    here.schema = Schema.from_document(document)
    product = here.telemetry()

    def work() -> None:
        for _ in range(20_000):
            product.add("errors")

    threads = [threading.Thread(target=work) for _ in range(4)]
    for one in threads:
        one.start()
    while any(one.is_alive() for one in threads):
        product.flush()
    product.close()
    assert stored(here)["weeks"][WEEK]["values"] == {"errors": 80_000}


def test_the_first_look_keeps_nobody_from_counting(
    here: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While one thread looks whether telemetry is on, what other threads record waits for the answer; it is not dropped."""
    looking, counted = threading.Event(), threading.Event()

    def slow(*given: Any) -> Any:
        looking.set()
        counted.wait(0.2)
        return read_standing(*given)

    monkeypatch.setattr("troth.telemetry.recorder.read_standing", slow)
    product = here.telemetry()

    def other() -> None:
        looking.wait(60)
        product.add("errors", 2)
        counted.set()

    thread = threading.Thread(target=other)
    thread.start()
    product.add("errors")
    thread.join()
    product.close()
    assert stored(here)["weeks"][WEEK]["values"] == {"errors": 3}


def test_whoever_reads_sees_a_whole_file(tmp_path: Path) -> None:
    """While a file is replaced again and again, every look at it shows one of its states, whole."""
    folder, over = Folder(tmp_path), threading.Event()
    folder.write("sums.json", {"count": 0, "filling": "x" * 100_000})

    def replace() -> None:
        for number in count(1):
            if over.is_set():
                return
            folder.write("sums.json", {"count": number, "filling": "x" * 100_000})

    seen: list[int | None] = []

    def look() -> bool:
        seen.append(folder.read("sums.json").get("count"))
        return len(set(seen)) > 20

    thread = threading.Thread(target=replace)
    thread.start()
    try:
        wait_until(look, "many states are seen", every=0)
    finally:
        over.set()
        thread.join()
    assert None not in seen


CHILD = """
import json, os, sys
from datetime import datetime
from troth.telemetry import Schema, Telemetry
schema = Schema.from_document(json.loads(sys.argv[2]))
now = datetime.fromisoformat("2026-11-25T12:00:00+01:00")
one = Telemetry(schema, sys.argv[1], product="p", release="5.2", endpoint="https://t.example.com", uploads=False, clock=lambda: now)
FORK
waiting = 0
for _ in range(int(sys.argv[3])):
    print("+", end="", flush=True)
    one.add("errors")
    waiting += 1
    if one.flush():
        print("." * waiting, end="", flush=True)
        waiting = 0
"""


def child(here: Installation, rounds: int, *, fork: bool = False) -> subprocess.Popen[bytes]:
    """A process that counts, and puts each count on disk: it writes a plus before each, and a dot when it is there."""
    document = {**DOCUMENT, "metrics": [{"name": "errors", "type": "counter", "maximum": 10**9}]}
    code = CHILD.replace("FORK", "one.add('errors'); os.fork()" if fork else "")
    return subprocess.Popen(
        [sys.executable, "-c", code, str(here.folder), json.dumps(document), str(rounds)],
        stdout=subprocess.PIPE,
        env={**os.environ, **ON, "PYTHONPATH": os.pathsep.join(sys.path)},
    )


@pytest.mark.slow
def test_killed_processes_lose_only_what_was_in_memory(here: Installation) -> None:
    """Processes that are killed while they write leave whole sums, with every count that was put on disk, and none twice."""
    least = most = 0
    for signs in (2, 15, 40):
        both = [child(here, 1_000_000), child(here, 1_000_000)]
        read = b""
        for one in both:
            assert one.stdout is not None
            read += one.stdout.read(signs)
        for one in both:
            one.send_signal(signal.SIGKILL)
        for one in both:
            assert one.stdout is not None
            read += one.stdout.read()
            one.stdout.close()
            one.wait(60)
        counted = stored(here)["weeks"][WEEK]["values"]["errors"]
        least, most = least + read.count(b"."), most + read.count(b"+")
        assert least <= counted <= most
        least = most = counted
    assert not [
        path for path in here.folder.iterdir() if path.suffix == ".new" and path.name != "sums.json.new"
    ]


def test_a_forked_process_counts_its_own(here: Installation) -> None:
    """What a process had recorded before it forked is written once, by itself."""
    one = child(here, 10, fork=True)
    assert one.wait(60) == 0
    assert one.stdout is not None
    one.stdout.read()
    one.stdout.close()
    assert stored(here)["weeks"][WEEK]["values"] == {"errors": 21}


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"format": "other"}', b"\0" * 100])
def test_a_broken_file_begins_anew(here: Installation, content: bytes) -> None:
    """Whatever a failing disk left in the file, recording goes on."""
    here.folder.mkdir(parents=True)
    (here.folder / "sums.json").write_bytes(content)
    product = here.telemetry()
    product.add("errors")
    product.close()
    assert stored(here)["weeks"][WEEK]["values"] == {"errors": 1}


COUNTS = st.dictionaries(
    st.sampled_from([("errors", None), ("features", "search"), ("features", "export"), ("search_time", "0")]),
    st.integers(0, 80),
)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(COUNTS, max_size=8))
def test_sums_are_sums(rounds: list[dict[tuple[str, str | None], int]]) -> None:
    """However it is split over flushes and processes, a week's sum is that of what was recorded, up to its maximum."""
    kept: dict[str, Any] = {}
    for counts in rounds:
        merge(kept, SCHEMA, WEEK, Recorded(counts, {}, {}), lambda _: 0)
    if not rounds:
        return
    metrics = json.loads(compose(kept, SCHEMA, product="p", release="5.2", week=WEEK))["metrics"]
    refused = kept["weeks"][WEEK]["refused"]

    def total(name: str, label: str | None) -> int:
        return sum(counts.get((name, label), 0) for counts in rounds)

    assert metrics.get("errors", 0) == min(total("errors", None), 100)
    for label in ("search", "export"):
        assert metrics.get("features", {}).get(label, 0) == min(total("features", label), 10)
    assert metrics.get("search_time", [0])[0] == min(total("search_time", "0"), 50)
    assert refused.get("errors", 0) == max(total("errors", None) - 100, 0)


def test_a_change_of_schema(here: Installation) -> None:
    """What an update no longer declares, or bounds more narrowly, is left out; the rest goes."""
    product = here.telemetry()
    product.add("errors", 50)
    product.set("edition", "server")
    product.observe("search_time", 1)
    product.close()
    metrics = [dict(one) for one in DOCUMENT["metrics"] if one["name"] != "edition"]
    metrics[0]["maximum"] = 49
    here.schema = Schema.from_document({**DOCUMENT, "metrics": metrics})
    body = here.sender().preview()
    assert body is not None
    assert json.loads(body)["metrics"] == {"search_time": [1, 0, 0], "weeks": 0}


def test_blurring_is_drawn_once_a_week(here: Installation) -> None:
    """Looking again, recording again and restarting show the same answer; so nobody learns more by looking often."""
    shown = set()
    for _ in range(20):
        product = here.telemetry()
        product.set("dark", value=True)
        product.close()
        body = here.sender().preview()
        assert body is not None
        shown.add(json.loads(body)["metrics"]["dark"])
    assert len(shown) == 1


@pytest.mark.parametrize("answers", [2, 3, 7])
@pytest.mark.parametrize("epsilon", [0.5, 1.5, 4.0])
def test_the_chance_is_the_declared_one(answers: int, epsilon: float) -> None:
    """Over 40,000 draws each answer comes as often as epsilon says, within 4.5 standard deviations.

    With fixed seeds; for a right program such a test fails with a chance below 1 in 10,000, a wrong one by 2 % is found.
    """
    chance = Random(answers * 100 + int(epsilon * 10))
    tries = 40_000
    words: tuple[str | bool, ...] = tuple("abcdefg"[:answers])
    seen = dict.fromkeys(words, 0)
    for _ in range(tries):
        seen[blurred(words, "b", draw(epsilon, answers, chance.randrange))] += 1
    truth = truth_probability(epsilon, answers)
    assert truth == pytest.approx(exp(epsilon) / (exp(epsilon) + answers - 1))
    for word, times in seen.items():
        expected = truth if word == "b" else (1 - truth) / (answers - 1)
        assert abs(times / tries - expected) < 4.5 * sqrt(expected * (1 - expected) / tries), word


def test_an_epsilon_means_what_it_says() -> None:
    """Whatever two answers are true, a report is at most exp(epsilon) times likelier under one than under the other."""
    for epsilon in (0.1, 1.5, 10):
        for answers in (2, 5, 100):
            truth = truth_probability(epsilon, answers)
            assert truth / ((1 - truth) / (answers - 1)) == pytest.approx(exp(epsilon))


@pytest.mark.parametrize("bound", [1, 2, 3, 7, 256, 257, 1000])
def test_drawing_below_a_bound(bound: int) -> None:
    """Every number below the bound comes, none else, all about as often: chi-squared, as far from its mean as it may be.

    The system's own randomness; a right program fails with a chance below 1 in 10^7 on either side (Laurent and Massart 2000,
    lemma 1).
    """
    each, free, rare = max(40, 4_000 // bound), bound - 1, log(1e7)
    seen = [0] * bound
    for _ in range(each * bound):
        seen[below(bound)] += 1
    chi = sum((times - each) ** 2 / each for times in seen)
    assert -2 * sqrt(free * rare) <= chi - free <= 2 * sqrt(free * rare) + 2 * rare
