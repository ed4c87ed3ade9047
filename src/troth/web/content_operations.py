"""The operations of customised content."""

from troth.web.operation import HTML, Answer, Operation, Parameter

_SLOT = Parameter("slot", "path", "name of a declared slot", "start-offer", required=True)
_PAGE = Parameter("page", "query", "path of the page that shows it; a look at it is counted in the browser's own cookie", "/products/sensor", {"type": "string"})  # fmt: skip

CONTENT_OPERATIONS = (
    Operation(
        "getContent", "GET", "/content/{slot}", "Content", "Content of a slot",
        "The variant that suits the visitor where customised content is allowed, else the generic one; with why, and how to say no. "
        "A fragment of HTML; JSON with `Accept: application/json`.",
        {200: Answer("The variant.", HTML, {"type": "string"})}, parameters=(_SLOT, _PAGE), problems=(404, 422, 503),
    ),
    Operation(
        "pageContentWhy", "GET", "/content/{slot}/why", "Content", "Why you see this", "What was used for it, and where it is kept.",
        {200: Answer("The page.", HTML, {"type": "string"})}, parameters=(_SLOT,), problems=(404, 422, 503),
    ),
)  # fmt: skip
