"""What was weighed is on record, also where it came to nothing; jobs and older versions keep their promises."""

import msgspec
from sqlalchemy import select

from tests.gate.conftest import RIGHTS, SUPPORT, Company
from troth.gate import Outcome
from troth.storage import Statement
from troth.storage.jobs import job

_SEND = b"""
```rule
permit: letters-about-the-account
acts: [send]
actors: [service.web]
data: []
purposes: [essential.service.notifications, essential.service.fulfil_order]
recipients: ["*"]
when: [purpose.granted]
reason: The account page may write to people.
```
"""
_SPOT = b"### Giving support {#II.12}"
NOTICES = "essential.service.notifications"


def _sending(text: bytes) -> bytes:
    head, spot, tail = text.partition(_SPOT)
    line, newline, rest = tail.partition(b"```rule")
    return head + spot + line + _SEND.lstrip(b"\n") + b"\n" + newline + rest


def test_refused_order_is_recorded(company: Company) -> None:
    """A case that the role may not open is refused by a clause, and the refusal is in the ledger."""
    who = company.register(1)
    outcome = company.act(
        "instruct", "staff.support", SUPPORT, order="open-case", case_type="incident", person=who
    )
    assert outcome.problem is not None
    assert outcome.problem.status == 403
    last = company.entries()[-1]
    assert (last.id, last.effect, last.person, last.act) == (outcome.entry, "deny", who, "open-case")
    assert last.clauses == (outcome.problem.clause,)


def test_looking_for_somebody_unknown_is_recorded(company: Company) -> None:
    """Who may look people up and tries names out leaves an entry for each try, without what was tried."""
    outcome = company.act(
        "instruct",
        "staff.privacy",
        RIGHTS,
        order="open-case",
        case_type="request",
        identify={"email": "zq@example.com"},
    )
    assert outcome.problem is not None
    assert outcome.problem.status == 404
    last = company.entries()[-1]
    assert (last.id, last.effect, last.person) == (outcome.entry, "deny", "")
    assert "zq" not in repr(last)


def test_older_version_holds_for_acts_without_fields(company: Company, reference_text: bytes) -> None:
    """Somebody who came under a version that does not allow writing to them is not written to under a wider one."""
    before = company.register(1)
    company.publish(_sending(reference_text))
    after = company.register(2)
    sent = {
        who: company.act(
            "send", "service.web", NOTICES, person=who, recipient="email-provider", channel="email"
        )
        for who in (before, after)
    }
    assert sent[after].permitted
    assert not sent[before].permitted
    assert sent[before].policy != company.gate.policy().sha256


MAIL = "essential.service.notifications.email"


def _send(company: Company, who: str, **more: str) -> Outcome:
    given = {"fields": ("email",), "recipient": "email-provider", "channel": "email", "person": who, **more}
    return company.act("send", "service.mailer", MAIL, **given)


def test_jobs_hold_declared_words_only(company: Company) -> None:
    """A send that names a message promises it; a caller's own words are not kept, and no value is given back."""
    who = company.register(1)
    refusals = (
        ("message", _send(company, who, message="zq@example.com")),
        ("channel", _send(company, who, message="case-news", channel="zq")),
        ("message", _send(company, "", message="case-news")),
    )
    for field, refused in refusals:
        assert refused.problem is not None
        assert (refused.problem.status, refused.problem.field) == (422, field)
    assert company.count(job) == 0
    sent = _send(company, who, message="case-news")
    assert sent.permitted, sent
    assert sent.values == {}
    with company.database.snapshot() as tx:
        ((topic, person, body),) = tx.rows(Statement(select(job.c.topic, job.c.person, job.c.body)))
    assert (topic, person) == ("mail.send", who)
    assert msgspec.json.decode(body) == {"template": "case-news", "purpose": MAIL}


def test_a_send_without_a_message_promises_nothing(company: Company) -> None:
    """Who sends by itself is given what it may send, and nothing waits for the service to send."""
    who = company.register(1)
    assert _send(company, who).values == {"email": "person1@example.com"}
    assert company.count(job) == 0
