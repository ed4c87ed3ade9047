"""Collection points over HTTP: what each takes, and the public door to it."""

import asyncio
from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from msgspec import structs

from troth.collection import Collection, Fault, InvalidSubmission, TooYoung
from troth.gate import Ask, Outcome
from troth.kernel import InvalidInput, Unauthenticated
from troth.policy import Policy
from troth.web.acts import bearer
from troth.web.api import refusal
from troth.web.asgi import Scope, decoded, header, query, read_body
from troth.web.failing import rendered
from troth.web.forms.marks import PASSED, REFUSED
from troth.web.matters import OpenedMatter, opened_matter
from troth.web.screening import screened
from troth.web.shapes import Collected
from troth.web.site import Site, at_hand, json_response, site_of
from troth.web.speaking import language_at

_SMALL = 16_000
_MARK = b"idempotency-key"
_LEAST_MARK, _MOST_MARK = 16, 128
_BODY = msgspec.json.Decoder(dict[str, Any])
_ENCODER = msgspec.json.Encoder()
AnyRequest = Request[Any, Any, Any]
CHOICES = "/choice"


@get("/v1/collect/{point:str}", sync_to_thread=True)
def describe_point(request: AnyRequest, point: FromPath[str]) -> Response[bytes]:
    """What a collection point takes, what for, and the notice that must be shown there."""
    query(request.scope, ())
    described = Collection(site_of(request).troth.policy, "").describe(point)
    if described["notice"]:
        described["notice"]["choices"] = CHOICES  # where one says no to what is optional (clause I.17)
    return json_response(_ENCODER.encode(described))


@post("/collect/{point:str}")
async def collect(request: AnyRequest, point: FromPath[str]) -> Response[bytes]:
    """Take a submission at a declared point; a point that is not public takes it from the holder of a key."""
    site = site_of(request)
    query(request.scope, ())
    try:
        ask = await _ask(site, request, point)
    except TooYoung as error:
        return _turned_away(site, request, error)
    outcome = await site.acting.perform(request.scope, ask)
    refused = refusal(outcome)
    if refused is not None:
        return refused
    return _taken(ask, outcome, await at_hand(site, lambda: opened_matter(site, outcome)))


def _taken(ask: Ask, outcome: Outcome, opened: OpenedMatter) -> Response[bytes]:
    taken = Collected(
        entry=outcome.entry,
        point=ask.point,
        stored=tuple(ask.values),
        clauses=outcome.clauses,
        policy=outcome.policy,
        held=outcome.held,
        number=opened.number,
        due=opened.due,
        due_because=opened.why,
    )
    status = HTTPStatus.ACCEPTED if outcome.held else HTTPStatus.CREATED
    return json_response(_ENCODER.encode(taken), status)


async def _ask(site: Site, request: AnyRequest, point: str) -> Ask:
    # An unknown point is told before its body is read: nothing of it is taken in.
    policy, taking = await at_hand(site, lambda: _prepared(site, point))
    key = ""
    if header(request.scope, b"authorization") or taking is None:
        key = bearer(request.scope)
        site.failures.check(request.scope, key)
        taking = Collection(lambda: policy, key)
    else:
        site.submissions.count(request.scope)
    body = await read_body(request.scope, request.receive)
    arguments = (site, request.scope, policy, taking, point, key, body)
    # A body of usual size is read faster than a thread is woken for it.
    ask = _submission(*arguments) if len(body) <= _SMALL else await asyncio.to_thread(_submission, *arguments)
    ask = structs.replace(ask, language=language_at(policy, request.scope))
    mark = header(request.scope, _MARK)
    if mark:
        ask = structs.replace(ask, once=_once(mark))
    return structs.replace(ask, person=await at_hand(site, lambda: _signed_in(site, key))) if key else ask


def _once(mark: str) -> str:
    """The mark by which the same submission counts once, as its sender made it.

    Raises:
        InvalidInput: It is too short to be random, or no short text.
    """
    if _LEAST_MARK <= len(mark) <= _MOST_MARK and mark.isprintable():
        return f"key {mark}"
    raise InvalidInput(
        "The Idempotency-Key is no random text; nothing was stored.",
        field="Idempotency-Key",
        mend=f"Make a new random one of {_LEAST_MARK} to {_MOST_MARK} characters, such as a UUID, for each submission.",
    )


def _prepared(site: Site, point: str) -> tuple[Policy, Collection | None]:
    """The version in force, and what takes submissions of visitors to a point, if it is public."""
    policy = site.troth.policy()
    if point not in policy.points:
        Collection(lambda: policy, "").describe(point)
    return policy, site.troth.collection_under(policy) if policy.points[point].public else None


def _turned_away(site: Site, request: AnyRequest, error: TooYoung) -> Response[bytes]:
    """The refusal of the age screen, which the browser remembers for its session, so that nobody just tries again."""
    status, body, media, headers = rendered(error, request.scope, site.renderer)
    headers |= site.marks.set_cookie(site.troth.policy(), site.marks.fresh(REFUSED))
    return Response(body, status_code=status, media_type=media, headers=headers)


def _submission(
    site: Site, scope: Scope, policy: Policy, taking: Collection, point: str, key: str, content: bytes
) -> Ask:
    body = decoded(content, _BODY)
    passed = _answered(body) if key and "age_passed" in body else False
    answer = body.pop("age", None)
    if not passed:
        today = site.troth.clock.now().date()
        passed = (
            screened(policy, point, answer, today, asked=False)
            if key
            else _screened(site, scope, policy, point, answer)
        )
    return taking.submission(point, body, age_passed=passed)


def _signed_in(site: Site, key: str) -> str:
    """Whose session a key is, so that a submission becomes theirs; empty for every other key."""
    try:
        return site.troth.gate.actor(key).person
    except Unauthenticated:  # the gate refuses the act for it, and the failure is counted there
        return ""


def _screened(site: Site, scope: Scope, policy: Policy, point: str, answer: object) -> bool:
    """Whether a visitor has passed the age screen of a point, in this request or a short while ago."""
    if not policy.points[point].age_screen:
        return False
    mark = site.marks.read(policy, scope)
    if mark is not None and mark.state == REFUSED:
        raise TooYoung
    if mark is not None and mark.state == PASSED and answer is None:
        return True
    return screened(policy, point, answer, site.troth.clock.now().date(), asked=True)


def _answered(body: dict[str, Any]) -> bool:
    """What the holder of a key says of the age screen, taken out of the body."""
    passed = body.pop("age_passed")
    if isinstance(passed, bool):
        return passed
    raise InvalidSubmission(
        [Fault("age_passed", "age_passed is neither true nor false.", "Send true or false, without quotes.")]
    )


HANDLERS: list[HTTPRouteHandler] = [describe_point, collect]
