"""The operations that trackers call."""

from collections.abc import Mapping
from typing import Any

from troth.web.operation import JSON, TEXT, Answer, Operation, Parameter

_TEXTS = {"type": "string"}
_OPTIONAL = {"type": ["string", "null"]}
EVENT_SCHEMAS: Mapping[str, Any] = {
    "PlausibleEvent": {
        "type": "object",
        "description": "an event in Plausible's format, with short or long names",
        "properties": {
            "n": {**_OPTIONAL, "description": "what happened; left out: pageview"},
            "u": {**_OPTIONAL, "description": "address of the page"},
            "d": {**_TEXTS, "description": "domain of the declared web site; several separated by commas"},
            "r": {"type": ["string", "null"], "description": "address of the page before"},
            "p": {"description": "flat properties"},
            "id": {"type": ["string", "null"], "description": "tells a repeat from a new event"},
        },
    },
    "PlausibleEvents": {
        "type": "array",
        "maxItems": 1000,
        "items": {"$ref": "#/components/schemas/PlausibleEvent"},
    },
    "UmamiMessage": {
        "type": "object",
        "required": ["payload"],
        "properties": {
            "type": {"description": "event, performance or identify; the last is refused"},
            "payload": {
                "type": "object",
                "properties": {
                    "website": _TEXTS, "hostname": _OPTIONAL, "url": _OPTIONAL, "referrer": _OPTIONAL, "name": _OPTIONAL,
                    "data": {"description": "flat properties"},
                },
            },
        },
    },
    "UmamiMessages": {
        "type": "array",
        "maxItems": 1000,
        "items": {"$ref": "#/components/schemas/UmamiMessage"},
    },
    "MatomoRequests": {
        "type": "object",
        "required": ["requests"],
        "properties": {"requests": {"type": "array", "maxItems": 1000, "items": _TEXTS}},
    },
}  # fmt: skip
_SITE = "0a6b2f3c-5d1e-4f7a-9b8c-1d2e3f4a5b6c"
_PAGE = "https://www.example.com/pricing"
_VIEW = {"n": "pageview", "u": _PAGE, "d": "www.example.com", "r": None}
_MESSAGE = {"type": "event", "payload": {"website": _SITE, "hostname": "www.example.com", "url": "/pricing"}}
_ABOUT = (
    "Kept only when the visitor's choice allows it; the answer is the same when it does not. It is given when the event is "
    "on disk. Any media type is taken. What looks like an address, telephone or card number is refused."
)
_IMAGE = {"type": "string", "format": "binary"}
_GIF = Answer("A picture of one point.", "image/gif", _IMAGE)
_FAULTS = (400, 413, 422, 503)
_MATOMO = tuple(
    Parameter(name, "query", about, example, _TEXTS)
    for name, about, example in (
        ("idsite", "the declared web site's Matomo id", "1"),
        ("url", "address of the page", _PAGE),
        ("urlref", "address of the page before", "https://search.example/"),
        ("e_c", "category of an event", "video"),
        ("e_a", "action of an event", "play"),
        ("rand", "tells a repeat from a new event", "0.123"),
        ("send_image", "0: no picture", "0"),
    )
)
_PICTURE = tuple(
    Parameter(name, "query", about, example, _TEXTS)
    for name, about, example in (
        ("d", "domain of the declared web site", "www.example.com"),
        ("u", "address of the page; left out: the referrer of the picture", _PAGE),
        ("r", "address of the page before", "https://search.example/"),
    )
)
_TAKERS = (
    Operation(
        "sendEvent", "POST", "/api/event", "Events", "Send events (Plausible)", _ABOUT,
        {202: Answer("On disk, or not allowed.", TEXT, _TEXTS, "ok")},
        body=("PlausibleEvent", "PlausibleEvents"), examples={"a page view": _VIEW, "two at once": [_VIEW, {**_VIEW, "n": "download"}]},
        problems=_FAULTS,
    ),
    Operation(
        "sendUmami", "POST", "/api/send", "Events", "Send an event (Umami)", _ABOUT,
        {200: Answer("On disk, or not allowed. The ids are made up for each answer.", JSON, {"type": "object", "required": ["cache", "sessionId", "visitId"]}, {"cache": "", "sessionId": "019a0c2e7d1c7a40b1d2c3e4f5a60718", "visitId": "019a0c2e7d1c7a40b1d2c3e4f5a60719"})},
        body=("UmamiMessage",), examples={"a page view": _MESSAGE}, problems=_FAULTS,
    ),
    Operation(
        "sendUmamiBatch", "POST", "/api/batch", "Events", "Send events (Umami)", _ABOUT,
        {200: Answer("What became of them.", JSON, {"type": "object", "required": ["size", "processed", "errors"]}, {"size": 1, "processed": 1, "errors": 0, "details": [], "cache": ""})},
        body=("UmamiMessages",), examples={"a page view": [_MESSAGE]}, problems=_FAULTS,
    ),
    Operation(
        "sendMatomo", "GET", "/matomo.php", "Events", "Send an event (Matomo)", _ABOUT,
        {200: _GIF, 204: Answer("The same without a picture.", "", {})}, parameters=_MATOMO, problems=_FAULTS,
    ),
    Operation(
        "sendMatomoBulk", "POST", "/matomo.php", "Events", "Send events (Matomo)", _ABOUT,
        {200: Answer("What became of them.", JSON, {"type": "object", "required": ["status", "tracked", "invalid"]}, {"status": "success", "tracked": 1, "invalid": 0}),
         204: Answer("One event whose query is the body.", "", {})},
        body=("MatomoRequests",), examples={"a page view": {"requests": [f"?idsite=1&rec=1&url={_PAGE}"]}}, problems=_FAULTS,
    ),
    Operation(
        "getPixel", "GET", "/p.gif", "Events", "The web beacon", "Served always; records a page view only when the visitor's choice allows it (clause I.16).",
        {200: _GIF}, parameters=_PICTURE, problems=(503,),
    ),
)  # fmt: skip
_KEY = Parameter(
    "key",
    "path",
    "API key of a sender that is a server, and that answers for having asked the visitor",
    "troth_019a0c2e7d1c7a40b1d2c3e4f5a60718_secret",
    {"type": "string", "maxLength": 200},
    required=True,
)


def _keyed(operation: Operation) -> Operation:
    """The same for a sender that is a server: its key stands in the path, where every client can carry it."""
    return operation._replace(
        id=f"{operation.id}ByKey",
        path=f"/s/{{key}}{operation.path}",
        summary=f"{operation.summary}, as a server",
        parameters=(_KEY, *operation.parameters),
        problems=(400, 401, *operation.problems[1:], 429),
    )


EVENT_OPERATIONS = (
    *_TAKERS,
    *(_keyed(one) for one in _TAKERS if one.path != "/p.gif"),
    Operation(
        "getTracker", "GET", "/t.js", "Events", "The tracker", "A script of about a kilobyte; it does nothing before the visitor's choice.",
        {200: Answer("The script.", "text/javascript", {"type": "string"}), 304: Answer("The asker has it already.", "", {})}, problems=(503,),
    ),
)  # fmt: skip
