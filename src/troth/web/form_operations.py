"""The operations of forms."""

from troth.web.asgi import MAX_QUERY
from troth.web.operation import ENTRY, FORM, HTML, Answer, Operation, Parameter

_ID = {"type": "string", "pattern": "^[0-9a-f]{32}$"}
_FORM = Parameter("point", "path", "name of a public point", "product-registration", required=True)
_PAGE = {"type": "string"}
_BACK = Parameter(
    "back",
    "query",
    "page of this site, or of another site of the company, to go back to",
    "/newsletter",
    _PAGE,
)
_FORMS = (400, 404, 413, 415, 422, 429, 500, 503)
_FORM_MEDIA = (FORM, "multipart/form-data")
_SHOWN = {status: Answer(about, HTML, _PAGE) for status, about in (
    (200, "The form with what was typed, to be looked over."), (403, "The age screen, or the form to be sent once more; nothing was stored."),
    (409, "The form: what was typed is taken already; nothing was stored."), (422, "The form with what is wrong; nothing was stored."),
)}  # fmt: skip
_ONWARDS = Answer("The browser is sent on.", "", {})

FORM_OPERATIONS = (
    Operation(
        "pageForm", "GET", "/forms/{point}", "Collection", "The form of a point", "A hosted page; works without script. Where an age screen stands, that first.",
        {200: Answer("The form, or the age screen.", HTML, _PAGE), 403: Answer("The age screen has turned this visitor away.", HTML, _PAGE)},
        parameters=(_FORM, _BACK), problems=(404, 422, 503),
    ),
    Operation(
        "getFragment", "GET", "/forms/{point}/fragment", "Collection", "The same as a fragment", "For a company's own page; its action is an absolute address. `/static/forms.css` styles it.",
        {200: Answer("The fragment.", HTML, _PAGE)}, parameters=(_FORM, _BACK), problems=(404, 422, 503),
    ),
    Operation(
        "submitForm", "POST", "/forms/{point}", "Collection", "Submit a form", "As browsers send it. What is wrong is shown in the form, with everything that was typed.",
        {303: _ONWARDS, **_SHOWN}, parameters=(_FORM,), body=("FormBody",), media=_FORM_MEDIA, problems=_FORMS,
        examples={"Register": {"name": "Ann Example", "email": "ann@example.com", "product": "Sensor", "serial": "EX-2015-0001", "troth-notice": "registration-notice", "troth-token": "zVJ0mJ7i0dL2c1aXbXc3vQ"}},
    ),
    Operation(
        "answerAge", "POST", "/forms/{point}/age", "Collection", "Answer the age screen", "Weighed and forgotten; the form cookie remembers yes or no for the visit (clause I.19).",
        {303: _ONWARDS, **_SHOWN}, parameters=(_FORM,), body=("FormBody",), media=_FORM_MEDIA, problems=_FORMS,
        examples={"April 1970": {"troth-birth-month": "4", "troth-birth-year": "1970", "troth-token": "zVJ0mJ7i0dL2c1aXbXc3vQ"}},
    ),
    Operation(
        "pageThanks", "GET", "/forms/{point}/thanks", "Collection", "What was stored", "By name, with the way to the receipt.",
        {200: Answer("The page.", HTML, _PAGE)},
        parameters=(_FORM, Parameter("entry", "query", "id of the ledger entry", ENTRY, _ID, required=True), Parameter("stored", "query", "names of the fields stored", "name,email", {"type": "string", "maxLength": MAX_QUERY}), _BACK), problems=(404, 422, 503),
    ),
)  # fmt: skip
