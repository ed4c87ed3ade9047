"""The operations of bulletins."""

from troth.web.operation import CASE, SHA256, Answer, Operation, Parameter

_BULLETIN = Parameter(
    "bulletin",
    "path",
    "id of the bulletin's case",
    CASE,
    {"type": "string", "pattern": "^[0-9a-f]{32}$"},
    required=True,
)
_TEXTS = {
    "en": {"subject": "Security fault in {product}", "body": "{greeting}\n\nInstall 5.2.1: {contact_link}\n"}
}
_DRAFT = {
    "product": "example-sensor",
    "versions": ">=5.0, <5.2.1",
    "reason": "security-fault",
    "texts": _TEXTS,
}
_ONE = {
    "bulletin": CASE,
    "product": "example-sensor",
    "versions": ">=5.0, <5.2.1",
    "reason": "security-fault",
    "state": "draft",
    "digest": SHA256,
    "languages": ["en"],
    "written": "2026-01-05T09:00:00+00:00",
    "approved": "",
    "started": "",
    "ended": "",
}
_FOUND = {
    "rule": "order",
    "about": "requests to buy, order or subscribe",
    "language": "de",
    "part": "body",
    "line": 1,
    "column": 1,
    "text": "Jetzt kaufen",
}
_LOOKS = (401, 403, 404, 422, 429, 500, 503)
_CHANGES = (400, 401, 403, 404, 409, 413, 415, 422, 429, 500, 503)

BULLETIN_OPERATIONS = (
    Operation(
        "listBulletins", "GET", "/v1/bulletins", "Outreach", "Bulletins, the newest first", "For keys of a role that has to do with them by the policy.",
        {200: Answer("The bulletins.", schema="BulletinsAnswer", example={"bulletins": [_ONE]})}, key=True, problems=(401, 403, 422, 429, 500, 503),
    ),
    Operation(
        "writeBulletin", "POST", "/v1/bulletins", "Outreach", "Write a bulletin",
        "It then waits for a second member of staff. Needs a key behind which a member stands; what advertises is refused (II.16).",
        {201: Answer("The draft.", schema="BulletinAnswer", example=_ONE)}, key=True, body=("BulletinBody",), examples={"A fault": _DRAFT}, problems=_CHANGES,
    ),
    Operation(
        "checkBulletin", "POST", "/v1/bulletins/check", "Outreach", "Check a draft, keep nothing", "Every place that counts as promotion, by rule.",
        {200: Answer("The places; none where nothing advertises.", schema="BulletinChecked", example={"found": [_FOUND]})},
        key=True, body=("BulletinBody",), examples={"A fault": _DRAFT}, problems=_CHANGES,
    ),
    Operation(
        "showBulletin", "GET", "/v1/bulletins/{bulletin}", "Outreach", "What a bulletin says", "With the digest that an approval names.",
        {200: Answer("The bulletin.", schema="BulletinShown", example={**_ONE, "texts": _TEXTS})}, key=True, parameters=(_BULLETIN,), problems=_LOOKS,
    ),
    Operation(
        "followBulletin", "GET", "/v1/bulletins/{bulletin}/status", "Outreach", "How far delivery is", "Counts only; nobody is listed.",
        {200: Answer("The counts.", schema="BulletinStatus", example={
            **_ONE, "state": "running", "owners": 412, "open": 12, "ends": {"told": 396, "unreachable": 4, "not-concerned": 0, "gone": 0},
            "told": {"email": 380, "letter": 16, "phone": 0}, "waits": {"email": 0, "letter": 12, "phone": 0}, "bounced": 20, "unknown_version": 3})},
        key=True, parameters=(_BULLETIN,), problems=_LOOKS,
    ),
    Operation(
        "reviseBulletin", "PUT", "/v1/bulletins/{bulletin}/texts", "Outreach", "Give a bulletin other texts", "An approval that it had is void with that.",
        {200: Answer("The draft.", schema="BulletinAnswer", example=_ONE)}, key=True, parameters=(_BULLETIN,), body=("BulletinTextsBody",),
        examples={"Other words": {"texts": _TEXTS}}, problems=_CHANGES,
    ),
    Operation(
        "stepBulletin", "POST", "/v1/bulletins/{bulletin}/steps", "Outreach", "Approve, start or stop a bulletin",
        "Approving names the digest of what was read, and is for a second member: whoever wrote it is refused with any key of theirs (II.16). "
        "A step that leads nowhere from where the bulletin stands is a 409, also when it is sent twice.",
        {200: Answer("The bulletin.", schema="BulletinAnswer", example={**_ONE, "state": "approved", "approved": "2026-01-05T10:00:00+00:00"})},
        key=True, parameters=(_BULLETIN,), body=("BulletinStepBody",),
        examples={"Approve": {"step": "approve", "digest": SHA256}, "Start": {"step": "start"}}, problems=_CHANGES,
    ),
)  # fmt: skip
