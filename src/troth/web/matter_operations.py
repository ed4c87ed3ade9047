"""The operations of requests and disputes."""

from troth.web.operation import CASE, HTML, Answer, Operation, Parameter

_ID = {"type": "string", "pattern": "^[0-9a-f]{32}$"}
_PAGE = {"type": "string"}
_LINK = (
    Parameter("case", "path", "id of the case", CASE, _ID, required=True),
    Parameter("proof", "path", "the secret that the mailbox was sent", "V4q1sXh2u0b3mX9r7cKp5nT8wYz6aLdE0fGhJkMnPqR", required=True),
)  # fmt: skip

MATTER_OPERATIONS = (
    Operation(
        "pageVerify", "GET", "/requests/{case}/verify/{proof}", "Rights", "The request of a link", "Looking uses nothing up; the button proves whose request it is.",
        {200: Answer("The page.", HTML, _PAGE)}, parameters=_LINK, problems=(404, 422, 503),
    ),
    Operation(
        "verifyRequest", "POST", "/requests/{case}/verify/{proof}", "Rights", "Prove whose request it is", "Once, from a page of this site.",
        {200: Answer("It is proven.", HTML, _PAGE)}, parameters=_LINK, problems=(403, 404, 409, 422, 503),
    ),
)  # fmt: skip
