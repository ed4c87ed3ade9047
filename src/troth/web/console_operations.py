"""The operations of the staff console: pages and forms for people who work here."""

from troth.web.operation import HTML, Answer, Operation, Parameter

_PAGE = _TEXT = {"type": "string"}
_NUMBER = Parameter(
    "number", "path", "number of the matter, or the id of its case", "R-7KQM-93XD", _TEXT, required=True
)
_CASE = Parameter("number", "path", "number of the case, or its id", "O-7KQM-93XD", _TEXT, required=True)
_TOKEN = Parameter("token", "path", "the secret of the invitation", "0" * 64, required=True)
_NEXT = Parameter("next", "query", "path of the console to go on to", "/console", _TEXT)
_REPORT = Parameter("name", "path", "name of a declared report", "registered-products", _TEXT, required=True)
_BULLETIN = Parameter(
    "bulletin", "path", "id of its case", "019a0c2e7d1c7a40b1d2c3e4f5a60719", _TEXT, required=True
)
_CAMPAIGN = Parameter(
    "case", "path", "id of its case", "019a0c2e7d1c7a40b1d2c3e4f5a60719", _TEXT, required=True
)
_LETTERS = Parameter(
    "batch", "path", "id of the batch", "019a0c2e7d1c7a40b1d2c3e4f5a60719", _TEXT, required=True
)
_POINT = Parameter("point", "path", "name of a declared point", "privacy-request", _TEXT, required=True)


def _page(name: str, path: str, summary: str, about: str, *parameters: Parameter) -> Operation:
    return Operation(
        name, "GET", path, "Console", summary, about,
        {200: Answer("The page.", HTML, _PAGE), 303: Answer("Nobody is signed in: to the page for that.", "", {})},
        parameters=parameters, problems=(401, 403, 404, 422, 503),
    )  # fmt: skip


def _form(name: str, path: str, summary: str, about: str, *parameters: Parameter) -> Operation:
    return Operation(
        name, "POST", path, "Console", summary, about,
        {200: Answer("What became of it.", HTML, _PAGE), 303: Answer("Done, or to be signed in or confirmed first.", "", {})},
        parameters=parameters, problems=(400, 401, 403, 404, 409, 413, 415, 422, 429, 503),
    )  # fmt: skip


CONSOLE_OPERATIONS = (
    _page("pageStaffSignIn", "/console/sign-in", "Signing in to work", "By name, password and code.", _NEXT),
    _form("staffSignIn", "/console/sign-in", "Sign in to work", "Fields `name`, `password`, `code`, `next`. The same answer whoever has the name."),
    _form("staffSignInByPasskey", "/console/sign-in/passkey", "Sign in to work by passkey", "Fields `credential` and `next`; the page's script fills the form in."),
    Operation(
        "askCompany", "GET", "/console/sign-in/company", "Console", "To the company's own OpenID provider", "Authorization code with PKCE; the cookie keeps which question it was.",
        {303: Answer("To the provider.", "", {})}, parameters=(_NEXT, Parameter("again", "query", "`yes` to sign in there anew", "yes", _TEXT)), problems=(404, 422, 503),
    ),
    Operation(
        "backFromCompany", "GET", "/console/sign-in/company/back", "Console", "Back from the provider", "State, issuer, audience, nonce and signature are checked; who is not known here is not let in.",
        {303: Answer("Signed in.", "", {}), 401: Answer("Not let in.", HTML, _PAGE)}, problems=(403, 422, 429, 503),
        parameters=tuple(
            Parameter(name, "query", about, "x", _TEXT)
            for name, about in (
                ("state", "ties the answer to the question"), ("code", "for who it is"), ("iss", "who answers (RFC 9207)"), ("error", "what went wrong there"),
                ("error_description", "the same in words"), ("error_uri", "more of it"), ("session_state", "of the provider's own"),
            )
        ),
    ),
    _page("pageInvitation", "/console/invite/{token}", "An invitation", "A password is set and an authenticator paired.", _TOKEN),
    _form("acceptInvitation", "/console/invite/{token}", "Use an invitation", "Fields `password` and `code`. Once, within seven days; answers with recovery codes.", _TOKEN),
    _page("pageConfirmStaff", "/console/confirm", "Show again who you are", "Before what cannot be undone.", _NEXT),
    _form("confirmStaff", "/console/confirm", "Show again who you are", "Fields `csrf`, `password`, `code`, `next`. Counts for ten minutes."),
    _form("staffSignOut", "/console/sign-out", "End this session", "Field `csrf`. Its key works no more."),
    _page("pageStaffSelf", "/console/me", "Oneself", "Role, purposes, cases, and where one is signed in."),
    _form("addStaffPasskey", "/console/me/passkeys", "Add a passkey", "Fields `csrf`, `credential`, `name`; the page's script fills the form in."),
    _form("removeStaffPasskey", "/console/me/passkeys/remove", "Remove a passkey", "Fields `csrf` and `credential`."),
    _form("endStaffSession", "/console/me/sessions/end", "End a session", "Fields `csrf` and `which`."),
    _page(
        "pageQueue", "/console", "The queue", "Open matters, the most urgent first; what is late stands at the top and is counted on every page.",
        Parameter("number", "query", "number to look for", "R-7KQM-93XD", _TEXT), Parameter("matter", "query", "request, dispute or question", "request", _TEXT),
        Parameter("kind", "query", "what a request asks for", "erase", _TEXT), Parameter("state", "query", "a state", "verified", _TEXT),
        Parameter("mine", "query", "`yes` for one's own", "yes", _TEXT), Parameter("late", "query", "`yes` for what is late", "yes", _TEXT),
        Parameter("behind", "query", "the page behind this place", "1767603600000000.019a0c2e7d1c7a40b1d2c3e4f5a60719", _TEXT),
    ),
    _form("bulk", "/console/bulk", "Do something to many", "Fields `csrf`, `pick` (repeated), `step` (take, classify, refuse), `kind`, `reason`. Each is an act of its own."),
    _page("pageMatter", "/console/matters/{number}", "A matter", "Clocks, steps, plan, and what can be done.", _NUMBER, Parameter("done", "query", "the step just taken", "take", _TEXT)),
    _form("readWritten", "/console/matters/{number}/written", "Read what was written", "Field `csrf`. An act under the case.", _NUMBER),
    Operation(
        "fetchAuthority", "POST", "/console/matters/{number}/authority", "Console", "Have a written authority handed out", "Field `csrf`. An act under the case; a file to save, which no browser shows.",
        {200: Answer("The document.", "application/octet-stream", {"type": "string", "format": "binary"}), 303: Answer("Nobody is signed in: to the page for that.", "", {})},
        parameters=(_NUMBER,), problems=(400, 401, 403, 404, 409, 413, 415, 422, 429, 503),
    ),
    _form("addAuthority", "/console/matters/{number}/authority/add", "Add a written authority", "In parts: `csrf`, `document` (the file) and `via` (letter or email).", _NUMBER),
    _form("stepMatter", "/console/matters/{number}/steps", "Take a step", "Fields `csrf`, `step` (take, verify, classify, plan, carry-out, review, move, accept-authority, reject-authority), `to`, `reason`; for accept-authority `until`, `for.KIND`, `copies`.", _NUMBER),
    _page(
        "pageCases", "/console/cases", "Cases", "Cases of one kind by which people are served: numbers and states, nothing of anybody.",
        Parameter("kind", "query", "type of case", "order", _TEXT), Parameter("view", "query", "open, mine, free or closed", "open", _TEXT),
        Parameter("stage", "query", "a stage, or `new`", "packed", _TEXT), Parameter("behind", "query", "the page behind this place", "1767603600000000.019a0c2e7d1c7a40b1d2c3e4f5a60719", _TEXT),
    ),
    _form("findCase", "/console/cases/find", "Find a case", "Fields `csrf` and `number`: of the case, or of an order or a product, whole. Looking by the latter is an act."),
    _page("pageCase", "/console/cases/{number}", "A case", "Where it stands, to whom it is assigned, and what can be done.", _CASE, Parameter("done", "query", "the step just taken", "take", _TEXT)),
    _form("readCase", "/console/cases/{number}/read", "Read what stands in a case", "Field `csrf`. An act under the case; the policy decides which fields the role sees.", _CASE),
    Operation(
        "fetchCaseFile", "POST", "/console/cases/{number}/file", "Console", "Have a file of a case handed out", "Fields `csrf`, `place` of the record and `field`. An act under the case; a file to save, which no browser shows.",
        {200: Answer("The file.", "application/octet-stream", {"type": "string", "format": "binary"}), 303: Answer("Nobody is signed in: to the page for that.", "", {})},
        parameters=(_CASE,), problems=(400, 401, 403, 404, 409, 413, 415, 422, 429, 503),
    ),
    _form("stepCase", "/console/cases/{number}/steps", "Take a step with a case", "Fields `csrf`, `step` (take, put-back, hand-over, stage, answer, close, reopen), `to`, `reason`, `answer`, `note.FIELD`.", _CASE),
    _page("pageEnter", "/console/enter", "A call or a letter", "What can be noted, and the form.", Parameter("point", "query", "name of a declared point", "privacy-request", _TEXT)),
    _form("enterMatter", "/console/enter/{point}", "Note a call or a letter", "Fields `csrf`, `via` (the channel), and those of the point.", _POINT),
    _page("pageNoteStop", "/console/stop", "Stop announcements", "For who calls or writes a letter.", Parameter("noted", "query", "whether it was just noted", "yes", _TEXT)),
    _form("noteStop", "/console/stop", "Note that announcements stop", "Fields `csrf`, `field` (an identifier), `value`, `what` (`topic:channel`; empty for everything). Counts at once, known or not."),
    _page("pageAccess", "/console/access", "Access review", "Who can do what, who did what, what was never used.", Parameter("ended", "query", "whether something was just ended", "yes", _TEXT)),
    _form("revokeAccess", "/console/access/revoke", "Take access away", "Fields `csrf`, and `key` (an id) or `person` (a name)."),
    _page("pageReports", "/console/reports", "Reports", "Every report that the asker may see, with its newest figures; each look is recorded."),
    _page("pageReport", "/console/reports/{name}", "A report", "Figures with their bounds, runs, and the changes that rest on it.", _REPORT, Parameter("noted", "query", "whether a change was just noted", "yes", _TEXT)),
    _form("runReportNow", "/console/reports/{name}/run", "Run a report now", "Field `csrf`. A period that was computed is shown again.", _REPORT),
    _page("pageBulletins", "/console/bulletins", "Bulletins", "Crucial notices about products, the newest first, with how far each is."),
    _form("writeBulletinAtConsole", "/console/bulletins", "Write a bulletin", "Fields `csrf`, `about` (product and reason, with a blank between), `versions`, and `subject_` and `body_` of `en`, `de`, `fr`. What advertises is refused, place by place."),
    _page("pageWriteBulletin", "/console/bulletins/write", "The form for a bulletin", "Products with the reasons that may be used today."),
    _page("pageBulletin", "/console/bulletins/{bulletin}", "A bulletin", "What it says as it is sent, who wrote and approved it, how far it is.", _BULLETIN),
    _form("reviseBulletinAtConsole", "/console/bulletins/{bulletin}/texts", "Give a bulletin other texts", "Fields `csrf`, and `subject_` and `body_` of `en`, `de`, `fr`. An approval is void with that.", _BULLETIN),
    _form("stepBulletinAtConsole", "/console/bulletins/{bulletin}/steps", "Approve, start or stop a bulletin", "Fields `csrf`, `step` (approve, start, stop), and `digest` of what was read, to approve.", _BULLETIN),
    _page("pageCampaigns", "/console/campaigns", "Campaigns", "Every campaign by its counts, and the form for a new one."),
    _form("draftCampaignAtConsole", "/console/campaigns", "Draft a campaign", "Fields `csrf`, `name`, `message`, `expression`, `of`, `starts`, `ends`, `rate`. Nothing is sent."),
    _page("pageCampaign", "/console/campaigns/{case}", "A campaign", "How far it is, what it says, and what can be done.", _CAMPAIGN, Parameter("tested", "query", "whether a test was just sent", "yes", _TEXT)),
    _form("stepCampaignAtConsole", "/console/campaigns/{case}/steps", "Take a step with a campaign", "Fields `csrf`, `step` (start, pause, resume, stop, count, test), `sure` (`yes` to start or stop), `to`, `language`.", _CAMPAIGN),
    _page("pageLetters", "/console/letters", "Letters sent", "Batches of letters by their numbers, the newest first, and the form for letters that came back.", Parameter("behind", "query", "behind which batch the page begins", "1767603600000000.019a0c2e7d1c7a40b1d2c3e4f5a60719", _TEXT), Parameter("returned", "query", "how many were just noted", "1", _TEXT)),
    _form("noteLettersReturnedAtConsole", "/console/letters", "Note letters that came back", "Fields `csrf` and `references`, as they stand on the letters, apart by blanks. All or none."),
    _page("pageLetterBatch", "/console/letters/{batch}", "A batch of letters", "How it stands, and what became of the letters of its case, by numbers.", _LETTERS),
    _form("stepLetterBatchAtConsole", "/console/letters/{batch}/steps", "Note that the print house has a batch", "Fields `csrf`, `step` (delivered), `sure` (`yes`). Its file is removed.", _LETTERS),
    _page("pageLetterDiscard", "/console/letters/{batch}/discard", "Throw a batch away", "Asks, and says what follows; leads to the batch where it cannot be thrown away.", _LETTERS),
    _form("discardLetterBatchAtConsole", "/console/letters/{batch}/discard", "Throw a batch of letters away", "Field `csrf`. Its file is removed, and its letters wait again.", _LETTERS),
    _page("pageCallLists", "/console/calls", "Call lists", "Open call lists by the numbers of their calls, the soonest to end first.", Parameter("behind", "query", "behind which list the page begins", "1767603600000000.019a0c2e7d1c7a40b1d2c3e4f5a60719", _TEXT)),
    _form("noteChange", "/console/reports/{name}/changes", "Note a change that rests on a report", "Fields `csrf`, `product`, `text`, `release`.", _REPORT),
)  # fmt: skip
