"""One look at the policy for a piece of the service's own work: read once, and never what decides an act."""

from threading import Thread

import pytest

from tests.gate.conftest import Company
from troth.gate import Outcome, revoke_key
from troth.kernel import Unauthenticated
from troth.policy import Policy
from troth.storage import Transaction


def test_a_look_keeps_the_version_and_an_act_in_it_does_not(company: Company, reference_text: bytes) -> None:
    """A version that is posted meanwhile decides the next act; what asks for the policy sees it with the next look."""
    gate, before = company.gate, company.gate.policy()
    seen: list[Policy] = []

    def along(tx: Transaction, outcomes: object) -> None:
        del tx, outcomes
        seen.append(gate.policy())

    def elsewhere() -> None:
        seen.append(gate.policy())

    with gate.one_look():
        assert gate.policy() is before
        after = company.publish(reference_text + b"\nOne more sentence.\n")
        assert gate.policy() is before
        (outcome,) = gate.perform_along([company.registration()], along)
        other = Thread(target=elsewhere)
        other.start()
        other.join()
        assert gate.policy() is before
    assert after.sha256 != before.sha256
    assert outcome.policy == after.sha256
    assert [one.sha256 for one in seen] == [after.sha256, after.sha256]
    assert gate.policy().sha256 == after.sha256


def test_a_key_that_is_revoked_in_a_look_acts_no_more(company: Company) -> None:
    """Whoever stood behind it is told on until the look ends; the next act with it is refused."""
    gate, key = company.gate, company.key("service.collection")

    def registered() -> Outcome:
        return gate.perform([company.registration(2)])[0]

    with gate.one_look():
        actor = gate.actor(key)
        assert registered().permitted
        with company.database.transaction() as tx:
            revoke_key(tx, actor.key_id, company.clock.now())
        assert gate.actor(key) is actor
        refused = registered()
        assert refused.problem is not None
        assert refused.problem.code == Unauthenticated.code
    with pytest.raises(Unauthenticated):
        gate.actor(key)


def test_a_look_within_a_look_is_the_same_look(company: Company, reference_text: bytes) -> None:
    """It ends with the outer one."""
    with company.gate.one_look():
        with company.gate.one_look():
            before = company.gate.policy()
        company.publish(reference_text + b"\nOne more sentence.\n")
        assert company.gate.policy() is before
    assert company.gate.policy() is not before


def test_a_look_that_fails_ends(company: Company, reference_text: bytes) -> None:
    """Nothing of it is left to who comes after."""
    before = company.gate.policy()

    def fail() -> None:
        with company.gate.one_look():
            assert company.gate.policy() is before
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    company.publish(reference_text + b"\nOne more sentence.\n")
    assert company.gate.policy() is not before
