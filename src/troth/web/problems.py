"""Errors as the web tells them: problem details (RFC 9457) with the clause, the field and the way to mend it."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, NamedTuple

import msgspec

from troth.gate import Outcome, Problem
from troth.kernel import InvalidInput, TrothError

MEDIA_TYPE = "application/problem+json"


class MalformedBody(InvalidInput):
    """The body is not JSON, or is nested too deeply."""

    status = 400
    code = "malformed-body"


class TooLarge(InvalidInput):
    """The body is longer than this endpoint takes."""

    status = 413
    code = "too-large"


class WrongMediaType(InvalidInput):
    """The body is not declared as JSON."""

    status = 415
    code = "wrong-media-type"


class UnknownMethod(TrothError):
    """The endpoint exists, but not with this method."""

    status = 405
    code = "method-not-allowed"


class ForeignRequest(TrothError):
    """A page of another site sent the form, or it cannot be told which did."""

    status = 403
    code = "foreign-request"


class TooManyAttempts(TrothError):
    """Too many failed sign-ins from one place or with one key."""

    status = 429
    code = "too-many-attempts"

    def __init__(self, what: str, *, mend: str = "", seconds: int = 60) -> None:
        super().__init__(what, mend=mend)
        self.seconds = seconds


class ProblemKind(NamedTuple):
    """One kind of problem as the page /problems lists it."""

    code: str
    status: int
    title: str
    meaning: str


KINDS = (
    ProblemKind("malformed-body", 400, "The body cannot be read", "The body is not JSON, or is nested too deeply. Nothing was stored."),
    ProblemKind("bad-request", 400, "The request cannot be read", "The request line, a header or the query is malformed. Nothing was stored."),
    ProblemKind("forged-link", 400, "The link is not ours", "The address of an exit link is not the one that was signed. Nothing was opened."),
    ProblemKind("bad-link", 400, "The link does not work", "A link to stop or to choose was not made by us, was changed, or its time is over. Nothing was changed."),
    ProblemKind("malformed-event", 400, "The event cannot be read", "It is not of the format of its address, or names no declared web site. Nothing was stored."),
    ProblemKind("unauthenticated", 401, "Who acts is not known", "There is no API key, or it is unknown, revoked or expired."),
    ProblemKind("refused", 403, "The policy refuses the act", "The member `clause` names the clause that decided; the refusal is in the ledger."),
    ProblemKind("not-opted-in", 403, "No installation that opted in", "Neither a receipt nor a token of one is shown. Nothing was stored."),
    ProblemKind("token-closed", 403, "The key of the token is closed", "Its week is over, or it closed when an installation opted out. Fetch a new token."),
    ProblemKind("token-spent", 403, "The token was shown before", "A token serves for one report."),
    ProblemKind("release-too-old", 403, "This version may not report", "Telemetry begins with a later version of the product. Nothing was stored."),
    ProblemKind("foreign-request", 403, "Sent from another site", "The browser says that another site's page sent the form, or does not say which did. Nothing was done."),
    ProblemKind("not-found", 404, "There is no such thing", "Nothing has this name or id, or the caller may not know whether it exists."),
    ProblemKind("method-not-allowed", 405, "The method does not fit", "The header `Allow` lists the methods that do."),
    ProblemKind("epoch-over", 410, "The backup has ended", "The key of its copy of the key store was destroyed on its day; nobody opens it any more."),
    ProblemKind("conflict", 409, "The state forbids it", "What the act would change is not in a state that allows the change."),
    ProblemKind("schema-not-in-force", 409, "Another schema is in force", "The report was made by a schema that is not taken any more. Nothing was stored."),
    ProblemKind("token-issued", 409, "There is a token for this week", "An installation has one token a week; the same blinded message gets the same signature."),
    ProblemKind("illegal-move", 409, "No such step from here", "A request or dispute goes only from state to state as its machine allows; `mend` names the states that follow."),
    ProblemKind("still-staged", 409, "Not in the log yet", "The entry is on disk and reaches the next checkpoint in under a second."),
    ProblemKind("too-large", 413, "The body is too long", "A body has at most 1,000,000 bytes."),
    ProblemKind("wrong-media-type", 415, "The body is not JSON", "Send `Content-Type: application/json`."),
    ProblemKind("invalid-input", 422, "The input is invalid", "The member `field` names the part at fault. Nothing was stored."),
    ProblemKind("personal-data-found", 422, "The text holds personal data", "The field does not take it, or not before its writer was told. Nothing was stored."),
    ProblemKind("too-many-attempts", 429, "Too many failed attempts", "The header `Retry-After` says after how many seconds to try again."),
    ProblemKind("corrupt", 500, "Stored data failed verification", "What is kept does not match its seal or signature; the operator must look."),
    ProblemKind("internal", 500, "Something failed here", "The failure is in the operator's log under the id that the problem carries."),
    ProblemKind("unavailable", 503, "No work is taken now", "A store cannot be written or the policy is missing. Nothing was done."),
    ProblemKind("not-fetched", 503, "A page could not be read", "The page of another site cannot be reached, is too large or too slow."),
    ProblemKind("not-received", 503, "A recipient has not received it", "It cannot be reached, or did not answer with success. It is told again by itself."),
    ProblemKind("database-down", 503, "Another database is down", "A connector's database cannot be reached or took too long. It is tried again by itself."),
    ProblemKind("database-rejected", 503, "Another database refused", "A connector's database refused a change; nothing of it was changed."),
    ProblemKind("data-set-does-not-fit", 503, "A data set does not fit", "A connector's data set and its database differ; nothing was changed."),
    ProblemKind("not-erased", 503, "Another database kept what was erased", "Something still stood there before the commit, so nothing was changed."),
    ProblemKind("too-many-rows", 503, "Too many rows for one person", "A reference of a data set leads to others' rows; nothing was changed."),
    ProblemKind("not-permitted", 403, "The decision does not cover it", "The vault was asked for more than the decision permits."),
    ProblemKind("key-missing", 410, "The key is gone", "What was sealed cannot be opened: its key was destroyed, as erasing a person does."),
    ProblemKind("policy-errors", 422, "The policy does not pass its checks", "The member `detail` tells the first finding."),
    ProblemKind("malformed-note", 422, "The note cannot be read", "A checkpoint or receipt does not have the form of one."),
    ProblemKind("tampered", 500, "A sealed value was changed", "It does not open; the operator must restore it from a backup."),
    ProblemKind("moved-person", 500, "A sealed value is another person's", "It lies where it was not put; the operator must look."),
    ProblemKind("moved-field", 500, "A sealed value belongs to another field", "It lies where it was not put; the operator must look."),
    ProblemKind("moved-version", 500, "A sealed value belongs to another version", "It lies where it was not put; the operator must look."),
    ProblemKind("key-tampered", 500, "A wrapped key was changed", "It does not open; the operator must restore the key store."),
    ProblemKind("wrong-root", 500, "The root key does not fit", "The key store was made under another root key."),
    ProblemKind("entry-altered", 500, "An entry of the log was altered", "It does not match its hash; the operator must look."),
    ProblemKind("tile-altered", 500, "A tile of the log was altered", "It does not match the tree; the operator must look."),
    ProblemKind("tile-missing", 500, "A tile of the log is missing", "The log is not whole; the operator must look."),
    ProblemKind("root-mismatch", 500, "The log does not match its root", "What is stored gives another root than was signed."),
    ProblemKind("count-mismatch", 500, "The counts do not match the log", "The published counts differ from a recount."),
    ProblemKind("bad-proof", 500, "The proof does not hold", "It does not lead to the root that was signed."),
    ProblemKind("bad-signature", 500, "The signature does not hold", "The checkpoint was not signed by the key named."),
    ProblemKind("forked", 500, "The log has two histories", "It showed different entries at the same place."),
    ProblemKind("truncated", 500, "The log became shorter", "Entries that were there are gone."),
    ProblemKind("unsafe-key-file", 503, "A key file is open to others", "The operator must make it readable to its owner only."),
)  # fmt: skip
_TITLES = {kind.code: kind.title for kind in KINDS}
GENERAL = {kind.status: kind for kind in reversed(KINDS)}
"""The kind that stands for its status in descriptions: the first listed."""


def title_of(code: str, status: int) -> str:
    """The title of a kind of problem; a code that the list does not hold is titled by its status."""
    return _TITLES.get(code) or HTTPStatus(status).phrase


def problem_body(problem: Problem, **members: object) -> bytes:
    """A problem as the JSON of RFC 9457.

    Args:
        problem: What went wrong.
        members: Further members; empty ones are left out.
    """
    found: dict[str, Any] = {
        "type": f"/problems/{problem.code}",
        "title": title_of(problem.code, problem.status),
        "status": problem.status,
        "detail": problem.detail,
        "clause": problem.clause,
        "field": problem.field,
        "mend": problem.mend,
        **members,
    }
    return msgspec.json.encode({name: value for name, value in found.items() if value not in ("", (), None)})


def outcome_problem(outcome: Outcome) -> bytes:
    """The problem of an act that was not done, with the decision that it came from."""
    problem = outcome.problem or Problem(status=500, code="internal", detail="The act has no outcome.")
    return problem_body(
        problem,
        entry=outcome.entry,
        effect=outcome.effect,
        clauses=outcome.clauses,
        policy=outcome.policy,
    )


def error_headers(error: Exception | Problem) -> Mapping[str, str]:
    """The headers that an error's response needs beside its body."""
    if isinstance(error, TooManyAttempts):
        return {"Retry-After": str(error.seconds)}
    status = getattr(error, "status", 0)
    return {"WWW-Authenticate": 'Bearer realm="troth"'} if status == HTTPStatus.UNAUTHORIZED else {}
