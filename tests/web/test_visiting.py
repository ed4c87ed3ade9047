"""Who makes a request, as its cookies tell."""

import hashlib
from pathlib import Path

from tests.web.conftest import Web, serving
from troth.bootstrap import Troth
from troth.bootstrap.web_secret import web_secret
from troth.gate import Ask
from troth.web import create_app
from troth.web.visiting import cookie_of, cookie_that_remembers, visitor_of

SIGN_IN = "essential.service.authentication"
REGISTER = "essential.service.product_registration"


def _person(troth: Troth) -> str:
    point = troth.policy().points["product-registration"]
    key, _ = troth.issue_key(name="shop", role=point.actor, purposes=[REGISTER])
    values = {"name": "Ann", "email": "ann@example.com", "product": "sensor", "serial": "SN-1"}
    ask = Ask(
        act="collect",
        purpose=REGISTER,
        key=key,
        point=point.name,
        notice=str(point.notice),
        channel="web",
        values=values,
        age_passed=True,
    )
    (outcome,) = troth.perform([ask])
    assert outcome.permitted, outcome
    return outcome.person


def _scope(*cookies: str) -> dict[str, list[tuple[bytes, bytes]]]:
    return {"headers": [(b"cookie", cookie.encode()) for cookie in cookies]}


def test_who_is_signed_in(web: Web) -> None:
    """A session key in the declared cookie names its person; a forged one, an API key and two that differ name nobody."""
    troth, site = web.troth, web.app.site
    who = _person(troth)
    opened = Ask(act="instruct", purpose=SIGN_IN, key=troth.web_key(), order="open-session", person=who)
    (outcome,) = troth.perform([opened])
    assert outcome.permitted, outcome
    key, name = outcome.values["session"], cookie_that_remembers(troth.policy(), "session")
    found = visitor_of(site, _scope(f"{name}={key}"))
    assert (found.person, found.key, found.signed_in) == (who, key, True)
    for cookie in (
        f"{name}={key}x",
        f"{name}={troth.web_key()}",
        f"{name}={key}; {name}=other",
        "",
        f"x={key}",
    ):
        assert not visitor_of(site, _scope(cookie)).signed_in


def test_session_over_https_has_a_prefix(tmp_path: Path) -> None:
    """Behind TLS only the cookie with `__Host-` names anybody, so that no neighbouring host can plant one; the list tells its name."""
    with serving(tmp_path / "data", public_url="https://privacy.example.com") as web:
        who = _person(web.troth)
        key = web.troth.accounts.open_session(person=who)
        name = cookie_that_remembers(web.troth.policy(), "session")
        assert visitor_of(web.app.site, _scope(f"__Host-{name}={key}")).person == who
        assert not visitor_of(web.app.site, _scope(f"{name}={key}")).signed_in
        assert f"<code>__Host-{name}</code>" in web.get("/cookies").text
        token = hashlib.sha256(b"form\0" + key.encode()).hexdigest()
        sent = {"Cookie": f"__Host-{name}={key}", "Sec-Fetch-Site": "same-origin"}
        answer = web.client.post(
            "/account/sign-out", data={"csrf": token}, headers=sent, follow_redirects=False
        )
        assert answer.status_code == 303
        assert answer.headers["set-cookie"].startswith(f'__Host-{name}=""; Path=/; Max-Age=0')
        assert "Secure" in answer.headers["set-cookie"]


def test_cookie_planted_beside_another_counts_for_nothing() -> None:
    """Two values for one name are no value; the same one twice is that value."""
    assert cookie_of(_scope("a=1", "a=1"), "a") == "1"
    assert cookie_of(_scope("a=1; a=2"), "a") == ""
    assert cookie_of(_scope("a=1"), "") == ""


def test_each_secret_has_a_file_of_its_own(web: Web) -> None:
    """The key of the pages and the secret of the forms do not overwrite each other, so that a restart finds both."""
    folder = web.troth.folder
    key, secret = web.troth.web_key(), web_secret(folder)
    assert web_secret(folder) == secret
    assert web.troth.web_key() == key
    create_app(web.troth)  # as at the next start
    assert (web.troth.web_key(), web_secret(folder)) == (key, secret)
