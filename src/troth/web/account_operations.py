"""The operations about accounts: confirming, signing in, the profile, closing."""

from troth.web.operation import ENTRY, FORM, HTML, PERSON, Answer, Operation, Parameter

_PAGE = {"type": "string"}
_RECORD = {
    "type": "object",
    "required": ["@context", "@id", "@type", "dct:conformsTo", "dct:identifier", "dpv:hasDataSubject", "dpv:hasDataController", "dpv:hasProcess", "dpv:hasConsentStatus"],
    "properties": {"dct:identifier": {"type": "string"}, "@type": {"const": "dpv:ConsentRecord"}},
}  # fmt: skip
_TOKEN = Parameter("token", "path", "the secret of the link", "x" * 43, {"type": "string", "maxLength": 200}, required=True)  # fmt: skip
_NEXT = Parameter("next", "query", "path of this site to go on to", "/account", {"type": "string"})
_NEW = Parameter("new", "query", "whether the account was just opened", "yes", {"type": "string"})
_SAVED = Parameter("saved", "query", "whether something was just saved", "yes", {"type": "string"})
_ASKED = Parameter("asked", "query", "whether another address was just asked for", "yes", {"type": "string"})
_MOVED = Parameter("moved", "query", "whether the address was just changed", "yes", {"type": "string"})
_ENTRY = Parameter("entry", "query", "ledger entry of the erasure", ENTRY, {"type": "string"})
_TOLD = Parameter("told", "query", "whether the mailbox was written to", "yes", {"type": "string"})
_CONSENT = {
    "@context": {"dct": "http://purl.org/dc/terms/", "dpv": "https://w3id.org/dpv#", "eu-gdpr": "https://w3id.org/dpv/legal/eu/gdpr#"},
    "@id": f"/v1/consents/{ENTRY}", "@type": "dpv:ConsentRecord", "dct:identifier": ENTRY,
    "dct:conformsTo": {"@id": "https://w3id.org/dpv/schema/dpv-27560#record-eu-gdpr"},
    "dpv:hasDataSubject": {"@type": "dpv:DataSubject", "dct:identifier": PERSON},
    "dpv:hasDataController": {"@type": "dpv:DataController", "dpv:hasName": "Example Security, Inc."},
    "dpv:hasProcess": {"@type": "dpv:Process", "dct:title": "Sign-up for announcements", "dpv:hasLegalBasis": {"@id": "eu-gdpr:A6-1-a"}},
    "dpv:hasConsentStatus": {"@type": "dpv:ConsentGiven", "dpv:isIndicatedAtTime": "2026-01-05T09:00:00+00:00"},
}  # fmt: skip
_MARK = "0" * 64


def _page(
    name: str, path: str, summary: str, about: str, *parameters: Parameter, away: bool = False
) -> Operation:
    answers = {200: Answer("The page.", HTML, _PAGE)}
    if away:
        answers[303] = Answer("Nobody is signed in, or not lately: to the page for that.", "", {})
    problems = (404, 422, 503) if _TOKEN in parameters else (422, 503)
    return Operation(
        name, "GET", path, "Accounts", summary, about, answers, parameters=parameters, problems=problems
    )


def _form(
    name: str,
    path: str,
    summary: str,
    about: str,
    shape: str,
    example: dict[str, str],
    *parameters: Parameter,
) -> Operation:
    problems = (400, 401, 403, 404, 409, 413, 415, 422, 429, 503)
    return Operation(
        name, "POST", path, "Accounts", summary, about, {303: Answer("Done; on to the next page.", "", {})},
        parameters=parameters, body=(shape,), examples={"Form": example}, media=(FORM,), problems=problems,
    )  # fmt: skip


ACCOUNT_OPERATIONS = (
    _page("pageConfirm", "/confirm/{token}", "What a link would confirm", "Looking uses nothing up; the button confirms.", _TOKEN),
    Operation(
        "confirm", "POST", "/confirm/{token}", "Accounts", "Confirm a held submission", "Once, from a page of this site; whoever opens an account is signed in.",
        {200: Answer("It counts now.", HTML, _PAGE), 303: Answer("It counts now, and the account is open.", "", {})}, parameters=(_TOKEN,),
        problems=(403, 404, 409, 422, 429, 503),
    ),
    Operation(
        "getConsent", "GET", "/v1/consents/{entry}", "Accounts", "Record of a consent",
        "The consent that a confirmation gave, in the shape of ISO/IEC TS 27560 (JSON-LD, Data Privacy Vocabulary), from its ledger entry.",
        {200: Answer("The record.", "application/ld+json", _RECORD, _CONSENT)},
        parameters=(Parameter("entry", "path", "id of the ledger entry", ENTRY, required=True),), problems=(404, 409, 422, 503),
    ),
    _form("withdrawConsent", "/account/consents/withdraw", "Take a consent back", "Recorded; the next use is refused.", "ConsentForm", {"csrf": _MARK, "about": "marketing.communications.email"}),
    Operation("signUp", "GET", "/account/sign-up", "Accounts", "Open an account", "Leads to the form of the policy's point for accounts.",
              {303: Answer("To the form.", "", {})}, problems=(404, 503)),
    _page("pageSignIn", "/account/sign-in", "Signing in", "By a link to the mailbox, a password or a passkey.", _NEXT),
    _form("signIn", "/account/sign-in", "Sign in by password", "Tells nothing about whether the address is known.", "PasswordForm",
          {"email": "ann@example.com", "password": "correct horse battery"}),
    _form("askLink", "/account/sign-in/link", "Have a link sent", "The same answer whether or not somebody has the address.", "AddressForm",
          {"email": "ann@example.com"}),
    _form("signInByPasskey", "/account/sign-in/passkey", "Sign in by passkey", "The page's script fills the form in.", "CredentialForm", {"credential": "{}"}),
    _page("pageSent", "/account/sent", "A message is on its way", "If the address can be used."),
    _page("pageLink", "/account/link/{token}", "Where a link to sign in leads", "Looking signs nobody in; the button does.", _TOKEN),
    _form("useLink", "/account/link/{token}", "Sign in by link", "Once, within 20 minutes.", "EmptyForm", {}, _TOKEN),
    _form("signOut", "/account/sign-out", "Sign out", "Here, or everywhere.", "SignOutForm", {"csrf": _MARK}),
    _page("pageAccount", "/account", "One's own account", "Profile and ways to sign in.", _NEW, _SAVED, _ASKED, _MOVED, away=True),
    Operation("saveProfile", "POST", "/account/profile", "Accounts", "Change the profile", "A field for each of the point's; an empty one is erased.",
              {303: Answer("Saved.", "", {})}, problems=(400, 401, 403, 413, 415, 422, 503)),
    _form("changeAddress", "/account/address", "Ask for another mail address", "Within ten minutes after signing in; it counts once its mailbox confirmed it. The same answer whoever has it.", "NewAddressForm", {"csrf": _MARK, "email": "ann@example.org"}),
    _form("setPassword", "/account/password", "Set a password", "Within ten minutes after signing in.", "NewPasswordForm", {"csrf": _MARK, "password": "correct horse battery"}),
    _form("removePassword", "/account/password/remove", "Remove the password", "Within ten minutes after signing in.", "MarkedForm", {"csrf": _MARK}),
    _form("addPasskey", "/account/passkeys", "Add a passkey", "Within ten minutes after signing in; the page's script fills the form in.", "NewPasskeyForm", {"csrf": _MARK, "credential": "{}", "name": "Phone"}),
    _form("removePasskey", "/account/passkeys/remove", "Remove a passkey", "Within ten minutes after signing in.", "OldPasskeyForm", {"csrf": _MARK, "record": "0" * 32}),
    _form("endSession", "/account/sessions/end", "End a session", "One of those that the account's page lists.", "SessionForm", {"csrf": _MARK, "session": "0" * 32}),
    _page("pageClose", "/account/close", "Closing the account", "What is erased, and the button that does it.", away=True),
    _form("closeAccount", "/account/close", "Close the account", "Within ten minutes after signing in; erases everything about the person.", "MarkedForm", {"csrf": _MARK}),
    _page("pageClosed", "/account/closed", "The account is closed", "Where closing leads.", _ENTRY, _TOLD),
)  # fmt: skip
