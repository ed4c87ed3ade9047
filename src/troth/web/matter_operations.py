"""The operations of requests and disputes."""

from troth.web.operation import CASE, FORM, HTML, PERSON, Answer, Operation, Parameter

_ID = {"type": "string", "pattern": "^[0-9a-f]{32}$"}
_PAGE = {"type": "string"}
_LINK = (
    Parameter("case", "path", "id of the case", CASE, _ID, required=True),
    Parameter("proof", "path", "the secret that the mailbox was sent", "V4q1sXh2u0b3mX9r7cKp5nT8wYz6aLdE0fGhJkMnPqR", required=True),
)  # fmt: skip

_AGENT = (
    _LINK[0],
    Parameter(
        "mark", "path", "last instant and MAC of the link", f"1767600000000000-{'0' * 64}", required=True
    ),
)
_NUMBER = Parameter(
    "number", "path", "number of the matter, or the id of its case", "R-7KQM-93XD", required=True
)
_MATTER = {
    "number": "R-7KQM-93XD", "case": CASE, "matter": "request", "kind": "access", "state": "identity-pending", "person": PERSON, "record": CASE,
    "channel": "web", "about": "", "received": "2026-01-05T09:00:00+00:00", "due": "2026-02-04T09:00:00+00:00", "due_rule": "answer-requests",
    "late": False, "verified": "", "handler": "", "reviewer": "", "ended": "", "outcome": "", "clocks": [], "steps": [], "items": [], "mandate": None,
}  # fmt: skip

MATTER_OPERATIONS = (
    Operation(
        "listRequests", "GET", "/v1/requests", "Rights", "Open requests, disputes and questions",
        "The most urgent first, those that are late at the top. Somebody who is signed in gets their own, ended ones too.",
        {200: Answer("A page.", schema="MattersAnswer", example={"matters": [_MATTER], "late": 0, "next": ""})}, key=True,
        parameters=(
            Parameter("state", "query", "only those in a state, ended ones too", "identity-pending"),
            Parameter("handler", "query", "only those that a key (its id) handles", ""),
            Parameter("behind", "query", "the page behind the one that gave this place", ""),
        ),
        problems=(401, 403, 422, 429, 503),
    ),
    Operation(
        "showRequest", "GET", "/v1/requests/{number}", "Rights", "A request with its clocks and steps", "What was written is read by an act, from its record.",
        {200: Answer("The matter.", schema="MatterAnswer", example=_MATTER)}, key=True, parameters=(_NUMBER,), problems=(401, 404, 422, 429, 503),
    ),
    Operation(
        "stepRequest", "POST", "/v1/requests/{number}/steps", "Rights", "Take a step",
        "Taking, verifying, classifying, planning, reviewing or moving is an act: decided, recorded, and done in the same unit of work.",
        {200: Answer("The matter as it is now.", schema="MatterAnswer", example=_MATTER)}, key=True, parameters=(_NUMBER,), body=("StepBody",),
        examples={"Take it over": {"step": "take"}, "Refuse it": {"step": "move", "to": "refused", "reason": "the request is not about you"}},
        problems=(400, 401, 403, 404, 409, 413, 415, 422, 429, 503),
    ),
    Operation(
        "carryOutRequest", "POST", "/v1/requests/{number}/carry-out", "Rights", "Have a request carried out",
        "In the background, item by item; kinds that the policy lets go by themselves need no such call.",
        {202: Answer("The matter as it is now.", schema="MatterAnswer", example=_MATTER)}, key=True, parameters=(_NUMBER,),
        problems=(401, 403, 404, 409, 422, 429, 503),
    ),
    Operation(
        "pageVerify", "GET", "/requests/{case}/verify/{proof}", "Rights", "The request of a link", "Looking uses nothing up; the button proves whose request it is.",
        {200: Answer("The page.", HTML, _PAGE)}, parameters=_LINK, problems=(404, 422, 503),
    ),
    Operation(
        "verifyRequest", "POST", "/requests/{case}/verify/{proof}", "Rights", "Prove whose request it is", "Once, from a page of this site.",
        {200: Answer("It is proven.", HTML, _PAGE)}, parameters=_LINK, problems=(403, 404, 409, 422, 503),
    ),
    Operation(
        "pageAgent", "GET", "/agents/{case}/{mark}", "Rights", "The link of an agent", "Looking uses nothing up; the button says that the mailbox is the agent's own.",
        {200: Answer("The page.", HTML, _PAGE)}, parameters=_AGENT, problems=(404, 422, 503),
    ),
    Operation(
        "proveAgent", "POST", "/agents/{case}/{mark}", "Rights", "Prove the mailbox of an agent", "From a page of this site; then whoever it is about is asked. The same answer whether anybody knows them.",
        {200: Answer("It is proven.", HTML, _PAGE)}, parameters=_AGENT, problems=(403, 404, 409, 422, 429, 503),
    ),
    Operation(
        "pageAskedFor", "GET", "/agents/{case}/person/{proof}", "Rights", "Who asks in one's name", "Behind a link to one's own mailbox. Looking uses nothing up.",
        {200: Answer("The page.", HTML, _PAGE)}, parameters=_LINK, problems=(404, 422, 503),
    ),
    Operation(
        "answerAgent", "POST", "/agents/{case}/person/{proof}", "Rights", "Say yes or no to a request in one's name", "Yes counts once and for this request; no ends it.",
        {200: Answer("It is noted.", HTML, _PAGE)}, parameters=_LINK, body=("AgentForm",), examples={"Form": {"answer": "yes"}}, media=(FORM,),
        problems=(400, 403, 404, 409, 413, 415, 422, 429, 503),
    ),
)  # fmt: skip
