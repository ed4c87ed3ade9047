"""Load on a running service: callers that go on until they are told to stop, and keep what was acknowledged."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http import HTTPStatus
from itertools import count

import httpx

from tests.clauses.vendor import REGISTER
from tests.support.process import Serving
from tests.support.waiting import wait_until

POINT = "product-registration"
CREATED = HTTPStatus.CREATED
NOT_NOW = HTTPStatus.SERVICE_UNAVAILABLE


def registration(mark: str, notice: str) -> dict[str, object]:
    """The body of a made person's registration, told apart by a mark."""
    values = {
        "name": f"Person {mark}",
        "email": f"{mark}@example.com",
        "product": "sensor",
        "serial": f"SN-{mark}",
    }
    return {"channel": "web", "notice": notice, "age_passed": True, "values": values}


def act_of_registration(mark: str, notice: str) -> dict[str, object]:
    """The same as an act through the gate."""
    return {"act": "collect", "purpose": REGISTER, "point": POINT, **registration(mark, notice)}


class Load:
    """Callers that register made people over HTTP.

    Args:
        server: The service.
        key: An API key that may collect.
        notice: Name of the notice of the collection point.
        mark: Tells these people from others.
    """

    def __init__(self, server: Serving, key: str, notice: str, mark: str) -> None:
        self._server, self._key, self._notice, self._mark = server, key, notice, mark
        self._stopping = threading.Event()
        self.entries: list[str] = []
        self.people: list[str] = []
        self.statuses: Counter[int] = Counter()
        self.problems: list[dict[str, str]] = []

    def done(self, so_many: int) -> Callable[[], bool]:
        """Whether so many were acknowledged since now."""
        goal = len(self.entries) + so_many
        return lambda: len(self.entries) >= goal

    @contextmanager
    def running(self, callers: int = 4) -> Iterator["Load"]:
        """Run the callers during the block; what fails in one of them comes out at its end."""
        with ThreadPoolExecutor(callers) as pool:
            futures = [pool.submit(self._call, number) for number in range(callers)]
            try:
                yield self
            finally:
                self._stopping.set()
            for future in futures:
                future.result()

    def _call(self, caller: int) -> None:
        with self._server.client(self._key) as client:
            for number in count():
                if self._stopping.is_set():
                    return
                try:
                    answer = client.post(
                        "/v1/acts", json=act_of_registration(f"{self._mark}-{caller}-{number}", self._notice)
                    )
                except httpx.TransportError:
                    if self._stopping.wait(0.02):
                        return
                    continue
                self._note(answer)

    def _note(self, answer: httpx.Response) -> None:
        self.statuses[answer.status_code] += 1
        if answer.status_code == CREATED:
            self.entries.append(answer.json()["entry"])
            self.people.append(answer.json()["person"])
        else:
            self.problems.append(answer.json())


def wait_for(condition: Callable[[], bool], what: str, seconds: float = 120.0) -> None:
    """Wait as `wait_until` does, patiently for a busy machine."""
    wait_until(condition, what, seconds)
