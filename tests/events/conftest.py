"""A folder that counts visits, in process."""

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from litestar.testing import TestClient

from tests.web import conftest as web_conftest
from tests.web.conftest import Web, serving
from troth.choice import choice_value
from troth.events.inbox import all_rows
from troth.events.model import Row

USAGE = "analytics.reporting.site_usage"
BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36"


class Counting(NamedTuple):
    """A served folder and its visitors."""

    web: Web

    def choice(self, *allowed: str, knowingly: tuple[str, ...] = ()) -> dict[str, str]:
        """The headers of a visitor who chose."""
        value = choice_value(
            self.web.troth.policy(), on=date(2026, 1, 5), allowed=allowed, knowingly=knowingly
        )
        return {"Cookie": f"choice={value}", "User-Agent": BROWSER}

    @property
    def client(self) -> TestClient[Any]:
        """The client; cookies are given by hand, none is kept."""
        self.web.client.cookies.clear()
        return self.web.client

    def send(
        self, event: Mapping[str, Any], headers: Mapping[str, str] | None = None, path: str = "/api/event"
    ) -> httpx.Response:
        """Send an event as a visitor who allowed analytics, unless other headers are given."""
        return self.client.post(
            path, json=event, headers=dict(self.choice(USAGE) if headers is None else headers)
        )

    def view(self, page: str = "/", headers: Mapping[str, str] | None = None, **more: Any) -> httpx.Response:
        """A page view of the public web site, in Plausible's format."""
        event = {"n": "pageview", "u": f"https://www.example.com{page}", "d": "www.example.com", **more}
        return self.send(event, headers)

    def rows(self) -> list[Row]:
        """Every event in the inbox."""
        with self.web.troth.database.snapshot() as tx:
            return [row for _, row in all_rows(tx)]


@pytest.fixture
def counting(tmp_path: Path) -> Iterator[Counting]:
    """A folder of this test's own, on SQLite."""
    with serving(tmp_path / "data") as web:
        yield Counting(web)


engine_served = web_conftest.engine_web


@pytest.fixture
def engine_counting(engine_served: Web) -> Counting:
    """The same on each engine."""
    return Counting(engine_served)
