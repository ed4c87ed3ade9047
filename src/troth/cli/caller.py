"""A small HTTP client of a local server, for the demonstration."""

import http.client
import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event, local
from typing import Any, Self
from urllib.parse import urlsplit

from troth.kernel import TrothError, Unavailable

_SECONDS = 30
_CONNECTIONS = 8
_TRIES = 600
_BETWEEN = 0.05
_STOPPING = 5.0


class Stopped(Exception):
    """The server was asked to stop, so that there is nobody to talk to any more."""


class Refusal(TrothError):
    """The server refused what the demonstration sent."""

    code = "refused-by-server"


class Api:
    """Calls a server over kept connections, one for each thread.

    Args:
        url: Its address.
        stop: Set when the server is being stopped: then a failure means nothing.
    """

    def __init__(self, url: str, stop: Event) -> None:
        self._place = urlsplit(url).netloc
        self._stop = stop
        self._own = local()
        self._opened: list[http.client.HTTPConnection] = []
        self._pool = ThreadPoolExecutor(_CONNECTIONS, thread_name_prefix="demo-caller")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)
        for connection in self._opened:
            connection.close()

    def wait_until_healthy(self) -> None:
        """Wait until the server answers.

        Raises:
            Stopped: It was stopped before.
            Unavailable: It does not answer.
        """
        for _ in range(_TRIES):
            if self._stop.is_set():
                raise Stopped
            if self._listens():
                return
            self._stop.wait(_BETWEEN)
        raise Unavailable("The server does not answer.", mend="Run it again with --debug.")

    def _listens(self) -> bool:
        probe = http.client.HTTPConnection(self._place, timeout=_SECONDS)
        try:
            probe.request("GET", "/health")
            return probe.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            probe.close()

    def get(self, path: str) -> Any:
        """The JSON document at a path."""
        return json.loads(self.text(path))

    def text(self, path: str) -> str:
        """The text at a path."""
        return self._ask("GET", path, None, "")[1]

    def post(self, path: str, body: Any, key: str) -> Any:
        """The JSON answer to a JSON body.

        Raises:
            Refusal: The server refused it.
        """
        status, text = self._ask("POST", path, body, key)
        if status >= http.HTTPStatus.BAD_REQUEST:
            problem = json.loads(text)
            raise Refusal(
                f"{path} answered {status}: {problem.get('detail', '')}", mend=problem.get("mend", "")
            )
        return json.loads(text)

    def post_all(self, path: str, bodies: Sequence[Any], key: str, done: Callable[[], None]) -> None:
        """Send bodies over several connections; one that was accepted in an earlier run (409) counts as done.

        Raises:
            Refusal: The server refused one.
        """

        def send(body: Any) -> None:
            status, text = self._ask("POST", path, body, key)
            if status >= http.HTTPStatus.BAD_REQUEST and status != http.HTTPStatus.CONFLICT:
                raise Refusal(f"{path} answered {status}: {text[:300]}")
            done()

        for finished in [self._pool.submit(send, body) for body in bodies]:
            finished.result()

    def _ask(self, method: str, path: str, body: Any, key: str) -> tuple[int, str]:
        if self._stop.is_set():
            raise Stopped
        connection = getattr(self._own, "connection", None)
        if connection is None:
            connection = self._own.connection = http.client.HTTPConnection(self._place, timeout=_SECONDS)
            self._opened.append(connection)
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
        try:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            if self._stop.wait(_STOPPING):  # a server that is being stopped closes first and tells afterwards
                raise Stopped from error
            raise Unavailable(f"{self._place} does not answer ({error}).", mend="Run it again.") from error
