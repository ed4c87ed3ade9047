"""A PostgreSQL that ends connections or turns everybody away: refused in words, nothing half done, back by itself."""

from pathlib import Path
from random import Random

import psycopg
import pytest

from tests.clauses.vendor import Site, Vendor
from tests.faults.checking import check_folder
from tests.faults.driving import CREATED, NOT_NOW, POINT, Load, wait_for
from tests.support.policies import any_serial_file

ROUNDS = 12


class Server:
    """The PostgreSQL server as its administrator sees it.

    Args:
        url: URL of the administrator's database.
        databases: Names of the databases of the folder.
    """

    def __init__(self, url: str, databases: tuple[str, str]) -> None:
        self._url, self._databases = url, databases

    def end_connections(self, *databases: str) -> int:
        """End the connections to some databases, to all when none is named; gives their number."""
        with psycopg.connect(self._url, autocommit=True) as admin:
            rows = admin.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = ANY(%s)",
                (list(databases or self._databases),),
            ).fetchall()
        return len(rows)

    def admit(self, answer: str) -> None:
        """Whether the databases take connections: true or false."""
        with psycopg.connect(self._url, autocommit=True) as admin:
            for name in self._databases:
                admin.execute(f'ALTER DATABASE "{name}" WITH ALLOW_CONNECTIONS {answer}'.encode())


@pytest.fixture
def server(postgres_server: str, on_postgres: tuple[str, str]) -> Server:
    """The server with the two databases that folders are made in."""
    return Server(postgres_server, on_postgres)


def load_on(vendor: Vendor, site: Site) -> Load:
    """Callers that are ready to register people."""
    notice = site.request("GET", f"/v1/collect/{POINT}").json()["notice"]["name"]
    return Load(site.server, vendor.key("service.collection", "essential.service"), notice, "load")


@pytest.mark.slow
def test_connections_lost_under_load(tmp_path: Path, server: Server, on_postgres: tuple[str, str]) -> None:
    """While connections are ended again and again, each act is done whole or refused; afterwards all go through."""
    random = Random(7)
    vendor = Vendor(tmp_path, any_serial_file(tmp_path))
    with vendor.open() as site:
        load = load_on(vendor, site)
        with load.running():
            for _ in range(ROUNDS):
                wait_for(load.done(random.randint(1, 40)), "people are registered")
                server.end_connections(random.choice(on_postgres))
            wait_for(load.done(20), "people are registered after all that")
        assert load.statuses.keys() <= {CREATED, NOT_NOW}
        assert all(problem["mend"] for problem in load.problems)
        assert site.request("GET", "/health").status_code == 200
    check_folder(vendor.data, load.entries)


@pytest.mark.slow
def test_a_server_that_is_away_and_comes_back(tmp_path: Path, server: Server) -> None:
    """While PostgreSQL is away acts and /health answer 503 in words; when it is back, both work without a restart."""
    vendor = Vendor(tmp_path, any_serial_file(tmp_path))
    with vendor.open() as site:
        load = load_on(vendor, site)
        with load.running():
            wait_for(load.done(5), "people are registered")
            server.admit("false")
            server.end_connections()
            wait_for(lambda: load.statuses[NOT_NOW] > 0, "an act is refused")
            health = site.request("GET", "/health")
            assert health.status_code == NOT_NOW
            assert health.json()["parts"]["database"] == "unavailable"
            server.admit("true")
            wait_for(load.done(5), "people are registered again", 60)
        assert load.statuses.keys() <= {CREATED, NOT_NOW}
        assert {problem["type"].rpartition("/")[2].rpartition("#")[2] for problem in load.problems} == {
            "unavailable"
        }
        assert all("cannot be reached" in one["detail"] and one["mend"] for one in load.problems)
        wait_for(lambda: site.request("GET", "/health").status_code == 200, "/health is well again", 60)
    check_folder(vendor.data, load.entries)
