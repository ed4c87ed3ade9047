"""Slots of customised content: the variant, why it is shown, and how to say no (clauses I.3 and I.15)."""

import asyncio
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import msgspec
from litestar import Request, Response, get
from litestar.datastructures import Cookie
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from troth.content import Chosen, content_for, interest_value, noted, read_interest, slot_of, variant_html
from troth.policy import Policy
from troth.web.asgi import header, query
from troth.web.forms.marks import REFUSED
from troth.web.objecting import with_objections
from troth.web.origins import local_path, own_origin, shared_with
from troth.web.pages import page
from troth.web.rendering import HTML
from troth.web.site import Site, site_of
from troth.web.visiting import cookie_of, cookie_that_remembers, visitor

AnyRequest = Request[Any, Any, Any]
_ENCODER = msgspec.json.Encoder()
_NOT_ALLOWED = "This is the general page: customised content is not switched on."
_NO_SEGMENT = "This is the general page: nothing more particular fits."


class _Slotted(NamedTuple):
    """What a request to a slot comes to."""

    site: Site
    policy: Policy
    chosen: Chosen
    allowed: bool
    interest: str


@get("/content/{slot:str}")
async def content(request: AnyRequest, slot: FromPath[str]) -> Response[bytes]:
    """The variant of a slot for this visitor, as a fragment of HTML, or as JSON for whoever asks for that."""
    given = query(request.scope, ("page",))
    found = await asyncio.to_thread(_slotted, request, slot, local_path(given.get("page", ""), ""))
    as_json = "application/json" in header(request.scope, b"accept")
    body = _json(found) if as_json else _fragment(found)
    return _private(found, request, body, "application/json" if as_json else HTML)


@get("/content/{slot:str}/why", sync_to_thread=True)
def content_why(request: AnyRequest, slot: FromPath[str]) -> Response[bytes]:
    """Why somebody sees what stands in a slot, what was used for it, and how to say no."""
    query(request.scope, ())
    found = _slotted(request, slot, "")
    answer = page(
        found.site,
        "content_why.html",
        slot=found.chosen.slot,
        because=_because(found),
        segment=found.chosen.segment,
        allowed=found.allowed,
        cookie=cookie_that_remembers(found.policy, "interest"),
        kept=sorted(read_interest(found.policy, found.interest).items()),
    )
    answer.headers["Vary"] = "Cookie, Sec-GPC, DNT"
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def _slotted(request: AnyRequest, name: str, looked_at: str) -> _Slotted:
    """Choose the variant; with the path of the page that shows it, a look at that page is counted in the browser."""
    site = site_of(request)
    policy = site.troth.policy()
    slot = slot_of(policy, name)
    who, today = visitor(request), site.troth.clock.now().date()
    mark = site.marks.read(policy, request.scope)
    if mark is not None and mark.state == REFUSED:  # the age screen has sent this browser away
        return _Slotted(site, policy, Chosen(slot, slot.default), allowed=False, interest="")
    choice = with_objections(site, policy, who)
    allowed = choice.allows(slot.purposes[0])
    value = cookie_of(request.scope, cookie_that_remembers(policy, "interest"))
    interest = read_interest(policy, value) if allowed else {}
    if allowed and looked_at:
        interest = noted(policy, interest, looked_at, today)
    key = site.troth.web_key() if who.signed_in else ""
    chosen = content_for(
        policy, slot, choice=choice, interest=interest, today=today,
        person=who.person, perform=site.troth.perform, key=key,
    )  # fmt: skip
    return _Slotted(site, policy, chosen, allowed, interest_value(interest) if interest else "")


def _html(found: _Slotted) -> str:
    """The variant as HTML, its links to other sites led over the exit page."""
    here = urlsplit(found.site.troth.settings.web.public_url).hostname or ""
    text = variant_html(found.chosen.slot.variants[found.chosen.variant])
    return found.site.troth.exits.rewritten(found.policy, text, here)


def _json(found: _Slotted) -> bytes:
    chosen = found.chosen
    return _ENCODER.encode(
        {
            "slot": chosen.slot.name,
            "variant": chosen.variant,
            "html": _html(found),
            "because": _because(found),
            "why": f"/content/{chosen.slot.name}/why",
            "customised": chosen.segment is not None,
        }
    )


def _fragment(found: _Slotted) -> bytes:
    chosen = found.chosen
    text = found.site.renderer.text(
        "content.html",
        html=_html(found),
        because=_because(found),
        why=f"/content/{chosen.slot.name}/why",
        slot=chosen.slot.name,
        variant=chosen.variant,
    )
    return text.encode()


def _because(found: _Slotted) -> str:
    segment = found.chosen.segment
    if segment is not None:
        return f"You see this because {segment.because}"
    return _NO_SEGMENT if found.allowed else _NOT_ALLOWED


def _private(found: _Slotted, request: AnyRequest, body: bytes, media: str) -> Response[bytes]:
    """An answer for this visitor alone; no cache keeps it for another."""
    origin = own_origin(found.policy, found.site.troth.settings.web.public_url, request.scope)
    headers = {
        **shared_with(origin),
        "Vary": "Origin, Accept, Cookie, Sec-GPC, DNT",
        "Cache-Control": "private, no-store",
    }
    answer = Response(body, media_type=media, headers=headers)
    name = cookie_that_remembers(found.policy, "interest")
    if name and not found.allowed and cookie_of(request.scope, name):  # an objection, or the age screen
        answer.set_cookie(Cookie(name, max_age=0))
    elif name and found.allowed and found.interest:
        answer.set_cookie(Cookie(name, value=found.interest, max_age=_LONG))
    return answer


_LONG = 400 * 86_400
"""The cookie guard cuts it down to the declared lifetime."""
HANDLERS: list[HTTPRouteHandler] = [content, content_why]
