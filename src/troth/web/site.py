"""What all handlers of one application share."""

import asyncio
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from litestar import Request, Response

from troth.bootstrap import Troth
from troth.choice import ShownNotices
from troth.policy import Policy, kept_policy
from troth.web.acts import Acting
from troth.web.asgi import JSON, SITE, Scope
from troth.web.counting import Counts
from troth.web.evidence import SelfTest
from troth.web.forms.marks import Marks
from troth.web.guarding import FailedSignIns
from troth.web.limiting import Submissions
from troth.web.measuring import Metrics
from troth.web.rendering import HTML, Renderer

MAX_COMPILED = 64
T = TypeVar("T")


class Site(NamedTuple):
    """The shared parts of one application."""

    troth: Troth
    acting: Acting
    failures: FailedSignIns
    metrics: Metrics
    shown: ShownNotices
    renderer: Renderer
    self_test: SelfTest
    versions: dict[str, Policy]
    pages: dict[str, tuple[object, bytes]]
    marks: Marks
    submissions: Submissions
    choices: Submissions
    opt_ins: Submissions
    counts: Counts

    def kept(self, name: str, state: object, make: Callable[[], Response[bytes]]) -> Response[bytes]:
        """A page as it was made for this state; made again when the state is another.

        The long pages take some 40 ms to make, which visitors must not cause at will.

        Args:
            name: Of the page.
            state: Everything that it shows, in brief; compared for equality.
            make: Makes it.
        """
        found = self.pages.get(name)
        if found is None or found[0] != state:
            if len(self.pages) >= MAX_COMPILED:
                self.pages.clear()
            found = self.pages[name] = (state, make().content)
        return Response(found[1], media_type=HTML)

    def compiled(self, sha256: str) -> Policy:
        """A version, compiled once: compiling takes a tenth of a second, which visitors must not cause at will."""
        found = self.versions.get(sha256)
        if found is None:
            found = kept_policy(self.troth.policy_text(sha256))
            if len(self.versions) >= MAX_COMPILED:
                self.versions.clear()
            self.versions[sha256] = found
        return found


def site_of(request: Request[Any, Any, Any]) -> Site:
    """The parts of the application that a request came to."""
    scope: Scope = request.scope
    site: Site = scope[SITE]
    return site


async def at_hand(site: Site, read: Callable[[], T]) -> T:
    """What a short read gives: SQLite answers sooner than a thread wakes for it, PostgreSQL is waited for in a thread."""
    return read() if site.troth.database.dialect == "sqlite" else await asyncio.to_thread(read)


def json_response(body: bytes, status: int = 200) -> Response[bytes]:
    """An answer of encoded JSON."""
    return Response(body, status_code=status, media_type=JSON)
