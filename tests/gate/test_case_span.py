"""A case is over when the policy says so, whether or not somebody closed it."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.gate.conftest import SUPPORT, Company
from troth.gate.cases import Case, live
from troth.kernel import micros
from troth.policy import compile_policy, kept_policy, read_span

_TITLE = b"title: A question or fault that a person has reported\n"


def _read(company: Company, who: str, case: str) -> bool:
    return company.act("use", "staff.support", SUPPORT, person=who, fields=("email",), case=case).permitted


def test_case_ends_after_its_declared_span(company: Company, reference_text: bytes) -> None:
    """A ticket declared to expire after 7 days gives access for 7 days and not an instant longer."""
    company.publish(reference_text.replace(_TITLE, _TITLE + b"expires: 7 days\n"))
    who = company.register(1)
    case = company.open_case("ticket", "staff.support", SUPPORT, who)
    company.clock.advance(timedelta(days=7) - timedelta(microseconds=1))
    assert _read(company, who, case)
    company.clock.advance(timedelta(microseconds=1))
    assert not _read(company, who, case)


def test_case_without_a_span_stays_open(company: Company) -> None:
    """A type that declares no span is open until somebody closes it."""
    who = company.register(1)
    case = company.open_case("ticket", "staff.support", SUPPORT, who)
    company.clock.advance(timedelta(days=1000))
    assert _read(company, who, case)


@pytest.mark.parametrize(
    ("span", "opened", "last"),
    [
        ("4 hours", "2015-03-29T00:30:00", "2015-03-29T04:30:00"),
        ("30 days", "2015-02-01T00:00:00", "2015-03-03T00:00:00"),
        ("1 month", "2015-01-31T12:00:00", "2015-02-28T12:00:00"),
        ("2 years", "2016-02-29T00:00:00", "2018-02-28T00:00:00"),
        ("2 business days", "2015-04-17T15:00:00", "2015-04-21T15:00:00"),
    ],
)
def test_span_ends_at_its_instant(span: str, opened: str, last: str, reference_text: bytes) -> None:
    """Hours count as they are, months end no later than the month does, and weekends are no business days (UTC)."""
    policy = compile_policy(reference_text.replace(_TITLE, _TITLE + f"expires: {span}\n".encode()))
    assert read_span(span)
    start, end = (micros(datetime.fromisoformat(text).replace(tzinfo=UTC)) for text in (opened, last))
    case = Case("ticket", "", "", 0, start)
    assert live(case, policy.cases, end - 1)
    assert not live(case, policy.cases, end)


def test_case_of_a_type_no_longer_declared_is_over(reference_text: bytes) -> None:
    """When a new version of the policy drops a type of case, what was open under it gives nothing."""
    policy = kept_policy(reference_text)
    assert not live(Case("dropped", "", "", 0, 0), policy.cases, 1)


@pytest.mark.parametrize(
    ("bound", "role", "covered"),
    [
        ("staff.support", "staff.support", True),
        ("staff.support", "staff.support.second", True),
        ("staff.support", "staff.supporters", False),
        ("staff.support", "staff", False),
        ("staff.support", "staff.billing", False),
        ("", "staff.billing", True),
    ],
)
def test_a_case_that_is_bound_to_a_role_opens_nothing_to_others(bound: str, role: str, covered: bool) -> None:  # noqa: FBT001  a parameter of the table
    """Whoever the key belongs to: only the role, and those below it."""
    assert Case("ticket", "ann", bound, 0, 1).covers("ann", role) is covered


@pytest.mark.parametrize(
    ("person", "closed", "records", "covered"),
    [
        ("ann", 0, ("one",), True),
        ("ann", 0, ("one", "joined"), True),
        ("ann", 0, ("one", "other"), False),
        ("bob", 0, ("one",), False),
        ("ann", 7, ("one",), False),
    ],
)
def test_a_case_covers_its_person_and_its_records_while_it_is_open(
    person: str,
    closed: int,
    records: tuple[str, ...],
    covered: bool,  # noqa: FBT001  a parameter of the table
) -> None:
    """Nobody else's, no other record, and nothing once it is closed."""
    case = Case("ticket", "ann", "", closed, 1, record="one", joined=frozenset({"joined"}))
    assert case.covers(person, "staff.support", records) is covered
