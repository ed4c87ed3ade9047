"""A folder that takes mail in, in process, with handlers of the test."""

from typing import NamedTuple

import pytest

from tests.web import conftest as web_conftest
from tests.web.conftest import Web
from troth.bootstrap import Troth
from troth.bootstrap.receiving import by_mail, published
from troth.gate import Parcels
from troth.inbound import Inbox, Received, Route

engine_served = web_conftest.engine_web
ADDRESS = "help@example.com"
REFUSED = "refused@example.com"


class Post(NamedTuple):
    """An inbox whose mail to one address comes here.

    Args:
        troth: The folder.
        inbox: Its inbox.
        got: What was handled.
        faults: Raised instead, one at each handling, as long as there are any.
        web: The folder as served.
    """

    troth: Troth
    inbox: Inbox
    got: list[Received]
    faults: list[Exception]
    web: Web

    def run(self) -> None:
        """Handle what waits."""
        from troth.inbound import RECEIVED
        from troth.storage import JobWorker

        worker = JobWorker(self.troth.database, self.troth.clock, {RECEIVED: self.inbox})
        while worker.run_due():
            pass


@pytest.fixture
def post(engine_served: Web) -> Post:
    """An inbox on each engine."""
    troth = engine_served.troth
    got: list[Received] = []
    faults: list[Exception] = []

    def handle(received: Received) -> None:
        if faults:
            raise faults.pop(0)
        got.append(received)

    routes = [
        Route("help", published(ADDRESS), by_mail("ticket"), handle),
        Route(
            "refused",
            published(REFUSED),
            lambda policy: by_mail("ticket")(policy)._replace(purpose="marketing"),
            handle,
        ),
    ]
    inbox = Inbox(troth.database, troth.gate, Parcels(troth.vault), troth.clock, lambda: routes)
    return Post(troth, inbox, got, faults, engine_served)
