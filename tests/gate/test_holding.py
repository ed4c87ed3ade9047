"""Submissions that wait for a confirmation by mail: nobody's until the mailbox speaks, and gone when it does not."""

from datetime import timedelta

from sqlalchemy import select

from tests.gate.conftest import Company
from troth.gate import Ask, Outcome
from troth.storage import Statement
from troth.storage.jobs import job
from troth.vault.tables import held, identifier, person, person_key

ANNOUNCE = "marketing.communications.email"
SIGN_IN = "essential.service.authentication"


def _sign_up(company: Company, email: str = "ann@example.com", **more: str) -> Outcome:
    point = company.gate.policy().points["email-opt-in"]
    return company.act(
        "collect",
        "service.collection",
        ANNOUNCE,
        values={"email": email, **more},
        channel="web",
        point=point.name,
        notice=str(point.notice),
        age_passed=True,
    )


def _waiting(company: Company) -> list[str]:
    with company.database.snapshot() as tx:
        return [row[0] for row in tx.rows(Statement(select(held.c.person).order_by(held.c.created_at)))]


def _proof(company: Company, submission: str) -> str:
    issued = company.act(
        "instruct",
        "service.mailer",
        SIGN_IN,
        order="issue-proof",
        kind="confirm-submission",
        person=submission,
    )
    assert issued.permitted, issued
    return str(issued.values["proof"])


def _confirm(company: Company, proof: str) -> Outcome:
    point = company.gate.policy().points["email-opt-in"]
    ask = Ask(
        act="collect",
        purpose=ANNOUNCE,
        key=company.key("service.collection"),
        proof=proof,
        channel="web",
        point=point.name,
        notice=str(point.notice),
    )
    return company.gate.perform([ask])[0]


def _stances(company: Company, who: str) -> object:
    shown = company.act(
        "instruct", "staff.privacy", "essential.service.rights_request", order="show-stances", person=who
    )
    return shown.values["stances"] if shown.permitted else shown


def test_unconfirmed_submission_is_nobody(company: Company) -> None:
    """It is answered without a handle, found by no address, joins nobody, and promises one mail."""
    who = company.register(1)
    outcome = _sign_up(company, "person1@example.com", name="Mallory")
    assert outcome.permitted
    assert outcome.held
    assert outcome.person == ""
    (submission,) = _waiting(company)
    assert submission != who
    with company.database.snapshot() as tx:
        owners = {row[0] for row in tx.rows(Statement(select(identifier.c.person)))}
        jobs = tx.rows(Statement(select(job.c.topic, job.c.person)))
    assert owners == {who}
    assert jobs == [("mail.send", submission)]
    read = company.act("use", "service.mailer", ANNOUNCE, person=submission, fields=("email",))
    assert not read.permitted


def test_confirmed_submission_becomes_a_person_who_consented(company: Company) -> None:
    """The mailbox confirms once: then the person is found by the address, and consented; a second use finds nothing."""
    _sign_up(company, name="Ann")
    (submission,) = _waiting(company)
    proof = _proof(company, submission)
    done = _confirm(company, proof)
    assert done.permitted, done
    assert done.person == submission
    assert _waiting(company) == []
    with company.database.snapshot() as tx:
        stances = tx.rows(Statement(select(person.c.state, person.c.has_stances)))
    assert stances == [("live", 1)]
    again = _confirm(company, proof)
    assert again.problem is not None
    assert again.problem.status == 404
    sent = company.act(
        "send",
        "service.mailer",
        ANNOUNCE,
        identify={"email": "ann@example.com"},
        fields=("email",),
        recipient="email-provider",
        channel="email",
    )
    assert sent.permitted, sent


def test_confirmation_adds_to_the_owner_of_the_mailbox(company: Company) -> None:
    """Somebody known keeps what the profile holds, gets what it lacks, and the held copy is erased with its keys."""
    who = company.register(1)
    _sign_up(company, "person1@example.com", name="Somebody Else")
    (submission,) = _waiting(company)
    done = _confirm(company, _proof(company, submission))
    assert done.permitted, done
    assert done.person == who
    read = company.act("use", "staff.marketing", ANNOUNCE, person=who, fields=("name",))
    assert read.values == {"name": "Person 1"}
    with company.keystore.snapshot() as tx:
        assert {row[0] for row in tx.rows(Statement(select(person_key.c.person)))} == {who}


def test_time_runs_out(company: Company) -> None:
    """After the declared span a link confirms nothing, and the submission is erased, keys and all."""
    _sign_up(company)
    (submission,) = _waiting(company)
    proof = _proof(company, submission)
    company.clock.advance(timedelta(days=2) - timedelta(seconds=1))
    assert company.gate.expire_held() == 0
    company.clock.advance(timedelta(seconds=1))
    late = _confirm(company, proof)
    assert late.problem is not None
    assert late.problem.status == 404
    assert company.gate.expire_held() == 1
    assert company.count(person) == 0
    with company.keystore.snapshot() as tx:
        assert tx.rows(Statement(select(person_key.c.person))) == []


def test_flood_for_one_mailbox_sends_no_more_mail(company: Company) -> None:
    """Three submissions wait for one address; a fourth is answered alike and keeps nothing."""
    answers = [_sign_up(company) for _ in range(5)]
    assert {(answer.effect, answer.held, answer.person) for answer in answers} == {("permit", True, "")}
    assert len(_waiting(company)) == 3
    _sign_up(company, "bob@example.com")
    assert len(_waiting(company)) == 4


def test_forged_proof_confirms_nothing(company: Company) -> None:
    """A secret that nobody was sent is refused, and the submission goes on waiting."""
    _sign_up(company)
    forged = _confirm(company, "A" * 43)
    assert forged.problem is not None
    assert forged.problem.status == 404
    assert len(_waiting(company)) == 1


def test_mail_reaches_the_held_address_and_nothing_else_does(company: Company) -> None:
    """The confirmation may be sent to the mailbox that waits; no other act touches the submission."""
    _sign_up(company)
    (submission,) = _waiting(company)
    sent = company.act(
        "send",
        "service.mailer",
        "essential.service.notifications.email",
        person=submission,
        fields=("email",),
        recipient="email-provider",
        channel="email",
    )
    assert sent.permitted, sent
    assert sent.values == {"email": "ann@example.com"}
    opened = company.act("instruct", "service.web", SIGN_IN, order="open-session", person=submission)
    assert not opened.permitted


def test_each_point_counts_its_own_floods(company: Company) -> None:
    """Three waiting sign-ups for announcements do not keep an account from being opened with the same address."""
    for _ in range(3):
        _sign_up(company)
    point = company.gate.policy().points["account"]
    opened = company.act(
        "collect",
        "service.collection",
        "essential.service.account",
        values={"email": "ann@example.com"},
        channel="web",
        point=point.name,
        notice=str(point.notice),
        age_passed=True,
    )
    assert opened.held, opened
    assert len(_waiting(company)) == 4
