"""The staff console: who gets in, what stands on its pages, and that every step goes by the policy."""

import re
from datetime import timedelta
from typing import Any

import httpx
import pytest

from tests.web.conftest import Web
from tests.web.forum import Author
from tests.web.staff import PASSWORD, Desk, write
from tests.web.test_portal import answered, asked, token
from troth.ledger import decode_entry
from troth.ledger import entries as ledger_entries
from troth.rights import KINDS


def _acts(web: Web) -> list[tuple[str, str, str]]:
    web.troth.flush_ledger()
    with web.troth.database.snapshot() as tx:
        found = [decode_entry(one.body) for one in ledger_entries(tx, 0, 10_000)]
    return [(one.act, one.actor, one.effect) for one in found]


def test_nobody_gets_in_without_signing_in(web: Web) -> None:
    """Every page leads to the page for signing in, and so does every form."""
    desk = Desk(web)
    number = write(web)
    for path in (
        "/console",
        "/console/me",
        "/console/access",
        "/console/enter",
        f"/console/matters/{number}",
    ):
        answer = desk.get(path)
        assert (answer.status_code, answer.headers["location"].split("?")[0]) == (303, "/console/sign-in")
    for path in ("/console/bulk", f"/console/matters/{number}/steps", "/console/access/revoke"):
        assert desk.post(path, step="take").headers["location"].startswith("/console/sign-in")
    for key in (web.keys["privacy"], "troth_x", f"person_{'0' * 32}_x"):
        desk.key = key
        assert desk.get("/console").status_code == 303


def test_an_invitation_sets_both_proofs_up(web: Web) -> None:
    """The page pairs an authenticator and sets a password, answers with recovery codes, and counts once."""
    _, token = web.troth.roster.add(name="bob.example", title="Bob", role="staff.privacy")
    path = f"/console/invite/{token}"
    page = web.client.get(path)
    assert "otpauth://totp/" in page.text
    seed = web.troth.roster.invited(token)[1]
    from pyotp import TOTP

    code = TOTP(web.troth.roster.codes.shared(seed)).at(web.clock.now())
    origin = {"Sec-Fetch-Site": "same-origin", "Accept": "text/html"}
    wrong = web.client.post(path, data={"password": PASSWORD, "code": "123"}, headers=origin)
    assert wrong.status_code == 422
    done = web.client.post(path, data={"password": PASSWORD, "code": code}, headers=origin)
    assert (done.status_code, len(re.findall(r"<li><code>", done.text))) == (200, 10)
    assert web.client.get(path).status_code == 404
    assert web.client.post(path, data={"password": PASSWORD, "code": code}, headers=origin).status_code == 404
    assert web.client.get("/console/invite/none").status_code == 404


def test_signing_in_and_out(web: Web) -> None:
    """Both proofs open a session in a cookie that no script reads; out of it nothing is shown, and its key works no more."""
    desk = Desk(web)
    answer = desk.sign_in(following="/console/me")
    cookie = answer.headers["set-cookie"]
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/me")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    page = desk.get("/console/me")
    assert page.status_code == 200
    assert page.headers["x-robots-tag"] == "noindex, nofollow"
    assert page.headers["cache-control"] == "no-store"
    assert "Privacy desk" in page.text
    key = desk.key
    assert web.get("/v1/requests", key).status_code == 200
    assert desk.post("/console/sign-out").headers["location"] == "/console/sign-in"
    assert desk.get("/console").status_code == 303
    assert web.get("/v1/requests", key).status_code == 401


def test_wrong_tries_look_alike_and_are_slowed_down(web: Web) -> None:
    """An unknown name and a wrong password get the same page; the sixth try waits, for either."""
    desk, nobody = Desk(web), Desk(web, "bob.example")
    nobody.name = "nobody.example"
    texts = [one.sign_in("wrong " * 3).text.replace(one.name, "") for one in (desk, nobody)]
    pages = {re.sub(r'data-options="[^"]*"', "", text) for text in texts}  # a fresh challenge each time
    assert len(pages) == 1
    for one in (desk, nobody):
        for _ in range(4):
            assert one.sign_in("wrong " * 3).status_code == 401
            web.clock.advance(timedelta(seconds=-30))
        web.clock.advance(timedelta(seconds=-30))
        assert one.sign_in().status_code == 429


def test_no_other_page_leads_elsewhere(web: Web) -> None:
    """What to go on to is a page of the console only."""
    desk = Desk(web)
    for following in ("https://evil.example", "//evil.example", "/account", "/consolex", "/console\\x"):
        assert desk.sign_in(following=following).headers["location"] == "/console"


def test_forged_forms_do_nothing(web: Web) -> None:
    """Neither from another site, nor with the mark of another session."""
    desk = Desk(web)
    desk.sign_in()
    number = write(web)
    path = f"/console/matters/{number}/steps"
    assert desk.post(path, mark="0" * 64, step="take").status_code == 403
    own = re.search(r'name="csrf" value="([0-9a-f]+)"', desk.get("/console/me").text)
    assert own is not None
    headers = desk._headers() | {"Sec-Fetch-Site": "cross-site"}
    forged = web.client.post(path, data={"csrf": own[1], "step": "take"}, headers=headers)
    assert forged.status_code == 403
    assert web.troth.rights.matter(number).matter.handler == ""


def test_a_request_from_the_queue_to_its_end(web: Web) -> None:
    """It stands in the queue; taking, reading and refusing are acts under the role, and stand on its page with who did them."""
    desk = Desk(web)
    desk.sign_in()
    number = write(web, text="canary-written")
    page = desk.get("/console")
    assert number in page.text
    assert "Nothing is late" in page.text
    path = f"/console/matters/{number}"
    assert "Answer by" in desk.get(path).text
    assert "canary-written" not in desk.get(path).text
    assert desk.post(f"{path}/steps", step="take").headers["location"] == f"{path}?done=take"
    assert "ann.example (staff)" in desk.get(path).text
    read = desk.post(f"{path}/written")
    assert "canary-written" in read.text
    refused = desk.post(f"{path}/steps", step="move", to="refused", reason="")
    assert refused.status_code == 422
    assert (
        desk.post(f"{path}/steps", step="move", to="refused", reason="it is about another").status_code == 303
    )
    row = web.troth.rights.matter(number).matter
    assert (row.state, row.outcome) == ("refused", "it is about another")
    assert number not in desk.get("/console").text
    assert ("use", "staff.privacy", "permit") in _acts(web)


def test_a_look_at_what_was_written_is_the_policys_to_permit(web: Web) -> None:
    """The privacy desk does not read a dispute, whose reviewer does; the denial names its clause and is in the ledger."""
    point = web.troth.policy().points["dispute"]
    body: dict[str, Any] = {
        "channel": "web",
        "notice": point.notice,
        "values": {"request_text": "canary-dispute", "email": "pia@example.com"},
    }
    if point.age_screen:
        body["age"] = {"year": 1970, "month": 4}
    number = web.post("/collect/dispute", body).json()["number"]
    privacy, reviewer = Desk(web), Desk(web, "rea.example", "staff.reviewer")
    for desk in (privacy, reviewer):
        desk.sign_in()
    denied = privacy.post(f"/console/matters/{number}/written").text
    assert "canary-dispute" not in denied
    assert "VI.2" in denied
    assert "canary-dispute" in reviewer.post(f"/console/matters/{number}/written").text
    assert ("use", "staff.privacy", "deny") in _acts(web)


def test_what_cannot_be_undone_asks_who_one_is_again(web: Web) -> None:
    """Ten minutes after the sign-in a refusal is not done; with password and code it is."""
    desk = Desk(web)
    desk.sign_in()
    number = write(web)
    web.clock.advance(timedelta(minutes=11))
    path = f"/console/matters/{number}"

    def refuse() -> httpx.Response:
        return desk.post(f"{path}/steps", step="move", to="refused", reason="it is about another")

    asked = refuse()
    assert asked.headers["location"] == f"/console/confirm?next={path}"
    assert desk.post("/console/bulk", pick=[number], step="refuse", reason="x").headers["location"] == (
        "/console/confirm?next=/console"
    )
    assert web.troth.rights.matter(number).matter.state != "refused"
    assert desk.confirm("000000").status_code == 401
    assert desk.confirm().status_code == 303
    assert refuse().status_code == 303
    assert web.troth.rights.matter(number).matter.state == "refused"


def test_many_at_once_each_with_its_own_outcome(web: Web) -> None:
    """What cannot be done does not stop the others."""
    desk = Desk(web)
    desk.sign_in()
    numbers = [write(web, email=f"person{number}@example.com") for number in range(3)]
    desk.post(f"/console/matters/{numbers[0]}/steps", step="move", to="refused", reason="gone")
    page = desk.post("/console/bulk", pick=[*numbers, "R-0000-0000"], step="take").text
    assert page.count(">done</span>") == 2
    assert page.count(">not done</span>") == 2
    rows = [web.troth.rights.matter(number).matter for number in numbers]
    assert [bool(row.handler) for row in rows] == [False, True, True]
    page = desk.post("/console/bulk", pick=numbers, step="classify", kind="erase").text
    assert page.count(">done</span>") == 2
    assert "You chose none" in desk.post("/console/bulk", step="take").text
    assert desk.post("/console/bulk", pick=numbers, step="erase").status_code == 422


def test_filters_and_the_search_by_number(web: Web) -> None:
    """Each filter leaves others out; what is late is counted all the same; a number is found however it is typed."""
    desk = Desk(web)
    desk.sign_in()
    erase, access = write(web, "erase"), write(web, "access", "bob@example.com")
    desk.post(f"/console/matters/{erase}/steps", step="take")
    for query, there in (
        ({"kind": "erase"}, {erase}),
        ({"matter": "request"}, {erase, access}),
        ({"matter": "dispute"}, set()),
        ({"mine": "yes"}, {erase}),
        ({"late": "yes"}, set()),
        ({"state": "identity-pending", "kind": "access"}, {access}),
    ):
        page = desk.get("/console", **query).text
        assert {one for one in (erase, access) if f">{one}</a>" in page} == there, query
    found = desk.get("/console", number=f" {access.lower()} ")
    assert found.headers["location"] == f"/console/matters/{access}"
    assert desk.get("/console", number="R-0000-0000").status_code == 404
    assert desk.get("/console", kind="nothing").status_code == 422
    for number, kind in enumerate(("object", "restrict")):  # which need no proof, and so can be late
        write(web, kind, f"cid{number}@example.com")
    web.clock.advance(timedelta(days=31))
    desk.sign_in()
    page = desk.get("/console", kind="object").text
    assert "2 matters are past the due date" in page
    assert "1 of them is not in this view" in page


def test_a_role_sees_only_what_it_handles(web: Web) -> None:
    """Support sees no requests of the privacy desk, and does nothing to them."""
    support = Desk(web, "sue.example", "staff.support")
    support.sign_in()
    number = write(web)
    assert number not in support.get("/console").text
    assert support.get(f"/console/matters/{number}").status_code in {403, 404}
    assert support.post(f"/console/matters/{number}/steps", step="take").status_code in {403, 404}
    assert web.troth.rights.matter(number).matter.handler == ""


def test_whoever_handled_it_does_not_review_it_in_another_session(web: Web) -> None:
    """Signing in anew makes nobody somebody else (clause VI.2)."""
    desk = Desk(web)
    desk.sign_in()
    number = write(web)
    desk.post(f"/console/matters/{number}/steps", step="take")
    row = web.troth.rights.matter(number).matter
    handler = row.handler
    desk.sign_in()
    desk.post(f"/console/matters/{number}/steps", step="take")
    assert web.troth.rights.matter(number).matter.handler == handler


def test_a_call_is_noted(web: Web) -> None:
    """It has its number and due date from then on; what is malformed is told and stores nothing."""
    desk = Desk(web)
    desk.sign_in()
    assert "privacy-request" in desk.get("/console/enter").text
    assert "It came by" in desk.get("/console/enter", point="privacy-request").text
    path = "/console/enter/privacy-request"
    bad = desk.post(path, via="phone", request_text="", email="pia")
    assert bad.status_code == 422
    assert "Nothing was stored" in bad.text
    done = desk.post(
        path, via="phone", request_text="By telephone", request_kind="erase", email="pia@example.com"
    )
    assert "Its number is R-" in done.text, done.text
    assert desk.post("/console/enter/shop", via="phone").status_code == 404


def test_access_is_reviewed_and_taken_away(web: Web) -> None:
    """The auditor sees who can, who did and what was never used, revokes a key and shuts somebody out; others may not look."""
    auditor, other = Desk(web, "ada.example", "staff.auditor"), Desk(web)
    other.sign_in()
    write(web)
    assert other.get("/console/access").status_code == 403
    assert other.post("/console/access/revoke", person="ada.example").status_code == 403
    auditor.sign_in()
    page = auditor.get("/console/access").text
    assert "ann.example (staff)" in page
    assert "Sign in to work" in page
    assert "nothing done" in page
    unused = next(one for one in web.troth.key_records() if one.name == "support")
    assert auditor.post("/console/access/revoke", key=unused.key_id).status_code == 303
    assert web.get("/v1/requests", "support").status_code == 401
    assert auditor.post("/console/access/revoke", person="ann.example").status_code == 303
    assert other.get("/console").status_code == 303
    assert auditor.post("/console/access/revoke", person="ada.example").status_code == 422


def test_the_review_counts_what_was_done(web: Web) -> None:
    """By role and act from the ledger, over the span asked for; purposes never served are told for each."""
    desk = Desk(web)
    desk.sign_in()
    number = write(web)
    desk.post(f"/console/matters/{number}/steps", step="take")
    found = web.troth.access_review(timedelta(days=1))
    done = {(one.role, one.act): one.permitted for one in found.done}
    assert done["staff.privacy", "begin-work"] == 1
    assert done["staff.privacy", "assign-case"] == 1
    (ann,) = found.members
    assert ann.acts == 2
    assert "essential.service.rights_request" not in ann.unused
    assert "essential.service.dispute" in ann.unused
    assert "ann.example" not in found.unused
    web.clock.advance(timedelta(days=2))
    later = web.troth.access_review(timedelta(days=1))
    assert later.done == ()
    assert "ann.example" in later.unused


def test_no_public_page_leads_to_the_console(web: Web) -> None:
    """Visitors are shown no door that is not theirs."""
    for path in ("/", "/policy", "/account/sign-in", "/choice", "/cookies", "/docs", "/nowhere"):
        page = web.client.get(path, headers={"Accept": "text/html"}).text
        assert 'href="/console' not in page, path


@pytest.mark.parametrize("path", ["/console/sign-in", "/console/invite/x"])
def test_pages_before_the_sign_in_ask_no_other_host(web: Web, path: str) -> None:
    """Their content policy is the strict one."""
    policy = web.client.get(path).headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy


def test_staff_read_plain_words(web: Web) -> None:
    """No page shows the program's own name of a state, kind, channel, place or action as its text; filters keep them as values."""
    desk, support = Desk(web), Desk(web, "sue.example", "staff.support")
    desk.sign_in()
    numbers = [write(web, kind, f"{kind}@example.com") for kind in KINDS]
    pages = [desk.get("/console").text]
    for number in numbers:
        path = f"/console/matters/{number}"
        desk.post(f"{path}/steps", step="take")
        desk.post(f"{path}/steps", step="verify")
        desk.post(f"{path}/steps", step="plan")
        pages.append(desk.get(path, done="plan").text)
    raw = {
        "identity-pending",
        "partially-completed",
        "under-review",
        "carry-out",
        "staff.privacy",
        *KINDS,
    } - {"other"}
    for page in pages:
        shown = {text.strip(" :.,") for text in re.findall(r">([^<>]+)<", page)}
        assert not raw & shown
    assert '<option value="identity-pending">Waits for proof</option>' in pages[0]
    assert ">Deletion<" in pages[0]
    assert "Privacy desk" in pages[1]
    assert support.sign_in().status_code == 303


def test_staff_see_that_a_copy_was_fetched_and_nothing_of_it(web: Web) -> None:
    """Until when it can be fetched, how often it was and when last; then that the time is over."""
    ann, desk = Author(web), Desk(web)
    desk.sign_in()
    path = asked(ann, text="canary-copy")
    for _ in range(3):
        answered(web)
    matter = f"/console/matters/{path.rpartition('/')[2]}"
    assert "Nobody has fetched it yet." in desk.get(matter).text
    for times in ("once", "2 times"):
        assert ann.send(f"{path}/copy", csrf=token(ann)).status_code == 200
        page = desk.get(matter).text
        assert f"It was fetched {times}, last on" in page
        assert "Copy fetched" in page
        assert "canary-copy" not in page
        assert "/my/copies/" not in page
    assert "The copy was fetched" in ann.get(path).text
    web.clock.advance(timedelta(days=15))
    desk.sign_in()
    assert "It could be fetched until" in desk.get(matter).text


def test_what_is_withheld_says_why(web: Web) -> None:
    """A denial gives the policy's reason and leads to the clause; of a correction what stands now waits for the proof."""
    desk = Desk(web)
    desk.sign_in()
    point = web.troth.policy().points["dispute"]
    body: dict[str, Any] = {"channel": "web", "notice": point.notice, "values": {}}
    body["values"] = {"request_text": "no", "email": "pia@example.com"}
    if point.age_screen:
        body["age"] = {"year": 1970, "month": 4}
    number = web.post("/collect/dispute", body).json()["number"]
    denied = desk.post(f"/console/matters/{number}/written").text
    assert "Not shown to you as Privacy desk." in denied
    assert '<a href="/policy#VI.2">Read clause VI.2</a>' in denied
    assert "troth policy explain" not in denied
    asking = write(web, "correct")
    page = desk.post(f"/console/matters/{asking}/written").text
    assert "shown once it is proven who asks" in page
    assert "user.contact" not in denied + page


def test_a_stop_by_telephone_is_noted(web: Web) -> None:
    """Staff note who wants no announcements, known or not; a slip is told, and nothing is kept then."""
    desk = Desk(web, role="staff.support")
    desk.sign_in()
    page = desk.get("/console/stop")
    assert (page.status_code, "Product news" in page.text) == (200, True)
    wrong = desk.post("/console/stop", field="email", value="no address", what="")
    assert (wrong.status_code, "Nothing was noted" in wrong.text) == (422, True)
    done = desk.post("/console/stop", field="phone", value="+1 650 555 0100", what="offers:phone")
    assert (done.status_code, "It has stopped" in done.text) == (200, True)
    assert [one for one in _acts(web) if one[0] == "stop-topic"] == [
        ("stop-topic", "staff.support", "permit")
    ]
