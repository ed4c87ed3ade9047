"""A sign-up that its mailbox confirmed takes up what it consents to, and nothing else that was refused; less than that takes up nothing."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.gate.conftest import REGISTER, RIGHTS, Company
from troth.gate import Outcome
from troth.gate.access import covers
from troth.storage import Statement
from troth.vault import stances_of
from troth.vault.tables import held

STOP, SIGN_IN = "essential.service.opt_out", "essential.service.authentication"
ALL, MAIL, PHONE, LETTER = (f"marketing.communications{one}" for one in ("", ".email", ".phone", ".letter"))
ADDRESS = "person1@example.com"
TOPICS = ("product-news", "events", "offers")


def _known(company: Company) -> str:
    """Somebody who agreed to every kind of announcement."""
    values = {"email": ADDRESS, "name": "Person", "phone": "+14155550123"}
    done = company.act("collect", "service.import", REGISTER, point="import", channel="import", values=values)
    assert done.permitted, done
    _says(company, done.person, "consented")
    return done.person


def _says(company: Company, person: str, stance: str, about: str = ALL, order: str = "record-stance") -> None:
    case = company.open_case("request", "staff.privacy", RIGHTS, person)
    said = {"order": order, "about": about, "stance": stance, "case": case}
    done = company.act("instruct", "staff.privacy", RIGHTS, person=person, **said)
    assert done.permitted, done


def _stopped(company: Company, person: str, topic: str = "", channel: str = "") -> None:
    done = company.act(
        "instruct", "service.web", STOP, order="stop-topic", person=person, topic=topic, channel=channel
    )
    assert done.permitted, done


def _typed(company: Company) -> str:
    """Somebody types the address into the sign-up; gives the secret that goes to the mailbox."""
    point = company.gate.policy().points["email-opt-in"]
    before = _waiting(company)
    typed = company.act(
        "collect", "service.collection", MAIL,
        point=point.name, notice=str(point.notice), channel="web", values={"email": ADDRESS}, age_passed=True,
    )  # fmt: skip
    assert typed.held, typed
    (submission,) = _waiting(company) - before
    issued = company.act(
        "instruct",
        "service.mailer",
        SIGN_IN,
        order="issue-proof",
        kind="confirm-submission",
        person=submission,
    )
    return str(issued.values["proof"])


def _waiting(company: Company) -> set[str]:
    with company.database.snapshot() as tx:
        return {row[0] for row in tx.rows(Statement(select(held.c.person)))}


def _confirmed(company: Company, proof: str) -> Outcome:
    point = company.gate.policy().points["email-opt-in"]
    done = company.act(
        "collect", "service.collection", MAIL,
        point=point.name, notice=str(point.notice), channel="web", proof=proof, age_passed=True,
    )  # fmt: skip
    assert done.permitted, done
    return done


def _mailed(company: Company, person: str) -> set[str]:
    """The topics that somebody would be mailed about."""
    sent = {
        topic: company.act(
            "send", "service.mailer", MAIL,
            person=person, fields=("email",), recipient="email-provider", channel="email", topic=topic,
        ).permitted
        for topic in TOPICS
    }  # fmt: skip
    return {topic for topic, permitted in sent.items() if permitted}


def _called(company: Company, person: str) -> set[str]:
    """The topics that somebody would be called about; empty for a call that names none."""
    case = company.open_case("campaign", "staff.marketing", ALL, person)
    found = {
        topic: company.act(
            "disclose", "service.mailer", PHONE,
            person=person, fields=("phone",), recipient="phone-centre", channel="phone", topic=topic, case=case,
        ).permitted
        for topic in ("", *TOPICS)
    }  # fmt: skip
    return {topic for topic, permitted in found.items() if permitted}


def test_before_anything_was_refused_every_way_is_open(company: Company) -> None:
    """What the other tests take for closed is open to whoever agreed."""
    who = _known(company)
    assert _mailed(company, who) == set(TOPICS)
    assert _called(company, who) == {"", *TOPICS}


@pytest.mark.parametrize(
    "refused",
    ["everything", "objected to all", "objected to marketing", "by telephone", "topic on every channel"],
)
def test_only_what_was_confirmed_is_taken_up(company: Company, refused: str) -> None:
    """Announcements by e-mail come again; calls that were refused stay so, and what was open stays open."""
    who = _known(company)
    open_before = _called(company, who)
    if refused.startswith("objected"):
        _says(company, who, "objected", ALL if refused.endswith("all") else "marketing")
    else:
        topic, channel = {
            "everything": ("", ""), "by telephone": ("", "phone"), "topic on every channel": ("events", "")
        }[refused]  # fmt: skip
        _stopped(company, who, topic, channel)
    before = _called(company, who)
    assert before < open_before
    _confirmed(company, _typed(company))
    assert _mailed(company, who) == set(TOPICS)
    assert _called(company, who) == before


def test_nothing_less_takes_anything_up(company: Company) -> None:
    """A sign-up that nobody confirmed, an import, another registration, and whatever staff note: everything stays refused."""
    who = _known(company)
    _stopped(company, who)
    _typed(company)
    _known(company)
    assert company.register(1, email=ADDRESS) == who
    _says(company, who, "consented", MAIL)
    _says(company, who, "objected", ALL)
    _says(company, who, "objected", ALL, "withdraw-stance")
    case = company.open_case("request", "staff.privacy", RIGHTS, who)
    company.act(
        "collect", "staff.privacy", RIGHTS, point="correction", channel="api", notice="request-notice",
        person=who, case=case, values={"email": ADDRESS, "name": "Person the First"},
    )  # fmt: skip
    company.clock.advance(timedelta(days=1))
    assert _mailed(company, who) == set()
    assert _called(company, who) == set()


def test_the_newest_word_of_the_mailbox_counts(company: Company) -> None:
    """Refused after the address was typed and before the link was followed: following it is the newer word; refused after it, refused."""
    who = _known(company)
    proof = _typed(company)
    company.clock.advance(timedelta(hours=1))
    _stopped(company, who)
    assert _mailed(company, who) == set()
    company.clock.advance(timedelta(hours=1))
    _confirmed(company, proof)
    assert _mailed(company, who) == set(TOPICS)
    _stopped(company, who)
    assert _mailed(company, who) == set()


def test_whoever_refused_all_and_was_erased_may_ask_again(company: Company) -> None:
    """The list keeps the objection, and the sign-up is asked about all the same: its mailbox answers. What else was refused stays."""
    who = _known(company)
    _says(company, who, "objected", "marketing")
    case = company.open_case("request", "staff.privacy", RIGHTS, who)
    assert company.act("erase", "staff.privacy", RIGHTS, person=who, case=case).permitted
    again = _confirmed(company, _typed(company)).person
    assert _mailed(company, again) == set(TOPICS)
    _says(company, again, "consented")
    assert _called(company, again) == set()


@pytest.mark.parametrize("way", ["sign-up", "preference centre"])
def test_of_a_wide_objection_the_rest_stays(company: Company, way: str) -> None:
    """Every other data use below the one that was refused is refused still, by its name."""
    who = _known(company)
    _says(company, who, "objected", "marketing")
    _says(company, who, "restricted", "analytics")
    if way == "sign-up":
        _confirmed(company, _typed(company))
    else:
        hashed = f"email:{company.vault.keys.blind('email', ADDRESS).hex()}"
        resumed = company.act(
            "instruct", "service.web", STOP,
            order="resume-topic", person=who, hashed=hashed, topic="events", channel="email",
        )  # fmt: skip
        assert resumed.permitted
    with company.database.snapshot() as tx:
        said = set(stances_of(tx, who))
    objected = [about for about, stance in said if stance == "objected"]
    for purpose in company.gate.policy().scales.purposes:
        if covers("marketing", purpose):
            refused = any(covers(about, purpose) for about in objected)
            assert refused is not (covers(purpose, MAIL) or covers(MAIL, purpose)), purpose
    assert ("analytics", "restricted") in said


def test_an_objection_stands_against_a_sign_up_in_anothers_name(company: Company) -> None:
    """Whoever names the person instead of asking the mailbox is refused, and nothing is taken up."""
    who = _known(company)
    _says(company, who, "objected")
    point = company.gate.policy().points["email-opt-in"]
    named = company.act(
        "collect", "service.collection", MAIL, person=who,
        point=point.name, notice=str(point.notice), channel="web", values={"email": ADDRESS}, age_passed=True,
    )  # fmt: skip
    assert named.clauses == ("I.17",)
    assert _mailed(company, who) == set()
