"""Raw ASGI: reading a request within limits and sending an answer, without a framework's cost per request."""

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import msgspec

from troth.kernel import InvalidInput
from troth.web.problems import MalformedBody, TooLarge, WrongMediaType

# ASGI's own types, loose on purpose: each server and framework types these mappings in its own way.
Scope = Any
Message = Any
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

SITE = "troth.site"
"""Name in a request's scope of what the application's handlers share."""
ONLY_HEAD = "troth.head"
"""In the scope of a request that asked for the head of an answer alone, and is handled as GET."""
MAX_BODY = 1_000_000
MAX_DEPTH = 16
MAX_QUERY = 8_000
MAX_FORM = 500
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
_STRINGS = re.compile(rb'"(?:[^"\\]|\\.)*"?', re.DOTALL)
_OPENING = (b"[", b"{")
_PLACE = re.compile(r"^(.*?) - at `(?:key in )?\$([^`]*)`$", re.DOTALL)
_NAMED = re.compile(r"field `([^`]*)`")
_T = TypeVar("_T")
_CLAUSES = {"purpose": "0.2", "channel": "0.5"}
"""Clauses that ask for a member, so that every door names them when it is missing."""
_HANDLE = "This is no handle or id", "A handle or id has 32 characters, 0-9 and a-f."
_DATE = "This is no date", "Write it as 2015-04-16."


def header(scope: Scope, name: bytes) -> str:
    """The first header of a lower-case name, or an empty text."""
    for key, value in scope["headers"]:
        if key == name:
            return bytes(value).decode("latin-1")
    return ""


async def read_body(scope: Scope, receive: Receive, media: str = JSON) -> bytes:
    """The whole body of a request.

    Args:
        scope: The request.
        receive: Gives its body.
        media: The media type that it must be declared as.

    Raises:
        WrongMediaType: The body is declared as something else.
        TooLarge: It is longer than MAX_BODY bytes; reading stops there.
    """
    declared = header(scope, b"content-type").split(";", 1)[0].strip().lower()
    if declared != media:
        what = "JSON" if media == JSON else "a form"
        raise WrongMediaType(
            f"The body is not declared as {what}.",
            field="Content-Type",
            mend=f"Send Content-Type: {media}.",
        )
    return await whole_body(scope, receive)


async def whole_body(scope: Scope, receive: Receive) -> bytes:
    """The whole body of a request, of whatever media type.

    The last piece is not waited for when all that was announced has come: asking the server once more costs as much as the rest
    of a small request (two changes of thread).

    Args:
        scope: The request.
        receive: Gives its body.

    Raises:
        TooLarge: It is longer than MAX_BODY bytes, or announced so; reading stops there.
        MalformedBody: The connection ended before the body did.
    """
    length = announced(scope)
    if length is not None and length > MAX_BODY:
        raise _too_large()
    body, more = b"", length != 0
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise MalformedBody("The connection ended before the body did.", mend="Send it again.")
        piece: bytes = message.get("body", b"")
        body = body + piece if body else piece
        if len(body) > MAX_BODY:
            raise _too_large()
        more = message.get("more_body", False) and len(body) != length
    return body


def announced(scope: Scope) -> int | None:
    """How long the body is, as its `Content-Length` tells (bytes); None where nothing tells it (RFC 9112, 6.3)."""
    found: int | None = None
    for name, value in scope["headers"]:
        if name == b"transfer-encoding":  # is stronger, and tells no length
            return None
        if name == b"content-length" and value.isdigit():
            found = int(value)
    return found


async def read_form(scope: Scope, receive: Receive) -> list[tuple[str, str]]:
    """The names and values of a form sent as `application/x-www-form-urlencoded`, in order, repeated names included.

    Raises:
        WrongMediaType: The body is declared as something else.
        TooLarge: It is longer than MAX_BODY bytes.
        MalformedBody: It cannot be read, has more than MAX_FORM fields, or holds a null character.
    """
    body = await read_body(scope, receive, FORM)
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, max_num_fields=MAX_FORM, errors="strict"
        )
    except ValueError as error:
        raise MalformedBody("The form cannot be read.", mend="Send it percent-encoded in UTF-8.") from error
    if any("\0" in name or "\0" in value for name, value in pairs):
        raise MalformedBody("The form holds a null character.", mend="Leave it out.")
    return pairs


def decoded(body: bytes, decoder: msgspec.json.Decoder[_T]) -> _T:
    """A JSON body as the type of its decoder.

    Raises:
        MalformedBody: It is not JSON, or is nested more than MAX_DEPTH deep.
        InvalidInput: It does not have the shape asked for; the field names the place.
    """
    check_depth(body)
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise misfit(str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedBody("The body is not valid JSON.", mend="Send one JSON object in UTF-8.") from error


def check_depth(body: bytes) -> None:
    """Refuse a body nested too deeply, before any decoder descends into it.

    Raises:
        MalformedBody: It is nested more than MAX_DEPTH deep, or holds a character that no store can keep.
    """
    if b"\\u0000" in body:
        raise MalformedBody("The body holds a null character.", mend="Leave it out.")
    if body.count(b"{") + body.count(b"[") <= MAX_DEPTH:
        return
    depth = 0
    for mark in re.findall(rb"[\[\]{}]", _STRINGS.sub(b"", body)):
        depth += 1 if mark in _OPENING else -1
        if depth > MAX_DEPTH:
            raise MalformedBody(f"The body is nested more than {MAX_DEPTH} deep.", mend="Flatten it.")


def misfit(message: str) -> InvalidInput:
    """The error for a value of the wrong shape, from the decoder's message."""
    placed = _PLACE.match(message)
    what, path = (placed[1], placed[2]) if placed else (message, "")
    named = _NAMED.search(what)
    field = ".".join(part for part in (path.strip("."), named[1] if named else "") if part)
    mend = "/docs shows the shape of the body and the values it takes."
    clause = _CLAUSES.get(field, "")
    if "matching regex" in what:  # of all shapes only dates, handles and ids have one
        what, mend = _DATE if r"\\d{4}" in what else _HANDLE
    return InvalidInput(f"{what}; nothing was stored.", clause=clause, field=field[:200], mend=mend)


def query(scope: Scope, known: Iterable[str]) -> dict[str, str]:
    """The query parameters, each at most once.

    Raises:
        InvalidInput: One is unknown, given twice or cannot be read; the field names it.
    """
    raw = bytes(scope.get("query_string", b""))
    if not raw:
        return {}
    try:
        pairs = parse_qsl(raw.decode("ascii"), keep_blank_values=True, max_num_fields=32, errors="strict")
    except ValueError as error:
        raise InvalidInput("The query cannot be read.", mend="Encode it as percent-encoded UTF-8.") from error
    names = frozenset(known)
    found: dict[str, str] = {}
    for name, value in pairs:
        if name not in names or name in found:
            reason = "is given twice" if name in found else "is not known here"
            mend = f"Known are {', '.join(sorted(names))}." if names else "Leave the query out."
            raise InvalidInput(f"Query parameter {name[:64]!r} {reason}.", field=name[:64], mend=mend)
        if "\0" in value or len(value) > MAX_QUERY:
            raise InvalidInput(f"Query parameter {name!r} has a value that cannot be kept.", field=name)
        found[name] = value
    return found


async def respond(
    send: Send, status: int, body: bytes, media: str = JSON, headers: Mapping[str, str] | None = None
) -> None:
    """Send a whole answer."""
    media = f"{media}; charset=utf-8" if media.startswith("text/") else media
    found = [(b"content-type", media.encode()), (b"content-length", str(len(body)).encode())]
    found += [(name.lower().encode(), value.encode("latin-1")) for name, value in (headers or {}).items()]
    await send({"type": "http.response.start", "status": status, "headers": found})
    await send({"type": "http.response.body", "body": body})


def _too_large() -> TooLarge:
    return TooLarge(f"The body is longer than {MAX_BODY} bytes.", mend="Split it into several requests.")
