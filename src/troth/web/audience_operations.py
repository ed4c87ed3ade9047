"""The operations of audiences."""

from troth.web.operation import ENTRY, Answer, Operation, Parameter

_AUDIENCE = "019a0c2e7d1c7a40b1d2c3e4f5a6071c"
_ID = {"type": "string", "pattern": "^[0-9a-f]{32}$"}
_EXPRESSION = 'product = "sensor" and not country in ("DE", "AT")'
_COUNT = {
    "audience": _AUDIENCE,
    "count": 1_204,
    "left_out": {"child": None, "no-purpose": 310, "objected": 31},
    "cohort": 10,
    "run": "019a0c2e7d1c7a40b1d2c3e4f5a6071b",
    "entry": ENTRY,
}

AUDIENCE_OPERATIONS = (
    Operation(
        "createAudience", "POST", "/v1/audiences", "Outreach", "Build an audience",
        "An expression over the attributes that the policy declares. Whatever else it asks for, an age or anything of children, is refused: 422 with the clause (I.18).",
        {201: Answer("The audience.", schema="AudienceAnswer", example={"audience": _AUDIENCE, "of": "announcements", "name": "Sensors abroad", "expression": _EXPRESSION})},
        key=True, body=("AudienceBody",), examples={"By product and country": {"name": "Sensors abroad", "expression": _EXPRESSION}},
        problems=(400, 401, 403, 404, 413, 415, 422, 429, 503),
    ),
    Operation(
        "countAudience", "GET", "/v1/audiences/{audience}/count", "Outreach", "Count an audience",
        "Each person is decided by the policy; children are in no audience. Numbers only, and none below the cohort; nobody is listed.",
        {200: Answer("The numbers.", schema="AudienceCount", example=_COUNT)},
        key=True, parameters=(Parameter("audience", "path", "id of the audience", _AUDIENCE, _ID, required=True),),
        problems=(401, 403, 404, 410, 422, 429, 500, 503),
    ),
)  # fmt: skip
