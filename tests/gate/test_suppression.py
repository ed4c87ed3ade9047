"""The suppression list: orders that keep it, facts that it establishes, and what outlives a person."""

from datetime import timedelta

import msgspec
import pytest
from sqlalchemy import select

from tests.gate.conftest import REGISTER, RIGHTS, SUPPORT, Company
from tests.support.policies import REFERENCE
from troth.gate import DISPOSER, Ask, Outcome, dispose_suppressions
from troth.kernel import Refused
from troth.storage import Statement
from troth.storage.jobs import job
from troth.vault.tables import suppression

MAIL = "marketing.communications.email"
NOTIFY = "essential.service.notifications.email"
ADDRESS = "person1@example.com"


def _order(
    company: Company, order: str, about: str = "", role: str = "staff.privacy", **more: str
) -> Outcome:
    return company.act(
        "instruct",
        role,
        RIGHTS,
        order=order,
        about=about,
        identify=more.pop("identify", {"email": ADDRESS}),
        **more,
    )


def _imported(company: Company, **values: str) -> Ask:
    given = {"email": ADDRESS, "name": "Person 1", **values}
    return company.ask("collect", "service.import", REGISTER, point="import", channel="import", values=given)


def _import(company: Company, **values: str) -> Outcome:
    return company.gate.perform([_imported(company, **values)])[0]


def _send(company: Company, person: str, purpose: str, **more: str) -> Outcome:
    return company.act(
        "send",
        "service.mailer",
        purpose,
        person=person,
        fields=("email",),
        recipient="email-provider",
        channel="email",
        **more,
    )


def _erase(company: Company, person: str) -> None:
    case = company.open_case("request", "staff.privacy", RIGHTS, person)
    assert company.act("erase", "staff.privacy", RIGHTS, person=person, case=case).permitted


def test_listed_identifier_is_shown_with_its_reason_and_released(company: Company) -> None:
    """An identifier stands on the list for each reason that was given, from then on, until it is released for that one."""
    for reason in ("opted-out", "no-contact", "opted-out"):
        assert _order(company, "suppress", reason).permitted
    shown = _order(company, "show-suppression").values["suppressions"]
    assert [(row["identifier"], row["reason"]) for row in shown] == [
        ("email", "no-contact"),
        ("email", "opted-out"),
    ]
    assert _order(company, "release-suppression", "opted-out").permitted
    assert [row["reason"] for row in _order(company, "show-suppression").values["suppressions"]] == [
        "no-contact"
    ]
    gone = _order(company, "release-suppression", "opted-out")
    assert gone.problem is not None
    assert gone.problem.status == 404


def test_list_holds_no_value_and_the_ledger_names_none(company: Company) -> None:
    """At rest an identifier is 32 bytes of a keyed hash; the ledger says which kind, why and by whom."""
    assert _order(company, "suppress", "bounced").permitted
    with company.database.snapshot() as tx:
        rows = tx.rows(Statement(select(suppression.c.kind, suppression.c.blind, suppression.c.reason)))
    assert [(kind, len(bytes(blind)), reason) for kind, blind, reason in rows] == [("email", 32, "bounced")]
    entry = company.entries()[-1]
    assert (entry.act, entry.actor, entry.detail) == (
        "suppress",
        "staff.privacy",
        {"identifiers": "email", "reason": "bounced"},
    )
    assert ADDRESS.encode() not in msgspec.json.encode(entry)


@pytest.mark.parametrize("role", ["staff.support", "staff.marketing", "service.import", "service.web"])
@pytest.mark.parametrize("order", ["suppress", "show-suppression", "release-suppression"])
def test_list_cannot_be_asked_without_the_right_role(company: Company, role: str, order: str) -> None:
    """Whoever may not look gets the same refusal for an address on the list and for one that is not."""
    assert _order(company, "suppress", "erased").permitted
    about = "" if order == "show-suppression" else "erased"
    answers = [
        _order(company, order, about, role=role, identify={"email": address})  # type: ignore[arg-type]
        for address in (ADDRESS, "nobody@example.com")
    ]
    assert [one.problem.status for one in answers if one.problem] == [403, 403]
    assert answers[0].explanation == answers[1].explanation
    assert [one.person for one in answers] == ["", ""]


def test_erased_person_is_not_imported_again(company: Company) -> None:
    """After an erasure an import of the address is refused by I.1, in whatever case it is written; others come in."""
    _erase(company, company.register(1))
    for address in (ADDRESS, ADDRESS.upper()):
        refused = _import(company, email=address)
        assert (refused.effect, refused.clauses) == ("deny", ("I.1",))
    assert _import(company, email="other@example.com").permitted


def test_erased_person_may_come_back_by_themselves(company: Company) -> None:
    """Whoever was erased and registers again is taken in, is no longer reached by imports, and gets mail if they ask."""
    _erase(company, company.register(1))
    back = company.register(1)
    assert not _import(company).permitted
    assert not _send(company, back, MAIL).permitted
    _consent(company, back)
    assert _send(company, back, MAIL).permitted


def _consent(company: Company, person: str) -> None:
    order = company.act(
        "instruct",
        "staff.privacy",
        RIGHTS,
        order="record-stance",
        person=person,
        about=MAIL,
        stance="consented",
    )
    assert order.permitted


def test_serial_of_an_erased_person_is_no_person(company: Company) -> None:
    """A thing that changed hands is imported with its new owner, although the old one was erased."""
    _erase(company, company.register(1, serial="SN-9999"))
    taken = _import(company, email="new-owner@example.com", product="sensor", serial="SN-9999")
    assert taken.permitted, taken


def test_objection_outlives_its_person(company: Company) -> None:
    """What a person objected to still holds for whoever comes with the address after the erasure, until withdrawn."""
    first = company.register(1)
    objected = {"about": "marketing.communications", "stance": "objected"}
    order = company.act("instruct", "staff.privacy", RIGHTS, order="record-stance", person=first, **objected)
    assert order.permitted
    _erase(company, first)
    back = company.register(1)
    _consent(company, back)
    denied = _send(company, back, MAIL)
    assert (denied.effect, "II.14" in denied.clauses) == ("deny", True)
    withdrawn = {"about": "marketing", "stance": "objected"}
    order = company.act(
        "instruct", "staff.privacy", RIGHTS, order="withdraw-stance", person=back, **withdrawn
    )
    assert order.permitted
    assert _send(company, back, MAIL).permitted


@pytest.mark.parametrize(
    ("reason", "goes"), [("opted-out", [NOTIFY]), ("no-contact", []), ("bounced", []), ("", [MAIL, NOTIFY])]
)
def test_reason_decides_which_messages_go(company: Company, reason: str, goes: list[str]) -> None:
    """Each reason stops what the policy says of it, although the person consented; nothing is staged for the outbox."""
    person = company.register(1)
    _consent(company, person)
    if reason:
        assert _order(company, "suppress", reason).permitted
    ticket = company.open_case("ticket", "staff.support", SUPPORT, person)
    before = company.count(job)
    sent = [
        one
        for one in (MAIL, NOTIFY)
        if _send(company, person, one, case=ticket, message="case-news").permitted
    ]
    assert sent == goes
    assert company.count(job) - before == len(goes)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"about": "whim"}, "about"),
        ({"identify": {}}, "identify"),
        ({"order": "release-suppression", "about": "child"}, "method"),
    ],
)
def test_malformed_order_says_what_is_missing(company: Company, given: dict[str, str], field: str) -> None:
    """An order without an identifier, a known reason or, for a child, a verified parent is refused by name."""
    outcome = _order(company, **{"order": "suppress", "about": "child", **given})
    assert outcome.problem is not None
    assert (outcome.problem.status, outcome.problem.field) == (422, field)


def _listed(company: Company) -> int:
    with company.database.snapshot() as tx:
        return len(tx.rows(Statement(select(suppression.c.kind))))


def test_the_list_is_disposed_of_after_its_declared_time(company: Company) -> None:
    """Ten years to the day, by the policy's clock and clause, on record with the number; what is younger stays."""
    begun = company.clock.now()
    assert _order(company, "suppress", "no-contact").permitted
    company.clock.set(begun.replace(year=begun.year + 4))
    assert _order(company, "suppress", "bounced").permitted
    company.clock.set(begun.replace(year=begun.year + 10))
    assert dispose_suppressions(company.gate, company.database, company.clock) == 0
    assert _listed(company) == 2
    company.clock.set(company.clock.now() + timedelta(seconds=1))
    assert dispose_suppressions(company.gate, company.database, company.clock) == 1
    assert [row["reason"] for row in _order(company, "show-suppression").values["suppressions"]] == [
        "bounced"
    ]
    (entry,) = [one for one in company.entries() if one.actor == DISPOSER]
    assert (entry.act, entry.effect, dict(entry.detail)["count"]) == ("erase", "permit", "1")
    assert dispose_suppressions(company.gate, company.database, company.clock) == 0


def test_the_list_stays_where_the_policy_disposes_of_nothing(company: Company) -> None:
    """Without a retention that counts from the listing nothing goes; without a permit the disposal is refused and undone."""
    text = REFERENCE.read_text(encoding="utf-8")
    assert _order(company, "suppress", "no-contact").permitted
    company.clock.set(company.clock.now() + timedelta(days=40 * 365))
    company.publish(text.replace("after: suppression.added", "after: account.closed").encode())
    assert dispose_suppressions(company.gate, company.database, company.clock) == 0
    kept = """```rule
forbid: keep-addresses
acts: [erase]
actors: [service.disposal]
data: [user.contact]
purposes: [essential.service.disposal]
reason: Nothing is disposed of for now.
```

```rule
forbid: erase-what-law-keeps"""
    company.publish(text.replace("```rule\nforbid: erase-what-law-keeps", kept).encode())
    with pytest.raises(Refused):
        dispose_suppressions(company.gate, company.database, company.clock)
    assert _listed(company) == 1
