"""Children: a record is purged on later knowledge and does not come back; a verified parent's consent is a state with an end."""

from datetime import timedelta

import pytest

from tests.gate.conftest import RIGHTS, SUPPORT, Company
from troth.gate import Outcome
from troth.vault.tables import childhood, person, sealed_field, suppression

ADDRESS = "person1@example.com"


def _order(
    company: Company, order: str, role: str = "staff.privacy", purpose: str = RIGHTS, **more: str
) -> Outcome:
    return company.act("instruct", role, purpose, order=order, **more)


def _verify(company: Company, who: str, until: str = "2026-12-31") -> Outcome:
    return _order(company, "verify-parent", person=who, method="signed-form", until=until)


def _read(company: Company, who: str, case: str) -> Outcome:
    return company.act("use", "staff.support", SUPPORT, person=who, fields=("email",), case=case)


def _share(company: Company, who: str, *more: str) -> Outcome:
    return company.act(
        "disclose",
        "service.web",
        "third_party_sharing.integral_product",
        person=who,
        fields=("email", *more),
        recipient="threat-exchange",
    )


def test_purge_erases_and_suppresses_and_repeats(company: Company) -> None:
    """One order erases the record, keeps the address out, and tells the clock; done again it changes nothing."""
    who = company.register(1)
    first = _order(company, "purge-child", identify={"email": ADDRESS})  # type: ignore[arg-type]
    assert first.permitted
    assert first.values["erased"] is True
    assert first.obligations == ("purge-child",)
    assert (company.count(person), company.count(sealed_field)) == (0, 0)
    kept = company.count(suppression)
    again = _order(company, "purge-child", identify={"email": ADDRESS})  # type: ignore[arg-type]
    assert again.permitted
    assert again.values["erased"] is False
    assert company.count(suppression) == kept
    assert _order(company, "purge-child", person=who).permitted
    refused = company.gate.perform([company.registration(1)])[0]
    assert (refused.effect, "I.19" in refused.clauses) == ("deny", True)
    assert company.count(person) == 0


def test_purge_says_whether_its_clock_was_met(company: Company) -> None:
    """The two days count from when it became known, and the ledger keeps whether they were kept."""
    company.register(1)
    known = company.clock.now().isoformat()
    company.clock.advance(timedelta(days=2, seconds=1))
    order = _order(company, "purge-child", identify={"email": ADDRESS}, since=known)  # type: ignore[arg-type]
    assert [(clock["obligation"], clock["met"]) for clock in order.values["clocks"]] == [
        ("purge-child", "late")
    ]
    entry = next(one for one in company.entries() if one.act == "purge-child")
    assert entry.detail["clock"].startswith("purge-child late, due ")
    ahead = (company.clock.now() + timedelta(hours=1)).isoformat()
    early = _order(company, "purge-child", identify={"email": ADDRESS}, since=ahead)  # type: ignore[arg-type]
    assert early.problem is not None
    assert early.problem.field == "since"


def test_support_purges_only_under_a_ticket_about_the_child(company: Company) -> None:
    """A ticket about this person is enough for support; none, or one about somebody else, is not."""
    child, other = company.register(1), company.register(2)
    ticket = company.open_case("ticket", "staff.support", SUPPORT, other)
    order = {"role": "staff.support", "purpose": SUPPORT, "person": child}
    for case in ("", ticket):
        assert not _order(company, "purge-child", **order, case=case).permitted
    assert company.count(person) == 2
    ticket = company.open_case("ticket", "staff.support", SUPPORT, child)
    assert _order(company, "purge-child", **order, case=ticket).permitted
    assert company.count(person) == 1


def test_parents_consent_ends_by_the_clock_or_by_withdrawal(company: Company) -> None:
    """A child's record is used while a verified parent's consent is in force, to its last second, and not after."""
    who = company.register(1)
    case = company.open_case("ticket", "staff.support", SUPPORT, who)
    last = company.clock.now().date() + timedelta(days=10)
    assert _verify(company, who, last.isoformat()).permitted
    assert _read(company, who, case).permitted
    over = company.clock.now().replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=11)
    company.clock.set(over - timedelta(microseconds=1))
    assert _read(company, who, case).permitted
    company.clock.set(over)
    denied = _read(company, who, case)
    assert (denied.effect, denied.clauses) == ("deny", ("I.19",))
    assert _verify(company, who, (over.date() + timedelta(days=30)).isoformat()).permitted
    assert _read(company, who, case).permitted
    assert _order(company, "withdraw-parent", person=who).permitted
    assert not _read(company, who, case).permitted
    entry = next(one for one in company.entries() if one.act == "verify-parent")
    assert entry.detail == {"method": "signed-form", "until": last.isoformat()}


def test_sharing_takes_a_consent_of_its_own(company: Company) -> None:
    """A child's data goes to another company only when the parent agreed to that too, and no longer than to the rest."""
    who = company.register(1)
    assert _verify(company, who).permitted
    assert "I.19" in _share(company, who).clauses
    assert _order(company, "allow-sharing", person=who).permitted
    assert "I.19" not in _share(company, who).clauses
    assert _order(company, "withdraw-sharing", person=who).permitted
    assert "I.19" in _share(company, who).clauses
    assert _order(company, "allow-sharing", person=who).permitted
    assert _verify(company, who).permitted
    assert "I.19" in _share(company, who).clauses  # a consent given anew says nothing of sharing


def test_consent_goes_with_its_person(company: Company) -> None:
    """A purge leaves nothing of the parent's consent."""
    who = company.register(1)
    assert _verify(company, who).permitted
    assert company.count(childhood) == 1
    assert _order(company, "purge-child", person=who).permitted
    assert company.count(childhood) == 0


def test_childs_address_comes_off_the_list_for_a_verified_parent(company: Company) -> None:
    """After a purge the address is taken again only when the desk says how the parent was verified."""
    who = company.register(1)
    assert _order(company, "purge-child", person=who).permitted
    released = _order(
        company,
        "release-suppression",
        about="child",
        identify={"email": ADDRESS},  # type: ignore[arg-type]
        method="video-call",
    )
    assert released.permitted, released
    assert company.gate.perform([company.registration(1)])[0].permitted


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"method": "hearsay"}, "method"),
        ({"until": "soon"}, "until"),
        ({"until": ""}, "until"),
        ({"until": "2020-01-01"}, "until"),
        ({"until": "2099-01-01"}, "until"),
        ({"person": "0" * 32}, "person"),
    ],
)
def test_consent_without_proof_or_end_is_refused(company: Company, given: dict[str, str], field: str) -> None:
    """How the parent was verified, a last day within five years and a known person are all needed."""
    who = company.register(1)
    order = {"person": who, "method": "signed-form", "until": "2026-12-31", **given}
    outcome = _order(company, "verify-parent", **order)
    assert outcome.problem is not None
    assert outcome.problem.field == field
    assert company.count(childhood) == 0
