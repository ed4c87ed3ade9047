"""Holds: what a law or a court keeps stays, and only that, for that only; everything else goes, and the rest follows by itself."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.rights.test_certificates import ask, issued
from tests.web import conftest as web_conftest
from tests.web.conftest import Web
from troth.bootstrap import Wish, backup_folder, open_troth, restore_folder
from troth.gate import Ask, Outcome, active_holds
from troth.rights import verify_certificate
from troth.storage import Lookup
from troth.vault import KeyRing, holdings_of
from troth.vault.tables import person_key

engine_web, web = web_conftest.engine_web, web_conftest.web
ANN = "ann@example.com"
FULFIL, BOOKS = "essential.service.fulfil_order", "essential.legal_obligation.accounting"
HOLD, DEMAND = "essential.legal_obligation.hold", "third_party_sharing.legal_obligation"
YEARS = timedelta(days=7 * 366)


def key(web: Web, role: str, *purposes: str) -> str:
    """A key of a role for every kind of case."""
    return web.troth.issue_key(name=role, role=role, purposes=list(purposes), cases=["*"])[0]


def act(web: Web, role: str, act: str, purpose: str, **more: Any) -> Outcome:
    """One act in a role."""
    (outcome,) = web.troth.perform([Ask(act=act, purpose=purpose, key=key(web, role, purpose), **more)])
    return outcome


def buy(web: Web, email: str = ANN, order: str = "OR-1") -> str:
    """Somebody buys something; gives the order's record."""
    address = {"line1": "1 Example Way", "city": "Example City", "country": "US"}
    values = {
        "name": "Ann Example", "email": email, "shipping_address": address, "billing_address": address, "country": "US",
        "payment_token": "tok-made", "order_lines": [{"sku": "EX-1", "quantity": 1}], "order_number": order,
    }  # fmt: skip
    outcome = act(
        web, "service.collection", "collect", FULFIL, channel="web", point="shop", notice="shop-notice",
        age_passed=True, values=values,
    )  # fmt: skip
    assert outcome.permitted, outcome
    return outcome.record


def person_of(web: Web, case: str) -> str:
    """Handle of whose request it is."""
    return web.troth.rights.matter(case).matter.person


def read(
    web: Web, role: str, purpose: str, person: str, record: str, *fields: str, case: str = "order"
) -> Outcome:
    """Read fields of a record under a case of that kind."""
    opening = FULFIL if case == "order" else DEMAND
    opened = act(web, role, "instruct", opening, order="open-case", case_type=case, person=person)
    assert opened.permitted, opened
    return act(web, role, "use", purpose, person=person, record=record, fields=fields, case=opened.case)


@pytest.fixture
def partly(engine_web: Web) -> tuple[Web, str, str]:
    """Ann registered a product, bought something and was erased; her request's case and the order's record."""
    assert engine_web.register().status_code == 201
    record = buy(engine_web)
    case = ask(engine_web)
    engine_web.troth.background.run_due()
    return engine_web, case, record


def test_what_the_law_keeps_stays_and_is_told(partly: tuple[Web, str, str]) -> None:
    """The order's name, billing address, lines and number; with the law and the day; the request ends in part."""
    web, case, _ = partly
    told = web.troth.rights.matter(case)
    assert told.matter.state == "partially-completed"
    assert "tax law" in told.matter.outcome
    kept = [item for item in told.items if item.left_over]
    assert [item.what.partition(":")[0] for item in kept] == ["order"]
    assert kept[0].what == "order: Billing address, Your name, What you order, Order number"
    assert kept[0].until > told.matter.ended_at
    found = verify_certificate(issued(web, case), web.troth.signer.verifier_key)
    assert not found.complete
    assert [line.reason for line in found.lines if line.store == "vault" and line.state == "kept"] == [
        kept[0].reason
    ]
    assert ANN not in issued(web, case)


def test_only_that_is_left_and_for_that_only(partly: tuple[Web, str, str]) -> None:
    """Billing reads the books for the books; shipping reads nothing; the address is found nowhere; what went is gone."""
    web, case, record = partly
    who = person_of(web, case)
    books = read(web, "staff.billing", BOOKS, who, record, "name", "billing_address", "order_number")
    assert set(books.values) == {"name", "billing_address", "order_number"}
    refused = read(web, "staff.billing", FULFIL, who, record, "name")
    assert (refused.effect, refused.clauses) == ("deny", ("III.2",))
    assert read(web, "staff.fulfilment", FULFIL, who, record, "name").effect == "deny"
    gone = act(web, "staff.support", "instruct", "essential.service.operations.support", order="open-case",
               case_type="ticket", identify={"email": ANN})  # fmt: skip
    assert not gone.permitted
    answer = act(web, "staff.privacy", "instruct", "essential.service.rights_request", order="open-case",
                 case_type="request", person=who)  # fmt: skip
    held = act(web, "staff.privacy", "instruct", "essential.service.rights_request", order="show-holdings",
               person=who, case=answer.case)  # fmt: skip
    assert all(one["kept"] for one in held.values["holdings"])
    assert {one["record"] for one in held.values["holdings"]} == {record}


def test_no_old_copy_of_what_went_opens(partly: tuple[Web, str, str]) -> None:
    """The key group that still holds the name has a new key: the one under which the erased fields were sealed is gone."""
    web, case, _ = partly
    keys: KeyRing = web.troth.vault.keys
    fields = web.troth.policy().fields
    groups = {fields[name].group for name in ("name", "billing_address", "order_lines")}
    who = person_of(web, case)
    with keys.keystore.snapshot() as tx:
        there = tx.lookup_all(Lookup(person_key, by=("person",), take=("key_group", "generation")), [(who,)])[
            (who,)
        ]
    assert {group for group, _ in there} <= groups
    mixed = fields["name"].group
    assert fields["email"].group == mixed
    assert [generation for group, generation in there if group == mixed] == [2]


def test_nobody_erases_what_is_held(partly: tuple[Web, str, str]) -> None:
    """Named field by field it is refused with the clause; the person as a whole loses nothing more."""
    web, case, record = partly
    who = person_of(web, case)
    outcome = act(web, "service.disposal", "erase", "essential.service.disposal", person=who, record=record,
                  fields=("order_number",))  # fmt: skip
    assert (outcome.effect, outcome.clauses) == ("deny", ("III.2",))
    whole = act(web, "service.disposal", "erase", "essential.service.disposal", person=who)
    assert whole.permitted
    assert len(whole.values["kept"]) >= 3


def test_when_the_hold_ends_the_rest_goes_by_itself(partly: tuple[Web, str, str]) -> None:
    """After seven years a task erases it; the one certificate is issued again, complete, and names the edition before."""
    web, case, _ = partly
    first = json.loads(issued(web, case))
    web.clock.advance(YEARS)
    web.troth.background.run_due()
    found = verify_certificate(issued(web, case), web.troth.signer.verifier_key)
    assert (found.complete, found.edition) == (True, 2)
    assert found.replaces != first["certificate"]["replaces"]
    assert "erased" in [proof.act for proof in found.proofs]
    with web.troth.database.snapshot() as tx:
        assert web.troth.vault.people(tx, [person_of(web, case)]) == {}
    web.troth.background.run_due()
    assert json.loads(issued(web, case))["certificate"]["edition"] == 2


def test_a_legal_hold_keeps_everything_until_it_is_ended(engine_web: Web) -> None:
    """Placed under a demand with a reason that the person is told; ended, everything goes and the certificate is complete."""
    web = engine_web
    assert web.register().status_code == 201
    demand = act(
        web, "staff.legal", "instruct", DEMAND, order="open-case", case_type="demand", identify={"email": ANN}
    )
    assert demand.permitted, demand
    who = demand.person
    without = act(web, "staff.legal", "instruct", HOLD, order="place-hold", person=who, reason="court")
    assert without.effect == "deny"
    placed = act(
        web,
        "staff.legal",
        "instruct",
        HOLD,
        order="place-hold",
        person=who,
        case=demand.case,
        reason="court 12",
    )
    assert placed.permitted, placed
    case = ask(web)
    web.troth.background.run_due()
    row = web.troth.rights.matter(case).matter
    assert (row.state, row.outcome) == ("partially-completed", "legal hold: court 12")
    with web.troth.database.snapshot() as tx:
        (hold,) = active_holds(tx)
    assert (hold.hold, hold.reason, hold.role) == (placed.values["hold"], "court 12", "staff.legal")
    web.clock.advance(timedelta(hours=2))
    web.troth.background.run_due()
    assert json.loads(issued(web, case))["certificate"]["edition"] == 1
    ended = act(
        web, "staff.legal", "instruct", HOLD, order="end-hold", person=who, about=hold.hold, case=demand.case
    )
    assert ended.permitted, ended
    web.clock.advance(timedelta(hours=7))
    web.troth.background.run_due()
    found = verify_certificate(issued(web, case), web.troth.signer.verifier_key)
    assert (found.complete, found.edition) == (True, 2)


def test_a_restored_backup_widens_nothing(web: Web, tmp_path: Path) -> None:
    """A backup from before the erasure, restored: only what is held is there again, and for its use only."""
    record = buy(web)
    backup_folder(web.troth, tmp_path / "half", tmp_path / "half-keys")
    case = ask(web)
    web.troth.background.run_due()
    who = person_of(web, case)
    wish = Wish(tmp_path / "half", tmp_path / "half-keys", tmp_path / "restored", present=web.troth.folder)
    restore_folder(wish, web.clock)
    with open_troth(tmp_path / "restored", clock=web.clock) as back:
        with back.database.snapshot() as tx:
            assert back.vault.people(tx, [who])[who].kept
            assert {one.record for one in holdings_of(tx, who)} == {record}
            left = {one.field for one in holdings_of(tx, who)}
        assert left == {"name", "billing_address", "order_lines", "order_number"}
        restored = web._replace(troth=back)
        assert read(restored, "staff.billing", BOOKS, who, record, "name").permitted
        assert read(restored, "staff.billing", FULFIL, who, record, "name").clauses == ("III.2",)
