"""Campaigns at the console: drafted, counted, previewed, tested, started with a confirmation, watched, paused and stopped."""

from datetime import UTC, datetime
from typing import Any

from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from troth.bootstrap import preview_message, send_test
from troth.campaigns import read_rate
from troth.kernel import InvalidInput, TrothError
from troth.outreach import Size
from troth.policy import Audience
from troth.staff import Working
from troth.web.console.desk import CAMPAIGNS, Given, console_page, done, shown
from troth.web.counting import Going
from troth.web.sessions import to
from troth.web.site import Site

AnyRequest = Request[Any, Any, Any]
_STEPS = ("start", "pause", "resume", "stop")
_CASE = FromPath[str]


@get(CAMPAIGNS)
async def campaigns_page(request: AnyRequest) -> Response[bytes]:
    """Every campaign, and the form for a new one."""

    def make(site: Site, who: Working, _: Given) -> Response[bytes]:
        return _overview(site, who)

    return await shown(request, make)


@post(CAMPAIGNS)
async def draft_campaign(request: AnyRequest) -> Response[bytes]:
    """Draft a campaign; nothing is sent."""
    return await done(request, lambda site, who, pairs: _drafted(site, who, dict(pairs)))


@get(CAMPAIGNS + "/{case:str}")
async def campaign_page(request: AnyRequest, case: _CASE) -> Response[bytes]:
    """One campaign: how far it is, what it sends, and what can be done."""

    def make(site: Site, who: Working, given: Given) -> Response[bytes]:
        return _one(site, who, case, tested=given.get("tested", ""))

    return await shown(request, make, ("tested",))


@post(CAMPAIGNS + "/{case:str}/steps")
async def step_campaign(request: AnyRequest, case: _CASE) -> Response[bytes]:
    """Start, pause, resume, stop, count or test a campaign."""
    return await done(request, lambda site, who, pairs: _stepped(site, who, case, dict(pairs)))


def _drafted(site: Site, who: Working, form: Given) -> Response[bytes]:
    try:
        made = site.troth.campaigns.draft(
            who.key,
            name=form.get("name", ""),
            message=form.get("message", ""),
            expression=form.get("expression", ""),
            of=form.get("of", ""),
            starts=_instant(form, "starts"),
            ends=_instant(form, "ends"),
            per_hour=read_rate(form.get("rate", "")),
        )
    except TrothError as error:
        return _overview(site, who, error=error, form=form)
    return to(f"{CAMPAIGNS}/{made.case}")


def _stepped(site: Site, who: Working, case: str, form: Given) -> Response[bytes]:
    step, campaigns = form.get("step", ""), site.troth.campaigns
    try:
        if step == "count":
            campaigns.check_may(who.key)
            site.counts.ask(who.session, case, lambda seen: campaigns.count(who.key, case, seen))
            return to(f"{CAMPAIGNS}/{case}#whom")
        if step == "test":
            message = campaigns.progress(case).message
            send_test(site.troth, who.key, message, form.get("to", ""), form.get("language", ""))
            return to(f"{CAMPAIGNS}/{case}?tested=yes#message")
        _check_step(step, form)
        getattr(campaigns, step)(who.key, case)
    except TrothError as error:
        return _one(site, who, case, error=error, to_whom=form.get("to", ""))
    return to(f"{CAMPAIGNS}/{case}")


def _overview(
    site: Site, who: Working, *, error: TrothError | None = None, form: Given | None = None
) -> Response[bytes]:
    campaigns = site.troth.campaigns
    campaigns.check_may(who.key)
    policy = site.troth.policy()
    return console_page(
        site,
        "console_campaigns.html",
        who,
        status=error.status if error is not None else 200,
        here=CAMPAIGNS,
        campaigns=[campaigns.progress(one.case) for one in campaigns.campaigns()[:50]],
        messages=site.troth.messages.newest(),
        audiences=policy.of(Audience),
        fields=policy.fields,
        error=str(error) if error is not None else "",
        field=error.field if error is not None else "",
        form=form or {},
    )


def _one(
    site: Site,
    who: Working,
    case: str,
    *,
    tested: str = "",
    to_whom: str = "",
    error: TrothError | None = None,
) -> Response[bytes]:
    campaigns, policy = site.troth.campaigns, site.troth.policy()
    campaigns.check_may(who.key)
    counted: Size | Going | None = None
    if error is None:
        try:
            counted = site.counts.told(who.session, case)
        except TrothError as missed:
            error = missed
    told = campaigns.progress(case)
    languages = told.message.languages
    return console_page(
        site,
        "console_campaign.html",
        who,
        status=error.status if error is not None else 200,
        here=CAMPAIGNS,
        told=told,
        one=told.campaign,
        audience=campaigns.audiences.kept(told.campaign.plan.audience),
        previews=[(one, preview_message(site.troth, told.message, one)) for one in languages],
        steps=campaigns.possible(told.campaign),
        clauses={clause.id: clause.title for clause in policy.clauses},
        size=counted if isinstance(counted, Size) else None,
        going=counted if isinstance(counted, Going) else None,
        tested=tested,
        mine=to_whom or (who.member.name if "@" in who.member.name else ""),
        field=error.field if error is not None else "",
        error=str(error) if error is not None else "",
    )


def _check_step(step: str, form: Given) -> None:
    if step not in _STEPS:
        raise InvalidInput("There is no such step.", field="step", mend=f"Use one of {', '.join(_STEPS)}.")
    if step in ("start", "stop") and form.get("sure") != "yes":
        raise InvalidInput(
            "Nothing was done: the box beside the button was not ticked.",
            field="sure",
            mend="Tick it, and try again.",
        )


def _instant(form: Given, name: str) -> datetime | None:
    """An instant (UTC) that a browser's field of date and time gives; None where it was left empty."""
    text = form.get(name, "").strip()
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidInput("That is no date with a time.", field=name, mend="Choose both.") from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


HANDLERS: list[HTTPRouteHandler] = [campaigns_page, draft_campaign, campaign_page, step_campaign]
