"""Who closes a case: whoever may open or cite its type, and of people only whose it is."""

import pytest

from tests.gate.conftest import RIGHTS, SUPPORT, Company
from troth.gate import Ask, Outcome

SIGN_IN = "essential.service.authentication"


def _close(company: Company, key: str, purpose: str, case: str) -> Outcome:
    return company.gate.perform(
        [Ask(act="instruct", purpose=purpose, key=key, order="close-case", case=case)]
    )[0]


def test_a_role_closes_no_case_of_a_type_that_is_not_its_own(company: Company) -> None:
    """A permit to open tickets does not reach the requests of the privacy desk, whose clause is named."""
    who = company.register()
    request = company.open_case("request", "staff.privacy", RIGHTS, who)
    support = company.key("staff.support", cases=("ticket",))
    closed = _close(company, support, SUPPORT, request)
    assert closed.problem is not None
    assert (closed.problem.status, closed.problem.clause) == (403, "III.0")
    assert _close(company, company.key("staff.privacy"), RIGHTS, request).permitted


@pytest.mark.parametrize("own", [True, False])
def test_people_close_their_own_cases_only(company: Company, own: bool) -> None:  # noqa: FBT001  pytest gives it
    """Who is signed in closes a case of their own; of somebody else's they learn nothing."""
    ann, bob = company.register(1), company.register(2)
    case = company.open_case("request", "staff.privacy", RIGHTS, ann)
    opened = company.act("instruct", "service.web", SIGN_IN, order="open-session", person=ann if own else bob)
    closed = _close(company, str(opened.values["session"]), RIGHTS, case)
    if own:
        assert closed.permitted, closed
    else:
        assert closed.problem is not None
        assert closed.problem.status == 404
