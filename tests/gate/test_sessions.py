"""Sessions: people act in their own name, on their own data, until the session ends."""

from datetime import timedelta
from typing import Any

import pytest

from tests.gate.conftest import ACCOUNT, RIGHTS, Company
from troth.gate import Ask, Outcome
from troth.gate.tables import person_session

SIGN_IN = "essential.service.authentication"


def _session(company: Company, who: str, **more: str) -> str:
    opened = company.act("instruct", "service.web", SIGN_IN, order="open-session", person=who, **more)
    assert opened.permitted, opened
    return str(opened.values["session"])


def _own(company: Company, key: str, person: str, act: str = "use", **more: Any) -> Outcome:
    fields = ("email",) if act == "use" else ()
    return company.gate.perform(
        [Ask(act=act, purpose=more.pop("purpose", ACCOUNT), key=key, person=person, fields=fields, **more)]
    )[0]


def test_person_reads_own_data_only(company: Company) -> None:
    """Who is signed in reads their own profile; somebody else's is refused, whatever rule permits it to people."""
    ann, bob = company.register(1), company.register(2)
    key = _session(company, ann)
    assert _own(company, key, ann).values == {"email": "person1@example.com"}
    refused = _own(company, key, bob)
    assert refused.problem is not None
    assert (refused.problem.status, refused.problem.clause) == (403, "IV.2")


def test_session_ends_by_itself_and_by_order(company: Company) -> None:
    """A closed or outlived session is no credential any more; closing all ends every one."""
    ann = company.register(1)
    first, second, third = (_session(company, ann) for _ in range(3))
    closed = _own(company, first, ann, "instruct", order="close-session", purpose=SIGN_IN)
    assert closed.permitted, closed
    assert [_status(_own(company, key, ann)) for key in (first, second, third)] == [401, 200, 200]
    assert _own(company, second, ann, "instruct", order="close-sessions", purpose=SIGN_IN).permitted
    assert [_status(_own(company, key, ann)) for key in (second, third)] == [401, 401]
    last = _session(company, ann)
    company.clock.advance(timedelta(days=1))
    assert _status(_own(company, last, ann)) == 401
    assert company.gate.clear_credentials() == 1
    assert company.count(person_session) == 0


def test_forged_session_is_nobody(company: Company) -> None:
    """The right id with another secret, a wrong shape and an API key's prefix give nobody away."""
    ann = company.register(1)
    key = _session(company, ann)
    prefix, session, _ = key.split("_", 2)
    for forged in (f"{prefix}_{session}_x", f"{prefix}_", key + "x", f"{prefix}_{'0' * 32}_x"):
        assert _status(_own(company, forged, ann)) == 401


def test_link_from_the_mailbox_signs_in_once(company: Company) -> None:
    """The secret names the person; used twice, or late, it opens nothing."""
    ann = company.register(1)
    proofs = [
        str(
            company.act(
                "instruct", "service.mailer", SIGN_IN, order="issue-proof", kind="sign-in", person=ann
            ).values["proof"]
        )
        for _ in range(2)
    ]
    opened = company.act("instruct", "service.web", SIGN_IN, order="open-session", proof=proofs[0])
    assert opened.person == ann
    again = company.act("instruct", "service.web", SIGN_IN, order="open-session", proof=proofs[0])
    assert _status(again) == 404
    company.clock.advance(timedelta(minutes=20))
    late = company.act("instruct", "service.web", SIGN_IN, order="open-session", proof=proofs[1])
    assert _status(late) == 404


def test_erased_person_is_signed_out(company: Company) -> None:
    """With the person every session goes."""
    ann = company.register(1)
    key = _session(company, ann)
    case = company.open_case("request", "staff.privacy", RIGHTS, ann)
    assert company.act("erase", "staff.privacy", RIGHTS, person=ann, case=case).permitted
    assert company.count(person_session) == 0
    assert _status(_own(company, key, ann)) == 401


def _status(outcome: Outcome) -> int:
    return outcome.problem.status if outcome.problem else 200


@pytest.mark.parametrize("order", ["open-session", "close-sessions", "list-sessions", "issue-proof"])
def test_who_may_order_something_else_becomes_nobody_else(company: Company, order: str) -> None:
    """Under a purpose that permits a role to open cases, nobody opens a session of somebody, or makes a link to sign in."""
    who = company.register()
    told = company.act(
        "instruct", "staff.privacy", RIGHTS, order=order, kind="sign-in", person=who, device="x"
    )
    assert not told.permitted
    assert told.problem is not None
    assert (told.problem.clause, told.problem.field) == ("I.4", "purpose")
    denied = company.act("instruct", "staff.privacy", SIGN_IN, order=order, kind="sign-in", person=who)
    assert not denied.permitted


def test_session_left_open_takes_nothing_over(company: Company) -> None:
    """An hour after signing in neither a password is set nor the account closed, whoever calls the gate (clause I.4)."""
    ann = company.register(1)
    key = _session(company, ann)
    company.clock.advance(timedelta(hours=1))
    assert _own(company, key, ann).permitted
    closed = _own(company, key, ann, "erase")
    removed = company.gate.perform(
        [Ask(act="erase", purpose=SIGN_IN, key=key, person=ann, fields=("password",))]
    )[0]
    for refused in (closed, removed):
        assert (_status(refused), refused.clauses) == (403, ("I.4",))
    assert company.act("use", "service.web", SIGN_IN, person=ann, fields=("email",)).permitted
    assert _own(company, _session(company, ann), ann, "erase").permitted
