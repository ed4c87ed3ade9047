"""Bulletins at the console: written by one member, read and approved by another, and how far each is."""

from http import HTTPStatus
from typing import Any

from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from troth.bulletins import LANGUAGES, VARIABLES, Bulletin, Draft, Text, find_promotion
from troth.kernel import InvalidInput, TrothError
from troth.policy import CrucialReason, Product
from troth.staff import Working
from troth.web.console.desk import Given, Pairs, console_page, done, shown
from troth.web.sessions import to
from troth.web.site import Site

AnyRequest = Request[Any, Any, Any]
BULLETINS = "/console/bulletins"
_TONGUES = {"en": "English", "de": "German", "fr": "French"}


@get(BULLETINS)
async def bulletins_page(request: AnyRequest) -> Response[bytes]:
    """Every bulletin, the newest first, with how far it is."""

    def make(site: Site, who: Working, _: Given) -> Response[bytes]:
        found = site.troth.bulletins.newest(who.key)
        return console_page(
            site,
            "console_bulletins.html",
            who,
            here=BULLETINS,
            bulletins=[(one, site.troth.delivering.progress(one.case)) for one in found],
            writes=site.troth.bulletins.writes(who.key),
            **_titles(site),
        )

    return await shown(request, make)


@get(BULLETINS + "/write")
async def write_page(request: AnyRequest) -> Response[bytes]:
    """The form for a new bulletin."""
    return await shown(request, lambda site, who, _: _form(site, who, {}))


@post(BULLETINS)
async def write(request: AnyRequest) -> Response[bytes]:
    """Write a bulletin (clause II.16); what advertises in it is shown place by place."""

    def do(site: Site, who: Working, pairs: Pairs) -> Response[bytes]:
        form = dict(pairs)
        product, _, reason = form.get("about", "").partition(" ")
        texts = _texts(form)
        try:
            made = site.troth.bulletins.write(
                who.key, Draft(product, form.get("versions", ""), reason, texts)
            )
        except InvalidInput as error:
            return _form(site, who, form, error=error, texts=texts)
        return to(f"{BULLETINS}/{made.case}")

    return await done(request, do)


@get(BULLETINS + "/{bulletin:str}")
async def bulletin_page(request: AnyRequest, bulletin: FromPath[str]) -> Response[bytes]:
    """One bulletin: what it says as it will be sent, who wrote and approved it, and how far it is."""
    return await shown(request, lambda site, who, _: _one(site, who, bulletin))


@post(BULLETINS + "/{bulletin:str}/texts")
async def revise(request: AnyRequest, bulletin: FromPath[str]) -> Response[bytes]:
    """Give a bulletin other texts; an approval is void with that."""

    def do(site: Site, who: Working, pairs: Pairs) -> Response[bytes]:
        texts = _texts(dict(pairs))
        try:
            site.troth.bulletins.revise(who.key, bulletin, texts)
        except TrothError as error:
            return _one(site, who, bulletin, error=error, texts=texts)
        return to(f"{BULLETINS}/{bulletin}")

    return await done(request, do)


@post(BULLETINS + "/{bulletin:str}/steps")
async def step(request: AnyRequest, bulletin: FromPath[str]) -> Response[bytes]:
    """Approve, start or stop a bulletin."""

    def do(site: Site, who: Working, pairs: Pairs) -> Response[bytes]:
        try:
            _take(site, who, bulletin, dict(pairs))
        except TrothError as error:
            return _one(site, who, bulletin, error=error)
        return to(f"{BULLETINS}/{bulletin}")

    return await done(request, do)


def _take(site: Site, who: Working, case: str, form: Given) -> None:
    """Take the step that a form names.

    Raises:
        InvalidInput: There is no such step.
        TrothError: It was not taken; says why.
    """
    bulletins, named = site.troth.bulletins, form.get("step", "")
    if named == "stop" and form.get("sure") != "yes":
        raise InvalidInput(
            "Nothing was done: the box beside the button was not ticked.",
            field="sure",
            mend="Tick it, and try again.",
        )
    if named == "approve":
        bulletins.approve(who.key, case, form.get("digest", ""))
    elif named in ("start", "stop"):
        (bulletins.start if named == "start" else bulletins.stop)(who.key, case)
    else:
        raise InvalidInput("There is no such step.", field="step", mend="Use approve, start or stop.")


def _texts(form: Given) -> dict[str, Text]:
    """The texts that a form holds; a language of which nothing was written is left out."""
    found = {
        name: Text(
            form.get(f"subject_{name}", "").strip(), form.get(f"body_{name}", "").replace("\r\n", "\n")
        )
        for name in LANGUAGES
    }
    return {name: one for name, one in found.items() if one.subject or one.body.strip()}


def _form(
    site: Site,
    who: Working,
    form: Given,
    *,
    error: TrothError | None = None,
    texts: dict[str, Text] | None = None,
) -> Response[bytes]:
    site.troth.bulletins.newest(who.key)  # refused to whoever has nothing to do with it
    titles = _titles(site)
    return console_page(
        site,
        "console_bulletin_write.html",
        who,
        status=error.status if error is not None else HTTPStatus.OK,
        here=BULLETINS,
        reasons=site.troth.bulletins.reasons(),
        form=form,
        texts=texts or {},
        tongues=_TONGUES,
        variables=VARIABLES,
        error=error,
        found=find_promotion(texts or {}),
        **titles,
    )


def _one(
    site: Site,
    who: Working,
    case: str,
    *,
    error: TrothError | None = None,
    texts: dict[str, Text] | None = None,
) -> Response[bytes]:
    troth = site.troth
    one = troth.bulletins.show(who.key, case)
    return console_page(
        site,
        "console_bulletin.html",
        who,
        status=error.status if error is not None else HTTPStatus.OK,
        here=BULLETINS,
        one=one,
        progress=troth.delivering.progress(case),
        preview=_preview(site, one),
        people=troth.roster.titles([one.author, one.approver]),
        own=one.author == who.member.staff,
        writes=troth.bulletins.writes(who.key),
        error=error,
        texts=texts or one.texts,
        found=find_promotion(texts or one.texts),
        tongues=_TONGUES,
        variables=VARIABLES,
        **_titles(site),
    )


def _preview(site: Site, one: Bulletin) -> tuple[str, str]:
    """Subject and text of a mail of it, as somebody gets it whose name is not known."""
    from troth.bootstrap import preview_bulletin

    return preview_bulletin(site.troth, one)


def _titles(site: Site) -> dict[str, Any]:
    policy = site.troth.policy()
    return {
        "products": {one.name: one.called for one in policy.of(Product)},
        "whys": {one.name: one.title or one.name for one in policy.of(CrucialReason)},
    }


HANDLERS: list[HTTPRouteHandler] = [bulletins_page, write_page, write, bulletin_page, revise, step]
