"""A web application over a folder of its own, with an API key for each role that the tests act in."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from litestar.testing import TestClient

from tests.support import postgres
from tests.support.folders import made_folder
from tests.support.policies import any_serial_file
from troth.bootstrap import Troth, init_folder, open_troth
from troth.kernel import SettableClock
from troth.web import create_app

SUPPORT = "essential.service.operations.support"
RIGHTS = "essential.service.rights_request"
_ROLES: Mapping[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "support": ("staff.support", (SUPPORT,), ("ticket",)),
    "privacy": ("staff.privacy", ("essential",), ("request",)),
    "collector": ("service.collection", ("essential", "marketing"), ("*",)),
}


class Web(NamedTuple):
    """A served folder.

    Args:
        troth: What is served.
        app: The application.
        client: Asks it in process.
        keys: API keys by short name.
        clock: The clock of everything.
    """

    troth: Troth
    app: Any
    client: TestClient[Any]
    keys: Mapping[str, str]
    clock: SettableClock

    def get(self, path: str, key: str = "", **query: str) -> httpx.Response:
        """Ask for something, as the holder of a key when one is named."""
        return self.client.get(path, params=query, headers=self.signed(key))

    def post(self, path: str, body: object, key: str = "") -> httpx.Response:
        """Send a JSON body."""
        return self.client.post(path, json=body, headers=self.signed(key))

    def signed(self, key: str) -> dict[str, str]:
        """The headers that sign a request."""
        return {"Authorization": f"Bearer {self.keys.get(key, key)}"} if key else {}

    def register(self, email: str = "ann@example.com", serial: str = "EX-2015-0001") -> httpx.Response:
        """Register a product at its public point."""
        values = {"name": "Ann Example", "email": email, "product": "Sensor", "serial": serial}
        age = {"year": 1970, "month": 4}
        body = {"channel": "web", "notice": "registration-notice", "age": age, "values": values}
        return self.post("/collect/product-registration", body)

    def ticket(self, email: str = "ann@example.com") -> tuple[str, str]:
        """Open a ticket about somebody; gives the person and the case."""
        body = {"type": "ticket", "purpose": SUPPORT, "identify": {"email": email}}
        answer = self.post("/v1/cases", body, "support")
        assert answer.status_code == 201, answer.text
        return answer.json()["person"], answer.json()["case"]

    def rows(self) -> list[tuple[str, int]]:
        """How many rows each table of the data database holds."""
        from sqlalchemy import func, select

        from troth.storage import Statement, data_tables

        with self.troth.database.snapshot() as tx:
            counted = []
            for table in data_tables.sorted_tables:
                row = tx.row(Statement(select(func.count()).select_from(table)))
                counted.append((table.name, row[0] if row else 0))
        return counted


@contextmanager
def serving(folder: Path, *, database: str = "", keystore: str = "", public_url: str = "") -> Iterator[Web]:
    """A new folder, served in process."""
    clock = SettableClock(datetime(2026, 1, 5, 9, 0, tzinfo=UTC))
    policy = any_serial_file(folder.parent)
    if database:
        init_folder(folder, policy=policy, database_url=database, keystore_url=keystore, clock=clock)
    else:
        made_folder(folder, clock, policy)
    if public_url:
        settings = folder / "troth.toml"
        text = settings.read_text(encoding="utf-8")
        settings.write_text(text.replace("http://127.0.0.1:8080", public_url), encoding="utf-8")
    with open_troth(folder, clock=clock) as troth:
        keys = {
            name: troth.issue_key(name=name, role=role, purposes=purposes, cases=cases)[0]
            for name, (role, purposes, cases) in _ROLES.items()
        }
        app = create_app(troth)
        with TestClient(app, raise_server_exceptions=False) as client:
            troth.flush_ledger()
            yield Web(troth, app, client, keys, clock)


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    """A folder of this test's own, on SQLite."""
    with serving(tmp_path / "data") as found:
        yield found


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """A folder that the tests of a module share, with one person and a few decisions; for tests that only look."""
    with serving(tmp_path_factory.mktemp("web") / "data") as found:
        assert found.register().status_code == 201
        person, case = found.ticket()
        found.get(f"/v1/people/{person}", "support", fields="email", purpose=SUPPORT, case=case)
        found.get(f"/v1/people/{person}", "support", fields="email", purpose=SUPPORT)
        found.troth.flush_ledger()
        yield found


@contextmanager
def serving_on(engine: str, folder: Path, worker_name: str, request: pytest.FixtureRequest) -> Iterator[Web]:
    """A new folder on an engine, served in process; on PostgreSQL with databases that are dropped at the end."""
    if engine == "sqlite":
        with serving(folder) as found:
            yield found
        return
    server: str = request.getfixturevalue("postgres_server")
    names = [f"{worker_name}_web_{part}" for part in ("data", "keys")]
    for name in names:
        postgres.create_database(server, name)
    database, keystore = (postgres.renamed(server, name) for name in names)
    with serving(folder, database=database, keystore=keystore) as found:
        yield found
    for name in names:
        postgres.drop_database(server, name)


@pytest.fixture
def engine_web(
    engine: str, tmp_path: Path, worker_name: str, request: pytest.FixtureRequest
) -> Iterator[Web]:
    """A folder of this test's own, on each engine in turn."""
    with serving_on(engine, tmp_path / "data", worker_name, request) as found:
        yield found
