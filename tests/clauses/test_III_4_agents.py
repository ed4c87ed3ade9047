"""Clause III.4 with answer 9: somebody may ask in another's name; nothing is done before mailbox and authority both stand."""

import base64
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import httpx
import pytest

from tests.clauses.mailbox import Browser, link_in, mails
from tests.clauses.matters import run_tasks, shown, step, steps
from tests.clauses.vendor import CANARY, RIGHTS, Site, Vendor
from tests.support.waiting import wait_until

AGENT, PERSON = "lawyer@example.org", "person1@example.com"
_LINK = re.compile(r"https?://[^/\s]+(/agents/[A-Za-z0-9_/-]+)")
PAPER = {
    "name": "authority.txt",
    "media": "text/plain",
    "data": base64.b64encode(f"I let them. {CANARY}".encode()).decode(),
}


def ask_for(site: Site, kind: str = "access", person: str = PERSON, **values: Any) -> dict[str, Any]:
    """An agent sends the form for requests in somebody's name."""
    given = {
        "agent_name": f"Lee Lawyer {CANARY}",
        "agent_email": AGENT,
        "email": person,
        "request_kind": kind,
        "request_text": "In the name of my client.",
    }
    answer = site.collect("agent-request", {**given, **values})
    assert answer.is_success, answer.text
    told: dict[str, Any] = answer.json()
    return told


def link_of(mail: EmailMessage) -> str:
    """The path of the link in a mail about a request in somebody's name."""
    body = mail.get_body(("plain",))
    assert body is not None
    found = _LINK.search(body.get_content())
    assert found, body.get_content()
    return found[1]


def text_of(mail: EmailMessage) -> str:
    """What a mail says. Either process may send it: the server, which knows its port, or the command that runs what is due."""
    body = mail.get_body(("plain",))
    assert body is not None
    return re.sub(r"http://127\.0\.0\.1:\d+", "http://127.0.0.1:8080", body.get_content())


def press(site: Site, path: str, **form: str) -> httpx.Response:
    """Somebody presses a button on the page behind a link."""
    with Browser(site) as browser:
        assert browser.get(path).status_code == 200
        return browser.post(path, **form)


def mail_with(vendor: Vendor, address: str, *words: str) -> EmailMessage:
    """The last mail to an address whose subject or text has some words, as soon as it is there."""

    def found() -> list[EmailMessage]:
        texts = [(mail, f"{mail['Subject']} {text_of(mail)}") for mail in mails(vendor, address)]
        return [mail for mail, text in texts if all(word in text for word in words)]

    run_tasks(vendor)
    wait_until(lambda: bool(found()), f"a mail comes that says {words}")
    return found()[-1]


def in_state(vendor: Vendor, number: str, *states: str) -> dict[str, Any]:
    """A request as soon as it is in one of some states."""
    run_tasks(vendor)
    wait_until(lambda: shown(vendor, number)["state"] in states, f"{number} is {states}")
    return shown(vendor, number)


def proven(site: Site, vendor: Vendor, kind: str = "access", person: str = PERSON, **values: Any) -> str:
    """A request in somebody's name whose agent has proven their mailbox; gives its number."""
    number: str = ask_for(site, kind, person, **values)["number"]
    agent = values.get("agent_email", AGENT)
    assert press(site, link_of(mail_with(vendor, agent, number, "/agents/"))).is_success
    run_tasks(vendor)
    return number


@pytest.mark.clause("III.4")
def test_an_agent_and_the_person_both_say_so(vendor: Vendor) -> None:
    """The agent's mailbox first, then the person's yes: only then is the request carried out, and each hears what is theirs."""
    with vendor.open() as site:
        assert site.register().is_success
        number = ask_for(site)["number"]
        run_tasks(vendor)
        assert mails(vendor, PERSON) == []  # nobody is written to for an agent whose mailbox is not proven
        first = mail_with(vendor, AGENT, number)
        path = link_of(first)
        with Browser(site) as browser:
            assert "Is this your mailbox?" in browser.get(path).text
        assert shown(vendor, number)["state"] == "identity-pending"
        assert "agent-proven" not in steps(vendor, number)
        assert press(site, path).is_success
        asked = mail_with(vendor, PERSON, number, "copy of your data")
        assert CANARY not in text_of(asked)  # no word of the agent's in a mail of ours
        answer = link_of(asked)
        with Browser(site) as browser:
            page = browser.get(answer).text
            assert CANARY in page
            assert AGENT in page
        assert shown(vendor, number)["state"] == "identity-pending"
        assert "You said yes" in press(site, answer, answer="yes").text
        in_state(vendor, number, "completed")
        mail_with(vendor, AGENT, number, "it is done")
        mail_with(vendor, PERSON, number, "copies")
        assert not any("copies" in text_of(mail) for mail in mails(vendor, AGENT))
    assert vendor.files_with(CANARY) == []


@pytest.mark.clause("III.4")
def test_a_no_ends_it_and_the_agent_hears_only_that_it_was_not_confirmed(vendor: Vendor) -> None:
    """The person's no ends the request; the same agent reaches them no more by our mail, and no link is good twice."""
    with vendor.open() as site:
        assert site.register().is_success
        number = proven(site, vendor, "erase")
        link = link_of(mail_with(vendor, PERSON, number))
        assert "You said no" in press(site, link, answer="no").text
        found = shown(vendor, number)
        assert (found["state"], found["outcome"]) == ("withdrawn", "not confirmed")
        told = text_of(mail_with(vendor, AGENT, number, "it was not confirmed, and has ended"))
        with Browser(site) as browser:
            assert browser.post(link, answer="yes").status_code == 409
        assert shown(vendor, number)["state"] == "withdrawn"
        before = len(mails(vendor, PERSON))
        again = proven(site, vendor, "access")
        assert shown(vendor, again)["state"] == "withdrawn"
        assert text_of(mail_with(vendor, AGENT, again, "not confirmed")).replace(again, number) == told
        assert len(mails(vendor, PERSON)) == before


@pytest.mark.clause("III.4")
def test_an_agent_learns_nothing_of_whether_somebody_is_known(vendor: Vendor) -> None:
    """Every answer, page and mail to the agent reads alike for a customer and for an address that nobody has, whatever follows."""
    texts: dict[str, list[str]] = {}
    people = {"known": PERSON, "nobody": "nobody@example.com"}
    with vendor.open() as site:
        assert site.register().is_success
        for name, address in people.items():
            agent = f"{name}-agent@example.org"
            told = ask_for(site, "erase", address, agent_email=agent)
            first = mail_with(vendor, agent, told["number"])
            answer = press(site, link_of(first))
            run_tasks(vendor)
            with Browser(site) as browser:
                after = browser.get(link_of(first)).text
            said = press(site, link_of(mail_with(vendor, address, told["number"])), answer="no").text
            mail_with(vendor, agent, "not confirmed")
            read = [
                told,
                text_of(first),
                answer.status_code,
                answer.text,
                after,
                *map(text_of, mails(vendor, agent)),
            ]
            texts[name] = [_bare(str(one), agent, address, told["number"]) for one in (*read, said)]
    assert texts["known"] == texts["nobody"]


def _bare(text: str, *own: str) -> str:
    """A text without what differs for each request: its number, ids, secrets and addresses."""
    for one in own:
        text = text.replace(one, "-")
    return re.sub(r"[0-9a-f]{32,}|/agents/[^\s>\"]+", "-", text)


@pytest.mark.clause("III.4")
def test_staff_examine_a_written_authority(vendor: Vendor) -> None:
    """A document that lies sealed; staff turn it down with a reason or accept it for kinds and until a day; then it carries more."""
    desk = vendor.key("staff.privacy", RIGHTS, cases=("request",))
    with vendor.open() as site:
        assert site.register().is_success
        number = ask_for(site, agent_authority=PAPER)["number"]
        early = step(vendor, desk, "accept-authority", number, "--until", "2026-12-31", status=None)
        assert "mailbox" in str(early)
        assert press(site, link_of(mail_with(vendor, AGENT, number))).is_success
        assert shown(vendor, number)["state"] == "authority-pending"
        # nobody of staff vouches for the person beside the authority, nor carries it out without one
        assert "authority" in str(step(vendor, desk, "verify", number, status=None))
        step(vendor, desk, "reject-authority", number, "--reason", "it bears no signature")
        assert shown(vendor, number)["state"] == "identity-pending"
        mail_with(vendor, AGENT, number, "it bears no signature")
        wrong = step(
            vendor, desk, "accept-authority", number, "--until", "2026-12-31", "--kind", "erase", status=None
        )
        assert "not for what is asked" in str(wrong)
        step(
            vendor,
            desk,
            "accept-authority",
            number,
            "--until",
            "2026-12-31",
            "--kind",
            "access",
            "--kind",
            "other",
        )
        in_state(vendor, number, "completed")
        mandate = shown(vendor, number)["mandate"]
        assert (mandate["basis"], mandate["role"], mandate["kinds"]) == (
            "document",
            "staff.privacy",
            ["access", "other"],
        )
        # the accepted authority carries the next request of the same agent, of a kind that it is for, and no other
        assert shown(vendor, proven(site, vendor, "other"))["state"] == "verified"
        assert shown(vendor, proven(site, vendor, "erase"))["state"] == "identity-pending"
    assert vendor.files_with(CANARY) == []


@pytest.mark.clause("III.4")
def test_an_authority_ends_and_what_is_open_stops(vendor: Vendor) -> None:
    """Over by its day, or taken back in the portal: what is open stops before anything is done, and new requests wait or end."""
    desk = vendor.key("staff.privacy", RIGHTS, cases=("request",))
    with vendor.open() as site:
        assert site.register().is_success
        first = proven(site, vendor, "other", agent_authority=PAPER)
        step(
            vendor,
            desk,
            "accept-authority",
            first,
            "--until",
            "2026-01-10",
            "--kind",
            "other",
            "--kind",
            "access",
        )
        assert shown(vendor, first)["state"] == "verified"
        vendor.clock.advance(timedelta(days=7))
        step(vendor, desk, "move", first, "planned")
        over = step(vendor, desk, "move", first, "executing", status=None)
        assert "authority" in str(over)
        assert shown(vendor, proven(site, vendor, "other"))["state"] == "identity-pending"
        second = proven(site, vendor, "other", agent_authority=PAPER)
        step(vendor, desk, "accept-authority", second, "--until", "2026-12-31", "--kind", "other")
        third = proven(site, vendor, "other")
        assert shown(vendor, third)["mandate"]["basis"] == "standing"
        with signed_in(site, vendor, PERSON) as browser:
            page = browser.get("/my/agents").text
            assert AGENT in page
            assert "May ask for you" in page
            case = shown(vendor, second)["case"]
            assert browser.marked(f"/my/agents/{case}/withdraw").status_code == 303
            assert "You took it back" in browser.get("/my/agents").text
        assert {shown(vendor, one)["outcome"] for one in (second, third)} == {"the authority has ended"}
        assert shown(vendor, proven(site, vendor, "other"))["outcome"] == "not confirmed"


@contextmanager
def signed_in(site: Site, vendor: Vendor, address: str) -> Iterator[Browser]:
    """Somebody with a mailbox, signed in by a link to it."""
    with Browser(site) as browser:
        assert browser.post("/account/sign-in/link", email=address).status_code == 303
        run_tasks(vendor)
        link = link_in(mail_with(vendor, address, "/account/link/"))
        assert browser.post(link).status_code == 303
        yield browser


@pytest.mark.clause("III.2")
def test_an_erasure_takes_the_agent_along(vendor: Vendor) -> None:
    """After an erasure nothing of the agent's name, mailbox or document is left, sealed or not, and no mark of who it was."""
    with vendor.open() as site:
        assert site.register().is_success
        number = proven(site, vendor, "erase", agent_authority=PAPER)
        case = shown(vendor, number)["case"]
        assert press(site, link_of(mail_with(vendor, PERSON, number)), answer="yes").is_success
        in_state(vendor, number, "completed", "partially-completed")
        desk = vendor.key("staff.privacy", RIGHTS, cases=("request",))
        read = site.act(
            desk, "use", RIGHTS, case=case, person=shown(vendor, number)["person"], record=shown(vendor, number)["record"],
            fields=["agent_name", "agent_authority"],
        )  # fmt: skip
        assert not read.is_success or not any(read.json().get("values", {}).values())
    assert vendor.files_with(CANARY) == []
