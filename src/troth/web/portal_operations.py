"""The operations of the pages about oneself: what is held, who used it, requests and the copy."""

from troth.web.operation import CASE, FORM, HTML, Answer, Operation, Parameter

_PAGE = {"type": "string"}
_ANY = {"type": "string"}
"""Whoever is not signed in gets the same page, whatever stands in the address."""
_ID = {"type": "string", "pattern": "^[0-9a-f]{32}$"}
_MARK = "0" * 64
_NUMBER = Parameter(
    "number", "path", "number of the request, or the id of its case", "R-7KQM-93XD", _ANY, required=True
)
_LINK = (
    Parameter("case", "path", "id of the case", CASE, _ID, required=True),
    Parameter("mark", "path", "last instant and MAC of the link", f"1767600000000000-{_MARK}", required=True),
)
_AWAY = Answer("Done; on to the next page.", "", {})
_LOOKING, _DOING = (404, 422, 503), (400, 401, 403, 404, 409, 413, 415, 422, 429, 503)


def _page(name: str, path: str, summary: str, about: str, *parameters: Parameter) -> Operation:
    return Operation(
        name, "GET", path, "Rights", summary, about, {200: Answer("The page.", HTML, _PAGE)},
        parameters=parameters, problems=_LOOKING,
    )  # fmt: skip


def _form(
    name: str,
    path: str,
    summary: str,
    about: str,
    shape: str,
    example: dict[str, str],
    *parameters: Parameter,
) -> Operation:
    return Operation(
        name, "POST", path, "Rights", summary, about, {303: _AWAY}, parameters=parameters, body=(shape,),
        examples={"Form": example}, media=(FORM,), problems=_DOING,
    )  # fmt: skip


PORTAL_OPERATIONS = (
    _page("pageMy", "/my", "One's data and requests", "Without a session, the ways to prove who one is: no account is needed."),
    _page("pageMyData", "/my/data", "What is held about oneself", "Each value with where it came from, clause, version and until when; within 15 minutes after signing in."),
    _page("pageMyUsed", "/my/used", "Who used it", "One's own journal from the ledger, the newest first.",
          Parameter("before", "query", "leaf in front of which the page ends", "4711", _ANY)),
    _page("pageMyAsk", "/my/ask", "Ask for something", "The form of the policy's point for requests.", Parameter("kind", "query", "what is asked for", "access", _ANY)),
    _form("askForSomething", "/my/ask", "Make a request in one's own name", "Right after signing in it needs no further proof.", "AskForm",
          {"csrf": _MARK, "request_kind": "access", "request_text": "Everything, please."}),
    _page("pageMyRequest", "/my/requests/{number}", "One of one's requests", "Where it stands, by when it is answered and why then.", _NUMBER,
          Parameter("new", "query", "whether it was just made", "yes", _ANY)),
    _form("withdrawRequest", "/my/requests/{number}/withdraw", "Take a request back", "Until it is being done.", "MarkedForm", {"csrf": _MARK}, _NUMBER),
    _page("pageMyDispute", "/my/requests/{number}/dispute", "Complain about a request", "The form of the policy's point for disputes.", _NUMBER),
    _form("disputeRequest", "/my/requests/{number}/dispute", "Open a dispute about a request", "Somebody else reviews it.", "DisputeForm", {"csrf": _MARK, "request_text": "It is wrong."}, _NUMBER),
    Operation(
        "fetchCopy", "POST", "/my/requests/{number}/copy", "Rights", "Fetch the copy",
        "One ZIP file with a page, JSON, tables and a signed list, made now; within 15 minutes after signing in and 14 days after it was ready.",
        {200: Answer("The copy.", "application/zip", {"type": "string", "format": "binary"}), 303: Answer("Signed in too long ago.", "", {})},
        parameters=(_NUMBER,), body=("MarkedForm",), examples={"Form": {"csrf": _MARK}}, media=(FORM,), problems=_DOING,
    ),
    _page("pageMyCopy", "/my/copies/{case}/{mark}", "Where the mail about a copy leads", "Signed and for a time; of no use without a fresh proof.", *_LINK),
    _form("proveForCopy", "/my/copies/{case}/{mark}", "Have a link to sign in sent", "To the mailbox of whose copy it is.", "EmptyForm", {}, *_LINK),
    _page("pageMyAgents", "/my/agents", "Who may ask for oneself", "Each request in one's name, by what authority, and until when it holds."),
    _form("withdrawAuthority", "/my/agents/{case}/withdraw", "Take an authority back", "What is not being carried out yet ends; the agent hears only that it was not confirmed.", "MarkedForm", {"csrf": _MARK},
          Parameter("case", "path", "id of the request's case", CASE, _ANY, required=True)),
    _page("pageMyVisits", "/my/visits", "Visits of this browser", "Known by the cookie that it carries.", Parameter("gone", "query", "how many were just deleted", "3", _ANY)),
    _form("eraseVisits", "/my/visits/erase", "Delete the visits of this browser", "In the inbox and in the lake.", "EmptyForm", {}),
    _page("pageMyDisplay", "/my/display", "Language and time zone", "Of the pages about oneself."),
    _form("setDisplay", "/my/display", "Choose language and time zone", "Kept in a declared cookie that holds nothing else.", "DisplayForm", {"language": "de", "zone": "Europe/Berlin", "next": "/my"}),
    Operation(
        "getPackageSchema", "GET", "/schemas/package.json", "Rights", "JSON Schema of a copy", "Of `data.json` in it.",
        {200: Answer("The schema.", "application/schema+json", {"type": "object"}, {"title": "A copy of what is held about a person"})}, problems=(422, 503),
    ),
)  # fmt: skip
