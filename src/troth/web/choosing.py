"""The choice page, the banner and the JSON behind them; what a visitor was shown, and the page for parents."""

import asyncio
from collections.abc import Collection
from datetime import date
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import msgspec
from litestar import Request, Response, get, post, route
from litestar.datastructures import Cookie
from litestar.enums import HttpMethod
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from troth.choice import (
    Choice,
    Chosen,
    choice_storage,
    choice_value,
    choose,
    offered_purposes,
    refused_cookies,
    remembered_seconds,
    remembering,
    switches,
    technologies,
)
from troth.kernel import InvalidInput
from troth.policy import Policy
from troth.web.asgi import decoded, header, query, read_body, read_form
from troth.web.objecting import keep_choice, with_objections
from troth.web.origins import check_origin, local_path, own_origin, shared_with
from troth.web.pages import page
from troth.web.published import long_date
from troth.web.rendering import HTML
from troth.web.shapes import DECODERS, ChoiceAnswer, ChoiceBody, ChoiceForm, NoticeReceipt, PurposeAnswer
from troth.web.site import Site, json_response, site_of
from troth.web.visiting import visitor

AnyRequest = Request[Any, Any, Any]
_ENCODER = msgspec.json.Encoder()
_HERE = "/choice"
_SCRIPT = "text/javascript"
_OWN_FORMS = {"Referrer-Policy": "same-origin"}
"""So that browsers name the origin of the forms on a page; other sites still learn nothing."""
# Handlers that share an address are asynchronous: the framework would wrap a synchronous one twice.
_MEANS = "The notice was shown. This is no consent to anything, and it names nobody."


@get([_HERE, "/cookies"])
async def choice_page(request: AnyRequest) -> Response[bytes]:
    """A switch for each optional purpose, and the list of everything that may be left in a browser (clause I.14)."""
    return await asyncio.to_thread(_choice_page, request)


def _choice_page(request: AnyRequest) -> Response[bytes]:
    site, given = site_of(request), query(request.scope, ("back", "saved"))
    policy = site.troth.policy()
    who = visitor(request)
    choice = with_objections(site, policy, who)
    answer = page(
        site,
        "choice.html",
        place="page.cookies",
        choice=choice,
        switches=switches(policy, choice),
        technologies=technologies(policy, choice, https=site.troth.settings.web.over_https),
        remembered=remembering(policy),
        contact=policy.front.contact,
        account=who.signed_in,
        chosen_on=long_date(choice.on) if choice.on else "",
        copy=choice_storage(policy),
        back=local_path(given.get("back", ""), ""),
        saved=given.get("saved") == "yes",
        asking=_asking(policy),
    )
    answer.headers.update(_OWN_FORMS)
    return answer


def _asking(policy: Policy) -> str:
    """The public form on which uses are stopped by name; empty where there is none."""
    for point in policy.points.values():
        if point.public and point.form and any(policy.fields[name].uses for name in point.fields):
            return point.name
    return ""


@post(_HERE)
async def submit_choice(request: AnyRequest) -> Response[bytes]:
    """Choose by form, and go back to where the visitor was."""
    site = site_of(request)
    query(request.scope, ())
    policy = await _checked(site, request, browser=True)
    site.choices.count(request.scope)
    form = _form(await read_form(request.scope, request.receive))
    allow: Collection[str] = {"save": form.allow, "none": (), "all": offered_purposes(policy)}[form.do]
    knowingly = form.knowingly if form.do == "save" else ()
    chosen = await asyncio.to_thread(_choose, site, policy, request, allow, knowingly)
    back = local_path(form.back, _HERE)
    if back.partition("?")[0] in {_HERE, "/cookies"}:
        back = f"{_HERE}?saved=yes"
    answer = Response(b"", status_code=HTTPStatus.SEE_OTHER, media_type=HTML, headers={"Location": back})
    _remember(answer, policy, chosen)
    return answer


@get("/v1/choice")
async def choice_data(request: AnyRequest) -> Response[bytes]:
    """What the visitor of this request chose."""
    site = site_of(request)
    query(request.scope, ())
    policy = await asyncio.to_thread(site.troth.policy)
    choice = await asyncio.to_thread(lambda: with_objections(site, policy, visitor(request)))
    return _shared(site, policy, request, _answer(policy, choice, _sent(policy, choice)))


@post("/v1/choice")
async def post_choice(request: AnyRequest) -> Response[bytes]:
    """Choose, as a script of a page does."""
    site = site_of(request)
    query(request.scope, ())
    policy = await _checked(site, request, browser=False)
    site.choices.count(request.scope)
    body: ChoiceBody = decoded(await read_body(request.scope, request.receive), DECODERS[ChoiceBody])
    chosen = await asyncio.to_thread(_choose, site, policy, request, body.allow, body.knowingly)
    answer = _shared(site, policy, request, _answer(policy, chosen.choice, chosen.value, chosen.entry))
    _remember(answer, policy, chosen)
    return answer


@route("/v1/choice", http_method=[HttpMethod.OPTIONS])
async def may_choose(request: AnyRequest) -> Response[bytes]:
    """Whether a page of another origin may ask (Fetch standard, CORS)."""
    site = site_of(request)
    policy = await asyncio.to_thread(site.troth.policy)
    origin = own_origin(policy, site.troth.settings.web.public_url, request.scope)
    headers = {"Allow": "GET, POST, OPTIONS", **shared_with(origin)}
    if origin:
        headers["Access-Control-Allow-Methods"] = "GET, POST"
        headers["Access-Control-Allow-Headers"] = "content-type"
    return Response(b"", status_code=HTTPStatus.NO_CONTENT, headers=headers)


@get("/choice/banner", sync_to_thread=True)
def banner(request: AnyRequest) -> Response[bytes]:
    """The banner as a fragment, for a page of the company."""
    site, given = site_of(request), query(request.scope, ("back",))
    policy = site.troth.policy()
    text = site.renderer.text(
        "banner.html",
        notices=site.shown.at(policy, "page.banner"),
        switches=switches(policy, Choice()),
        here=_base(site, request),
        back=local_path(given.get("back", ""), _HERE),
    )
    return _shared(site, policy, request, text.encode(), HTML)


@get("/choice.js", sync_to_thread=True)
def choice_script(request: AnyRequest) -> Response[bytes]:
    """The banner's script, with the name of the copy in the browser's storage as the policy declares it."""
    site = site_of(request)
    source = site.renderer.static["choice.js"].body.decode()
    key = choice_storage(site.troth.policy())
    headers = {"Cache-Control": "public, max-age=3600", "Cross-Origin-Resource-Policy": "same-site"}
    return Response(source.replace("{{key}}", key).encode(), media_type=_SCRIPT, headers=headers)


@get("/notice/{name:str}/receipt")
async def notice_receipt(request: AnyRequest, name: FromPath[str]) -> Response[bytes]:
    """That a notice was shown, for the visitor to keep (clause 0.3)."""
    site = site_of(request)
    query(request.scope, ())
    policy = await asyncio.to_thread(site.troth.policy)
    entry = await asyncio.wrap_future(site.shown.receipt(policy, name))
    return json_response(_receipt(policy, name, entry, site.troth.clock.now().date()))


@get("/parents", sync_to_thread=True)
def parents_page(request: AnyRequest) -> Response[bytes]:
    """What we do when a child comes, and how to reach us (clause I.20)."""
    site = site_of(request)
    policy = site.troth.policy()
    return page(
        site,
        "parents.html",
        place="page.parents",
        titles={clause.id: clause.title for clause in policy.clauses},
        contact=policy.front.contact,
        controller=policy.front.controller,
    )


async def _checked(site: Site, request: AnyRequest, *, browser: bool) -> Policy:
    policy = await asyncio.to_thread(site.troth.policy)
    check_origin(policy, site.troth.settings.web.public_url, request.scope, browser=browser)
    return policy


def _form(pairs: list[tuple[str, str]]) -> ChoiceForm:
    """The form in its shape.

    Raises:
        InvalidInput: It lacks a part, or has one too many.
    """
    given: dict[str, Any] = {}
    for name, value in pairs:
        if name in {"allow", "knowingly"}:
            given.setdefault(name, []).append(value)
        elif name in given:
            raise InvalidInput(f"{name[:64]} is given twice.", field=name[:64], mend="Send it once.")
        else:
            given[name] = value
    try:
        return msgspec.convert(given, ChoiceForm)
    except msgspec.ValidationError as error:
        raise InvalidInput(
            "The form is not that of the choice page; nothing was changed.", field="do", mend="Use /choice."
        ) from error


def _choose(
    site: Site, policy: Policy, request: AnyRequest, allow: Collection[str], knowingly: Collection[str]
) -> Chosen:
    who, troth = visitor(request), site.troth
    chosen = choose(
        troth.database, troth.clock, policy, allow=allow, knowingly=knowingly, signal=who.choice.signal
    )
    keep_choice(site, policy, who, chosen.choice)
    return chosen


def _remember(answer: Response[bytes], policy: Policy, chosen: Chosen) -> None:
    """Set the choice cookie, and take back at once what is not allowed any more. The guard adds the declared attributes."""
    for refused in refused_cookies(policy, chosen.choice):
        answer.set_cookie(Cookie(refused.wire_name, max_age=0))
    cookie = remembering(policy)
    if cookie is not None:
        answer.set_cookie(
            Cookie(cookie.wire_name, value=chosen.value, max_age=remembered_seconds(policy) or None)
        )


def _sent(policy: Policy, choice: Choice) -> str:
    """The value of the choice that a request carried, in the one form in which it is written."""
    if not choice.made:
        return ""
    day = date.fromisoformat(choice.on)
    return choice_value(policy, on=day, allowed=choice.allowed, knowingly=choice.knowingly)


def _receipt(policy: Policy, name: str, entry: str, today: date) -> bytes:
    notice = policy.notices[name]
    receipt = NoticeReceipt(
        notice=name,
        clause=notice.clause,
        text=notice.text or policy.clause(notice.clause).prose,
        places=notice.at,
        policy=policy.sha256,
        on=today.isoformat(),
        means=_MEANS,
        entry=entry,
        proof=f"/v1/receipts/{entry}",
        choices=_HERE,
    )
    return _ENCODER.encode(receipt)


def _answer(policy: Policy, choice: Choice, value: str, entry: str = "") -> bytes:
    purposes = tuple(
        PurposeAnswer(
            purpose=one.purpose,
            title=one.title,
            about=one.about,
            allowed=one.allowed,
            switched_on=one.on,
            knowingly=one.knowingly,
        )
        for one in switches(policy, choice)
    )
    return _ENCODER.encode(
        ChoiceAnswer(
            made=choice.made,
            on=choice.on,
            signal=choice.signal,
            value=value,
            keep=remembered_seconds(policy),
            purposes=purposes,
            entry=entry,
        )
    )


def _shared(
    site: Site, policy: Policy, request: AnyRequest, body: bytes, media: str = "application/json"
) -> Response[bytes]:
    origin = own_origin(policy, site.troth.settings.web.public_url, request.scope)
    return Response(body, status_code=HTTPStatus.OK, media_type=media, headers=shared_with(origin))


def _base(site: Site, request: AnyRequest) -> str:
    """What to write before paths on a page of another origin; empty where the request came to another address."""
    base = site.troth.settings.web.public_url.rstrip("/")
    return base if urlsplit(base).netloc == header(request.scope, b"host") else ""


HANDLERS: list[HTTPRouteHandler] = [
    may_choose,  # before its address gets an answer to OPTIONS from the framework
    choice_page,
    submit_choice,
    choice_data,
    post_choice,
    banner,
    choice_script,
    notice_receipt,
    parents_page,
]
