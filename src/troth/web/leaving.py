"""The exit page, and the links that lead over it (clauses II.28 and II.29)."""

from typing import Any
from urllib.parse import urlsplit

import msgspec
from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler

from troth.kernel import InvalidInput
from troth.web.api import check_key
from troth.web.asgi import query
from troth.web.pages import page
from troth.web.shapes import ExitLink
from troth.web.site import json_response, site_of

AnyRequest = Request[Any, Any, Any]
_ENCODER = msgspec.json.Encoder()


@get("/exit", sync_to_thread=True)
def exit_page(request: AnyRequest) -> Response[bytes]:
    """Names the site that a signed link leads to, and whose policy applies there."""
    site = site_of(request)
    given = query(request.scope, ("to", "sig"))
    policy = site.troth.policy()
    target = site.troth.exits.opened(policy, given.get("to", ""), given.get("sig", ""))
    return page(
        site,
        "exit.html",
        place="page.exit",
        leaving=True,
        target=target,
        encrypted=urlsplit(target.url).scheme == "https",
    )


@get("/v1/exit-link", sync_to_thread=True)
def exit_link(request: AnyRequest) -> Response[bytes]:
    """A signed link over the exit page, for a company's own server."""
    site = site_of(request)
    check_key(site, request)
    given = query(request.scope, ("to",))
    if "to" not in given:
        raise InvalidInput("The query names no address.", field="to", mend="Give to=https://...")
    href, target = site.troth.exits.link(site.troth.policy(), given["to"])
    answer = ExitLink(
        href=href,
        to=target.url,
        host=target.host,
        policy_url=target.site.policy_url if target.site else "",
        removed=target.removed,
    )
    return json_response(_ENCODER.encode(answer))


HANDLERS: list[HTTPRouteHandler] = [exit_page, exit_link]
