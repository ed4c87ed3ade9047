"""Several processes on one folder, and a server killed at work: nothing acknowledged is lost, nothing is half done."""

import json
import signal
import subprocess
import sys
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import NamedTuple

import httpx
import pytest

from tests.clauses.vendor import RIGHTS, Site, Vendor
from tests.faults.checking import check_folder
from tests.faults.driving import CREATED, POINT, Load, act_of_registration, wait_for
from tests.support.policies import any_serial_file
from tests.support.process import Serving, free_port
from troth.ledger import Entry

BURST = Path(__file__).with_name("burst.py")
SERVERS_KILLED = 4
ERASERS_KILLED = 4
ERASED_A_ROUND = 24


def notice_of(site: Site) -> str:
    """Name of the notice at the collection point."""
    name: str = site.request("GET", f"/v1/collect/{POINT}").json()["notice"]["name"]
    return name


def collector(vendor: Vendor) -> str:
    """An API key that may collect."""
    return vendor.key("service.collection", "essential.service")


def registered(entries: list[Entry]) -> set[str]:
    """Who was registered."""
    return {one.person for one in entries if one.act == "collect" and one.effect == "permit"}


def lines_of(output: Path) -> list[list[str]]:
    """The acknowledgements that a burst wrote whole."""
    return [line.split() for line in output.read_text().rpartition("\n")[0].splitlines()]


@pytest.mark.slow
def test_server_library_and_commands_write_at_once(tmp_path: Path) -> None:
    """A server, two processes of the library and commands share one folder: all that each acknowledged is there."""
    vendor = Vendor(tmp_path, any_serial_file(tmp_path))
    key = collector(vendor)
    with vendor.open() as site:
        notice = notice_of(site)
        load = Load(site.server, key, notice, "http")
        environment = {**vendor.program.environment, "BURST_KEY": key, "BURST_NOTICE": notice}
        outputs = [tmp_path / f"burst{number}" for number in range(2)]
        bursts = []
        for output in outputs:
            with output.open("wb") as lines:
                command: list[str | Path] = [sys.executable, BURST, vendor.data, output.name]
                bursts.append(subprocess.Popen(command, env=environment, stdout=lines))
        try:
            with load.running(), ThreadPoolExecutor(2) as pool:
                told = list(pool.map(lambda number: command_registers(vendor, key, notice, number), range(6)))
                wait_for(lambda: all(len(lines_of(one)) > 50 for one in outputs), "both processes write")
                wait_for(load.done(50), "the server writes")
        finally:
            for burst in bursts:
                burst.send_signal(signal.SIGKILL)
                burst.wait(60)
    assert load.statuses.keys() == {CREATED}
    entries = [*load.entries, *told, *(line[0] for output in outputs for line in lines_of(output))]
    check_folder(vendor.data, entries)


def command_registers(vendor: Vendor, key: str, notice: str, number: int) -> str:
    """Register somebody with `troth act`; gives the ledger entry."""
    body = act_of_registration(f"command-{number}", notice)
    values = json.dumps(body["values"])
    file = vendor.data.parent / f"command-{number}.key"
    file.write_text(key)
    file.chmod(0o600)
    outcome = json.loads(vendor.program.run(
        "--json", "--data", vendor.data, "act", "collect", "--age-passed", "--key-file", file, "--purpose", str(body["purpose"]), "--point", POINT,
        "--channel", "web", "--notice", notice, "--values", values,
    ).stdout)  # fmt: skip
    entry: str = outcome["entry"]
    return entry


@pytest.mark.slow
def test_two_servers_on_one_folder(tmp_path: Path) -> None:
    """A second server on the folder works beside the first: both acknowledge, and one ledger holds it all."""
    vendor = Vendor(tmp_path, any_serial_file(tmp_path))
    key = collector(vendor)
    with vendor.open() as one, vendor.open() as other:
        loads = [Load(site.server, key, notice_of(one), f"server{n}") for n, site in enumerate((one, other))]
        with loads[0].running(2), loads[1].running(2):
            for load in loads:
                wait_for(load.done(40), "both servers write")
        for site in (one, other):
            assert site.request("GET", "/health").status_code == 200
    for load in loads:
        assert load.statuses.keys() == {CREATED}
    entries = check_folder(vendor.data, loads[0].entries + loads[1].entries)
    assert registered(entries) == {*loads[0].people, *loads[1].people}


@pytest.mark.slow
def test_a_server_killed_under_load_loses_nothing(tmp_path: Path) -> None:
    """After kill -9 of the server at random moments, whatever it answered with 201 is in vault and ledger."""
    random, acknowledged = Random(3), list[str]()
    vendor = Vendor(tmp_path, any_serial_file(tmp_path))
    key, notice = collector(vendor), ""
    for number in range(SERVERS_KILLED):
        server = Serving(vendor.program, free_port())
        try:
            server.wait_until_ready()
            notice = notice or notice_of(Site(server, vendor))
            load = Load(server, key, notice, f"round{number}")
            with load.running():
                wait_for(load.done(random.randint(1, 120)), "people are registered")
                server.kill()
        finally:
            server.kill()
        assert load.statuses.keys() == {CREATED}
        acknowledged += load.entries
    check_folder(vendor.data, acknowledged)
    with vendor.open() as site:
        assert site.register(1).status_code == CREATED


class Begun(NamedTuple):
    """Somebody with an open case of a request to be erased."""

    person: str
    case: str


def prepared(site: Site, vendor: Vendor, key: str, notice: str, mark: str) -> list[Begun]:
    """People who asked to be erased."""
    ready = []
    with site.server.client(key) as client, site.server.client(vendor.privacy_key) as staff:
        for number in range(ERASED_A_ROUND):
            made = client.post("/v1/acts", json=act_of_registration(f"{mark}-{number}", notice))
            who = made.json()["person"]
            order = {"act": "instruct", "purpose": RIGHTS, "order": "open-case", "case_type": "request"}
            case = staff.post("/v1/acts", json={**order, "person": who}).json()["case"]
            ready.append(Begun(who, case))
    return ready


def erase_each(server: Serving, key: str, people: list[Begun], answered: list[str]) -> None:
    """Erase people one after another until the server is gone; notes whose erasure was answered as done."""
    with server.client(key) as client, suppress(httpx.TransportError):
        for one in people:
            body = {"act": "erase", "purpose": RIGHTS, "person": one.person, "case": one.case}
            answer = client.post("/v1/acts", json=body)
            assert answer.status_code == 200, answer.text
            answered.append(one.person)


def open_beside(vendor: Vendor, stopping: threading.Event) -> int:
    """Start short commands again and again, each of which resumes erasures; gives their number."""
    started = 0
    while not stopping.is_set():
        vendor.program.run("--data", vendor.data, "access", "list")
        started += 1
    return started


@pytest.mark.slow
def test_a_server_killed_while_erasing_finishes_or_never_began(tmp_path: Path) -> None:
    """After kill -9 each erasure is whole or not begun, also with commands starting beside; each ends in one entry."""
    random, answered, all_people = Random(5), list[str](), list[Begun]()
    vendor = Vendor(tmp_path, any_serial_file(tmp_path))
    key = collector(vendor)
    stopping, beside = threading.Event(), list[Future[int]]()
    with ThreadPoolExecutor(1) as pool:
        beside.append(pool.submit(open_beside, vendor, stopping))
        try:
            for number in range(ERASERS_KILLED):
                server = Serving(vendor.program, free_port())
                try:
                    server.wait_until_ready()
                    site = Site(server, vendor)
                    people = prepared(site, vendor, key, notice_of(site), f"round{number}")
                    all_people += people
                    kill_while_erasing(server, vendor.privacy_key, people, answered, random)
                finally:
                    server.kill()
        finally:
            stopping.set()
    assert beside[0].result() > 0
    entries = check_folder(vendor.data, [])
    erased = {one.person for one in entries if one.act == "erased"}
    assert set(answered) <= erased
    assert registered(entries) == {one.person for one in all_people}


def kill_while_erasing(
    server: Serving, key: str, people: list[Begun], answered: list[str], random: Random
) -> None:
    """Kill the server after so many erasures of four callers."""
    goal = len(answered) + random.randint(0, ERASED_A_ROUND - 6)
    with ThreadPoolExecutor(4) as pool:
        futures = [pool.submit(erase_each, server, key, people[n::4], answered) for n in range(4)]
        wait_for(lambda: len(answered) >= goal, "people are erased")
        server.kill()
    for future in futures:
        future.result()
