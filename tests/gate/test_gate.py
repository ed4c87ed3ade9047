"""The gate decides, acts and records in one unit of work."""

from datetime import timedelta

import msgspec
import pytest
from sqlalchemy import insert, update

from tests.gate.conftest import FULFIL, REGISTER, RIGHTS, SUPPORT, Company
from troth.gate import revoke_key
from troth.gate.tables import policy_version
from troth.kernel import TrothError, Unavailable, micros
from troth.storage import Statement
from troth.vault import begin_erasure
from troth.vault.tables import erasure, identifier, person, sealed_field, suppression


def test_permitted_read_gives_values_and_an_entry(company: Company) -> None:
    """A support read under an open ticket gives exactly the fields asked for and is in the ledger."""
    who = company.register(1)
    case = company.open_case("ticket", "staff.support", SUPPORT, who)
    outcome = company.act("use", "staff.support", SUPPORT, person=who, fields=("email", "name"), case=case)
    assert outcome.permitted
    assert outcome.values == {"email": "person1@example.com", "name": "Person 1"}
    entry = company.entries()[-1]
    assert (entry.id, entry.effect, entry.person, entry.case) == (outcome.entry, "permit", who, case)
    assert entry.fields == ("email", "name")
    assert entry.policy == company.gate.policy().sha256


def test_denied_read_gives_nothing_and_is_recorded(company: Company) -> None:
    """A support read without a ticket gives no value, names the clause, and is in the ledger as a denial."""
    who = company.register(1)
    outcome = company.act("use", "staff.support", SUPPORT, person=who, fields=("email",))
    assert outcome.effect == "deny"
    assert outcome.values == {}
    assert outcome.problem is not None
    assert (outcome.problem.status, outcome.problem.clause) == (403, "II.12")
    entry = company.entries()[-1]
    assert (entry.id, entry.effect, entry.person) == (outcome.entry, "deny", who)


@pytest.mark.parametrize("spoil", ["closed", "other person", "other type", "key may not cite it", "unknown"])
def test_case_must_be_open_about_this_person_and_of_the_right_type(company: Company, spoil: str) -> None:
    """A case that does not give this business need gives nothing."""
    who, other = company.register(1), company.register(2)
    key = company.key("staff.support")
    case = company.open_case("ticket", "staff.support", SUPPORT, who)
    about = who
    if spoil == "closed":
        assert company.act(
            "instruct", "staff.support", SUPPORT, order="close-case", case=case, person=who
        ).permitted
    elif spoil == "other person":
        about = other
    elif spoil == "other type":
        case = company.open_case("request", "staff.privacy", RIGHTS, who)
    elif spoil == "key may not cite it":
        key = company.key("staff.support", cases=["order"])
    else:
        case = "0" * 32
    outcome = company.act(
        "use", "staff.support", SUPPORT, person=about, fields=("email",), case=case, key=key
    )
    assert outcome.effect == "deny"
    assert outcome.values == {}


def test_purpose_cannot_be_claimed(company: Company) -> None:
    """A key that was not granted the purpose is denied, whatever the case says."""
    who = company.register(1)
    case = company.open_case("ticket", "staff.support", SUPPORT, who)
    narrow = company.key("staff.support", purposes=["marketing"])
    outcome = company.act(
        "use", "staff.support", SUPPORT, person=who, fields=("email",), case=case, key=narrow
    )
    assert outcome.effect == "deny"
    assert outcome.problem is not None
    assert outcome.problem.status == 403


@pytest.mark.parametrize("key", ["", "nonsense", "troth_x_y", "troth_" + "0" * 32 + "_wrong"])
def test_unknown_key_is_nobody(company: Company, key: str) -> None:
    """Without a known key nothing is decided, done or recorded."""
    who = company.register(1)
    before = len(company.entries())
    outcome = company.gate.perform(
        [company.ask("use", "staff.support", SUPPORT, person=who, fields=("email",), key=key or "x")]
    )[0]
    assert outcome.problem is not None
    assert outcome.problem.status == 401
    assert len(company.entries()) == before


def test_revoked_and_expired_keys_stop_at_once(company: Company) -> None:
    """A key works until the act before its end."""
    from troth.gate import issue_key

    who = company.register(1)
    case = company.open_case("ticket", "staff.support", SUPPORT, who)
    with company.database.transaction() as tx:
        now = company.clock.now()
        key, key_id = issue_key(
            tx,
            name="a",
            role="staff.support",
            purposes=["*"],
            cases=["*"],
            now=now,
            expires=now + timedelta(hours=1),
        )
    ask = company.ask("use", "staff.support", SUPPORT, person=who, fields=("email",), case=case, key=key)
    taken = company.ask("instruct", "staff.support", SUPPORT, order="assign-case", case=case, key=key)
    assert [one.permitted for one in company.gate.perform([taken])] == [True]
    assert company.gate.perform([ask])[0].permitted
    company.clock.advance(timedelta(hours=1, microseconds=1))
    expired = company.gate.perform([ask])[0].problem
    assert expired is not None
    assert expired.status == 401
    company.clock.advance(-timedelta(minutes=1))
    with company.database.transaction() as tx:
        revoke_key(tx, key_id, company.clock.now())
    revoked = company.gate.perform([ask])[0].problem
    assert revoked is not None
    assert revoked.status == 401


def test_batch_keeps_outcomes_apart_and_in_order(company: Company) -> None:
    """One act's failure is its own: the others of the batch are done, and outcomes stand in the order of the acts."""
    company.register(1)
    taken = company.registration(2, serial="SN-0001")
    unclassed = company.registration(3, shoe_size="44")
    outcomes = company.gate.perform([company.registration(4), taken, unclassed, company.registration(5)])
    assert [one.permitted for one in outcomes] == [True, False, False, True]
    assert outcomes[1].problem is not None
    assert outcomes[1].problem.status == 409
    assert outcomes[2].problem is not None
    assert (outcomes[2].problem.status, outcomes[2].problem.clause) == (422, "0.4")
    assert company.count(person) == 3
    assert company.count(sealed_field) == 12


def test_same_person_twice_in_a_batch_is_one_person(company: Company) -> None:
    """Two collections with one new e-mail address, however it is written, make one person."""
    first, second = company.gate.perform(
        [company.registration(1), company.registration(1, email="PERSON1@example.com", serial="SN-9999")]
    )
    assert first.person == second.person
    assert company.count(person) == 1


def test_unwritable_ledger_refuses_the_act(company: Company) -> None:
    """When the entry cannot be written, nothing of the act remains."""
    who = company.register(1)
    before = company.count(sealed_field)
    with company.database.transaction() as tx:
        tx.script("ALTER TABLE ledger_staged RENAME TO ledger_gone")
    with pytest.raises(Unavailable):
        company.gate.perform([company.registration(2)])
    with company.database.transaction() as tx:
        tx.script("ALTER TABLE ledger_gone RENAME TO ledger_staged")
    assert company.count(person) == 1
    assert company.count(sealed_field) == before
    assert company.gate.perform([company.registration(2)])[0].permitted
    assert who


def test_read_of_a_person_nobody_knows(company: Company) -> None:
    """Only somebody who may read learns that a handle is unknown; others are denied all the same."""
    ghost = "0" * 32
    key_id = company.gate.actor(company.key("staff.support")).who
    with company.database.transaction() as tx:
        from troth.gate.tables import case_file

        tx.run(Statement(insert(case_file)), ("c" * 32, "ticket", ghost, "", 1, 0, "", 0, key_id))
    may = company.act("use", "staff.support", SUPPORT, person=ghost, fields=("email",), case="c" * 32)
    assert may.problem is not None
    assert may.problem.status == 404
    may_not = company.act("use", "staff.fulfilment", FULFIL, person=ghost, fields=("billing_address",))
    assert may_not.problem is not None
    assert may_not.problem.status == 403


def test_partial_act_withholds_what_is_not_allowed(company: Company) -> None:
    """With `partial` the allowed fields are given and the others are named as withheld."""
    who = company.register(1)
    case = company.open_case("ticket", "staff.support", SUPPORT, who)
    ask = {"person": who, "fields": ("email", "payment_token"), "case": case}
    assert company.act("use", "staff.support", SUPPORT, **ask).effect == "deny"
    outcome = company.act("use", "staff.support", SUPPORT, partial=True, **ask)
    assert outcome.permitted
    assert outcome.values == {"email": "person1@example.com"}
    assert outcome.withheld == ("payment_token",)


def test_erasure_leaves_only_a_suppression(company: Company) -> None:
    """Erasing removes keys, rows and index entries; only keyed hashes of the identifiers stay."""
    who = company.register(1)
    case = company.open_case("request", "staff.privacy", RIGHTS, who)
    assert company.act("erase", "staff.privacy", RIGHTS, person=who, case=case).permitted
    assert [company.count(table) for table in (person, sealed_field, identifier, erasure)] == [0, 0, 0, 0]
    assert company.count(suppression) > 0
    assert company.vault.keys.newest_keys([who]) == {}
    assert [entry.act for entry in company.entries()][-2:] == ["erase", "erased"]
    again = company.act("use", "staff.privacy", RIGHTS, person=who, fields=("email",), case=case)
    assert again.problem is not None
    assert again.problem.status == 404


def test_erasure_cut_off_after_its_intent_is_resumed(company: Company) -> None:
    """An erasure that stopped after the intent hides the person at once and is finished at the next start."""
    who = company.register(1)
    with company.database.transaction() as tx:
        begin_erasure(tx, who, micros(company.clock.now()))
    case = company.open_case("request", "staff.privacy", RIGHTS, who)
    hidden = company.act("use", "staff.privacy", RIGHTS, person=who, fields=("email",), case=case)
    assert hidden.problem is not None
    assert hidden.problem.status == 404
    assert company.gate.resume_erasures() == 1
    assert company.count(sealed_field) == 0
    assert company.vault.keys.newest_keys([who]) == {}
    assert company.gate.resume_erasures() == 0


def test_order_of_a_role_that_may_not_open(company: Company) -> None:
    """A case is opened only by roles that the policy lets open it, and only if it declares the type."""
    who = company.register(1)
    wrong = company.act(
        "instruct", "staff.support", SUPPORT, order="open-case", case_type="demand", person=who
    )
    assert wrong.problem is not None
    assert wrong.problem.status == 403
    unknown = company.act(
        "instruct", "staff.support", SUPPORT, order="open-case", case_type="whim", person=who
    )
    assert unknown.problem is not None
    assert (unknown.problem.status, unknown.problem.field) == (422, "case_type")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"act": "peek"}, "act"),
        ({"purpose": ""}, "purpose"),
        ({"channel": ""}, "channel"),
        ({"order": "explode"}, "order"),
        ({"reason": "x" * 201}, "reason"),
        ({"fields": tuple("abcdefgh" * 10)}, "fields"),
    ],
)
def test_malformed_act_is_refused_by_name(company: Company, change: dict[str, object], field: str) -> None:
    """A malformed act names the part at fault and stores nothing."""
    ask = msgspec.structs.replace(company.registration(1), **change)
    outcome = company.gate.perform([ask])[0]
    assert outcome.problem is not None
    assert (outcome.problem.status, outcome.problem.field) == (422, field)
    assert company.count(person) == 0
    assert company.entries() == []


@pytest.mark.parametrize("where", ["purpose", "recipient", "channel"])
def test_ledger_takes_declared_words_only(company: Company, where: str) -> None:
    """Whatever a caller writes where a declared word belongs is not kept in the ledger."""
    canary = "zq-canary@example.com"
    ask = company.ask("disclose", "staff.support", SUPPORT, fields=("email",))
    outcome = company.gate.perform([msgspec.structs.replace(ask, **{where: canary})])[0]
    assert outcome.effect == "deny"
    (entry,) = company.entries()
    assert getattr(entry, where) == "undeclared"
    assert canary not in repr(entry)


@pytest.mark.parametrize("where", ["person", "case"])
def test_handle_must_be_one(company: Company, where: str) -> None:
    """A text that is no handle is refused where a handle belongs, and recorded nowhere."""
    outcome = company.act("use", "staff.support", SUPPORT, fields=("email",), **{where: "ann@example.com"})
    assert outcome.problem is not None
    assert (outcome.problem.status, outcome.problem.field) == (422, where)
    assert company.entries() == []


def test_no_policy_in_force_decides_nothing(company: Company) -> None:
    """While no policy is posted, drafts or none, nothing is decided."""
    with company.database.transaction() as tx:
        tx.run(Statement(update(policy_version).values(posted_at=0)))
    with pytest.raises(TrothError, match="No policy version is in force"):
        company.act("use", "staff.support", SUPPORT, fields=("email",), key="troth_a_b")


def test_key_is_not_in_the_representation(company: Company) -> None:
    """An ask never shows its key."""
    ask = company.registration(1)
    assert ask.key not in repr(ask)
    assert REGISTER in repr(ask)
