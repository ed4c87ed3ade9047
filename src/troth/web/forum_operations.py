"""The operations of the forum."""

from troth.web.operation import FORM, HTML, Answer, Operation, Parameter

_POSTING = "019a0c2e7d1c7a40b1d2c3e4f5a6071b"
_ID = {"type": "string", "maxLength": 64}
_PAGE = {"type": "string"}
_WHICH = Parameter("posting", "path", "id of the posting", _POSTING, _ID, required=True)
_BEFORE = Parameter("before", "query", "id of the last posting of the page before", _POSTING, _ID)
_SAID = Parameter("said", "query", "which message to show", "published", _PAGE)
_PREVIEW = {"do": "preview", "name": "sensor-fan", "text": "It works with **two** networks."}
_READS, _WRITES = (404, 422, 503), (400, 401, 403, 404, 409, 413, 415, 422, 503)
_SENT = {
    200: Answer("The preview.", HTML, _PAGE),
    303: Answer("It is published; to the posting.", "", {}),
}

FORUM_OPERATIONS = (
    Operation(
        "pageForum", "GET", "/forum", "Forum", "The postings", "Newest first, for anybody, without signing in.",
        {200: Answer("The page.", HTML, _PAGE)}, parameters=(_BEFORE, _SAID), problems=_READS,
    ),
    Operation(
        "pageNewPosting", "GET", "/forum/new", "Forum", "Write a posting", "The form, or the way to sign in.",
        {200: Answer("The page.", HTML, _PAGE)}, problems=_READS,
    ),
    Operation(
        "submitPosting", "POST", "/forum/new", "Forum", "Preview or publish a posting",
        "A preview marks what looks like personal data. Publishing needs the text as it was previewed and the warning acknowledged; "
        "without, 422, and nothing is stored (clause II.31).",
        _SENT, body=("PostingForm",), media=(FORM,), examples={"Preview": _PREVIEW}, problems=_WRITES,
    ),
    Operation(
        "pagePosting", "GET", "/forum/{posting}", "Forum", "A posting", "For anybody, without signing in.",
        {200: Answer("The page.", HTML, _PAGE)}, parameters=(_WHICH, _SAID), problems=_READS,
    ),
    Operation(
        "pageEditPosting", "GET", "/forum/{posting}/edit", "Forum", "Edit a posting", "For its author.",
        {200: Answer("The page.", HTML, _PAGE)}, parameters=(_WHICH,), problems=(401, 403, *_READS),
    ),
    Operation(
        "submitEdit", "POST", "/forum/{posting}/edit", "Forum", "Preview or publish a change", "For its author, warned again.",
        _SENT, parameters=(_WHICH,), body=("PostingForm",), media=(FORM,), examples={"Preview": _PREVIEW}, problems=_WRITES,
    ),
    Operation(
        "pageDeletePosting", "GET", "/forum/{posting}/delete", "Forum", "Delete a posting?", "Asks its author, and says what may survive elsewhere.",
        {200: Answer("The page.", HTML, _PAGE)}, parameters=(_WHICH,), problems=(401, 403, *_READS),
    ),
    Operation(
        "deletePosting", "POST", "/forum/{posting}/delete", "Forum", "Delete a posting", "Destroys its text and its author's name on it.",
        {303: Answer("It is gone; to the list.", "", {})}, parameters=(_WHICH,), body=("EmptyForm",), media=(FORM,), examples={"Delete": {}},
        problems=_WRITES,
    ),
)  # fmt: skip
