"""The operations of the relay between users."""

from troth.web.operation import FORM, HTML, Answer, Operation, Parameter

_POSTING = "019a0c2e7d1c7a40b1d2c3e4f5a6071b"
_ALIAS = "r-" + "a2" * 13
_PAGE = {"type": "string"}
_WHICH = Parameter(
    "posting",
    "path",
    "id of the posting whose author is meant",
    _POSTING,
    {"type": "string", "maxLength": 64},
    required=True,
)
_SAID = Parameter("said", "query", "which message to show", "on", _PAGE)
_MARK = "0" * 64
_WRITES = (400, 401, 403, 404, 409, 413, 415, 422, 429, 503)
_AWAY = {303: Answer("Nobody is signed in: to the page for that.", "", {})}


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
        name,
        "POST",
        path,
        "Relay",
        summary,
        about,
        {303: Answer("Done; on to the next page.", "", {})},
        parameters=parameters,
        body=(shape,),
        examples={"Form": {"csrf": _MARK, **example}},
        media=(FORM,),
        problems=_WRITES,
    )


RELAY_OPERATIONS = (
    Operation(
        "pageRelay", "GET", "/relay", "Relay", "Messages from other users", "Whether others may write, who has, and what.",
        {200: Answer("The page.", HTML, _PAGE), **_AWAY}, parameters=(_SAID,), problems=(403, 404, 422, 503),
    ),
    _form(
        "switchRelay", "/relay/switch", "Switch the relay on or off", "Off to begin with; off, nothing is passed on in either direction.",
        "RelaySwitchForm", {"on": "yes"},
    ),
    _form(
        "blockWriter", "/relay/block", "Block a user, or no longer", "By the alias that the user writes under; the user is not told.",
        "RelayBlockForm", {"alias": _ALIAS, "on": "yes"},
    ),
    _form(
        "reportMessage", "/relay/report", "Report a message", "Opens a case under which a moderator reads this one message.",
        "RelayReportForm", {"record": _POSTING},
    ),
    Operation(
        "pageWriteTo", "GET", "/relay/to/{posting}", "Relay", "Write to the author of a posting", "403 where the author takes no messages.",
        {200: Answer("The page.", HTML, _PAGE), **_AWAY}, parameters=(_WHICH,), problems=(403, 404, 422, 503),
    ),
    _form(
        "writeTo", "/relay/to/{posting}", "Pass a message on",
        "Both must have switched the relay on. The author gets it by mail from an alias; addresses are taken out of it.",
        "RelayMessageForm", {"subject": "Your sensor", "text": "How did you mount it?"}, _WHICH,
    ),
)  # fmt: skip
