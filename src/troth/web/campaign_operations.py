"""The operations of campaigns and of the company's own messages."""

from troth.web.operation import CASE, SHA256, Answer, Operation, Parameter

_ID = {"type": "string", "pattern": "^[0-9a-f]{32}$"}
_CAMPAIGN = Parameter("campaign", "path", "id of the campaign", CASE, _ID, required=True)
_MESSAGE = Parameter(
    "message",
    "path",
    "name of the message, or the start of a version's digest",
    "spring-news",
    {"type": "string", "minLength": 1, "maxLength": 100},
    required=True,
)
_LANGUAGE = Parameter(
    "language", "query", "as de; left out: the main one", "en", {"type": "string", "maxLength": 35}
)
_ONE = {
    "campaign": CASE,
    "name": "Spring",
    "state": "scheduled",
    "starts": "2026-12-01T08:00:00+00:00",
    "ends": "",
    "per_hour": 36_000,
    "waits": None,
}
_STATUS = {
    **_ONE,
    "state": "running",
    "message": "spring-news",
    "version": SHA256,
    "chosen": True,
    "left_out": {"objected": 31},
    "counts": {
        "planned": 400,
        "sending": 16,
        "sent": 780,
        "skipped": 8,
        "failed": 0,
        "bounced": 0,
        "complained": 0,
    },
    "skipped": {"I.5": 8},
    "clicks": {"https://www.example.com/sensor": 112},
}
_TEXT = (
    "---\nname: spring-news\npurpose: marketing.communications.email\nchannel: email\n"
    "subject: News about the sensor\nlanguage: en\n---\n{greeting}\n\nThe sensor is out.\n"
)
_KEPT = {
    "name": "spring-news",
    "version": SHA256,
    "purpose": "marketing.communications.email",
    "topic": "",
    "channel": "email",
    "languages": ["en"],
    "fields": ["name"],
    "added": "2026-01-05T09:00:00+00:00",
}
_LOOKS = (401, 403, 404, 422, 429, 500, 503)
_SENDS = (400, 401, 403, 404, 409, 413, 415, 422, 429, 500, 503)

CAMPAIGN_OPERATIONS = (
    Operation(
        "listCampaigns", "GET", "/v1/campaigns", "Outreach", "The newest campaigns", "For keys of a role that the policy lets open campaigns.",
        {200: Answer("The campaigns.", schema="CampaignsAnswer", example={"campaigns": [_ONE]})}, key=True, problems=(401, 403, 422, 429, 500, 503),
    ),
    Operation(
        "draftCampaign", "POST", "/v1/campaigns", "Outreach", "Draft a campaign",
        "Its audience is built and its case opened; nothing is sent before the step `start`. Asked twice it makes two drafts.",
        {201: Answer("The draft.", schema="CampaignAnswer", example={**_ONE, "state": "draft"})}, key=True, body=("CampaignBody",),
        examples={"To owners of the sensor": {"name": "Spring", "message": "spring-news", "expression": 'product = "sensor"', "starts": "2026-12-01T09:00:00+01:00", "rate": "10/s"}},
        problems=_SENDS,
    ),
    Operation(
        "showCampaign", "GET", "/v1/campaigns/{campaign}", "Outreach", "How far a campaign is", "Counts only; nobody is listed.",
        {200: Answer("The counts.", schema="CampaignStatus", example=_STATUS)}, key=True, parameters=(_CAMPAIGN,), problems=_LOOKS,
    ),
    Operation(
        "countCampaign", "GET", "/v1/campaigns/{campaign}/count", "Outreach", "Count whom a campaign would go to",
        "Each person is decided by the policy. Numbers only, and none below the cohort.",
        {200: Answer("The numbers.", schema="CampaignSize", example={"campaign": CASE, "count": 1_204, "left_out": {"objected": 31, "child": None}, "cohort": 10})},
        key=True, parameters=(_CAMPAIGN,), problems=(*_LOOKS, 410),
    ),
    Operation(
        "stepCampaign", "POST", "/v1/campaigns/{campaign}/steps", "Outreach", "Start, pause, resume or stop a campaign",
        "The very next copy heeds it. A step that leads nowhere from where the campaign stands is a 409, also when it is sent twice.",
        {200: Answer("The campaign.", schema="CampaignAnswer", example=_ONE)}, key=True, parameters=(_CAMPAIGN,), body=("CampaignStepBody",),
        examples={"Start": {"step": "start"}, "Stop for good": {"step": "stop"}}, problems=_SENDS,
    ),
    Operation(
        "listMessages", "GET", "/v1/messages", "Outreach", "The newest version of each message", "For keys of a role that the policy lets open campaigns.",
        {200: Answer("The messages.", schema="MessagesAnswer", example={"messages": [_KEPT]})}, key=True, problems=(401, 403, 422, 429, 500, 503),
    ),
    Operation(
        "addMessages", "POST", "/v1/messages", "Outreach", "Keep messages",
        "Each is compiled against the policy and kept by the SHA-256 of all that is in it; the same text again makes no new version, and is the current one.",
        {201: Answer("They are kept.", schema="MessagesAnswer", example={"messages": [_KEPT]})}, key=True, body=("MessagesBody",),
        examples={"One in English": {"texts": [_TEXT]}}, problems=_SENDS,
    ),
    Operation(
        "checkMessages", "POST", "/v1/messages/check", "Outreach", "Compile messages, keep nothing",
        "A message that names what its purpose may not send is refused with variable, clause and mend.",
        {200: Answer("Nothing stands against them.", schema="MessagesAnswer", example={"messages": [{**_KEPT, "added": ""}]})}, key=True, body=("MessagesBody",),
        examples={"One in English": {"texts": [_TEXT]}}, problems=_SENDS,
    ),
    Operation(
        "showMessage", "GET", "/v1/messages/{message}", "Outreach", "What a version of a message says", "By name the newest one.",
        {200: Answer("The texts.", schema="MessageTexts", example={**_KEPT, "subjects": {"en": "News about the sensor"}, "bodies": {"en": "{greeting}\n\nThe sensor is out.\n"}, "reasons": {}})},
        key=True, parameters=(_MESSAGE,), problems=_LOOKS,
    ),
    Operation(
        "previewMessage", "GET", "/v1/messages/{message}/preview", "Outreach", "A message as it would arrive", "With the titles of fields in place of values. A letter comes with all that stands around it, a call as the call centre is given it; their `html` is that text.",
        {200: Answer("Both forms.", schema="MessagePreview", example={"subject": "News about the sensor", "text": "Hello «Your name»,\n\nThe sensor is out.\n", "html": "<p>Hello «Your name»,</p>"})},
        key=True, parameters=(_MESSAGE, _LANGUAGE), problems=(*_LOOKS, 409),
    ),
    Operation(
        "testMessage", "POST", "/v1/messages/{message}/test", "Outreach", "Send a message to somebody who works here", "As the preview shows it. Any other address is refused.",
        {200: Answer("It was handed to the mail server.", schema="MessageSent", example={"sent": CASE})}, key=True, parameters=(_MESSAGE,), body=("MessageTestBody",),
        examples={"To a colleague": {"to": "mia@example.com"}}, problems=_SENDS,
    ),
    Operation(
        "followLink", "GET", "/go/{version}/{link}", "Outreach", "Follow a counted link of a message",
        "The same address for whoever got the message; leads only where the kept message does. Counted as one of a number by day where the browser's "
        "own choice allows it, else nothing is noted.",
        {303: Answer("On to the page.", "", {})},
        parameters=(
            Parameter("version", "path", "SHA-256 of the message", SHA256, {"type": "string", "maxLength": 64}, required=True),
            Parameter("link", "path", "number of the link in it, from 1", "1", {"type": "string", "maxLength": 4}, required=True),
        ),
        problems=(404, 422, 503),
    ),
)  # fmt: skip
