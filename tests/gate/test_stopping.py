"""Stops per topic and channel: at once, under keyed hashes, until a newer word from the same mailbox."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.gate.conftest import REGISTER, RIGHTS, Company
from troth.gate import Outcome, stops_seen

STOP = "essential.service.opt_out"
MAIL = "marketing.communications.email"
ASKING = "marketing.communications.permission"
CHOICE = "essential.service.choice"
ADDRESS = "person1@example.com"
_numbers = count(1)


def _stop(company: Company, order: str = "stop-topic", role: str = "service.web", **more: Any) -> Outcome:
    return company.act("instruct", role, STOP, order=order, **more)


def _hashed(company: Company, address: str = ADDRESS) -> str:
    return f"email:{company.vault.keys.blind('email', address).hex()}"


def _send(
    company: Company, person: str, topic: str = "product-news", purpose: str = MAIL, **more: Any
) -> Outcome:
    return company.act(
        "send", "service.mailer", purpose,
        person=person, fields=("email",), recipient="email-provider", channel="email", topic=topic, **more,
    )  # fmt: skip


def _import(company: Company, address: str = ADDRESS, phone: str = "") -> str:
    values = {"email": address, "name": "Person"} | ({"phone": phone} if phone else {})
    done = company.act("collect", "service.import", REGISTER, point="import", channel="import", values=values)
    return done.person


def _comes_back(company: Company, address: str = ADDRESS) -> str:
    """Somebody registers a product, with an address that may have been here before; gives the handle."""
    return company.register(1, email=address, serial=f"SN-{next(_numbers)}")


def _says(
    company: Company, person: str, stance: str = "consented", about: str = "marketing.communications"
) -> None:
    done = company.act(
        "instruct", "staff.privacy", RIGHTS, order="record-stance", person=person, about=about, stance=stance,
        case=company.open_case("request", "staff.privacy", RIGHTS, person),
    )  # fmt: skip
    assert done.permitted, done


def _erase(company: Company, person: str) -> None:
    case = company.open_case("request", "staff.privacy", RIGHTS, person)
    assert company.act("erase", "staff.privacy", RIGHTS, person=person, case=case).permitted


def _corrected(company: Company, person: str, address: str) -> Outcome:
    """Staff put another address in the place of somebody's."""
    case = company.open_case("request", "staff.privacy", RIGHTS, person)
    return company.act(
        "collect", "staff.privacy", RIGHTS, point="correction", channel="api", notice="correction-notice",
        person=person, case=case, values={"email": address},
    )  # fmt: skip


def _on(company: Company, person: str, **more: Any) -> set[tuple[str, str]]:
    return {tuple(one) for one in _stop(company, "show-stops", person=person, **more).values["on"]}


def test_one_topic_on_one_channel_stops_and_nothing_else(company: Company) -> None:
    """A stop of a topic by e-mail leaves other topics and the telephone; a message that names no topic counts as any."""
    who = _import(company)
    _says(company, who)
    assert _send(company, who).permitted
    with company.database.snapshot() as tx:
        before = stops_seen(tx)
    stopped = _stop(company, person=who, topic="product-news", channel="email")
    assert stopped.permitted
    assert "one-step-unsubscribe" in stopped.obligations
    with company.database.snapshot() as tx:
        assert stops_seen(tx) == before + 1
    assert _send(company, who).clauses == ("II.14",)
    assert _send(company, who, "").clauses == ("II.14",)
    assert _send(company, who, "events").permitted
    assert _on(company, who) == {
        ("events", "email"),
        ("events", "phone"),
        ("offers", "email"),
        ("offers", "phone"),
    }


def test_everything_stops_at_once(company: Company) -> None:
    """Without a topic and a channel everything stops, and the list of what is on is empty."""
    who = _import(company)
    _says(company, who)
    assert _stop(company, person=who).permitted
    assert not any(_send(company, who, topic).permitted for topic in ("product-news", "events", "offers", ""))
    assert _on(company, who) == set()


def test_a_stop_survives_erasure_import_and_another_address(company: Company) -> None:
    """A link's keyed hash stops whoever has the address, known or not; the stop holds for who comes back with it."""
    who = _import(company)
    _says(company, who)
    _erase(company, who)
    assert _stop(company, hashed=_hashed(company), person=who, topic="offers", channel="email").permitted
    again = _comes_back(company)
    assert again != who
    _says(company, again)
    assert _send(company, again, "offers").clauses == ("II.14",)
    assert _send(company, again, "events").permitted


def test_only_the_mailbox_takes_a_topic_up_again(company: Company) -> None:
    """Staff cannot, nor who names an address; a link's hash can, for one topic, and it is consent to no more than that."""
    who = _import(company)
    assert _stop(company, person=who).permitted
    wish = {"topic": "events", "channel": "email"}
    assert not _stop(company, "resume-topic", "staff.privacy", person=who, **wish).permitted
    assert not _stop(company, "resume-topic", identify={"email": ADDRESS}, **wish).permitted
    assert not _stop(company, "resume-topic", person=who, hashed=_hashed(company)).permitted
    assert _stop(company, "resume-topic", person=who, hashed=_hashed(company), **wish).permitted
    assert _on(company, who) == {("events", "email")}
    assert _send(company, who, "events").permitted
    assert not _send(company, who, "offers").permitted


def test_nobody_is_asked_again_within_a_year(company: Company) -> None:
    """A mail that asks for permission is refused for twelve months after a stop, by whatever topic."""
    who = _import(company)
    _says(company, who)
    mailer = {"case": company.open_case("campaign", "staff.marketing", "marketing.communications", who)}
    assert _send(company, who, "", ASKING, **mailer).permitted
    assert _stop(company, person=who, topic="offers", channel="email").permitted
    company.clock.advance(timedelta(days=80))
    assert _send(company, who, "events", ASKING, **mailer).clauses == ("II.14",)
    company.clock.advance(timedelta(days=286))
    mailer = {"case": company.open_case("campaign", "staff.marketing", "marketing.communications", who)}
    assert _send(company, who, "events", ASKING, **mailer).permitted


@pytest.mark.parametrize(
    ("stopped", "last", "first"),
    [
        ("2026-01-05T09:00", "2027-01-05T23:59", "2027-01-06T00:00"),
        ("2027-02-28T23:59", "2028-02-28T23:59", "2028-02-29T00:00"),
        ("2027-03-01T00:00", "2028-03-01T23:59", "2028-03-02T00:00"),
        ("2028-02-29T12:00", "2029-02-28T23:59", "2029-03-01T00:00"),
    ],
)
def test_twelve_months_are_those_of_the_calendar(
    company: Company, stopped: str, last: str, first: str
) -> None:
    """They end with the day of the same date (UTC), in a leap year as in any; of 29 February with the last of the month."""
    company.clock.set(datetime.fromisoformat(stopped).replace(tzinfo=UTC))
    who = _import(company)
    _says(company, who)
    assert _stop(company, person=who, topic="offers", channel="email").permitted
    for instant, asked in ((last, False), (first, True)):
        company.clock.set(datetime.fromisoformat(instant).replace(tzinfo=UTC))
        case = company.open_case("campaign", "staff.marketing", "marketing.communications", who)
        assert _send(company, who, "events", ASKING, case=case).permitted is asked


def test_a_dead_address_is_dead_by_itself(company: Company) -> None:
    """Mail that comes back says nothing of the telephone, nor of the address that takes the dead one's place; stops go along."""
    phone = "+14155550123"
    who = _import(company, phone=phone)
    _says(company, who)
    assert _stop(company, person=who, topic="offers", channel="email").permitted
    noted = company.act(
        "instruct", "service.intake", "essential.service.returned_mail",
        order="note-undeliverable", person=who, hashed=_hashed(company),
    )  # fmt: skip
    assert noted.permitted, noted
    assert _send(company, who, "events").clauses == ("I.5",)
    _corrected(company, who, "new@example.com")
    assert _send(company, who, "events").permitted
    assert _send(company, who, "offers").clauses == ("II.14",)


@pytest.mark.parametrize("reason", ["everything", "offers", "objected"])
def test_what_was_refused_follows_a_corrected_address(company: Company, reason: str) -> None:
    """Whoever corrects the address of somebody: it stays refused at the new one, also for who comes back with it after an erasure."""
    who = _import(company)
    _says(company, who)
    if reason == "objected":
        _says(company, who, "objected")
    else:
        one = {"topic": reason, "channel": "email"} if reason == "offers" else {}
        assert _stop(company, person=who, **one).permitted
    _corrected(company, who, "new@example.com")
    assert not _send(company, who, "offers").permitted
    _erase(company, who)
    again = _comes_back(company, "new@example.com")
    _says(company, again)
    assert not _send(company, again, "offers").permitted
    assert _send(company, again, "events").permitted is (reason == "offers")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"topic": "nothing"}, "topic"),
        ({"topic": "product-news", "channel": "phone"}, "channel"),
        ({"channel": "pigeon"}, "channel"),
        ({"hashed": "email:12"}, "hashed"),
        ({"hashed": "nothing:" + "0" * 64}, "hashed"),
    ],
)
def test_what_is_not_declared_is_not_stopped(company: Company, wrong: dict[str, str], field: str) -> None:
    """An undeclared topic, a channel that it does not go by, and a hash that is none are told."""
    done = _stop(company, person=_import(company), **wrong)
    assert done.problem is not None
    assert done.problem.field == field


def test_under_the_purpose_of_stops_nothing_else_is_ordered(company: Company) -> None:
    """Who may keep stops cannot read or change the suppression list by it."""
    listed: dict[str, Any] = {"identify": {"email": ADDRESS}, "about": "opted-out"}
    assert _stop(company, "release-suppression", **listed).problem is not None
    wrong = company.act("instruct", "staff.privacy", RIGHTS, order="stop-topic", **listed)
    assert wrong.problem is not None
    assert wrong.problem.status == 422


STEPS = st.lists(
    st.sampled_from(
        [
            "stop",
            "stop-all",
            "stop-by-hash",
            "stop-address",
            "resume",
            "resume-other",
            "erase",
            "import",
            "consent",
            "say-no",
        ]
    ),
    max_size=10,
)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS)
def test_no_sequence_makes_a_stopped_address_receive(company: Company, steps: list[str]) -> None:
    """Whatever is done in whatever order: what was stopped is received again only after a newer word of its own mailbox."""
    address = f"person{next(_numbers)}@example.org"
    hashed, who, stopped = _hashed(company, address), _import(company, address), False
    wish = {"topic": "offers", "channel": "email"}
    for step in steps:
        if step == "stop":
            stopped |= bool(who) and _stop(company, person=who, **wish).permitted
        elif step == "stop-all":
            stopped |= bool(who) and _stop(company, person=who).permitted
        elif step == "stop-by-hash":
            stopped |= _stop(company, person=who, hashed=hashed, **wish).permitted
        elif step == "stop-address":
            stopped |= _stop(company, "stop-topic", "service.intake", identify={"email": address}).permitted
        elif step == "resume":
            stopped &= not _stop(company, "resume-topic", person=who, hashed=hashed, **wish).permitted
        elif step == "resume-other":
            _stop(company, "resume-topic", person=who, hashed=hashed, topic="events", channel="email")
        elif step == "erase" and who:
            _erase(company, who)
            who = ""
        elif step == "import":
            who = _comes_back(company, address)
        elif step in {"consent", "say-no"} and who:
            _says(company, who, "consented" if step == "consent" else "objected")
        if who and stopped:
            assert not _send(company, who, "offers").permitted, steps
            assert ("offers", "email") not in _on(company, who), steps


def test_an_address_that_is_somebody_elses_is_not_put_in_its_place(company: Company) -> None:
    """Nothing changes, the answer tells of nobody, and each of the two goes on refusing what they refused and hearing the rest."""
    ann, ben = _import(company), _import(company, "ben@example.com")
    for who, topic in ((ann, "offers"), (ben, "events")):
        _says(company, who)
        assert _stop(company, person=who, topic=topic, channel="email").permitted
    wrong = _corrected(company, ann, "BEN@example.com")
    assert wrong.problem is not None
    assert (wrong.problem.status, wrong.problem.field) == (409, "email")
    told = f"{wrong.problem} {wrong.explanation}"
    assert not any(word in told.lower() for word in ("somebody", "already", "else", "ben", ben))
    for who, address, heard in ((ann, ADDRESS, "events"), (ben, "ben@example.com", "offers")):
        sent = _send(company, who, heard)
        assert (sent.permitted, sent.values) == (True, {"email": address})
        assert _send(company, who, "events" if heard == "offers" else "offers").clauses == ("II.14",)


def test_an_address_that_two_people_write_alike_stops_for_both(company: Company) -> None:
    """An e-mail address leads to one person, so two have one only by turns: the stop holds for whoever has it, and for whoever had it."""
    ann = _import(company)
    _says(company, ann)
    assert _stop(company, identify={"email": ADDRESS.upper()}).permitted
    assert _corrected(company, ann, "ann@example.org").permitted
    ben = _import(company)
    assert ben != ann
    _says(company, ben)
    for who in (ann, ben):
        assert _on(company, who) == set()
        assert not _send(company, who, "events").permitted


def test_a_number_that_two_people_share_stops_for_both(company: Company) -> None:
    """Whoever says of a telephone number that it is enough: nobody is called there, and whoever else has one is; mail is another matter."""
    number, other = "+14155550123", "+14155550124"
    addresses = {"ann@example.org": number, "ben@example.org": number, "cat@example.org": other}
    people = [_import(company, address, phone) for address, phone in addresses.items()]
    for who in people:
        _says(company, who)
    assert _calls(company, people) == [number, number, other]
    before = len(company.entries())
    stop: dict[str, Any] = {"identify": {"phone": number}, "channel": "phone"}
    assert _stop(company, role="staff.support", **stop).permitted
    assert _calls(company, people) == ["", "", other]
    refused = [entry for entry in company.entries()[before:] if entry.act == "disclose"]
    assert [(entry.effect, *entry.clauses) for entry in refused[:2]] == [("deny", "II.14")] * 2
    assert all(_send(company, who).permitted for who in people)


def _calls(company: Company, people: list[str]) -> list[str]:
    """The numbers at which people would be called about events; empty for nobody."""
    found = []
    for who in people:
        done = company.act(
            "disclose", "service.mailer", "marketing.communications.phone",
            person=who, fields=("phone",), recipient="phone-centre", channel="phone", topic="events",
            case=company.open_case("campaign", "staff.marketing", "marketing.communications", who),
        )  # fmt: skip
        found.append(str(done.values.get("phone", "")))
    return found
