"""Every operation of the API with its examples; the API description and the page /docs are made from this table."""

from troth.web.account_api_operations import ACCOUNT_API_OPERATIONS
from troth.web.account_operations import ACCOUNT_OPERATIONS
from troth.web.audience_operations import AUDIENCE_OPERATIONS
from troth.web.bulletin_operations import BULLETIN_OPERATIONS
from troth.web.call_operations import CALL_OPERATIONS
from troth.web.campaign_operations import CAMPAIGN_OPERATIONS
from troth.web.certificate_operations import CERTIFICATE_OPERATIONS
from troth.web.choosing_operations import CHOICE_OPERATIONS
from troth.web.connector_operations import CONNECTOR_OPERATIONS
from troth.web.console_operations import CONSOLE_OPERATIONS
from troth.web.content_operations import CONTENT_OPERATIONS
from troth.web.event_operations import EVENT_OPERATIONS
from troth.web.form_operations import FORM_OPERATIONS
from troth.web.forum_operations import FORUM_OPERATIONS
from troth.web.matter_operations import MATTER_OPERATIONS
from troth.web.operation import (
    CASE,
    ENTRY,
    HTML,
    PERSON,
    RIGHTS,
    SHA256,
    SUPPORT,
    TEXT,
    Answer,
    Operation,
    Parameter,
)
from troth.web.portal_operations import PORTAL_OPERATIONS
from troth.web.preference_operations import PREFERENCE_OPERATIONS
from troth.web.relay_operations import RELAY_OPERATIONS
from troth.web.report_operations import REPORT_OPERATIONS
from troth.web.telemetry.operations import TELEMETRY_OPERATIONS

TAGS = {
    "Acts": "Everything that touches a person goes through the gate: decided, done and recorded in one unit of work.",
    "People": "Reading, finding and erasing somebody; the same gate under familiar addresses.",
    "Cases": "The order, ticket or request that gives an act its business need.",
    "Collection": "The declared points where personal data may come in.",
    "Accounts": "Signing in, one's own profile, closing; and the links that mails carry.",
    "Choice": "What visitors choose about cookies and the like, and what happens when they leave.",
    "Events": "What trackers call: visits of the declared web sites, counted after the visitor's choice.",
    "Telemetry": "What installed products send when their administrator switched it on, and how to look at it first.",
    "Content": "What suits the visitor, where that is allowed.",
    "Insights": "Declared reports: counts of people that show nobody.",
    "Outreach": "Audiences, messages, campaigns and bulletins: told of by counts, nobody is listed.",
    "Rights": "Requests and disputes of people: proven from their mailbox, answered by a day that nobody moves.",
    "Console": "Where staff work: the queue, a matter, access reviews. Pages and forms for people, with a session of their own.",
    "Forum": "Postings: everybody reads them; their authors are warned of that each time.",
    "Relay": "Messages between users who switched that on; neither sees the other's address.",
    "Ledger": "The log of decisions, and the proof that an entry stands in it.",
    "Policy": "The published policy, its history and its evidence.",
    "Running": "Whether it runs, how well, and what it says about itself.",
}
_ID = {"type": "string", "pattern": "^[0-9a-f]{32}$"}
_PERSON = Parameter("person", "path", "handle of the person", PERSON, _ID, required=True)
_PURPOSE = Parameter(
    "purpose",
    "query",
    "data use that the act serves",
    SUPPORT,
    {"type": "string", "minLength": 1, "maxLength": 200},
    required=True,
)
_CASE = Parameter("case", "query", "open case that gives the business need", CASE)
_REASON = Parameter("reason", "query", "free text for the record", "asked by telephone")
_ACT = {"act": "use", "purpose": SUPPORT, "person": PERSON, "fields": ["name", "email"], "case": CASE}
_OUTCOME = {
    "effect": "permit",
    "clauses": ["II.12"],
    "explanation": "Permitted by II.12: support staff may read contact data while a ticket is open.",
    "obligations": [],
    "policy": SHA256,
    "entry": ENTRY,
    "person": PERSON,
    "case": CASE,
    "values": {"name": "Ann Example", "email": "ann@example.com"},
    "withheld": [],
    "problem": None,
}
_COLLECT = {
    "act": "collect",
    "purpose": "essential.service.product_registration",
    "channel": "web",
    "point": "product-registration",
    "notice": "registration-notice",
    "age_passed": True,
    "values": {
        "name": "Ann Example",
        "email": "ann@example.com",
        "product": "Sensor",
        "serial": "EX-2015-0001",
    },
}
_DONE = {**_OUTCOME, "values": {}, "case": ""}
_ACTING = (400, 401, 403, 404, 409, 410, 413, 415, 422, 429, 500, 503)
_READING = (400, 401, 403, 404, 409, 410, 422, 429, 500, 503)
_DATE = {"type": "string", "format": "date"}

OPERATIONS = (
    Operation(
        "performActs", "POST", "/v1/acts", "Acts", "Perform acts",
        "One act, or up to 1,000 in one unit of work, each with its own outcome. A refused single act answers with its "
        "problem; a batch answers 200 with an outcome for each act, in order.",
        {200: Answer("The act was done, or the outcomes of a batch.", schema={"oneOf": [{"$ref": "#/components/schemas/Outcome"}, {"$ref": "#/components/schemas/Outcomes"}]}, example=_OUTCOME),
         201: Answer("Data was collected, or a case was opened.", schema="Outcome", example=_DONE)},
        key=True, body=("ActBody", "BatchBody"),
        examples={"Read in a ticket": _ACT, "Collect at a point": _COLLECT, "Several at once": {"acts": [_ACT, _COLLECT]}},
        problems=_ACTING,
    ),
    Operation(
        "decide", "POST", "/v1/decide", "Acts", "Weigh an act in the abstract",
        "What the policy in force would answer and every rule that it weighs. Touches nobody and records nothing.",
        {200: Answer("The decision and how it came about.", schema="DecideAnswer", example={
            "act": {"kind": "use", "actor": "staff.support", "purpose": SUPPORT, "data": ["user.name"], "recipient": "", "channel": "", "facts": ["purpose.granted"], "on": "2026-01-05"},
            "decision": {"effect": "deny", "clauses": ["II.12"], "rules": ["ticket-support-read"], "allowed": [], "obligations": [], "policy": SHA256, "explanation": "Denied by II.12: no ticket is open."},
            "categories": [{"category": "user.name", "permitted": False, "ground": "default", "reason": "no permit matches", "clauses": ["II.12"], "weighed": []}]})},
        key=True, body=("DecideBody",),
        examples={"A support read without a ticket": {"kind": "use", "actor": "staff.support", "purpose": SUPPORT, "data": ["user.name"], "facts": ["purpose.granted"]}},
        problems=(400, 401, 413, 415, 422, 429, 503),
    ),
    Operation(
        "readPerson", "GET", "/v1/people/{person}", "People", "Read fields of somebody", "The act `use` on one person.",
        {200: Answer("The values.", schema="Outcome", example=_OUTCOME)}, key=True,
        parameters=(
            _PERSON, Parameter("fields", "query", "names of fields, separated by commas", "name,email", {"type": "string", "minLength": 1, "pattern": "^[a-z0-9_]+(,[a-z0-9_]+)*$", "maxLength": 2000}, required=True),
            _PURPOSE, _CASE, _REASON,
            Parameter("recipient", "query", "declared recipient; empty when it stays inside", ""),
            Parameter("channel", "query", "channel of the act", ""),
            Parameter("partial", "query", "give what is allowed and withhold the rest", "false", {"type": "string", "enum": ["true", "false"]}),
        ),
        problems=_READING,
    ),
    Operation(
        "erasePerson", "DELETE", "/v1/people/{person}", "People", "Erase somebody",
        "Destroys the person's keys, index rows and rows; a copy of the data alone cannot be read any more.",
        {200: Answer("The person is erased.", schema="Outcome", example={**_DONE, "clauses": ["III.2"], "case": CASE})}, key=True,
        parameters=(_PERSON, _PURPOSE._replace(example=RIGHTS), _CASE, _REASON), problems=_READING,
    ),
    Operation(
        "findPerson", "POST", "/v1/people/find", "People", "Find somebody by identifier",
        "Needs the right to use the identifiers; the answer holds the handle and no value.",
        {200: Answer("Who it is.", schema="Found", example={"person": PERSON, "entry": ENTRY})}, key=True, body=("FindBody",),
        examples={"By e-mail": {"identify": {"email": "ann@example.com"}, "purpose": RIGHTS, "case": CASE}}, problems=_ACTING,
    ),
    Operation(
        "openCase", "POST", "/v1/cases", "Cases", "Open a case", "Who may open which type, the policy declares.",
        {201: Answer("The case is open.", schema="CaseAnswer", example={"case": CASE, "entry": ENTRY, "state": "open", "person": PERSON})}, key=True,
        body=("OpenCaseBody",),
        examples={"A ticket": {"type": "ticket", "purpose": SUPPORT, "identify": {"email": "ann@example.com"}}}, problems=_ACTING,
    ),
    Operation(
        "closeCase", "POST", "/v1/cases/{case_id}/close", "Cases", "Close a case", "Nothing is read on its strength any more.",
        {200: Answer("The case is closed.", schema="CaseAnswer", example={"case": CASE, "entry": ENTRY, "state": "closed", "person": PERSON})}, key=True,
        parameters=(Parameter("case_id", "path", "id of the case", CASE, _ID, required=True),), body=("CloseCaseBody",),
        examples={"Solved": {"purpose": SUPPORT, "person": PERSON, "reason": "solved"}}, problems=_ACTING,
    ),
    Operation(
        "describePoint", "GET", "/v1/collect/{point}", "Collection", "What a collection point takes",
        "Fields, channels, purposes, and the notice that must be shown there.",
        {200: Answer("The point.", schema={"type": "object", "required": ["point", "channels", "fields", "policy"]}, example={
            "point": "email-opt-in", "title": "Subscribe", "about": "", "clause": "I.9", "policy": SHA256, "channels": ["web", "email"],
            "purposes": ["marketing.communications.email"], "notice": {"name": "opt-in-notice", "text": "We write about products.", "clause": "I.9"}, "age_screen": True,
            "fields": {"email": {"type": "email", "required": True, "category": "user.contact.email", "class": "personal", "title": "", "about": "", "max_length": 4000, "example": "ann@example.com"}}})},
        parameters=(Parameter("point", "path", "name of a declared point", "email-opt-in", required=True),), problems=(404, 422, 503),
    ),
    Operation(
        "collect", "POST", "/collect/{point}", "Collection", "Submit at a collection point",
        "Public points need no key. Where an age screen stands, a visitor sends `age`, and the holder of a key `age_passed`. The answer names what was stored and repeats no value.",
        {201: Answer("It is on disk.", schema="Collected", example={"entry": ENTRY, "point": "email-opt-in", "stored": ["email"], "clauses": ["I.9"], "policy": SHA256})},
        parameters=(
            Parameter("point", "path", "name of a declared point", "email-opt-in", required=True),
            Parameter("Idempotency-Key", "header", "random text of the sender: the same submission with it counts once within a day", "7d8a3c6e-5b1f-4c0e-9a52-1f0b6c2d9e4a", {"type": "string", "minLength": 16, "maxLength": 128, "pattern": "^[!-~]+$"}),
        ), body=("Submission",),
        examples={"Subscribe": {"channel": "web", "notice": "opt-in-notice", "age": {"year": 1970, "month": 4}, "values": {"email": "ann@example.com"}}}, problems=_ACTING,
    ),
    *FORM_OPERATIONS,
    *MATTER_OPERATIONS, *CERTIFICATE_OPERATIONS, *CONNECTOR_OPERATIONS,
    *CONSOLE_OPERATIONS,
    *PORTAL_OPERATIONS,
    Operation(
        "getReceipt", "GET", "/v1/receipts/{entry}", "Ledger", "The receipt of an entry",
        "The proof that an entry stands in the ledger (C2SP tlog-proof). Whoever knows the entry's id may have it; it verifies offline.",
        {200: Answer("The receipt.", TEXT, {"type": "string"}, "c2sp.org/tlog-proof@v1\nindex 41\n...")},
        parameters=(Parameter("entry", "path", "id of the entry", ENTRY, _ID, required=True),), problems=(404, 409, 422, 503),
    ),
    Operation(
        "getCheckpoint", "GET", "/ledger/checkpoint", "Ledger", "The newest checkpoint", "Size and root of the log, signed (C2SP tlog-checkpoint).",
        {200: Answer("The signed note.", TEXT, {"type": "string"}, "localhost/troth\n42\nr3T...=\n\n— localhost/troth Az3...\n")}, problems=(404, 422, 503),
    ),
    Operation(
        "getTile", "GET", "/ledger/tile/{path}", "Ledger", "A tile of the log",
        "Hashes at LEVEL/INDEX, entries at entries/INDEX (C2SP tlog-tiles). Entries concern people, if only by random handles, so they need an API key.",
        {200: Answer("The tile.", "application/octet-stream", {"type": "string", "format": "binary"})},
        parameters=(Parameter("path", "path", "level and index, such as 0/000", "0/000", required=True),), problems=(401, 404, 422, 429, 503),
    ),
    Operation(
        "getVerifierKey", "GET", "/ledger/key", "Ledger", "The key that verifies checkpoints", "A verifier key of C2SP signed-note.",
        {200: Answer("The key.", TEXT, {"type": "string"}, "localhost/troth+3b2f1c9d+AZ...")},
    ),
    Operation(
        "getVersion", "GET", "/policy/versions/{name}", "Policy", "A posted version",
        "A version's SHA-256 gives its page; with `.md` behind it, the bytes as they were posted, with an ETag.",
        {200: Answer("The version.", HTML, {"type": "string"}), 304: Answer("The asker has these bytes already.", "", {})},
        parameters=(Parameter("name", "path", "SHA-256 of the version, with .md for its bytes", f"{SHA256}.md", required=True),), problems=(404, 503),
    ),
    Operation(
        "getFeed", "GET", "/policy/feed.atom", "Policy", "Feed of versions", "The posted versions as an Atom feed (RFC 4287).",
        {200: Answer("The feed.", "application/atom+xml", {"type": "string"})}, problems=(503,),
    ),
    Operation(
        "getGpc", "GET", "/.well-known/gpc.json", "Policy", "Global Privacy Control", "That the signal is known here.",
        {200: Answer("The support resource.", schema={"type": "object", "required": ["gpc", "lastUpdate"], "properties": {"gpc": {"type": "boolean"}, "lastUpdate": _DATE}}, example={"gpc": True, "lastUpdate": "2015-04-16"})}, problems=(503,),
    ),
    Operation(
        "getSecurityTxt", "GET", "/.well-known/security.txt", "Policy", "Where to report a weakness", "RFC 9116.",
        {200: Answer("The file.", TEXT, {"type": "string"}, "Contact: mailto:support@example.com\nExpires: 2026-07-04T09:00:00Z\n")}, problems=(503,),
    ),
    Operation(
        "getSelfTest", "GET", "/security.json", "Running", "The self-test as data", "What protects the data, tried out (clause IV.1).",
        {200: Answer("The checks.", schema="SelfTestAnswer", example={"passed": True, "checked": "2026-01-05T09:00:00+00:00", "checks": [{"name": "root-key", "title": "Root key", "state": "pass", "detail": "Only its owner can reach the file of the root key (mode 0600).", "clause": "IV.1"}]})},
    ),
    Operation(
        "getHealth", "GET", "/health", "Running", "Health", "Each part by name: `ok`, or the code of its problem.",
        {200: Answer("Everything works.", schema="HealthAnswer", example={"status": "ok", "parts": {"database": "ok", "keystore": "ok", "ledger": "ok", "policy": "ok", "background": "ok"}, "policy": SHA256, "ledger": {"entries": 42, "staged": 0}, "jobs": {"waiting": 1, "late": 0}}),
         503: Answer("A part is down.", schema="HealthAnswer", example={"status": "down", "parts": {"database": "unavailable", "keystore": "ok", "ledger": "ok", "policy": "ok", "background": "ok"}, "policy": "", "ledger": {"entries": 0, "staged": 0}, "jobs": {"waiting": 0, "late": 0}})},
    ),
    Operation(
        "getMetrics", "GET", "/metrics", "Running", "Metrics", "Counts, times and sizes in the Prometheus text format; no personal value.",
        {200: Answer("The metrics.", TEXT, {"type": "string"}, 'troth_acts_total{act="use",effect="permit"} 41.0\n')}, problems=(503,),
    ),
    Operation(
        "getDescription", "GET", "/openapi.json", "Running", "This description", "OpenAPI 3.1.",
        {200: Answer("The description.", schema={"type": "object", "required": ["openapi"]}, example={"openapi": "3.1.0"})},
    ),
    *(
        Operation(
            id_, "GET", path, "Policy" if path.startswith(("/policy", "/exc")) else "Running", summary, about,
            {200: Answer("The page.", HTML, {"type": "string"})}, problems=(503,),
        )
        for id_, path, summary, about in (
            ("pageHome", "/", "Start page", "What this is, and where to go."),
            ("pagePolicy", "/policy", "The policy in force", "Prose, what enforces each clause, and the ledger's counts."),
            ("pageHistory", "/policy/versions", "Policy history", "Every posted version."),
            ("pageExceptions", "/exceptions", "Exceptions and rules", "Every exception, and every rule that permits or forbids (clause IV.3)."),
            ("pageSecurity", "/security", "Security self-test", "The self-test for people (clause IV.1)."),
            ("pageLedger", "/ledger", "The ledger", "The newest checkpoint, and how to verify a receipt."),
            ("pageProblems", "/problems", "Problems", "Every kind of problem that the API answers with."),
            ("pageDocs", "/docs", "This API for people", "Every operation with its examples."),
        )
    ),
    Operation(
        "pageProblem", "GET", "/problems/{code}", "Running", "One kind of problem", "The address is the `type` of its problem details.",
        {200: Answer("The page.", HTML, {"type": "string"})},
        parameters=(Parameter("code", "path", "code of the kind", "refused", required=True),), problems=(404,),
    ),
    Operation(
        "getStatic", "GET", "/static/{name}", "Running", "A static file of the pages", "Style sheet and icon.",
        {200: Answer("The file.", "text/css", {"type": "string"}), 304: Answer("The asker has it already.", "", {})},
        parameters=(Parameter("name", "path", "name of the file", "style.css", required=True),), problems=(404,),
    ),
    *CHOICE_OPERATIONS,
    *ACCOUNT_OPERATIONS,
    *ACCOUNT_API_OPERATIONS,
    *EVENT_OPERATIONS,
    *TELEMETRY_OPERATIONS,
    *FORUM_OPERATIONS,
    *RELAY_OPERATIONS,
    *PREFERENCE_OPERATIONS,
    *CONTENT_OPERATIONS,
    *REPORT_OPERATIONS,
    *AUDIENCE_OPERATIONS, *CAMPAIGN_OPERATIONS, *BULLETIN_OPERATIONS,
    *CALL_OPERATIONS,
)  # fmt: skip
