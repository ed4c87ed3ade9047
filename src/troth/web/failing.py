"""Every failure as problem details, or as a page for whoever asked for one."""

from http import HTTPStatus
from typing import Any

from litestar import Request, Response
from litestar.exceptions import HTTPException

from troth.collection import InvalidSubmission
from troth.gate import Problem
from troth.kernel import Log, TrothError, new_id, raised_at
from troth.web.asgi import SITE, Scope, Send, header, respond
from troth.web.problems import MEDIA_TYPE, error_headers, problem_body, title_of
from troth.web.rendering import HTML, Renderer
from troth.web.said import DETAILS, MENDS

_log = Log("troth.web")
_CODES = {
    HTTPStatus.NOT_FOUND: ("not-found", "There is nothing at this address."),
    HTTPStatus.METHOD_NOT_ALLOWED: ("method-not-allowed", "This address does not take this method."),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: ("too-large", "The body is too long."),
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: ("wrong-media-type", "The body is not declared as JSON."),
}


def problem_of(error: Exception) -> tuple[Problem, dict[str, Any]]:
    """The problem that an error is told as, with members of its own; what is not ours is told without its text."""
    members: dict[str, Any] = {}
    if isinstance(error, InvalidSubmission):
        members["errors"] = [fault._asdict() for fault in error.errors]
        problem = Problem.of(error)
        return Problem(**{**_fields(problem), "code": "invalid-input"}), members
    if isinstance(error, TrothError):
        if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            _log.error("request_not_served", code=error.code)
        return Problem.of(error), members
    if isinstance(error, HTTPException) and error.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
        code, detail = _CODES.get(
            HTTPStatus(error.status_code), ("bad-request", "The request cannot be read.")
        )
        return Problem(status=error.status_code, code=code, detail=detail), members
    number = new_id()
    # Only where it failed: an exception's text may repeat what somebody sent.
    _log.error("request_failed", failure=number, error=type(error).__name__, where=raised_at(error))
    return Problem(
        status=500, code="internal", detail=f"Something failed here; the operator finds it as {number}."
    ), members


def _fields(problem: Problem) -> dict[str, Any]:
    return {name: getattr(problem, name) for name in problem.__struct_fields__}


def rendered(error: Exception, scope: Scope, renderer: Renderer) -> tuple[int, bytes, str, dict[str, str]]:
    """Status, body, media type and headers of an error's answer."""
    problem, members = problem_of(error)
    headers = dict(error_headers(error))
    allow = getattr(error, "headers", None) or {}
    headers.update({name: value for name, value in allow.items() if name.lower() == "allow"})
    if "text/html" in header(scope, b"accept") and not str(scope["path"]).startswith("/v1/"):
        title = title_of(problem.code, problem.status)
        words = renderer.words(scope)
        page = renderer.text(
            "failed.html",
            **renderer.heading(),
            t=words,
            told=words.retold(problem.detail, DETAILS),
            to_mend=words.retold(problem.mend, MENDS),
            notices=(),
            status=problem.status,
            title=title,
            detail=problem.detail,
            mend=problem.mend,
        )
        return problem.status, page.encode(), HTML, headers
    return problem.status, problem_body(problem, **members), MEDIA_TYPE, headers


def handle(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """The framework's way to an error's answer."""
    scope: Scope = request.scope
    renderer: Renderer = scope[SITE].renderer
    status, body, media, headers = rendered(error, scope, renderer)
    return Response(body, status_code=status, media_type=media, headers=headers)


async def respond_error(scope: Scope, send: Send, error: Exception, renderer: Renderer) -> None:
    """The raw way to an error's answer."""
    status, body, media, headers = rendered(error, scope, renderer)
    await respond(send, status, body, media, headers)
