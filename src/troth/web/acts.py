"""The hot endpoints: acts through the gate, as raw ASGI in front of the framework."""

import asyncio
import re
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import msgspec

from troth.gate import Ask, Batcher, Outcome
from troth.kernel import InvalidInput, Log, NotFound, Unauthenticated, is_id
from troth.web.asgi import Receive, Scope, Send, decoded, header, query, read_body, respond
from troth.web.guarding import FailedSignIns
from troth.web.measuring import Metrics
from troth.web.problems import MEDIA_TYPE, error_headers, outcome_problem
from troth.web.shapes import DECODERS, ActBody, BatchBody

_BATCH = re.compile(rb'\s*\{\s*"acts"\s*:')
_log = Log("troth.web")
_ENCODER = msgspec.json.Encoder()
READ_PARAMETERS = ("fields", "purpose", "case", "recipient", "channel", "reason", "partial")
ERASE_PARAMETERS = ("purpose", "case", "reason")
PEOPLE = "/v1/people/"


def bearer(scope: Scope) -> str:
    """The API key of a request.

    Raises:
        Unauthenticated: There is none.
    """
    scheme, _, key = header(scope, b"authorization").partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        raise Unauthenticated(
            "The request carries no API key.", mend="Send `Authorization: Bearer troth_...`."
        )
    return key.strip()


class Acting:
    """Hands acts to the gate and answers with their outcomes.

    Args:
        batcher: The one batcher of the process.
        failures: Counts failed sign-ins.
        metrics: Counts acts.
    """

    def __init__(self, batcher: Batcher[Ask, Outcome], failures: FailedSignIns, metrics: Metrics) -> None:
        self._batcher = batcher
        self._failures = failures
        self._metrics = metrics

    async def perform(self, scope: Scope, ask: Ask) -> Outcome:
        """Perform one act, counting it, and its key's failure when it has one."""
        self._failures.check(scope, ask.key)
        started = asyncio.get_running_loop().time()
        outcome = await self._batcher.perform(ask)
        self._note(scope, ask.key, (ask.act,), (outcome,), started)
        return outcome

    async def post(self, scope: Scope, receive: Receive, send: Send) -> None:
        """POST /v1/acts: one act, or up to 1,000 in one unit of work."""
        key = bearer(scope)
        self._failures.check(scope, key)
        query(scope, ())
        body = await read_body(scope, receive)
        if _BATCH.match(body):
            await self._post_batch(scope, send, key, body)
            return
        act: Any = decoded(body, DECODERS[ActBody])
        await answer(send, act.act, act.order, await self.perform(scope, act.ask(key)))

    async def read(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002  the shape of a handler
        """GET /v1/people/{person}: read fields of somebody, through the same gate."""
        key = bearer(scope)
        ask = read_ask(scope, key)
        await answer(send, "use", "", await self.perform(scope, ask))

    async def erase(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002  the shape of a handler
        """DELETE /v1/people/{person}: erase somebody, through the same gate."""
        key = bearer(scope)
        person, given = person_and_query(scope, ERASE_PARAMETERS)
        await answer(
            send, "erase", "", await self.perform(scope, Ask(act="erase", key=key, person=person, **given))
        )

    async def _post_batch(self, scope: Scope, send: Send, key: str, body: bytes) -> None:
        batch: Any = decoded(body, DECODERS[BatchBody])
        started = asyncio.get_running_loop().time()
        outcomes = await self._batcher.perform_many([act.ask(key) for act in batch.acts])
        self._note(scope, key, [act.act for act in batch.acts], outcomes, started)
        await respond(send, HTTPStatus.OK, _ENCODER.encode({"outcomes": outcomes}))

    def _note(
        self, scope: Scope, key: str, kinds: Sequence[str], outcomes: Sequence[Outcome], started: float
    ) -> None:
        self._metrics.acted(kinds, outcomes, asyncio.get_running_loop().time() - started)
        statuses = {outcome.problem.status: outcome.problem.code for outcome in outcomes if outcome.problem}
        if HTTPStatus.UNAUTHORIZED in statuses:
            self._failures.failed(scope, key)
        for status, code in statuses.items():
            if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                _log.error("act_not_done", code=code)


def person_and_query(scope: Scope, known: tuple[str, ...]) -> tuple[str, dict[str, Any]]:
    """The person in the path, and the query parameters, of which the purpose is mandatory.

    Raises:
        NotFound: The path names nobody.
        InvalidInput: A parameter is missing, unknown or malformed.
    """
    person = str(scope["path"])[len(PEOPLE) :]
    if not is_id(person):
        raise NotFound(
            "No such person is known.", field="person", mend="Use a handle of 32 hexadecimal characters."
        )
    given: dict[str, Any] = {**query(scope, known)}
    if not given.get("purpose"):
        raise InvalidInput(
            "The query names no purpose.", field="purpose", mend="Add `purpose=...` to the query."
        )
    return person, given


def read_ask(scope: Scope, key: str) -> Ask:
    """The act of reading that a GET asks for."""
    person, given = person_and_query(scope, READ_PARAMETERS)
    fields = tuple(name for name in given.pop("fields", "").split(",") if name)
    if not fields:
        raise InvalidInput(
            "The query names no fields.", field="fields", mend="Add `fields=name,email` to the query."
        )
    partial = given.pop("partial", "false")
    if partial not in {"true", "false"}:
        raise InvalidInput("partial is neither true nor false.", field="partial", mend="Send true or false.")
    return Ask(act="use", key=key, person=person, fields=fields, partial=partial == "true", **given)


async def answer(send: Send, act: str, order: str, outcome: Outcome) -> None:
    """Answer with the outcome of one act: itself when it was done, else its problem."""
    if outcome.problem is None:
        created = act == "collect" or order == "open-case"
        await respond(send, HTTPStatus.CREATED if created else HTTPStatus.OK, _ENCODER.encode(outcome))
        return
    await respond(
        send, outcome.problem.status, outcome_problem(outcome), MEDIA_TYPE, error_headers(outcome.problem)
    )
