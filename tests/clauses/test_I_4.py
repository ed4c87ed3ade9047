"""I.4: accounts are created, signed in to, edited and closed; nobody learns who has one."""

import re
from datetime import timedelta
from typing import Any

import httpx
import pytest

from tests.clauses.mailbox import Browser, link_in, mail_to, mails
from tests.clauses.vendor import CANARY, Site, Vendor
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow
ANN = "ann@example.com"
NOBODY = "nobody@example.com"
PHRASE = "correct horse battery staple"


def _account(vendor: Vendor, site: Site, browser: Browser, address: str = ANN, **values: str) -> None:
    """Open an account and confirm its mailbox; the browser is signed in then."""
    before = len(mails(vendor, address))
    assert site.collect("account", {"email": address, **values}).status_code == 202
    opened = browser.post(link_in(mail_to(vendor, address, before + 1)))
    assert (opened.status_code, opened.headers["location"]) == (303, "/account?new=yes")


def _acts(vendor: Vendor, number: int) -> list[tuple[Any, ...]]:
    """What the ledger holds of the last acts that pages and forms asked for."""
    visitors = [one for one in vendor.ledger() if one.get("actor") in {"service.collection", "service.web"}]
    return [(one["act"], one["actor"], one["purpose"], one.get("fields")) for one in visitors[-number:]]


@pytest.mark.clause("I.4")
def test_account_from_opening_to_closing(vendor: Vendor) -> None:
    """Opened, confirmed, signed in, edited, closed; and then nothing of the person is left in any file."""
    with vendor.open() as site, Browser(site) as browser:
        _account(vendor, site, browser, name=f"Ann {CANARY}")
        assert f"Ann {CANARY}" in browser.get("/account").text
        saved = browser.marked("/account/profile", email=ANN, name=f"Anna {CANARY}", company="Example")
        assert saved.status_code == 303, saved.text
        page = browser.get("/account").text
        assert f"Anna {CANARY}" in page
        assert 'value="Example"' in page
        assert (
            browser.marked("/account/profile", email=ANN, name=f"Anna {CANARY}", company="").status_code
            == 303
        )
        assert 'value="Example"' not in browser.get("/account").text
        closed = browser.marked("/account/close")
        assert closed.status_code == 303
        farewell = browser.get(closed.headers["location"]).text
        assert "for the last time" in farewell
        entry = re.search(r"/v1/receipts/([0-9a-f]{32})", farewell)
        assert entry
        assert site.request("GET", f"/v1/receipts/{entry[1]}").is_success
        assert browser.get("/account").headers["location"] == "/account/sign-in"
        wait_until(lambda: not vendor.files_with(CANARY), "the canary is gone")
        wait_until(lambda: not mails(vendor), "the mails are removed")
    assert vendor.files_with(CANARY) == []


@pytest.mark.clause("I.4")
def test_known_and_unknown_addresses_get_the_same_answer(vendor: Vendor) -> None:
    """Opening an account, asking for a link and a wrong password tell the same and do the same, whoever has the address."""
    with vendor.open() as site, Browser(site) as browser:
        _account(vendor, site, browser)
        assert browser.marked("/account/password", password=PHRASE).status_code == 303
        known, unknown = (_asked(site, address) for address in (ANN, NOBODY))
    assert known == unknown
    acts = _acts(vendor, 6)
    assert acts[:3] == acts[3:]
    assert [act for act, *_ in acts[:3]] == ["hold", "hold", "use"]


@pytest.mark.clause("I.4")
def test_what_the_mailbox_is_sent(vendor: Vendor) -> None:
    """Only the mailbox learns more: a confirmation, a link to sign in, or nothing."""
    with vendor.open() as site, Browser(site) as browser, Browser(site) as other:
        _account(vendor, site, browser)
        site.collect("account", {"email": ANN, "name": "Mallory"})
        known = mail_to(vendor, ANN, 2)
        assert "/account/link/" in link_in(known)
        assert other.post(link_in(known)).headers["location"] == "/account"
        assert "Mallory" not in other.get("/account").text
        _visit(site, "/account/sign-in/link", email=NOBODY)
        _visit(site, "/account/sign-in/link", email=ANN)
        assert mail_to(vendor, ANN, 3)["Subject"] == "Your link to sign in"
        assert mails(vendor, NOBODY) == []


@pytest.mark.clause("I.4")
def test_link_signs_in_once_and_not_by_looking(vendor: Vendor) -> None:
    """Scanners may look; the button signs in once; a second press, a late one and a forged link open nothing."""
    with vendor.open() as site, Browser(site) as browser, Browser(site) as other:
        _account(vendor, site, browser)
        _visit(site, "/account/sign-in/link", email=ANN)
        link = link_in(mail_to(vendor, ANN, 2))
        assert [other.get(link).status_code for _ in range(2)] == [200, 200]
        assert other.get("/account").status_code == 303
        assert other.post(link).status_code == 303
        assert other.get("/account").status_code == 200
        assert (other.get(link).status_code, other.post(link).status_code) == (404, 404)
        _visit(site, "/account/sign-in/link", email=ANN)
        late = link_in(mail_to(vendor, ANN, 3))
        vendor.clock.advance(timedelta(minutes=20))
        assert other.post(late).status_code == 404


@pytest.mark.clause("I.4")
def test_password_signs_in_and_wrong_ones_wait(vendor: Vendor) -> None:
    """The right password signs in; wrong ones grow a delay, for unknown addresses too; a link signs in all the same."""
    with vendor.open() as site, Browser(site) as browser, Browser(site) as other:
        _account(vendor, site, browser)
        assert browser.marked("/account/password", password="short").status_code == 422
        assert browser.marked("/account/password", password=PHRASE).status_code == 303
        assert vendor.files_with(PHRASE) == []
        right = other.post("/account/sign-in", email=ANN, password=PHRASE)
        assert (right.status_code, right.headers["location"]) == (303, "/account")
        assert other.get("/account").status_code == 200
        for address in (ANN, NOBODY):
            tries = [_visit(site, "/account/sign-in", email=address, password="wrong" * 4) for _ in range(6)]
            assert [one.status_code for one in tries] == [401] * 5 + [429]
        assert _visit(site, "/account/sign-in", email=ANN, password=PHRASE).status_code == 429
        _visit(site, "/account/sign-in/link", email=ANN)
        assert other.post(link_in(mail_to(vendor, ANN, 2))).status_code == 303
        vendor.clock.advance(timedelta(minutes=16))
        assert _visit(site, "/account/sign-in", email=ANN, password=PHRASE).status_code == 303


@pytest.mark.clause("I.4")
def test_sessions_are_new_end_and_are_held_to_their_forms(vendor: Vendor) -> None:
    """Each sign-in gives a new session and ends the old one; forged forms do nothing; signing out ends it everywhere."""
    with vendor.open() as site, Browser(site) as browser, Browser(site) as other:
        _account(vendor, site, browser)
        first = dict(browser.client.cookies)
        browser.marked("/account/password", password=PHRASE)
        browser.post("/account/sign-in", email=ANN, password=PHRASE)
        assert dict(browser.client.cookies) != first
        with site.server.client() as stolen:
            assert stolen.get("/account").status_code == 303
        assert browser.post("/account/sign-out").status_code == 403
        assert browser.post("/account/sign-out", csrf="0" * 64).status_code == 403
        other.post("/account/sign-in", email=ANN, password=PHRASE)
        assert browser.marked("/account/sign-out", everywhere="yes").status_code == 303
        assert [one.get("/account").status_code for one in (browser, other)] == [303, 303]


@pytest.mark.clause("I.4")
def test_sign_ins_are_listed_and_ended(vendor: Vendor) -> None:
    """People see where they are signed in, end one sign-in from afar, and a new password ends all others."""
    with vendor.open() as site, Browser(site) as browser, Browser(site) as other:
        _account(vendor, site, browser)
        browser.marked("/account/password", password=PHRASE)
        other.client.headers["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Firefox/128.0"
        other.post("/account/sign-in", email=ANN, password=PHRASE)
        page = browser.get("/account").text
        assert "Firefox on Linux" in page
        far = re.search(r'name="session" value="([0-9a-f]{32})"', page)
        assert far
        assert browser.marked("/account/sessions/end", session="0" * 32).status_code == 404
        assert browser.marked("/account/sessions/end", session=far[1]).status_code == 303
        assert other.get("/account").status_code == 303
        other.post("/account/sign-in", email=ANN, password=PHRASE)
        assert browser.marked("/account/password", password=PHRASE + "!").status_code == 303
        assert [one.get("/account").status_code for one in (browser, other)] == [200, 303]


@pytest.mark.clause("I.4")
def test_address_is_changed_from_its_mailbox(vendor: Vendor) -> None:
    """The new mailbox confirms, its owner is signed in, the old one is told, and an address of somebody else is answered alike."""
    new, bob = "ann@example.org", "bob@example.com"
    with vendor.open() as site, Browser(site) as browser, Browser(site) as other:
        _account(vendor, site, other, bob)
        _account(vendor, site, browser)
        asked = [browser.marked("/account/address", email=address) for address in (bob, new)]
        assert [(one.status_code, one.headers["location"]) for one in asked] == [
            (303, "/account?asked=yes")
        ] * 2
        assert asked[0].content == asked[1].content
        assert mail_to(vendor, bob, 2)["Subject"] == "Your address and another account"
        link = link_in(mail_to(vendor, new))
        with Browser(site) as stranger:
            assert stranger.get(link).headers["location"] == f"/account/sign-in?next={link}"
            assert stranger.post(link).status_code == 401
        assert other.post(link).status_code == 403
        assert f'value="{ANN}"' in browser.get("/account").text
        assert browser.post(link).headers["location"] == "/account?moved=yes"
        assert f'value="{new}"' in browser.get("/account").text
        assert mail_to(vendor, ANN, 2)["Subject"] == "Your mail address was changed"
        _visit(site, "/account/sign-in/link", email=new)
        assert other.post(link_in(mail_to(vendor, new, 2))).headers["location"] == "/account"
        assert f'value="{new}"' in other.get("/account").text
        assert browser.marked("/account/address", email="nothing").status_code == 422
        vendor.clock.advance(timedelta(minutes=10))
        assert browser.marked("/account/address", email="x@example.org").status_code == 401


@pytest.mark.clause("I.4")
def test_limits_outlive_a_restart_and_hold_for_passkeys(vendor: Vendor) -> None:
    """The delay after wrong passwords stands in the database; passkeys that do not verify wait as well."""
    with vendor.open() as site:
        for _ in range(5):
            assert _visit(site, "/account/sign-in", email=NOBODY, password="wrong" * 4).status_code == 401
        forged = [_visit(site, "/account/sign-in/passkey", credential='{"id":"x"}') for _ in range(6)]
        assert [one.status_code for one in forged] == [401] * 5 + [429]
    with vendor.open() as site:
        late = _visit(site, "/account/sign-in", email=NOBODY, password="wrong" * 4)
        assert (late.status_code, late.headers["retry-after"]) == (429, "3")


@pytest.mark.clause("I.4")
def test_closing_says_when_no_mail_went_out(vendor: Vendor) -> None:
    """With a mail server that is down the account is closed all the same, and the page does not claim a mail."""
    with vendor.open() as site, Browser(site) as browser:
        _account(vendor, site, browser)
        cookies = dict(browser.client.cookies)
    settings = vendor.data / "troth.toml"
    text = settings.read_text(encoding="utf-8")
    down = '[mail]\ntransport = "smtp://127.0.0.1:9"'
    settings.write_text(re.sub(r'\[mail\]\ntransport = "[^"]*"', down, text), encoding="utf-8")
    assert down in settings.read_text(encoding="utf-8")
    with vendor.open() as site, Browser(site) as browser:
        browser.client.cookies.update(cookies)
        closed = browser.marked("/account/close")
        assert closed.status_code == 303
        assert "We could not write this to your mailbox" in browser.get(closed.headers["location"]).text


@pytest.mark.clause("I.4")
def test_only_a_fresh_sign_in_changes_credentials_or_closes(vendor: Vendor) -> None:
    """Ten minutes after signing in neither the password nor the account itself can be touched, the profile can."""
    with vendor.open() as site, Browser(site) as browser:
        _account(vendor, site, browser)
        vendor.clock.advance(timedelta(minutes=10))
        assert browser.marked("/account/password", password=PHRASE).status_code == 401
        assert browser.marked("/account/close").status_code == 401
        assert browser.get("/account/close").headers["location"].startswith("/account/sign-in")
        assert browser.marked("/account/profile", email=ANN, name="Ann").status_code == 303


@pytest.mark.clause("I.4")
def test_nobody_opens_an_account_with_a_password(vendor: Vendor) -> None:
    """A stranger cannot lay a password under an address before its owner confirms it."""
    with vendor.open() as site:
        refused = site.collect("account", {"email": ANN, "password": PHRASE})
        assert refused.status_code == 422


def _visit(site: Site, path: str, **form: str) -> httpx.Response:
    with Browser(site) as somebody:
        return somebody.post(path, **form)


def _asked(site: Site, address: str) -> list[Any]:
    """What somebody is told who opens an account, asks for a link, and tries a password."""
    answers = (
        site.collect("account", {"email": address, "name": "Somebody"}),
        _visit(site, "/account/sign-in/link", email=address),
        _visit(site, "/account/sign-in", email=address, password="x" * 20),
    )
    return [_told(answer, address) for answer in answers]


def _told(answer: httpx.Response, address: str) -> tuple[int, str, dict[str, str]]:
    """Everything that an answer tells, save the time, and ids and challenges that every answer has of its own."""
    body = re.sub(r"challenge&#34;: &#34;[^&]+&", "", answer.text.replace(address, "ADDRESS"))
    body = re.sub(r'"entry":"[0-9a-f]{32}"', "", body)
    own = {"date", "content-length"}  # a page repeats what was typed
    return answer.status_code, body, {k: v for k, v in answer.headers.items() if k not in own}
