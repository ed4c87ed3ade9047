"""The relay's pages (clause I.6): switching it on, writing to somebody, blocking, reporting."""

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from troth.forum import Board, Posting
from troth.kernel import InvalidInput, NotFound, Refused, TrothError
from troth.relay import MOST_A_DAY, Relays, TooMany, relay_of
from troth.web.api import check_id
from troth.web.asgi import query
from troth.web.pages import page
from troth.web.problems import TooManyAttempts
from troth.web.sessions import OWN_FORMS, SignedIn, check_token, own_form, signed_in, someone, to
from troth.web.site import Site, site_of

AnyRequest = Request[Any, Any, Any]
HOME = "/relay"
_SAID = {
    "on": "Switched on. Other users can write to you now, and you to them.",
    "off": "Switched off. Nothing more is passed on, in either direction.",
    "blocked": "Blocked. Nothing more from this user reaches you; the user is not told.",
    "released": "No longer blocked.",
    "reported": "Reported. A moderator reads this one message, under the alias that it came from.",
    "sent": "Passed on. When the other user answers, the answer comes to your mailbox.",
}
Change = Callable[[Relays, SignedIn, dict[str, str]], str]


@get(HOME, sync_to_thread=True)
def relay_page(request: AnyRequest) -> Response[bytes]:
    """Whether other users may write, and who has."""
    site, given = site_of(request), query(request.scope, ("said",))
    who = signed_in(site, request)
    if who is None:
        return to(f"/account/sign-in?next={HOME}")
    return _relay_page(site, who, _SAID.get(given.get("said", ""), ""))


@post("/relay/switch")
async def switch_relay(request: AnyRequest) -> Response[bytes]:
    """Let other users write, or no longer."""

    def switch(relays: Relays, who: SignedIn, form: dict[str, str]) -> str:
        on = form.get("on", "") == "yes"
        relays.switch(who.key, who.person, on=on)
        return "on" if on else "off"

    return await _changed(request, switch)


@post("/relay/block")
async def block_writer(request: AnyRequest) -> Response[bytes]:
    """Let nothing more through from whoever stands behind an alias, or let it through again."""

    def block(relays: Relays, who: SignedIn, form: dict[str, str]) -> str:
        on = form.get("on", "yes") == "yes"
        relays.block(who.key, who.person, form.get("alias", ""), on=on)
        return "blocked" if on else "released"

    return await _changed(request, block)


@post("/relay/report")
async def report_message(request: AnyRequest) -> Response[bytes]:
    """Report one message to a moderator."""

    def report(relays: Relays, who: SignedIn, form: dict[str, str]) -> str:
        relays.report(who.key, who.person, form.get("record", ""))
        return "reported"

    return await _changed(request, report)


@get("/relay/to/{posting:str}")
async def write_page(request: AnyRequest, posting: FromPath[str]) -> Response[bytes]:
    """The form of a message to the author of a posting."""
    query(request.scope, ())
    check_id(posting, "posting")
    return await asyncio.to_thread(_write_page, site_of(request), request, posting)


@post("/relay/to/{posting:str}")
async def write_message(request: AnyRequest, posting: FromPath[str]) -> Response[bytes]:
    """Pass a message on to the author of a posting, without naming either to the other."""
    check_id(posting, "posting")
    site, form = site_of(request), await own_form(request)

    def write() -> Response[bytes]:
        who = someone(site, request)
        check_token(who, form)
        return _written(site, who, _posting(site, posting), form)

    return await asyncio.to_thread(write)


def may_write(site: Site, reader: str, author: str) -> bool:
    """Whether a reader who is signed in is shown the way to write to an author."""
    if not reader or relay_of(site.troth.policy()) is None:
        return False
    return site.troth.relays.reachable(reader, author)


def _relay_page(site: Site, who: SignedIn, said: str) -> Response[bytes]:
    relays = site.troth.relays
    return _page(
        site,
        "relay.html",
        "page.account",
        who=who,
        on=relays.is_on(who.key, who.person),
        writers=relays.writers(who.key, who.person),
        said=said,
        most=MOST_A_DAY,
        clause=relays.passing.relay().clause,
    )


def _write_page(site: Site, request: AnyRequest, record: str) -> Response[bytes]:
    who = signed_in(site, request)
    if who is None:
        return to(f"/account/sign-in?next={HOME}/to/{record}")
    posting = _posting(site, record)
    if not site.troth.relays.reachable(who.person, posting.person):
        raise Refused(
            "This person takes no messages from other users.",
            clause=site.troth.relays.passing.relay().clause,
            mend="Answer in the forum.",
        )
    return _form(site, who, posting, {}, None)


def _written(site: Site, who: SignedIn, posting: Posting, form: dict[str, str]) -> Response[bytes]:
    relays = site.troth.relays
    try:
        relays.write(who.person, posting.person, form.get("text", ""), form.get("subject", ""))
    except TooMany as error:
        raise TooManyAttempts(error.what, mend=error.mend) from error
    except InvalidInput as error:
        answer = _form(site, who, posting, form, error)
        answer.status_code = error.status
        return answer
    return to(f"{HOME}?said=sent")


def _form(
    site: Site, who: SignedIn, posting: Posting, form: dict[str, str], error: TrothError | None
) -> Response[bytes]:
    relay, policy = site.troth.relays.passing.relay(), site.troth.policy()
    return _page(
        site,
        "relay_to.html",
        f"point.{relay.point.name}",
        who=who,
        posting=posting,
        form=form,
        error=error,
        on=site.troth.relays.is_on(who.key, who.person),
        relay=relay,
        notice=policy.notices.get(str(relay.point.notice)),
        clause=relay.clause,
    )


def _posting(site: Site, record: str) -> Posting:
    board = Board(site.troth.policy(), site.troth.perform, site.troth.web_key())
    return board.posting(record)


def _page(site: Site, template: str, place: str, **values: Any) -> Response[bytes]:
    answer = page(site, template, place=place, signed_in=True, **values)
    answer.headers.update(OWN_FORMS)
    answer.status_code = HTTPStatus.OK
    return answer


async def _changed(request: AnyRequest, change: Change) -> Response[bytes]:
    """Let somebody who is signed in change something about their relay."""
    site, form = site_of(request), await own_form(request)

    def run() -> Response[bytes]:
        who = someone(site, request)
        check_token(who, form)
        if relay_of(site.troth.policy()) is None:
            raise NotFound("There is no relay here.", mend="The policy declares none.")
        return to(f"{HOME}?said={change(site.troth.relays, who, form)}")

    return await asyncio.to_thread(run)


HANDLERS: list[HTTPRouteHandler] = [
    relay_page,
    switch_relay,
    block_writer,
    report_message,
    write_page,
    write_message,
]
