"""The application: a small dispatcher for the hot endpoints in front of Litestar for all others."""

import asyncio
from collections.abc import Callable, Mapping
from functools import cache, partial
from http import HTTPStatus

from litestar import Litestar

from troth.bootstrap import Troth
from troth.choice import ShownNotices
from troth.collection import recognisers
from troth.kernel import Log, NotFound, TrothError
from troth.web import (
    account_api,
    accounts,
    agents,
    api,
    audiences,
    bulletining,
    calling,
    campaigning,
    certificates,
    choosing,
    collecting,
    confirming,
    connecting,
    consents,
    console,
    customising,
    describing,
    following,
    leaving,
    matter_api,
    matters,
    message_api,
    pages,
    posting,
    relaying,
    reporting,
    running,
    signing_in,
    stopping,
    telemetry,
)
from troth.web.acts import PEOPLE, Acting
from troth.web.asgi import ONLY_HEAD, SITE, App, Message, Receive, Scope, Send, respond
from troth.web.cookies import CookieGuard
from troth.web.counting import Counts
from troth.web.draining import drained
from troth.web.evidence import SelfTest
from troth.web.failing import handle, respond_error
from troth.web.forms import pages as form_pages
from troth.web.forms.marks import Marks
from troth.web.guarding import FailedSignIns, guarded, security_headers
from troth.web.lasting import Life
from troth.web.limiting import Submissions
from troth.web.measuring import Metrics
from troth.web.portal import agents as portal_agents
from troth.web.portal import asking, copies, visits
from troth.web.portal import pages as portal_pages
from troth.web.problems import UnknownMethod
from troth.web.rendering import Renderer
from troth.web.site import Site
from troth.web.speaking import speech_at
from troth.web.tracking import Tracked, Tracking, Visit

_log = Log("troth.web")
ACTS = "/v1/acts"
FIND = "/v1/people/find"


HANDLERS = [
    *api.HANDLERS,
    *collecting.HANDLERS,
    *choosing.HANDLERS,
    *confirming.HANDLERS,
    *connecting.HANDLERS,
    *matters.HANDLERS,
    *agents.HANDLERS,
    *matter_api.HANDLERS,
    *certificates.HANDLERS,
    *portal_pages.HANDLERS,
    *asking.HANDLERS,
    *copies.HANDLERS,
    *portal_agents.HANDLERS,
    *visits.HANDLERS,
    *signing_in.HANDLERS,
    *accounts.HANDLERS,
    *account_api.HANDLERS,
    *consents.HANDLERS,
    *leaving.HANDLERS,
    *following.HANDLERS,
    *form_pages.HANDLERS,
    *posting.HANDLERS,
    *relaying.HANDLERS,
    *stopping.HANDLERS,
    *customising.HANDLERS,
    *reporting.HANDLERS,
    *audiences.HANDLERS,
    *campaigning.HANDLERS,
    *message_api.HANDLERS,
    *bulletining.HANDLERS,
    *calling.HANDLERS,
    *console.HANDLERS,
    *running.HANDLERS,
    *pages.HANDLERS,
    *describing.HANDLERS,
    *telemetry.HANDLERS,
]


class WrongMethod(UnknownMethod):
    """A hot endpoint was asked with a method that it does not take."""

    def __init__(self, allowed: str) -> None:
        super().__init__("This address does not take this method.", mend=f"Use {allowed}.")
        self.headers = {"Allow": allowed}


def create_app(troth: Troth) -> App:
    """The web application over a running Troth; it does not close it.

    Args:
        troth: What acts, decisions, policy and ledger come from.

    Returns:
        An ASGI application (HTTP and lifespan). One batcher serves all its requests; its shutdown finishes what waits.
    """
    _prepare_keys(troth)
    recognisers()  # a package that adds a wrong one is told at the start
    batcher, web = troth.batcher(), troth.settings.web
    failures, metrics = FailedSignIns(troth.clock), Metrics()
    shown = ShownNotices(troth.database, troth.clock)
    tracking, door = Tracking(troth, failures, metrics), telemetry.ReportDoor(troth, failures, metrics)
    site = Site(
        troth=troth,
        acting=Acting(batcher, failures, metrics),
        failures=failures,
        metrics=metrics,
        shown=shown,
        renderer=Renderer(troth.folder / web.style if web.style else None),
        self_test=SelfTest(troth),
        versions={},
        pages={},
        marks=Marks(troth.web_secret, troth.clock, web.public_url),
        submissions=Submissions(troth.clock, web.submissions_per_minute),
        choices=Submissions(troth.clock, web.choices_per_minute),
        opt_ins=Submissions(troth.clock, web.opt_ins_per_minute),
        counts=Counts(),
    )
    site.renderer.heading = lambda: pages.heading(troth)
    site.renderer.words = lambda scope: speech_at(pages.policy_in_force(troth), scope).words
    ends = (site.counts.close, shown.stop)
    life = Life(
        [shown.start],
        [batcher.close, *(partial(asyncio.to_thread, end) for end in ends), tracking.close, door.close],
    )
    return Front(site, life, tracking, door)


@cache
def framework() -> Litestar:
    """The framework with every route: made once a process, for it knows nothing of a folder (`SITE` tells each request's)."""
    return Litestar(
        HANDLERS,
        exception_handlers={Exception: handle},
        openapi_config=None,
        logging_config=None,
        request_max_body_size=None,
    )


def _prepare_keys(troth: Troth) -> None:
    """Make the keys of the pages and of the public points now.

    So a visitor's malformed submission writes nothing at all, and pages are shown while a full disk takes no file.
    """
    for part, make in (
        ("exits", troth.exit_keys),
        ("pages", troth.web_key),
        ("collection", _collecting(troth)),
    ):
        try:
            make()
        except TrothError as error:
            _log.warning("part_not_ready", part=part, reason=error.code)


def _collecting(troth: Troth) -> Callable[[], object]:
    return lambda: troth.collection


def _refuse(allowed: str) -> App:
    async def refuse(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001  the shape of a handler
        raise WrongMethod(allowed)

    return refuse


def _refuse_visit(methods: Mapping[str, Tracked]) -> Tracked:
    async def refuse(visit: Visit) -> None:  # noqa: ARG001  the shape of a handler
        raise WrongMethod(", ".join([*methods, "OPTIONS"]))

    return refuse


class Front:
    """Guards every response and sends each request to its handler.

    Args:
        site: Shared parts.
        life: Begins and ends what serves beside the requests.
        tracking: Handles the endpoints that trackers call.
        door: Handles the endpoints that installed products call.
    """

    def __init__(self, site: Site, life: Life, tracking: Tracking, door: telemetry.ReportDoor) -> None:
        self.site, self._life = site, life
        self._tracking, self._door = tracking, door
        self._own_host = telemetry.OwnHost(site.troth.settings.web.telemetry_host)
        public_url = site.troth.settings.web.public_url
        self._headers = security_headers(public_url)
        self._cookies = CookieGuard(
            framework(),
            policy=site.troth.policy,
            clock=site.troth.clock,
            https=True if public_url.startswith("https://") else None,
            stripped=site.metrics.cookie_stripped,
            at_once=site.troth.database.dialect == "sqlite",
        )
        acting = site.acting
        self._acts: Mapping[str, App] = {"POST": acting.post}
        self._people: Mapping[str, App] = {"GET": acting.read, "DELETE": acting.erase}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] == "lifespan":
            await self._life(receive, send)
            return
        scope = {**scope, SITE: self.site}
        if scope["type"] != "http":
            await framework()(scope, receive, send)
            return
        receive, send = drained(scope, receive, send)
        path, method = str(scope["path"]), str(scope["method"])
        if self._own_host.elsewhere(scope, path):
            await self._elsewhere(scope, send)
            return
        report = self._door.taker(path)
        if report is not None:
            await self._report(
                report, scope, receive, self._counted(guarded(send, self._headers, without_body=False))
            )
            return
        tracked = self._tracking.methods(path)
        if tracked is not None:
            await self._track(tracked[0], Visit(scope, receive, send, tracked[1]))
            return
        send = self._counted(guarded(send, self._headers, without_body=method == "HEAD"))
        send = self._cookies.over(scope, send)
        if path == ACTS:
            await self._hot(self._acts, scope, receive, send)
        elif path.startswith(PEOPLE) and path != FIND:
            await self._hot(self._people, scope, receive, send)
        else:
            if method == "HEAD":
                scope["method"], scope[ONLY_HEAD] = "GET", True
            await framework()(scope, receive, send)

    async def _hot(self, methods: Mapping[str, App], scope: Scope, receive: Receive, send: Send) -> None:
        method = str(scope["method"])
        allowed = ", ".join([*methods, "OPTIONS"])
        if method == "OPTIONS":
            await respond(send, HTTPStatus.NO_CONTENT, b"", headers={"Allow": allowed})
            return
        try:
            await methods.get(method, _refuse(allowed))(scope, receive, send)
        except Exception as error:  # noqa: BLE001  the edge: whatever fails becomes an answer, and is logged
            await respond_error(scope, send, error, self.site.renderer)

    async def _report(self, report: App, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await report(scope, receive, send)
        except Exception as error:  # noqa: BLE001  the edge: whatever fails becomes an answer, and is logged
            await respond_error(scope, send, error, self.site.renderer)

    async def _elsewhere(self, scope: Scope, send: Send) -> None:
        send = self._counted(guarded(send, self._headers, without_body=scope["method"] == "HEAD"))
        await respond_error(scope, send, NotFound("There is nothing at this address."), self.site.renderer)

    async def _track(self, methods: Mapping[str, Tracked], visit: Visit) -> None:
        method = str(visit.scope["method"])
        if method == "OPTIONS":
            await self._tracking.preflight(visit)
            return
        handler = methods.get("GET" if method == "HEAD" else method)
        try:
            await (handler or _refuse_visit(methods))(visit)
        except Exception as error:  # noqa: BLE001  the edge: whatever fails becomes an answer, and is logged
            send = self._counted(guarded(visit.send, self._headers, without_body=method == "HEAD"))
            await respond_error(visit.scope, send, error, self.site.renderer)

    def _counted(self, send: Send) -> Send:
        async def counting(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.site.metrics.responded(message["status"])
            await send(message)

        return counting
