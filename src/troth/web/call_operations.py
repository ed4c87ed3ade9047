"""The operations of the call centre."""

from troth.web.operation import Answer, Operation, Parameter

_CALL = "019a0c2e7d1c7a40b1d2c3e4f5a6071d"
_ID = {"type": "string", "pattern": "^[0-9a-f]{32}$"}
_GIVEN = {
    "calls": [
        {
            "call": _CALL, "name": "Ann Example", "number": "+12025550143", "subject": "Your open ticket",
            "script": "Good day, Ann Example. This is Example Security.", "reason": "you have an open ticket with us",
            "language": "en", "until": "2026-11-27T10:00:00+00:00",
        }
    ]
}  # fmt: skip

CALL_OPERATIONS = (
    Operation(
        "pullCalls", "POST", "/v1/calls/next", "Outreach", "Pull the next call",
        "For the call centre, with a key of its own. Each number is handed over by a decision at this moment, so that whoever said no meanwhile is not called. A call of which nothing is heard for an hour is given out again.",
        {200: Answer("The calls; none when nothing is due.", schema="CallsAnswer", example=_GIVEN)},
        key=True, body=("PullBody",), examples={"One call": {"most": 1}},
        problems=(400, 401, 403, 404, 413, 415, 422, 429, 500, 503),
    ),
    Operation(
        "tellOutcome", "POST", "/v1/calls/{call}/outcome", "Outreach", "Tell how a call went",
        "`stop` stops such calls to this person at once, also when it is told after the call was over.",
        {200: Answer("What became of the call.", schema="OutcomeAnswer", example={"call": _CALL, "state": "sent"})},
        key=True, body=("OutcomeBody",), examples={"They want no such calls": {"outcome": "stop"}},
        parameters=(Parameter("call", "path", "id of the call", _CALL, _ID, required=True),),
        problems=(400, 401, 403, 404, 409, 413, 415, 422, 429, 500, 503),
    ),
)  # fmt: skip
