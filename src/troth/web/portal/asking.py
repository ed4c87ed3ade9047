"""Asking for something, taking it back, complaining about it, fetching the copy: what people do on the pages about themselves."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from http import HTTPStatus
from typing import Any

from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Stream
from msgspec import structs

from troth.accounts import raised
from troth.bootstrap import copy_until, made_copy, work_for
from troth.collection import Collection
from troth.flows import Spool, package_schema, zipped
from troth.kernel import Conflict, NotFound, micros
from troth.policy import Field, Point, Policy, staying, use_title
from troth.web.asgi import query
from troth.web.before_after import current
from troth.web.portal.pages import agents_point, door, is_fresh, own_matter, shown
from troth.web.portal.showing import COPIED, KINDS, shown_request
from troth.web.sessions import OWN_FORMS, SignedIn, check_token, own_form, signed_in, someone, to
from troth.web.site import Site, site_of
from troth.web.speaking import speech_of

AnyRequest = Request[Any, Any, Any]
_WEB = "web"
_PERSONAL = frozenset({"name", "email", "phone", "address"})


@get("/my/ask")
async def ask_page(request: AnyRequest) -> Response[bytes]:
    """The form by which somebody who is signed in asks for something."""
    given = query(request.scope, ("kind",))
    return await asyncio.to_thread(_ask_page, request, given.get("kind", ""))


@post("/my/ask")
async def ask(request: AnyRequest) -> Response[bytes]:
    """Open a request in one's own name; it needs no further proof right after signing in."""
    site, form = site_of(request), await own_form(request)
    site.submissions.count(request.scope)

    def run() -> Response[bytes]:
        who = someone(site, request)
        check_token(who, form)
        policy = site.troth.policy()
        point = point_for(policy, "request")
        return _opened(site, who, point, _filled(policy, point, form), speech_of(request).words.language)

    return await asyncio.to_thread(run)


@post("/my/requests/{number:str}/withdraw")
async def withdraw(request: AnyRequest, number: FromPath[str]) -> Response[bytes]:
    """Take a request back."""
    site, form = site_of(request), await own_form(request)

    def run() -> Response[bytes]:
        who = someone(site, request)
        check_token(who, form)
        told = own_matter(site, who, number)
        site.troth.rights.move(who.key, told.matter.case, "withdrawn")
        return to(f"/my/requests/{told.matter.number}")

    return await asyncio.to_thread(run)


@get("/my/requests/{number:str}/dispute")
async def dispute_page(request: AnyRequest, number: FromPath[str]) -> Response[bytes]:
    """The form by which somebody complains about how a request was handled."""
    query(request.scope, ())
    return await asyncio.to_thread(_dispute_page, request, number)


@post("/my/requests/{number:str}/dispute")
async def dispute(request: AnyRequest, number: FromPath[str]) -> Response[bytes]:
    """Open a dispute about a request; whoever handled it does not review it (clause VI.2)."""
    site, form = site_of(request), await own_form(request)
    site.submissions.count(request.scope)

    def run() -> Response[bytes]:
        who = someone(site, request)
        check_token(who, form)
        told = own_matter(site, who, number)
        point = point_for(site.troth.policy(), "dispute")
        values = {name: form[name] for name in point.fields if form.get(name)}
        language = speech_of(request).words.language
        return _opened(site, who, point, values, language, told.matter.case)

    return await asyncio.to_thread(run)


@post("/my/requests/{number:str}/copy", status_code=200)
async def fetch_copy(request: AnyRequest, number: FromPath[str]) -> Response[bytes] | Stream:
    """The copy itself, made now; right after signing in only."""
    site, form = site_of(request), await own_form(request)
    site.submissions.count(request.scope)

    def make() -> tuple[Spool, str] | None:
        who = someone(site, request)
        check_token(who, form)
        return _made(site, request, who, number)

    found = await asyncio.to_thread(make)
    if found is None:
        return to(f"/my/requests/{number}")
    spool, name = found
    headers = {"Content-Disposition": f'attachment; filename="{name}.zip"', "Cache-Control": "no-store"}
    return Stream(_pieces(spool), media_type="application/zip", headers=headers, status_code=HTTPStatus.OK)


@get("/schemas/package.json")
async def schema(request: AnyRequest) -> Response[bytes]:
    """The JSON Schema of a copy's data.json."""
    query(request.scope, ())
    return Response(package_schema(), media_type="application/schema+json")


def point_for(policy: Policy, matter: str) -> Point:
    """The public collection point that opens requests, or disputes.

    Raises:
        NotFound: The policy declares none.
    """
    for point in policy.points.values():
        declared = policy.cases.get(point.opens or "")
        if point.public and declared is not None and declared.matter == matter and _WEB in point.channels:
            return point
    raise NotFound("This cannot be asked for here.", clause="III.4", mend="Write to the privacy address.")


def fields_to_fill(policy: Policy, point: Point) -> list[tuple[Field, bool]]:
    """What somebody who is signed in still has to say, with whether it must be said: nothing about who it is."""
    fields = [(policy.fields[name], how == "required") for name, how in point.fields.items()]
    return [(field, required) for field, required in fields if field.corrects or field.type not in _PERSONAL]


def _filled(policy: Policy, point: Point, form: Mapping[str, str]) -> dict[str, object]:
    """What was filled in, by field; each tick of a list has a name of its own."""
    values: dict[str, object] = {name: form[name] for name in point.fields if form.get(name)}
    for name in point.fields:
        if policy.fields[name].uses:
            ticked = [use for sent, use in form.items() if sent.startswith(f"{name}.")]
            values |= {name: ticked} if ticked else {}
    return values


def _ask_page(request: AnyRequest, kind: str) -> Response[bytes]:
    site, speech = site_of(request), speech_of(request)
    who = signed_in(site, request)
    if who is None:
        return door(request, "/my/ask")
    policy = site.troth.policy()
    point = point_for(policy, "request")
    answer = shown(
        site,
        speech,
        "my_ask.html",
        who=who,
        fields=fields_to_fill(policy, point),
        kinds={name: speech.words(text) for name, text in KINDS.items()},
        kind=kind if kind in KINDS else "",
        uses=[
            (use, use_title(policy, use))
            for name in point.fields
            if policy.fields[name].uses
            for use in policy.fields[name].choices
        ],
        fresh=is_fresh(site, who),
        stays=staying(policy),
        agents=agents_point(policy),
        held=_held_now(site, policy, who, point),
    )
    answer.headers.update(OWN_FORMS)
    return answer


def _held_now(site: Site, policy: Policy, who: SignedIn, point: Point) -> dict[str, str]:
    """What stands now in the fields that may be corrected, by the field for the new value; right after signing in only."""
    purpose = point.purposes[0]
    known = {
        name: policy.fields[name].corrects or "" for name in point.fields if policy.fields[name].corrects
    }
    if not is_fresh(site, who):
        return {}
    now = current(site, policy, who.person, purpose, who.key, "", "", tuple(known.values()))
    return {name: now[target] for name, target in known.items() if target in now}


def _dispute_page(request: AnyRequest, number: str) -> Response[bytes]:
    site, speech = site_of(request), speech_of(request)
    who = signed_in(site, request)
    if who is None:
        return door(request, f"/my/requests/{number}/dispute")
    told = own_matter(site, who, number)
    policy = site.troth.policy()
    answer = shown(
        site,
        speech,
        "my_dispute.html",
        who=who,
        one=shown_request(speech, told.matter, micros(site.troth.clock.now())),
        fields=fields_to_fill(policy, point_for(policy, "dispute")),
    )
    answer.headers.update(OWN_FORMS)
    return answer


def _opened(
    site: Site,
    who: SignedIn,
    point: Point,
    values: Mapping[str, object],
    language: str,
    about: str = "",
) -> Response[bytes]:
    """Open a case at a point in the person's own name, and go to its page."""
    body = {"channel": _WEB, "notice": str(point.notice), "values": dict(values)}
    submission = Collection(site.troth.policy, who.key).submission(point.name, body, age_passed=True)
    (outcome,) = site.troth.perform(
        [structs.replace(submission, person=who.person, case=about, language=language)]
    )
    if outcome.problem is not None:
        raise raised(outcome.problem)
    number = site.troth.rights.row(outcome.case).number
    return to(f"/my/requests/{number}?new=yes")


def _made(site: Site, request: AnyRequest, who: SignedIn, number: str) -> tuple[Spool, str] | None:
    """The copy for a request and its name; None where somebody signed in too long ago.

    Raises:
        NotFound: It is not one's own, or asks for no copy.
        Conflict: It is not ready, or not any more.
    """
    row = own_matter(site, who, number).matter
    if not is_fresh(site, who):
        return None
    until = copy_until(row)
    if row.kind not in COPIED or not until:
        raise Conflict(
            "There is no copy for this request yet.", clause="III.0", mend="We write when it is ready."
        )
    if micros(site.troth.clock.now()) > until:
        raise Conflict(
            "The time for fetching this copy is over.", clause="III.0", mend="Ask for another one: /my/ask."
        )
    work = work_for(site.troth, row.case, who.key, speech_of(request).words.language)
    return made_copy(site.troth, work), row.number


async def _pieces(spool: Spool) -> AsyncIterator[bytes]:
    pieces: Iterator[bytes] = zipped(spool)
    try:
        while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
            yield piece
    finally:
        spool.close()


HANDLERS: list[HTTPRouteHandler] = [ask_page, ask, withdraw, dispute_page, dispute, fetch_copy, schema]
