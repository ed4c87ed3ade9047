"""Accounts as JSON: the session's key is sent in a header, so that no other site can act by a visitor's browser."""

from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest

from tests.web.conftest import Web, serving
from troth.gate import Ask

ANN, NOBODY, PHRASE = "ann@example.com", "nobody@example.com", "correct horse battery staple"


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    """Ann has registered a product."""
    with serving(tmp_path / "data") as found:
        assert found.register().status_code == 201
        yield found


def _signed_in(web: Web) -> str:
    """Ann's session's key, by the link that her mailbox would get."""
    troth = web.troth
    order = Ask(
        act="instruct",
        purpose="essential.service.authentication",
        key=troth.web_key(),
        order="issue-proof",
        kind="sign-in",
        identify={"email": ANN},
    )
    (issued,) = troth.perform([order])
    answer = web.post("/v1/account/sessions", {"way": "link", "token": issued.values["proof"]})
    assert answer.status_code == 201, answer.text
    assert "set-cookie" not in answer.headers
    key: str = answer.json()["session"]
    return key


def _send(web: Web, method: str, path: str, key: str, body: object = None) -> tuple[int, Any]:
    answer = web.client.request(method, path, headers=web.signed(key), json=body)
    return answer.status_code, answer.json()


def test_account_from_signing_in_to_closing(web: Web) -> None:
    """Signed in by link, read, changed, given a password, seen elsewhere, signed out there, and closed."""
    key = _signed_in(web)
    status, told = _send(web, "PATCH", "/v1/account", key, {"values": {"company": "Example"}})
    assert status == 200, told
    values = {one["name"]: one["value"] for one in told["fields"]}
    assert (values["email"], values["company"]) == (ANN, "Example")
    assert _send(web, "PATCH", "/v1/account", key, {"values": {"company": ""}})[0] == 200
    assert _send(web, "PUT", "/v1/account/password", key, {"password": PHRASE}) == (200, {})
    by_password = {"way": "password", "email": ANN, "password": PHRASE}
    other = web.post("/v1/account/sessions", by_password).json()["session"]
    sessions = _send(web, "GET", "/v1/account/sessions", key)[1]["sessions"]
    assert sorted(one["own"] for one in sessions) == [False, True]
    far = next(one["session"] for one in sessions if not one["own"])
    assert _send(web, "DELETE", f"/v1/account/sessions/{far}", key) == (200, {})
    assert _send(web, "GET", "/v1/account", other)[0] == 401
    assert _send(web, "DELETE", "/v1/account/password", key) == (200, {})
    assert web.post("/v1/account/sessions", by_password).status_code == 401
    status, closed = _send(web, "DELETE", "/v1/account", key)
    assert (status, closed["told"]) == (200, True)
    assert _send(web, "GET", "/v1/account", key)[0] == 401


def test_closing_is_told_through_the_mail_folder(web: Web) -> None:
    """One mail, to the address that the account had, lies in the folder; it goes with the person when the erasure is finished."""
    key = _signed_in(web)
    folder = web.troth.folder / "mail"
    before = set(folder.glob("*.eml"))
    assert _send(web, "DELETE", "/v1/account", key)[1]["told"] is True
    (file,) = set(folder.glob("*.eml")) - before
    mail = message_from_bytes(file.read_bytes(), policy=policy.default)
    assert ANN in mail["To"]
    body = mail.get_body(("plain",))
    assert body is not None
    assert "account" in body.get_content()
    web.troth.background.run_due()
    assert list(folder.glob("*.eml")) == []


def test_nothing_tells_who_is_known(web: Web) -> None:
    """A link, a password, another address: the same answer whoever has the address."""
    key = _signed_in(web)
    for path, body in (("link", {}), ("sessions", {"way": "password", "password": "wrong" * 4})):
        told = [web.post(f"/v1/account/{path}", {**body, "email": one}) for one in (ANN, NOBODY)]
        assert told[0].status_code == told[1].status_code
        assert told[0].content == told[1].content
    web.register("bob@example.com", "EX-2015-0002")
    asked = [
        _send(web, "POST", "/v1/account/address", key, {"email": one}) for one in ("bob@example.com", NOBODY)
    ]
    assert asked == [(202, {})] * 2


def test_a_cookie_is_nobody_here(web: Web) -> None:
    """What a browser sends by itself counts for nothing; nor does an API key, or a session that is over."""
    key = _signed_in(web)
    for headers in ({"Cookie": f"session={key}"}, web.signed("support"), web.signed("person_0_forged")):
        assert web.client.get("/v1/account", headers=headers).status_code == 401
        assert web.client.delete("/v1/account", headers=headers).status_code == 401
    assert _send(web, "DELETE", "/v1/account/sessions", key) == (200, {})
    assert _send(web, "GET", "/v1/account", key)[0] == 401


def test_ways_to_sign_in_need_a_fresh_one(web: Web) -> None:
    """Ten minutes after signing in the profile can be changed, and neither the ways nor the account."""
    key = _signed_in(web)
    web.clock.advance(timedelta(minutes=10))
    for method, path, body in (
        ("PUT", "password", {"password": PHRASE}),
        ("DELETE", "password", None),
        ("GET", "passkeys/challenge", None),
        ("POST", "passkeys", {"credential": {}}),
        ("DELETE", f"passkeys/{'0' * 32}", None),
        ("POST", "address", {"email": NOBODY}),
    ):
        assert _send(web, method, f"/v1/account/{path}", key, body)[0] == 401, path
    assert _send(web, "DELETE", "/v1/account", key)[0] == 401
    assert _send(web, "PATCH", "/v1/account", key, {"values": {"name": "Ann"}})[0] == 200


def test_wrong_tries_wait(web: Web) -> None:
    """Passwords and passkeys alike; a wrong link is told at once."""
    wrong = {"way": "password", "email": NOBODY, "password": "x"}
    assert [web.post("/v1/account/sessions", wrong).status_code for _ in range(6)] == [401] * 5 + [429]
    forged = {"way": "passkey", "credential": {"id": "x"}}
    assert [web.post("/v1/account/sessions", forged).status_code for _ in range(6)] == [401] * 5 + [429]
    assert web.post("/v1/account/sessions", {"way": "link", "token": "x" * 43}).status_code == 404
