"""People of the console: invited, signed in by two proofs, in sessions that end."""

from datetime import timedelta

import pytest

from tests.gate.conftest import RIGHTS
from tests.staff.conftest import PASSWORD, House
from troth.gate import key_records
from troth.kernel import Conflict, InvalidInput, NotFound, Refused, micros
from troth.staff import WrongSignIn
from troth.storage import Statement


def test_an_invitation_counts_once_and_for_seven_days(house: House) -> None:
    """It sets password and second factor; then, or late, it opens nothing."""
    member, token = house.roster.add(name="Ann.Example ", title="Ann", role="staff.privacy")
    assert (member.name, house.roster.invited(token)[0].staff) == ("ann.example", member.staff)
    with pytest.raises(InvalidInput):
        house.roster.enrol(token, PASSWORD, "000000")
    with pytest.raises(InvalidInput):
        house.roster.enrol(token, "short", "000000")
    house._seeds["ann.example"] = house.roster.invited(token)[1]
    house.roster.enrol(token, PASSWORD, house.code())
    for gone in (token, "", token[:-1]):
        with pytest.raises(NotFound):
            house.roster.invited(gone)
    _, late = house.roster.add(name="bob.example", title="", role="staff.privacy")
    house.clock.advance(timedelta(days=7))
    with pytest.raises(NotFound):
        house.roster.enrol(late, PASSWORD, "000000")


@pytest.mark.parametrize(
    ("name", "role", "error"),
    [
        ("a", "staff.privacy", InvalidInput),
        ("Ann Example", "staff.privacy", InvalidInput),
        ("ann.example", "staff.nothing", NotFound),
        ("ann.example", "service.web", NotFound),
        ("ANN.example", "staff.privacy", Conflict),
    ],
)
def test_who_cannot_be_added(house: House, name: str, role: str, error: type[Exception]) -> None:
    """No name, no role of staff, or a name that somebody has."""
    if error is Conflict:
        house.hire()
    with pytest.raises(error):
        house.roster.add(name=name, title="", role=role)


def test_a_session_is_a_key_under_the_role(house: House) -> None:
    """It carries the role, what the policy permits it, and whose it is; that it began stands in the ledger."""
    house.hire()
    who = house.at_work()
    actor = house.gate.actor(who.key)
    assert (actor.role, actor.holder, actor.who) == ("staff.privacy", who.member.staff, who.member.staff)
    assert actor.may_serve(RIGHTS)
    assert not actor.may_serve("marketing.communications.email")
    assert actor.cases == ("request", "dispute")
    assert house.entries()[-1].act == "begin-work"
    assert house.entries()[-1].actor == "staff.privacy"


def test_each_proof_is_needed_and_all_failures_look_alike(house: House) -> None:
    """Name, password and code; whoever is unknown, invited only or shut out gets the same words."""
    house.hire()
    house.hire("bob.example")
    house.roster.disable("bob.example")
    house.roster.add(name="cid.example", title="", role="staff.support")
    house.clock.advance(timedelta(minutes=1))
    tries = [
        ("ann.example", "another password of hers", house.code()),
        ("ann.example", PASSWORD, "000000"),
        ("ann.example", PASSWORD, ""),
        ("dan.example", PASSWORD, house.code()),
        ("bob.example", PASSWORD, house.code("bob.example")),
        ("cid.example", "", ""),
        ("", "", ""),
    ]
    told = set()
    for name, password, code in tries:
        with pytest.raises(WrongSignIn) as caught:
            house.desk.sign_in(name, password, code)
        told.add(str(caught.value))
    assert len(told) == 1
    assert house.desk.working(house.desk.sign_in("ANN.example", PASSWORD, house.code())) is not None


def test_a_code_counts_once(house: House) -> None:
    """Whoever looked over the shoulder, or catches it on the way, gains nothing; nor does an earlier one."""
    house.hire()
    before = house.code()
    house.clock.advance(timedelta(seconds=30))
    code = house.code()
    house.desk.sign_in("ann.example", PASSWORD, code)
    for again in (code, before):
        with pytest.raises(WrongSignIn):
            house.desk.sign_in("ann.example", PASSWORD, again)
    house.clock.advance(timedelta(minutes=2))
    with pytest.raises(WrongSignIn):
        house.desk.sign_in("ann.example", PASSWORD, code)


def test_a_recovery_code_counts_once(house: House) -> None:
    """For the day the phone is lost; typed without care it still counts, another's does not."""
    first, second, *rest = house.hire()
    others = house.hire("bob.example")
    assert len(rest) == 8
    house.desk.sign_in("ann.example", PASSWORD, first.lower().replace("-", " "))
    for bad in (first, others[0]):
        with pytest.raises(WrongSignIn):
            house.desk.sign_in("ann.example", PASSWORD, bad)
    house.desk.sign_in("ann.example", PASSWORD, second)


def test_an_idle_session_ends_and_a_busy_one_too(house: House) -> None:
    """After half an hour without anything done, and after ten hours whatever was done; the key with it."""
    house.hire()
    idle, busy = house.at_work(), house.at_work()
    for _ in range(20):
        house.clock.advance(timedelta(minutes=29))
        assert house.desk.working(busy.key) is not None
    assert house.desk.working(idle.key) is None
    assert not house.act_with(idle.key).permitted
    house.clock.advance(timedelta(minutes=21))
    assert house.desk.working(busy.key) is None
    assert not house.act_with(busy.key).permitted


def test_sessions_are_listed_and_ended(house: House) -> None:
    """One's own only; a session that was ended acts no more."""
    house.hire()
    house.hire("bob.example")
    first, second, bob = house.at_work(), house.at_work(), house.at_work("bob.example")
    assert [one.session for one in house.desk.sessions(second)] == [second.session, first.session]
    with pytest.raises(NotFound):
        house.desk.end(bob, first.session)
    house.desk.end(second, first.session)
    assert house.desk.working(first.key) is None
    assert not house.act_with(first.key).permitted
    house.desk.end(second)
    assert house.desk.working(second.key) is None
    assert house.desk.working(bob.key) is not None


def test_shutting_out_and_beginning_anew_end_every_session(house: House) -> None:
    """At once; what proved them before proves nothing any more."""
    for end in (house.roster.disable, house.roster.reset):
        name = f"{end.__name__}.example"
        recovery = house.hire(name)
        who = house.at_work(name)
        end(name)
        assert house.desk.working(who.key) is None
        assert not house.act_with(who.key).permitted
        with pytest.raises(WrongSignIn):
            house.desk.sign_in(name, PASSWORD, recovery[0])
    with pytest.raises(NotFound):
        house.roster.disable("nobody.example")


def test_what_was_done_lately_must_be_proven_again(house: House) -> None:
    """Ten minutes after the sign-in; password and code bring it back, one of them does not."""
    house.hire()
    who = house.at_work()
    now = house.clock.now
    assert who.proven(micros(now()))
    house.clock.advance(timedelta(minutes=10))
    assert not who.proven(micros(now()))
    with pytest.raises(WrongSignIn):
        house.desk.confirm(who, PASSWORD, "000000")
    house.desk.confirm(who, PASSWORD, house.code())
    again = house.desk.working(who.key)
    assert again is not None
    assert again.proven(micros(now()))


def test_no_secret_stands_in_the_database(house: House) -> None:
    """Neither password, nor recovery code, nor invitation, nor what the phone shares, nor a session's key."""
    _, token = house.roster.add(name="cid.example", title="", role="staff.support")
    recovery = house.hire()
    who = house.at_work()
    shared = house.codes.shared(house._seeds["ann.example"])
    with house.database.snapshot() as tx:
        names = ("staff_member", "staff_code", "staff_passkey", "staff_session", "api_key")
        from troth.storage import data_tables

        dump = "".join(repr(tx.rows(Statement(data_tables.tables[name].select()))) for name in names)
    of_the_key = who.key.partition(f"{who.session}_")[2]
    assert len(of_the_key) > 40
    for secret in (PASSWORD, token, of_the_key, shared, *recovery):
        assert secret not in dump


def test_who_left_is_forgotten_when_the_time_is_over(house: House) -> None:
    """Until then their name stands beside what they did."""
    house.hire()
    house.roster.disable("ann.example")
    house.clock.advance(timedelta(days=29))
    assert house.roster.clear(timedelta(days=30)) == 0
    house.clock.advance(timedelta(days=1))
    assert house.roster.clear(timedelta(days=30)) == 1
    assert house.roster.members() == []


def test_a_policy_that_lets_nobody_sign_in_has_no_console(house: House) -> None:
    """Without the permit of the reference policy the sign-in is refused, and its key works no more."""
    house.hire()
    text = any_policy_without_permit()
    house.publish(text)
    house.clock.advance(timedelta(minutes=1))
    with pytest.raises(Refused):
        house.desk.sign_in("ann.example", PASSWORD, house.code())
    with house.database.snapshot() as tx:
        assert all(one.revoked_at for one in key_records(tx) if one.holder)


def any_policy_without_permit() -> bytes:
    """The reference policy in which no rule lets staff sign in."""
    from tests.support.policies import any_serial

    return any_serial().replace(
        b"acts: [instruct]\nactors: [staff]\n", b"acts: [instruct]\nactors: [staff.admin]\n"
    )
