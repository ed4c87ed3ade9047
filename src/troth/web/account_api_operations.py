"""The operations of accounts as JSON. The key is that of a session."""

from typing import Any

from troth.web.operation import ENTRY, PERSON, Answer, Operation, Parameter

_SESSION_KEY = "person_019a0c2e7d1c7a40b1d2c3e4f5a60720_..."
_OPTIONS = Answer("Options of WebAuthn Level 3.", schema={"type": "object"}, example={"challenge": "AAZF..."})
_DONE = Answer("Done.", schema={"type": "object"}, example={})
_SENT = Answer("A message is on its way, if the address can be used.", schema={"type": "object"}, example={})
_LISTED = {"session": ENTRY, "device": "Firefox on Linux", "opened": "2026-01-05T09:00:00Z", "ends": "2026-01-06T09:00:00Z", "own": True}  # fmt: skip
_ACCOUNT = {
    "person": PERSON,
    "fields": [{"name": "email", "title": "E-mail address", "value": "ann@example.com", "required": True}],
    "has_password": False,
    "passkeys": [{"record": ENTRY, "name": "Laptop", "added": "2026-01-05"}],
    "fresh": True,
}
_PHRASE = "correct horse battery"
_FRESH = "Within ten minutes after signing in."


def _operation(
    name: str,
    method: str,
    path: str,
    summary: str,
    about: str,
    answers: dict[int, Answer],
    *parameters: Parameter,
    body: str = "",
    examples: dict[str, Any] | None = None,
    key: bool = True,
) -> Operation:
    problems = {422, 429, 503} | ({401, 403, 404, 409} if key or name == "openSession" else set())
    problems |= {400, 413, 415} if body else set()
    return Operation(
        name, method, path, "Accounts", summary, about, answers, key=key, parameters=parameters,
        body=(body,) if body else (), examples=examples or {}, problems=tuple(sorted(problems)),
    )  # fmt: skip


ACCOUNT_API_OPERATIONS = (
    _operation("sendLink", "POST", "/v1/account/link", "Have a link sent", "The same answer whether or not somebody has the address.",
               {202: _SENT}, body="AddressBody", examples={"Address": {"email": "ann@example.com"}}, key=False),
    _operation("getSignInChallenge", "GET", "/v1/account/challenge", "What a passkey signs to sign in", "Names nobody.", {200: _OPTIONS}, key=False),
    _operation("openSession", "POST", "/v1/account/sessions", "Sign in", "By the secret of a link, a password or a passkey. No cookie is set.",
               {201: Answer("The session's key, told this once.", schema="NewSession", example={"session": _SESSION_KEY, "person": PERSON})},
               body="SignInBody", examples={"Password": {"way": "password", "email": "ann@example.com", "password": _PHRASE}, "Link": {"way": "link", "token": "x" * 43}}, key=False),
    _operation("listSessions", "GET", "/v1/account/sessions", "Where one is signed in", "Newest first.",
               {200: Answer("The sessions.", schema="SessionsAnswer", example={"sessions": [_LISTED]})}),
    _operation("endSessions", "DELETE", "/v1/account/sessions", "Sign out everywhere", "This session ends too.", {200: _DONE}),
    _operation("endOneSession", "DELETE", "/v1/account/sessions/{session}", "End a session", "One of those that are listed.", {200: _DONE},
               Parameter("session", "path", "its id", ENTRY, required=True)),
    _operation("getAccount", "GET", "/v1/account", "One's own account", "Profile and ways to sign in.", {200: Answer("The account.", schema="AccountAnswer", example=_ACCOUNT)}),
    _operation("changeAccount", "PATCH", "/v1/account", "Change the profile", "An empty value erases; what is not named stays.",
               {200: Answer("The account.", schema="AccountAnswer", example=_ACCOUNT)}, body="AccountBody", examples={"Company": {"values": {"company": "Example"}}}),
    _operation("moveAccount", "POST", "/v1/account/address", "Ask for another mail address", f"{_FRESH} It counts once its mailbox confirmed it. The same answer whoever has it.",
               {202: _SENT}, body="AddressBody", examples={"Address": {"email": "ann@example.org"}}),
    _operation("putPassword", "PUT", "/v1/account/password", "Set the password", f"{_FRESH} Other sessions end.", {200: _DONE},
               body="PasswordBody", examples={"Password": {"password": _PHRASE}}),
    _operation("deletePassword", "DELETE", "/v1/account/password", "Remove the password", f"{_FRESH} Other sessions end.", {200: _DONE}),
    _operation("getPasskeyChallenge", "GET", "/v1/account/passkeys/challenge", "What a new passkey is made of", _FRESH, {200: _OPTIONS}),
    _operation("addOnePasskey", "POST", "/v1/account/passkeys", "Keep a passkey", _FRESH, {200: _DONE}, body="PasskeyBody", examples={"Passkey": {"credential": {"id": "abc"}, "name": "Phone"}}),
    _operation("deletePasskey", "DELETE", "/v1/account/passkeys/{record}", "Remove a passkey", f"{_FRESH} Other sessions end.", {200: _DONE},
               Parameter("record", "path", "id of its record", ENTRY, required=True)),
    _operation("deleteAccount", "DELETE", "/v1/account", "Close the account", f"{_FRESH} Everything about the person is erased.",
               {200: Answer("It is closed.", schema="ClosedAnswer", example={"entry": ENTRY, "told": True})}),
)  # fmt: skip
