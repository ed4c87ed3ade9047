"""A folder that takes reports, in process."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.support.telemetry import Installed
from tests.web import conftest as web_conftest
from tests.web.conftest import Web, serving
from troth.ingress.inbox import Line, body_of
from troth.ingress.tables import REPORTS
from troth.storage import StoredBatch

WEEK = "2026-W02"


class Receiving(NamedTuple):
    """A served folder and its installations."""

    web: Web

    def installed(self, **more: Any) -> Installed:
        """An installation that opted in and has a token."""
        one = Installed(self.web.client.request, **more)
        assert one.opt_in().status_code == 201
        assert one.fetch().status_code == 200
        return one

    def batches(self) -> list[StoredBatch]:
        """Every batch in the inbox."""
        with self.web.troth.database.snapshot() as tx:
            return REPORTS.behind(tx)

    def lines(self) -> list[Line]:
        """Every report in the inbox."""
        return [line for batch in self.batches() for line in body_of(batch).lines]


@pytest.fixture
def receiving(tmp_path: Path) -> Iterator[Receiving]:
    """A folder of this test's own, on SQLite."""
    with serving(tmp_path / "data") as web:
        yield Receiving(web)


engine_served = web_conftest.engine_web


@pytest.fixture
def engine_receiving(engine_served: Web) -> Receiving:
    """The same on each engine."""
    return Receiving(engine_served)
