"""Another address: it counts when its mailbox and its owner both say so; the list follows it, and the old one is told."""

from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import select

from tests.gate.conftest import ACCOUNT, RIGHTS, Company
from troth.gate import Ask, Outcome
from troth.storage import Statement
from troth.storage.jobs import job
from troth.vault.tables import address_change, held, identifier, person, person_key, suppression

SIGN_IN = "essential.service.authentication"
OLD, NEW = "person1@example.com", "moved@example.com"


def _session(company: Company, who: str) -> str:
    opened = company.act("instruct", "service.web", SIGN_IN, order="open-session", person=who)
    assert opened.permitted, opened
    return str(opened.values["session"])


def _asked(company: Company, key: str, who: str, address: str = NEW) -> Outcome:
    return company.gate.perform([_ask(company, key, person=who, values={"email": address})])[0]


def _ask(company: Company, key: str, **more: Any) -> Ask:
    (point,) = (one for one in company.gate.policy().points.values() if one.part == "address")
    told: Mapping[str, Any] = {"point": point.name, "notice": str(point.notice), "channel": "web"}
    return Ask(act="collect", purpose=ACCOUNT, key=key, **told, **more)


def _proof(company: Company) -> str:
    with company.database.snapshot() as tx:
        ((submission,),) = tx.rows(Statement(select(held.c.person)))
    kind = "confirm-submission"
    issued = company.act(
        "instruct", "service.mailer", SIGN_IN, order="issue-proof", kind=kind, person=submission
    )
    assert issued.permitted, issued
    return str(issued.values["proof"])


def _confirmed(company: Company, key: str, proof: str) -> Outcome:
    return company.gate.perform([_ask(company, key, proof=proof)])[0]


def _found(company: Company, address: str) -> str:
    ask = {"identify": {"email": address}, "order": "open-case", "case_type": "request"}
    return company.act("instruct", "staff.privacy", RIGHTS, **ask).person


def _reasons(company: Company) -> list[str]:
    with company.database.snapshot() as tx:
        return sorted(row[0] for row in tx.rows(Statement(select(suppression.c.reason))))


def _suppress(company: Company, reason: str) -> None:
    order = {"order": "suppress", "about": reason, "identify": {"email": OLD}}
    assert company.act("instruct", "staff.privacy", RIGHTS, **order).permitted


def test_new_address_takes_the_place_of_the_old_one(company: Company) -> None:
    """Found by the new address alone; opt-outs follow; old links and other sessions end; the old address is told."""
    who = company.register(1)
    for reason in ("opted-out", "bounced"):
        _suppress(company, reason)
    key, other = _session(company, who), _session(company, who)
    link = company.act("instruct", "service.mailer", SIGN_IN, order="issue-proof", kind="sign-in", person=who)
    asked = _asked(company, key, who)
    assert (asked.held, asked.person) == (True, "")
    assert (_found(company, OLD), _found(company, NEW)) == (who, "")
    assert _confirmed(company, key, _proof(company)).permitted
    assert (_found(company, OLD), _found(company, NEW)) == ("", who)
    assert _reasons(company) == ["bounced", "opted-out", "opted-out"]
    own = Ask(act="use", purpose=ACCOUNT, key=key, person=who, fields=("email",))
    (read,) = company.gate.perform([own])
    assert read.values == {"email": NEW}
    (gone,) = company.gate.perform(
        [Ask(act="use", purpose=ACCOUNT, key=other, person=who, fields=("email",))]
    )
    assert not gone.permitted
    opened = company.act("instruct", "service.web", SIGN_IN, order="open-session", proof=link.values["proof"])
    assert not opened.permitted
    with company.database.snapshot() as tx:
        (submission,) = tx.rows(Statement(select(address_change.c.submission)))[0]
        mails = [row for row in tx.rows(Statement(select(job.c.person, job.c.body))) if row[0] == submission]
    assert any("address-changed" in str(body) for _, body in mails)


def test_nothing_is_left_of_an_old_address(company: Company) -> None:
    """It waits for its mail, and goes with the person, or by itself after two days."""
    who = company.register(1)
    key = _session(company, who)
    _asked(company, key, who)
    assert _confirmed(company, key, _proof(company)).permitted
    erased = company.gate.perform([Ask(act="erase", purpose=ACCOUNT, key=key, person=who)])
    assert erased[0].permitted, erased
    assert [company.count(table) for table in (held, address_change, person, identifier)] == [0] * 4
    with company.keystore.snapshot() as tx:
        assert tx.rows(Statement(select(person_key.c.person))) == []


@pytest.mark.parametrize("whose", ["stranger", "service"])
def test_only_its_owner_takes_it(company: Company, whose: str) -> None:
    """The mailbox alone is not enough: a slip in typing gives no account away."""
    who, stranger = company.register(1), company.register(2)
    _asked(company, _session(company, who), who)
    key = _session(company, stranger) if whose == "stranger" else company.key("service.collection")
    assert not _confirmed(company, key, _proof(company)).permitted
    assert (_found(company, OLD), _found(company, NEW)) == (who, "")


def test_address_of_another_is_asked_for_alike_and_never_taken(company: Company) -> None:
    """The answer is that for any other address; what it would confirm comes to nothing."""
    who, other = company.register(1), company.register(2)
    key = _session(company, who)
    free, taken = (_asked(company, key, who, address) for address in (NEW, "person2@example.com"))
    assert (free.held, free.effect, free.clauses, free.explanation, free.person) == (
        taken.held,
        taken.effect,
        taken.clauses,
        taken.explanation,
        taken.person,
    )
    with company.database.snapshot() as tx:
        rows = tx.rows(Statement(select(held.c.person).order_by(held.c.person)))
    answers = []
    for (submission,) in rows:
        proof = {"order": "issue-proof", "kind": "confirm-submission", "person": submission}
        issued = company.act("instruct", "service.mailer", SIGN_IN, **proof)
        answers.append(_confirmed(company, key, str(issued.values["proof"])).permitted)
    assert sorted(answers) == [False, True]
    assert _found(company, "person2@example.com") == other


def test_address_that_another_took_meanwhile_stays_theirs(company: Company) -> None:
    """Free when it was asked for, somebody's when it is confirmed: nothing changes, and the list keeps what each refused."""
    who = company.register(1)
    _suppress(company, "opted-out")
    key = _session(company, who)
    _asked(company, key, who)
    other = company.register(2, email=NEW)
    proof, before = _proof(company), _reasons(company)
    late = _confirmed(company, key, proof)
    assert late.problem is not None
    assert "else" not in late.problem.detail
    assert (_found(company, OLD), _found(company, NEW)) == (who, other)
    assert _reasons(company) == before == ["opted-out"]


def test_own_address_and_that_of_others_in_ones_care(company: Company) -> None:
    """The address that somebody has is told to be theirs; staff and services change nobody's."""
    who = company.register(1)
    same = _asked(company, _session(company, who), who, OLD)
    assert same.problem is not None
    assert same.problem.code == "invalid-input"
    assert not _asked(company, company.key("service.collection"), who).permitted
    assert company.count(held) == 0


def test_only_the_privacy_desk_enters_an_address_for_somebody(company: Company) -> None:
    """Under the same open case, whoever else works for us, and whatever their key may serve, puts none in its place."""
    who = company.register(1)
    case = company.open_case("request", "staff.privacy", RIGHTS, who)
    (point,) = (
        one for one in company.gate.policy().points.values() if one.actor == "staff.privacy" and one.amends
    )

    def entered(role: str) -> Outcome:
        told = {
            "point": point.name,
            "channel": "phone",
            "notice": str(point.notice),
            "values": {"email": NEW},
        }
        return company.act("collect", role, RIGHTS, person=who, case=case, **told)

    others = [
        one
        for one in company.gate.policy().roles
        if one.startswith(("staff.", "service.")) and not one.startswith(("staff.privacy", "service.rights"))
    ]
    assert len(others) > 10
    for role in others:
        assert entered(role).effect == "deny", role
    assert (_found(company, OLD), _found(company, NEW)) == (who, "")
    assert entered("staff.privacy").permitted
    assert (_found(company, OLD), _found(company, NEW)) == ("", who)


def test_listed_child_is_answered_like_everybody(company: Company) -> None:
    """Nobody learns at sign-up that an address is a child's: nothing is stored, and the ledger has the denial."""
    order = {"order": "purge-child", "identify": {"email": OLD}}
    assert company.act("instruct", "staff.privacy", RIGHTS, **order).permitted
    point = next(one for one in company.gate.policy().points.values() if one.part == "account")
    before, kept = len(company.entries()), [company.count(table) for table in (person, held, job)]
    told = []
    for address in (OLD, NEW):
        told.append(
            company.act(
                "collect",
                "service.collection",
                ACCOUNT,
                values={"email": address},
                channel="web",
                point=point.name,
                notice=str(point.notice),
                age_passed=True,
            )
        )
        if address == OLD:
            assert [company.count(table) for table in (person, held, job)] == kept
    listed, free = told
    assert (listed.held, listed.effect, listed.clauses, listed.explanation, listed.problem) == (
        free.held,
        free.effect,
        free.clauses,
        free.explanation,
        free.problem,
    )
    made = company.entries()[before:]
    assert [(one.act, one.effect) for one in made] == [
        ("hold", "permit"),
        ("collect", "deny"),
        ("hold", "permit"),
    ]
    assert (made[1].clauses, made[1].person) == (("I.19",), "")
