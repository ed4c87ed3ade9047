"""The company's own messages over HTTP: compiled against the policy, kept by version, looked at; they name nobody."""

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from troth.bootstrap import compile_texts, preview_message, send_test
from troth.kernel import InvalidInput
from troth.outreach import Message, read_messages
from troth.web.acts import bearer
from troth.web.api import check_key
from troth.web.asgi import decoded, query, read_body
from troth.web.campaign_shapes import (
    MessagePreview,
    MessagesAnswer,
    MessagesBody,
    MessageSent,
    MessageTestBody,
    message_answer,
    message_texts,
)
from troth.web.site import Site, json_response, site_of

AnyRequest = Request[Any, Any, Any]
_ENCODER = msgspec.json.Encoder()
_MESSAGES = msgspec.json.Decoder(MessagesBody)
_TEST = msgspec.json.Decoder(MessageTestBody)


@get("/v1/messages")
async def list_messages(request: AnyRequest) -> Response[bytes]:
    """The newest version of each message."""
    query(request.scope, ())

    def told() -> MessagesAnswer:
        site, _ = _allowed(request)
        found = site.troth.messages.newest()
        return MessagesAnswer(messages=tuple(message_answer(one.message, one.added_at) for one in found))

    return json_response(_ENCODER.encode(await asyncio.to_thread(told)))


@post("/v1/messages")
async def add_messages(request: AnyRequest) -> Response[bytes]:
    """Compile messages and keep them; the same text again makes no new version, and is the current one."""

    def kept(site: Site, key: str, found: list[Message]) -> MessagesAnswer:
        answers = []
        for one in found:
            site.troth.campaigns.note(key, "message-added", {"message": one.digest})
            added = site.troth.messages.add(one)
            answers.append(message_answer(added.message, added.added_at))
        return MessagesAnswer(messages=tuple(answers))

    answer = await _compiled(request, kept)
    return json_response(_ENCODER.encode(answer), HTTPStatus.CREATED)


@post("/v1/messages/check", status_code=200)
async def check_messages(request: AnyRequest) -> Response[bytes]:
    """Compile messages against the policy in force; nothing is kept."""

    def told(site: Site, key: str, found: list[Message]) -> MessagesAnswer:  # noqa: ARG001  the shape of what is done with them
        return MessagesAnswer(messages=tuple(message_answer(one) for one in found))

    return json_response(_ENCODER.encode(await _compiled(request, told)))


@get("/v1/messages/{message:str}", sync_to_thread=True)
def show_message(request: AnyRequest, message: FromPath[str]) -> Response[bytes]:
    """What a version of a message says."""
    query(request.scope, ())
    site, _ = _allowed(request)
    found = site.troth.messages.named(message)
    return json_response(_ENCODER.encode(message_texts(found.message, found.added_at)))


@get("/v1/messages/{message:str}/preview", sync_to_thread=True)
def preview(request: AnyRequest, message: FromPath[str]) -> Response[bytes]:
    """A message as it would arrive, with the titles of fields in place of values."""
    given = query(request.scope, ("language",))
    site, _ = _allowed(request)
    found = site.troth.messages.named(message).message
    language = given.get("language", "")
    if language and language not in found.languages:
        raise InvalidInput(
            "The message is not written in this language.",
            field="language",
            mend=f"Use one of {', '.join(found.languages)}.",
        )
    composed = preview_message(site.troth, found, language)
    answer = MessagePreview(subject=composed.subject, text=composed.text, html=composed.html)
    return json_response(_ENCODER.encode(answer))


@post("/v1/messages/{message:str}/test", status_code=200)
async def send_message(request: AnyRequest, message: FromPath[str]) -> Response[bytes]:
    """Send a message, as the preview shows it, to somebody who works here."""
    query(request.scope, ())
    site, key = await asyncio.to_thread(_allowed, request)
    body: MessageTestBody = decoded(await read_body(request.scope, request.receive), _TEST)

    def send() -> MessageSent:
        found = site.troth.messages.named(message).message
        return MessageSent(sent=send_test(site.troth, key, found, body.to, body.language))

    return json_response(_ENCODER.encode(await asyncio.to_thread(send)))


def _allowed(request: AnyRequest) -> tuple[Site, str]:
    """The site and a key that may handle campaigns, and with them the messages that they send.

    Raises:
        Unauthenticated: The key is missing or does not work.
        Refused: The policy lets it handle none.
    """
    site = site_of(request)
    check_key(site, request)
    key = bearer(request.scope)
    site.troth.campaigns.check_may(key)
    return site, key


async def _compiled(
    request: AnyRequest, then: Callable[[Site, str, list[Message]], MessagesAnswer]
) -> MessagesAnswer:
    query(request.scope, ())
    site, key = await asyncio.to_thread(_allowed, request)
    body: MessagesBody = decoded(await read_body(request.scope, request.receive), _MESSAGES)

    def work() -> MessagesAnswer:
        texts = {f"texts[{number:02}]": text for number, text in enumerate(body.texts)}
        return then(site, key, [compile_texts(site.troth, one) for one in read_messages(texts)])

    return await asyncio.to_thread(work)


HANDLERS: list[HTTPRouteHandler] = [
    list_messages,
    add_messages,
    check_messages,
    show_message,
    preview,
    send_message,
]
