"""The endpoint that installed products send reports to, as raw ASGI: it answers when a report is on disk."""

import asyncio
from collections.abc import Mapping
from http import HTTPStatus

from troth.bootstrap import Troth
from troth.ingress import (
    DELETION,
    MAX_REPORT,
    RECEIPT_SCHEME,
    NotOptedIn,
    Upload,
    glean_reader,
    otlp_available,
    read_path,
    read_receipt,
)
from troth.kernel import TrothError
from troth.web.asgi import App, Receive, Scope, Send, announced, header, respond, whole_body
from troth.web.gathering import Gathering
from troth.web.guarding import FailedSignIns
from troth.web.measuring import Metrics
from troth.web.problems import TooLarge, UnknownMethod
from troth.web.telemetry.metrics import METRICS, exported

REPORTS = "/telemetry/reports"
BY_RECEIPT = "/t/"
_GLEAN = "/submit/"
_DELETED = (
    b'{"receipt":"over","reports":"They hold nothing that tells whose they are, so they can be found by nobody. '
    b'They go when their time is over."}'
)
_TAKEN = b"{}"


class ReportDoor:
    """Takes reports.

    Args:
        troth: Where they are kept.
        failures: Counts what was shown in vain.
        metrics: Counts reports.
    """

    def __init__(self, troth: Troth, failures: FailedSignIns, metrics: Metrics) -> None:
        self._troth = troth
        self._gathering: Gathering[Upload, str] = Gathering(troth.telemetry.door())
        self._failures, self._metrics = failures, metrics
        self._routes: Mapping[str, App] = {REPORTS: self._report}
        if otlp_available():
            self._routes = {**self._routes, METRICS: self._export}

    def taker(self, path: str) -> App | None:
        """What takes requests at a path; None where it is none of the door's."""
        found = self._routes.get(path)
        if found is not None or not path.startswith((_GLEAN, BY_RECEIPT)):
            return found
        rest = _without_receipt(path)[1]
        return self._ping if read_path(rest) else self._routes.get(rest) if rest == METRICS else None

    async def close(self) -> None:
        """Finish what waits."""
        await self._gathering.close()

    async def _report(self, scope: Scope, receive: Receive, send: Send) -> None:
        if await refused_method(scope, send):
            return
        await self.take(scope, Upload(header(scope, b"authorization"), await _small(scope, receive)))
        await respond(send, HTTPStatus.ACCEPTED, _TAKEN)

    async def _ping(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A ping of Glean; the SDK drops what is answered 4xx, and tries again after 5xx."""
        if await refused_method(scope, send):
            return
        ping, shown = read_path(_without_receipt(str(scope["path"]))[1]), _shown(scope)
        body = await whole_body(scope, receive)
        if ping is None or ping.name == DELETION:
            await self._deleted(scope, send, shown)
            return
        reader = glean_reader(ping, header(scope, b"content-encoding"))
        await self.take(scope, Upload(shown, body, reader))
        await respond(send, HTTPStatus.OK, _TAKEN)

    async def _export(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Metrics of OpenTelemetry; an exporter tries again after 429 and 503, and drops what is answered otherwise."""
        if not await refused_method(scope, send):
            await exported(scope, receive, send, _shown(scope), self.take)

    async def _deleted(self, scope: Scope, send: Send, shown: str) -> None:
        """Glean's upload was switched off: the receipt ends; the client id in the ping is not read."""
        self._failures.check(scope, shown)
        receipt = read_receipt(self._troth.vault.keys.blind, shown)
        await asyncio.to_thread(self._troth.telemetry.switching.opt_out, receipt, None)
        await respond(send, HTTPStatus.OK, _DELETED)

    async def take(self, scope: Scope, upload: Upload) -> str:
        """Have a report taken in; gives the ledger entry once it is on disk, or an empty text where there was none in it.

        Raises:
            TrothError: It was not taken.
        """
        self._failures.check(scope, upload.shown)
        taken = await self._gathering.take(upload)
        if isinstance(taken, TrothError):
            self._metrics.report_refused(taken.code)
            if isinstance(taken, NotOptedIn):
                self._failures.failed(scope, upload.shown)
            raise taken
        if taken:
            self._metrics.report_taken()
        return taken


def _shown(scope: Scope) -> str:
    """What is shown: the receipt in the path, else the header `Authorization`."""
    receipt, _ = _without_receipt(str(scope["path"]))
    return f"{RECEIPT_SCHEME}{receipt}" if receipt else header(scope, b"authorization")


def _without_receipt(path: str) -> tuple[str, str]:
    """The receipt in a path, and the path behind it: Glean sends no headers of its own, but its server's address may have a path."""
    if not path.startswith(BY_RECEIPT):
        return "", path
    receipt, slash, rest = path[len(BY_RECEIPT) :].partition("/")
    return receipt, slash + rest


async def refused_method(scope: Scope, send: Send) -> bool:
    """Answer what is no POST; gives whether that was done.

    Raises:
        UnknownMethod: The endpoint does not take the method.
    """
    if scope["method"] == "OPTIONS":
        await respond(send, HTTPStatus.NO_CONTENT, b"", headers={"Allow": "POST, OPTIONS"})
        return True
    if scope["method"] != "POST":
        error = UnknownMethod("This address does not take this method.", mend="Use POST.")
        error.headers = {"Allow": "POST, OPTIONS"}  # type: ignore[attr-defined]
        raise error
    return False


async def _small(scope: Scope, receive: Receive) -> bytes:
    """The body of a report.

    Raises:
        TooLarge: It is longer than a report may be.
    """
    length = announced(scope) or 0
    body = b"" if length > MAX_REPORT else await whole_body(scope, receive)
    if max(length, len(body)) > MAX_REPORT:
        raise TooLarge(
            f"A report has at most {MAX_REPORT} bytes; nothing was stored.", mend="Send one report."
        )
    return body
