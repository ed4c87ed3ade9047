"""What is held about oneself, who used it, and one's requests: pages to look at. Without a session they show how to begin."""

import asyncio
from typing import Any

from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from troth.bootstrap import certificate_link, own_copy
from troth.choice import switches
from troth.flows import CORRECT, LANGUAGES, Work
from troth.kernel import InvalidInput, NotFound, micros
from troth.ledger import journal
from troth.policy import Policy, agent_field
from troth.relay import relay_of
from troth.rights import Told, matters_of
from troth.web.asgi import query
from troth.web.before_after import changes
from troth.web.objecting import with_objections
from troth.web.origins import local_path
from troth.web.pages import page
from troth.web.portal.showing import held_part, iso_when, pieces, shown_request, used_lines
from troth.web.sessions import OWN_FORMS, SignedIn, own_form, signed_in, to
from troth.web.site import Site, site_of
from troth.web.speaking import Speech, display_cookie, speech_of, zones
from troth.web.visiting import visitor

AnyRequest = Request[Any, Any, Any]
RIGHTS = "essential.service.rights_request"
LINES = 50
"""Decisions on a page of the journal."""
_MOST_LEAF = 15
_ERASE, _CERTIFIED = "erase", frozenset({"completed", "partially-completed"})


@get("/my")
async def overview(request: AnyRequest) -> Response[bytes]:
    """One's requests, and where everything else is; without a session, the ways to begin."""
    query(request.scope, ())
    return await asyncio.to_thread(_overview, request)


@get("/my/data")
async def held_page(request: AnyRequest) -> Response[bytes]:
    """What is held, from where, under which clause and version, until when; right after signing in only."""
    query(request.scope, ())
    return await asyncio.to_thread(_held, request)


@get("/my/used")
async def used_page(request: AnyRequest) -> Response[bytes]:
    """Who used it: one's own journal from the ledger, page by page."""
    given = query(request.scope, ("before",))
    return await asyncio.to_thread(_used, request, given.get("before", ""))


@get("/my/requests/{number:str}")
async def request_page(request: AnyRequest, number: FromPath[str]) -> Response[bytes]:
    """One request: where it stands, by when it is answered and why then, and what may be done."""
    given = query(request.scope, ("new",))
    return await asyncio.to_thread(_request, request, number, given.get("new", "") == "yes")


@get("/my/display")
async def display_page(request: AnyRequest) -> Response[bytes]:
    """Language and time zone of these pages."""
    query(request.scope, ())
    site, speech = site_of(request), speech_of(request)
    answer = shown(site, speech, "my_display.html", languages=LANGUAGES, zones=zones())
    answer.headers.update(OWN_FORMS)
    return answer


@post("/my/display")
async def set_display(request: AnyRequest) -> Response[bytes]:
    """Keep the language and the time zone in a cookie that holds nothing else."""
    form = await own_form(request)
    site = site_of(request)
    cookie = await asyncio.to_thread(display_cookie, site, form.get("language", ""), form.get("zone", ""))
    answer = to(local_path(form.get("next", ""), "/my"))
    answer.set_cookie(cookie)
    return answer


def shown(site: Site, speech: Speech, template: str, **values: Any) -> Response[bytes]:
    """A page in the person's language; it holds what is about one person, so no cache keeps it."""
    return page(site, template, t=speech.words, speech=speech, **values)


def agents_point(policy: Policy) -> str:
    """Name of the point whose form takes requests in another person's name; empty where the policy has none."""
    mailbox = agent_field(policy, "mailbox")
    return next((one.name for one in policy.points.values() if mailbox in one.fields and one.public), "")


def door(request: AnyRequest, following: str = "") -> Response[bytes]:
    """How somebody begins who is not signed in, or was not just now."""
    site, speech = site_of(request), speech_of(request)
    answer = shown(
        site, speech, "my_door.html", following=following or "/my", agents=agents_point(site.troth.policy())
    )
    answer.headers.update(OWN_FORMS)
    return answer


def is_fresh(site: Site, who: SignedIn) -> bool:
    """Whether somebody signed in within the last 15 minutes, which is asked before values are shown or handed out."""
    return site.troth.gate.actor(who.key).fresh


def own_matter(site: Site, who: SignedIn, number: str) -> Told:
    """A request, dispute or question of whoever is signed in.

    Raises:
        NotFound: It is somebody else's, or there is none.
    """
    told = site.troth.rights.matter(number)
    if told.matter.person != who.person:
        raise NotFound("No request of yours has this number.", field="number", mend="See the list: /my.")
    return told


def _overview(request: AnyRequest) -> Response[bytes]:
    site, speech = site_of(request), speech_of(request)
    who = signed_in(site, request)
    if who is None:
        return door(request)
    policy, now = site.troth.policy(), micros(site.troth.clock.now())
    with site.troth.database.snapshot() as tx:
        rows = matters_of(tx, who.person)
    choice = with_objections(site, policy, visitor(request))
    told = [site.troth.rights.matter(row.case) for row in rows[:LINES]]
    answer = shown(
        site,
        speech,
        "my.html",
        who=who,
        matters=[shown_request(speech, one.matter, now, one.duties) for one in told],
        switches=switches(policy, choice),
        relay=relay_of(policy),
        agents=agents_point(policy),
        topics=policy.topics,
    )
    answer.headers.update(OWN_FORMS)
    return answer


def _held(request: AnyRequest) -> Response[bytes]:
    site, speech = site_of(request), speech_of(request)
    who = signed_in(site, request)
    if who is None or not is_fresh(site, who):
        return door(request, "/my/data")
    work = Work("", "", "access", who.person, "", who.key, RIGHTS, speech.words.language)
    parts = [held_part(speech.words, part) for part in own_copy(site.troth).holdings(work)]
    return shown(
        site,
        speech,
        "my_data.html",
        who=who,
        parts=[one for one in parts if one.groups],
        when=lambda text: iso_when(speech, text),
    )


def _used(request: AnyRequest, before: str) -> Response[bytes]:
    site, speech = site_of(request), speech_of(request)
    who = signed_in(site, request)
    if who is None:
        return door(request, "/my/used")
    place = _leaf(before)
    with site.troth.database.snapshot() as tx:
        found = journal(tx, who.person, before=place, limit=LINES + 1, newest=True)
    policy: Policy = site.troth.policy()
    lines = used_lines(speech, policy, found[-LINES:])
    older = found[1].leaf_index if len(found) > LINES else None
    return shown(site, speech, "my_used.html", who=who, lines=lines, older=older, back=place is not None)


def _request(request: AnyRequest, number: str, new: bool) -> Response[bytes]:  # noqa: FBT001  a plain fact of the query
    site, speech = site_of(request), speech_of(request)
    who = signed_in(site, request)
    if who is None:
        return door(request, f"/my/requests/{number}")
    told = own_matter(site, who, number)
    now = micros(site.troth.clock.now())
    answer = shown(
        site,
        speech,
        "my_request.html",
        who=who,
        one=shown_request(speech, told.matter, now, told.duties, told.steps),
        fresh=is_fresh(site, who),
        new=new,
        certificate=_certificate(site, told),
        corrects=told.matter.kind == CORRECT,
        pieces=pieces(speech, told.items) if told.matter.kind == CORRECT else (),
        changes=changes(site, told.matter, RIGHTS, who.key) if is_fresh(site, who) else (),
    )
    answer.headers.update(OWN_FORMS)
    return answer


def _certificate(site: Site, told: Told) -> str:
    """Where the certificate of a deletion is; empty where there is none."""
    row = told.matter
    ended = row.kind == _ERASE and row.state in _CERTIFIED
    return certificate_link(site.troth, row.case) if ended else ""


def _leaf(text: str) -> int | None:
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > _MOST_LEAF:
        raise InvalidInput("The place is none.", field="before", mend="Follow the link.")
    return int(text)


HANDLERS: list[HTTPRouteHandler] = [
    overview,
    held_page,
    used_page,
    request_page,
    display_page,
    set_display,
]
