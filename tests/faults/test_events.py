"""A power cut, a full disk or a clock that jumps back loses no accepted event and counts none twice."""

import json
import resource
import subprocess
import threading
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import httpx
import pytest

import troth
from tests.clauses.vendor import Vendor
from tests.clients.counted import USAGE, rows
from tests.faults.driving import NOT_NOW, wait_for
from tests.faults.test_disk_full import fill, small_disk
from tests.support.process import TROTH, Serving, free_port
from troth.choice import choice_value
from troth.events import inbox
from troth.events.model import Row
from troth.kernel import micros, new_id

POLICY = Path(__file__).resolve().parents[2] / "policies" / "software-vendor" / "policy.md"
KILLS = 6


def headers() -> dict[str, str]:
    """A visitor who allowed analytics."""
    from troth.policy import compile_policy

    day = datetime(2026, 1, 5, tzinfo=UTC).date()
    value = choice_value(compile_policy(POLICY.read_bytes()), on=day, allowed=[USAGE])
    return {"Cookie": f"choice={value}", "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"}


def event(mark: str) -> dict[str, str]:
    """A page view that is told by its mark, and has an id."""
    return {"n": "pageview", "u": f"https://www.example.com/{mark}", "d": "www.example.com", "id": mark}


class Burst:
    """Callers that send until the server is gone; keeps what was accepted, and what nobody can know of."""

    def __init__(self, base_url: str, name: str) -> None:
        self._base_url, self._name = base_url, name
        self._chosen = headers()
        self.accepted: list[str] = []
        self.open: list[str] = []

    def run(self, caller: int) -> None:
        """Send one event after the other until the connection breaks."""
        with httpx.Client(
            base_url=self._base_url, headers=self._chosen, trust_env=False, timeout=60
        ) as client:
            for number in range(100_000):
                mark = f"{self._name}-{caller}-{number}"
                try:
                    answer = client.post("/api/event", json=event(mark))
                except httpx.TransportError:
                    self.open.append(mark)
                    return
                if answer.status_code == 202:
                    self.accepted.append(mark)


@pytest.mark.slow
def test_kills_lose_and_double_nothing(tmp_path: Path) -> None:
    """After kill -9 at random points of bursts, while folding goes on, each accepted event is there once, also when repeated."""
    vendor = Vendor(tmp_path)
    random = Random(11)
    accepted: list[str] = []
    unknown: list[str] = []
    for kill in range(KILLS):
        server = Serving(vendor.program, free_port())
        server.wait_until_ready()
        burst = Burst(server.base_url, f"k{kill}")
        callers = [threading.Thread(target=burst.run, args=(number,)) for number in range(4)]
        for caller in callers:
            caller.start()
        goal = random.randint(5, 120)
        wait_for(lambda burst=burst, goal=goal: len(burst.accepted) >= goal, "events come in", 60)  # type: ignore[misc]
        vendor.clock.advance(timedelta(seconds=10))  # the next folding is due
        wait_for(lambda burst=burst, goal=goal: len(burst.accepted) >= goal + 20, "more events come in", 60)  # type: ignore[misc]
        server.kill()
        for caller in callers:
            caller.join()
        accepted += burst.accepted
        unknown += burst.open
    with vendor.open() as site, site.server.client() as client:
        for mark in unknown + accepted[:20]:  # what nobody heard of is sent again, and some that was
            assert client.post("/api/event", json=event(mark), headers=headers()).status_code == 202
    vendor.json("events", "fold")
    pages = Counter(row.page.rpartition("/")[2] for row in rows(vendor))
    assert pages == Counter(accepted + unknown)
    recorded = [
        entry for entry in vendor.ledger() if entry["act"] == "collect" and entry["effect"] == "permit"
    ]
    assert sum(int(entry["detail"]["count"]) for entry in recorded) == len(pages)


@pytest.mark.slow
def test_a_full_disk_refuses_events_and_recovers(tmp_path: Path) -> None:
    """While the disk is full an event is refused with 503; with room again the server goes on, nothing accepted is lost."""
    chosen = headers()
    with small_disk(tmp_path / "data", 16) as disk:
        vendor = Vendor(tmp_path)
        accepted: list[str] = []
        with vendor.open() as site, site.server.client() as client:

            def send(mark: str) -> int:
                body = {**event(mark), "p": {"filling": "x" * 390}}
                status = client.post("/api/event", json=body, headers=chosen).status_code
                if status == 202:
                    accepted.append(mark)
                return status

            assert send("before") == 202
            ballast = disk / "ballast"
            fill(ballast)
            statuses = {send(f"full-{number}") for number in range(400)}
            assert statuses <= {202, NOT_NOW}
            assert NOT_NOW in statuses
            ballast.unlink()
            wait_for(lambda: send("after") == 202, "the server takes events again")
        pages = Counter(row.page.rpartition("/")[2] for row in rows(vendor))
        assert pages == Counter(set(accepted))


@pytest.mark.slow
def test_files_that_may_not_grow_refuse_events_and_recover(tmp_path: Path) -> None:
    """The same where no small disk may be mounted: the running server may write no file any further, and then it may again."""
    chosen = headers()
    vendor = Vendor(tmp_path)
    accepted: list[str] = []
    with vendor.open() as site, site.server.client() as client:
        process = site.server.process.pid

        def send(mark: str) -> int:
            status = client.post("/api/event", json=event(mark), headers=chosen).status_code
            if status == 202:
                accepted.append(mark)
            return status

        assert send("before") == 202
        _, most = resource.prlimit(process, resource.RLIMIT_FSIZE)
        resource.prlimit(process, resource.RLIMIT_FSIZE, (4_096, most))
        assert {send(f"full-{number}") for number in range(20)} == {NOT_NOW}
        resource.prlimit(process, resource.RLIMIT_FSIZE, (most, most))
        wait_for(lambda: send("after") == 202, "the server takes events again")
    pages = Counter(row.page.rpartition("/")[2] for row in rows(vendor))
    assert pages == Counter(set(accepted))


@pytest.mark.slow
def test_a_clock_that_jumps_back_loses_nothing(tmp_path: Path) -> None:
    """An hour back, over midnight: events go on, a visitor of the day stays one, nothing is folded twice."""
    vendor = Vendor(tmp_path)
    vendor.clock.set(datetime(2026, 1, 6, 0, 20, tzinfo=UTC))
    chosen = {**headers(), "X-Forwarded-For": "198.51.100.7"}
    with vendor.open() as site, site.server.client() as client:
        for step, mark in enumerate(("a", "b", "c")):
            vendor.clock.advance(timedelta(hours=-1 if step == 1 else 1 if step == 2 else 0))
            body = {"n": "pageview", "u": f"https://docs.example.com/{mark}", "d": "docs.example.com"}
            assert client.post("/api/event", content=json.dumps(body), headers=chosen).status_code == 202
            vendor.json("events", "fold")
    kept = rows(vendor)
    assert sorted(row.page for row in kept) == [f"docs.example.com/{mark}" for mark in "abc"]
    assert len({row.visitor for row in kept}) == 1


@pytest.mark.slow
def test_a_million_events_fold_although_the_process_is_killed(tmp_path: Path) -> None:
    """A backlog of a million events moves into the lake whole and once, by processes of which the first two are killed."""
    vendor = Vendor(tmp_path)
    with troth.open(vendor.data, sequencer=False) as running:
        for _ in range(20):
            with running.database.transaction() as tx:
                for _ in range(100):
                    at = micros(running.clock.now())
                    made = [
                        Row("www", "pageview", f"www.example.com/{number}", identity="none", source="script")
                        for number in range(500)
                    ]
                    inbox.keep(tx, new_id(), at, [new_id()], made)
    log = vendor.data / "lake" / "events" / "_delta_log"
    command: list[str | Path] = [TROTH, "--data", vendor.data, "events", "fold"]
    for commits in (2, 5):  # the first makes the table
        process = subprocess.Popen(command, env=vendor.program.environment, stdout=subprocess.DEVNULL)
        wait_for(lambda commits=commits: len(list(log.glob("*.json"))) >= commits, "the lake fills", 300)  # type: ignore[misc]
        process.kill()
        process.wait(60)
    vendor.json("events", "fold")
    with troth.open(vendor.data) as running:
        found = running.events.keeper.status()
        assert found.waiting.events == 0
        assert found.lake is not None
        assert found.lake.events == 1_000_000
        lake = running.events.keeper.lake
        assert lake is not None
        ids = {one for batch in lake.table().scan(columns=["id"]) for one in batch.column("id").to_pylist()}
        assert len(ids) == 1_000_000
