"""The pages of forms: hosted page, fragment, age screen, submission, thanks."""

import asyncio
import hashlib
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, NamedTuple
from urllib.parse import urlencode

import msgspec
from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from msgspec import structs

from troth.collection import (
    PURPOSE,
    Collection,
    Fault,
    Form,
    InvalidSubmission,
    Sent,
    TooYoung,
    form_of,
    read_sent,
)
from troth.gate import Ask, Outcome, PersonalDataFound, Problem
from troth.kernel import NotFound, is_id
from troth.policy import Policy
from troth.web.asgi import MAX_BODY, query
from troth.web.forms.bodies import Body, Pairs, form_body
from troth.web.forms.marks import PASSED, REFUSED, Mark
from troth.web.forms.showing import Showing
from troth.web.forms.tongues import in_words
from troth.web.forms.views import Shown, carried_of, found_of, kinds_of, missing_parts, wrong_of
from troth.web.limiting import network_of
from troth.web.matters import matter_of
from troth.web.origins import own_address
from troth.web.screening import screened
from troth.web.site import Site, at_hand, site_of
from troth.web.speaking import Speech, speech_at

AnyRequest = Request[Any, Any, Any]
_KEPT = frozenset({PURPOSE})
_MORE_ROWS = 3
MAX_FORM_BODY = 2 * MAX_BODY
"""A file and another that replaces it."""
_AGAIN = frozenset({"more", "look"})
"""Buttons that give the form back instead of submitting it."""
_ENCODER = msgspec.json.Encoder(order="deterministic")
_MINUTE = 60
_YEAR, _MONTH = "birth-year", "birth-month"
_CHANNEL = "web"
_BACK = "back"
"""Names the page on which the visitor found the form."""


class Visit(NamedTuple):
    """A request for a form: the site, the policy it is answered under, the form, and the visitor's form cookie.

    Args:
        site: Shared parts.
        policy: The version in force.
        form: The form of the point.
        mark: What the form cookie says; None when there is none.
        back: The page of ours on which the form stands, to which the visitor goes back; empty for the hosted page.
        held: What the browser's cookie says already; the mark may have changed since.
        speech: How the visitor is spoken to.
    """

    site: Site
    policy: Policy
    form: Form
    mark: Mark | None
    speech: Speech
    back: str = ""
    held: Mark | None = None

    @property
    def refused(self) -> bool:
        """Whether the age screen has turned this visitor away."""
        return self.form.point.age_screen and self.mark is not None and self.mark.state == REFUSED

    @property
    def screened(self) -> bool:
        """Whether no age screen stands before the fields any more."""
        return not self.form.point.age_screen or (self.mark is not None and self.mark.state == PASSED)

    def showing(self) -> Showing:
        """What renders its pages."""
        return Showing(self.site, self.policy, self.form, self.mark, self.speech, self.back, self.held)

    def coming_from(self, request: AnyRequest, back: str) -> "Visit":
        """The same visit, which ends on the page that it came from, if that is one of ours."""
        public_url = self.site.troth.settings.web.public_url
        return self._replace(back=own_address(self.policy, public_url, request.scope, back))


@get("/forms/{point:str}")
async def form_page(request: AnyRequest, point: FromPath[str]) -> Response[bytes]:
    """The form of a public point on a page of its own; where an age screen stands, that first."""
    back = query(request.scope, (_BACK,)).get(_BACK, "")
    return await asyncio.to_thread(_opened, request, point, back)


def _opened(request: AnyRequest, point: str, back: str) -> Response[bytes]:
    visit = _visit(request, point).coming_from(request, back)
    if visit.refused:
        return visit.showing().refusal()
    if not visit.screened:
        return visit.showing().age_screen()
    return visit.showing().page(Shown(visit.form))


@get("/forms/{point:str}/fragment", sync_to_thread=True)
def form_fragment(request: AnyRequest, point: FromPath[str]) -> Response[bytes]:
    """The same without a page around it, for a company's own page."""
    back = query(request.scope, (_BACK,)).get(_BACK, "")
    visit = _visit(request, point).coming_from(request, back)
    return visit.showing().fragment(Shown(visit.form), refused=visit.refused, screened=visit.screened)


@get("/forms/{point:str}/thanks", sync_to_thread=True)
def form_thanks(request: AnyRequest, point: FromPath[str]) -> Response[bytes]:
    """What was stored, by name, and the way to the receipt."""
    given = query(request.scope, ("entry", "stored", "case", _BACK))
    visit = _visit(request, point).coming_from(request, given.get(_BACK, ""))
    entry = given.get("entry", "")
    if not is_id(entry):
        raise NotFound("No submission has this receipt.", mend="Use the address that the form led to.")
    names = set(given.get("stored", "").split(","))
    stored = [control.label for control in visit.form.controls if control.name in names]
    return visit.showing().thanks(entry, stored, matter_of(visit.site, given.get("case", "")))


@post("/forms/{point:str}/age", request_max_body_size=MAX_FORM_BODY)
async def answer_age(request: AnyRequest, point: FromPath[str]) -> Response[bytes]:
    """Weigh the answer to the age screen and forget it; only yes or no goes into the form cookie, for this visit."""
    query(request.scope, ())
    visit = await asyncio.to_thread(_visit, request, point)
    visit.site.submissions.count(request.scope)
    body = await form_body(request, _KEPT)
    visit = visit.coming_from(request, body.own.get(_BACK, ""))
    return await asyncio.to_thread(_answer_age, request, visit, body)


@post("/forms/{point:str}", request_max_body_size=MAX_FORM_BODY)
async def submit_form(request: AnyRequest, point: FromPath[str]) -> Response[bytes]:
    """Take a submission as browsers send it; what is wrong is shown in the form, with everything that was typed."""
    query(request.scope, ())
    visit, taking = await at_hand(site_of(request), lambda: _prepared(request, point))
    visit.site.submissions.count(request.scope)
    body = await form_body(request, _KEPT)
    visit = visit.coming_from(request, body.own.get(_BACK, ""))
    if not _goes_on(request, visit, body):
        return await asyncio.to_thread(_shown_instead, request, visit, body)
    return await _submitted(request, visit, taking, body)


async def _submitted(request: AnyRequest, visit: Visit, taking: Collection, body: Body) -> Response[bytes]:
    # A body of usual size is read sooner than a thread wakes for it; pages are made in threads.
    arguments = (request, visit, taking, body)
    read = _act(*arguments) if body.small else await asyncio.to_thread(_act, *arguments)
    if isinstance(read, Faulty):
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        return await asyncio.to_thread(_with_faults, visit, read.sent, read.faults, status)
    outcome = await visit.site.acting.perform(request.scope, read.ask)
    if outcome.problem is not None:
        return _not_done(visit, read.sent, outcome.problem)
    return _taken(visit, read.ask.values, outcome)


class Read(NamedTuple):
    """What was sent, and the act that it asks for."""

    sent: Sent
    ask: Ask


class Faulty(NamedTuple):
    """What was sent, and what is wrong with it."""

    sent: Sent
    faults: tuple[Fault, ...]


def _prepared(request: AnyRequest, point: str) -> tuple[Visit, Collection]:
    visit = _visit(request, point)
    return visit, visit.site.troth.collection_under(visit.policy)


def _goes_on(request: AnyRequest, visit: Visit, body: Body) -> bool:
    """Whether a submission is to be read and done, and no page shown instead."""
    if visit.refused or not visit.screened or body.own.keys() & _AGAIN:
        return False
    return _meant(request, visit, body)


def _shown_instead(request: AnyRequest, visit: Visit, body: Body) -> Response[bytes]:
    """The page that is shown instead of doing what was sent."""
    if visit.refused:
        return visit.showing().refusal()
    if not visit.screened:
        return visit.showing().age_screen(status=HTTPStatus.FORBIDDEN, carried=body.pairs)
    return _shown_again(request, visit, body)


def _act(request: AnyRequest, visit: Visit, taking: Collection, body: Body) -> Read | Faulty:
    sent = read_sent(visit.form, body.pairs)
    submission = {"channel": _CHANNEL, "values": sent.values}
    submission |= {"notice": body.own["notice"]} if body.own.get("notice") else {}
    submission |= {"purpose": sent.purpose} if sent.purpose else {}
    submission |= {"aware": body.own["aware"].split()} if body.own.get("aware") else {}
    point = visit.form.point
    try:
        ask = taking.submission(point.name, submission, age_passed=point.age_screen)
    except InvalidSubmission as error:
        return Faulty(sent, (*sent.faults, *error.errors))
    if sent.faults:
        return Faulty(sent, sent.faults)
    language = visit.speech.words.language
    return Read(sent, structs.replace(ask, once=_once(request, visit, body, ask), language=language))


def _once(request: AnyRequest, visit: Visit, body: Body, ask: Ask) -> str:
    """The mark by which the same submission counts once: the page's own; for a fragment, which has none, the minute and network."""
    page = body.own.get("once", "")
    minute = int(visit.site.troth.clock.now().timestamp() // _MINUTE)
    place = page or f"{minute} {network_of(request.scope)}"
    sent = _ENCODER.encode((place, ask.point, ask.purpose, ask.values, ask.aware))
    return f"form {hashlib.sha256(sent).hexdigest()}"


def _visit(request: AnyRequest, point: str) -> Visit:
    site = site_of(request)
    policy = site.troth.policy()
    declared = policy.points.get(point)
    if declared is None or not (declared.public and declared.form and _CHANNEL in declared.channels):
        raise NotFound(
            "There is no such form; nothing was stored.",
            clause="I.1",
            field="point",
            mend="See GET /v1/collect/{point} for what a declared point takes.",
        )
    mark = site.marks.read(policy, request.scope)
    speech = speech_at(policy, request.scope)
    return Visit(site, policy, in_words(form_of(policy, point), speech.words), mark, speech, held=mark)


def _answer_age(request: AnyRequest, visit: Visit, body: Body) -> Response[bytes]:
    if visit.refused or not visit.form.point.age_screen:
        return visit.showing().onwards()
    if not _meant(request, visit, body):
        return visit.showing().age_screen(status=HTTPStatus.FORBIDDEN, carried=body.pairs)
    typed = {name: body.own.get(name, "")[:20] for name in (_YEAR, _MONTH)}
    given = {"year": typed[_YEAR], "month": typed[_MONTH]}
    try:
        today = visit.site.troth.clock.now().date()
        screened(visit.policy, visit.form.point.name, given, today, asked=True)
    except InvalidSubmission as error:
        return visit.showing().age_screen(
            status=HTTPStatus.UNPROCESSABLE_ENTITY,
            typed=typed,
            wrong={fault.field for fault in error.errors},
            carried=body.pairs,
        )
    except TooYoung:
        return visit._replace(mark=visit.site.marks.fresh(REFUSED)).showing().onwards()
    passed = visit._replace(mark=visit.site.marks.fresh(PASSED))
    return _filled(passed, body.pairs) if body.pairs else passed.showing().onwards()


def _filled(visit: Visit, pairs: Pairs) -> Response[bytes]:
    """The form with what was typed before the age screen came up."""
    sent = read_sent(visit.form, pairs)
    return visit.showing().page(_typed(visit, sent))


def _shown_again(request: AnyRequest, visit: Visit, body: Body) -> Response[bytes]:
    """The form as it was filled in, to be looked over, filled in further, or sent once more."""
    sent = read_sent(visit.form, body.pairs)
    shown = _typed(visit, sent)
    if not _meant(request, visit, body):
        message = visit.speech.words(
            "Please look over your answers and send the form once more. Nothing was stored yet."
        )
        return visit.showing().page(shown._replace(message=message), HTTPStatus.FORBIDDEN)
    if "more" in body.own:
        return visit.showing().page(shown._replace(rows=sent.rows + _MORE_ROWS))
    return visit.showing().page(
        shown._replace(found=found_of(visit.form, sent, visit.speech.words), looked=True)
    )


def _meant(request: AnyRequest, visit: Visit, body: Body) -> bool:
    return visit.site.marks.vouched(visit.policy, request.scope, visit.mark, body.own.get("token", ""))


def _with_faults(
    visit: Visit, sent: Sent, faults: tuple[Fault, ...], status: int, aware: tuple[str, ...] = ()
) -> Response[bytes]:
    parts = missing_parts(visit.form, sent)
    wrong = wrong_of(visit.form, (*faults, *parts), sent.rows, visit.speech.words)
    shown = _typed(visit, sent)._replace(wrong=wrong, files=carried_of(sent, wrong), aware=aware)
    return visit.showing().page(shown, status)


def _typed(visit: Visit, sent: Sent) -> Shown:
    """The form as it was filled in, files too."""
    return Shown(visit.form, texts=sent.texts, rows=sent.rows, files=carried_of(sent))


def _not_done(visit: Visit, sent: Sent, problem: Problem) -> Response[bytes]:
    """A submission that the gate did not do, told in the form: a serial that is taken, a purpose that was objected to."""
    fault = Fault(problem.field, problem.detail, problem.mend, problem.clause)
    if problem.code == PersonalDataFound.code:
        scanned = next((one.scan for one in (visit.policy.fields.get(problem.field),) if one), "")
        # A browser's reader is told in words; the kinds are in the tick that keeps them.
        mend = (
            "Please remove it."
            if scanned == "refuse"
            else "Please remove it, or tick that you want to keep it."
        )
        aware = () if scanned == "refuse" else kinds_of(visit.form, sent)
        return _with_faults(visit, sent, (fault._replace(mend=mend),), problem.status, aware)
    return _with_faults(visit, sent, (fault,), problem.status)


def _taken(visit: Visit, values: Mapping[str, Any], outcome: Outcome) -> Response[bytes]:
    told = {"entry": outcome.entry, "stored": ",".join(values)} | ({_BACK: visit.back} if visit.back else {})
    told |= {"case": outcome.case} if visit.form.point.opens else {}
    return visit.showing().onwards(f"/forms/{visit.form.point.name}/thanks?{urlencode(told, safe=',')}")


HANDLERS: list[HTTPRouteHandler] = [form_page, form_fragment, form_thanks, answer_age, submit_form]
