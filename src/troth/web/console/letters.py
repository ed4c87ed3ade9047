"""Letters at the console: batches by numbers, handed over or thrown away, and letters that came back. Nobody stands there."""

import re
from http import HTTPStatus
from typing import Any

from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from troth.kernel import InvalidInput, TrothError
from troth.outreach import FIRST, OverseenBatch, Place
from troth.policy import CaseType
from troth.staff import Working
from troth.web.console.desk import LETTERS, Given, Pairs, console_page, done, shown
from troth.web.sessions import to
from troth.web.site import Site

AnyRequest = Request[Any, Any, Any]
DELIVERED, MADE = "delivered", "made"
PAGE = 50
_MOST_SIGNS = 200
_APART = re.compile(r"[\s,;]+")
_BATCH = FromPath[str]


@get(LETTERS)
async def letters_page(request: AnyRequest) -> Response[bytes]:
    """Batches of letters, the newest first, and the form for those that came back."""

    def make(site: Site, who: Working, given: Given) -> Response[bytes]:
        return _overview(site, who, given)

    return await shown(request, make, ("behind", "returned"))


@post(LETTERS)
async def note_returned(request: AnyRequest) -> Response[bytes]:
    """Note letters that came back, by the reference that stands on them; all or none."""

    def do(site: Site, who: Working, pairs: Pairs) -> Response[bytes]:
        text = dict(pairs).get("references", "")
        try:
            number = site.troth.overseeing.returned(who.key, _signs(text))
        except TrothError as error:
            return _overview(site, who, {}, error=error, text=text)
        return to(f"{LETTERS}?returned={number}#back")

    return await done(request, do)


@get(LETTERS + "/{batch:str}")
async def batch_page(request: AnyRequest, batch: _BATCH) -> Response[bytes]:
    """One batch: how it stands, and what became of the letters of its case."""
    return await shown(request, lambda site, who, _: _one(site, who, batch))


@post(LETTERS + "/{batch:str}/steps")
async def step_batch(request: AnyRequest, batch: _BATCH) -> Response[bytes]:
    """Note that the print house has a batch; its file goes for good."""

    def do(site: Site, who: Working, pairs: Pairs) -> Response[bytes]:
        try:
            _check_step(dict(pairs))
            site.troth.overseeing.delivered(who.key, batch)
        except TrothError as error:
            return _one(site, who, batch, error=error)
        return to(f"{LETTERS}/{batch}")

    return await done(request, do, grave=lambda form: form.get("sure") == "yes")


@get(LETTERS + "/{batch:str}/discard")
async def discard_page(request: AnyRequest, batch: _BATCH) -> Response[bytes]:
    """Asks whether a batch is meant to be thrown away, and says what follows."""

    def make(site: Site, who: Working, _: Given) -> Response[bytes]:
        one = site.troth.overseeing.batch(who.key, batch)
        if one.batch.state != MADE or not one.acts:
            return to(f"{LETTERS}/{batch}")
        return console_page(
            site, "console_letter_discard.html", who, here=LETTERS, one=one, **_words(site, who)
        )

    return await shown(request, make)


@post(LETTERS + "/{batch:str}/discard")
async def discard_batch(request: AnyRequest, batch: _BATCH) -> Response[bytes]:
    """Throw a batch away that nobody has; its letters wait again, and its file goes for good."""

    def do(site: Site, who: Working, _: Pairs) -> Response[bytes]:
        try:
            site.troth.overseeing.discard(who.key, batch)
        except TrothError as error:
            return _one(site, who, batch, error=error)
        return to(f"{LETTERS}/{batch}")

    return await done(request, do, grave=lambda _: True)


def where_of(site: Site, who: Working) -> dict[str, str]:
    """Where the cases stand, by their kind, that somebody may look at; the rest of the address is the id of the case."""
    found = dict.fromkeys(site.troth.desk.kinds(who.key), "/console/cases")
    for one in site.troth.policy().of(CaseType):
        if one.carries == "bulletin" and site.troth.bulletins.may(who.key):
            found[one.name] = "/console/bulletins"
        elif one.name == "campaign" and site.troth.campaigns.may(who.key):
            found[one.name] = "/console/campaigns"
    return found


def _overview(
    site: Site, who: Working, given: Given, *, error: TrothError | None = None, text: str = ""
) -> Response[bytes]:
    batches, following = site.troth.overseeing.batches(who.key, place_of(given), PAGE)
    return console_page(
        site,
        "console_letters.html",
        who,
        status=error.status if error is not None else HTTPStatus.OK,
        here=LETTERS,
        batches=batches,
        following=f"{LETTERS}?behind={following.at}.{following.id}" if following else "",
        later=bool(given.get("behind")),
        error=error,
        text=text,
        returned=given.get("returned", "") if given.get("returned", "").isdecimal() else "",
        **_words(site, who),
    )


def _one(site: Site, who: Working, batch: str, *, error: TrothError | None = None) -> Response[bytes]:
    one = site.troth.overseeing.batch(who.key, batch)
    return console_page(
        site,
        "console_letter_batch.html",
        who,
        status=error.status if error is not None else HTTPStatus.OK,
        here=LETTERS,
        one=one,
        lies=_lies(site, one),
        days=site.troth.settings.letters.keep_days,
        error=error,
        **_words(site, who),
    )


def _lies(site: Site, one: OverseenBatch) -> bool:
    """Whether the file of a batch lies in the folder."""
    return site.troth.letters.place(one.batch.batch).is_file()


def _words(site: Site, who: Working) -> dict[str, Any]:
    policy = site.troth.policy()
    return {
        "where": where_of(site, who),
        "kinds": {one.name: one.title or one.name for one in policy.of(CaseType)},
        "topics": {one.name: one.title or one.name for one in policy.topics.values()},
        "houses": {one.name: one.title or one.name for one in policy.recipients.values()},
    }


def _signs(text: str) -> list[str]:
    """The references that a form holds, as they stand on letters, whoever typed them with hyphens or in capitals."""
    found = [one.replace("-", "").lower() for one in _APART.split(text.strip()) if one]
    if not found or len(found) > _MOST_SIGNS:
        raise InvalidInput(
            f"Between 1 and {_MOST_SIGNS} references are noted at once.",
            field="reference",
            mend="Write what stands on the letter as our reference, one a line.",
        )
    return found


def _check_step(form: Given) -> None:
    if form.get("step") != DELIVERED:
        raise InvalidInput("There is no such step.", field="step", mend=f"Use {DELIVERED}.")
    if form.get("sure") != "yes":
        raise InvalidInput(
            "Nothing was noted: the box beside the button was not ticked.",
            field="sure",
            mend="Tick it once the print house has the file.",
        )


def place_of(given: Given, first: Place = FIRST) -> Place:
    """Behind which row a page begins, by its address.

    Raises:
        InvalidInput: It is no such place.
    """
    at, _, which = given.get("behind", "").partition(".")
    if not at:
        return first
    if not (at.isascii() and at.isdigit()) or len(at) > 18:  # noqa: PLR2004  a signed 64-bit number
        raise InvalidInput("The place is none.", field="behind", mend="Begin with the first page.")
    return Place(int(at), which)


HANDLERS: list[HTTPRouteHandler] = [
    letters_page,
    note_returned,
    batch_page,
    step_batch,
    discard_page,
    discard_batch,
]
