"""Requests to correct that reach another database: carried out by themselves, also when it is down, and what is doubtful by staff."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.connectors.running import Office, running
from tests.connectors.shop import ADA, DATASET, customer, dump, shipment
from tests.connectors.test_requests import SHOP, kept, late_in, nowhere, written
from troth.connectors import run_of
from troth.kernel import NotFound, Refused, SettableClock
from troth.rights import Duty

OLD, NEW = "Zq-canary-old", "Zq-canary-new"
PLAIN = DATASET.replace("{name: preferred, data_categories: [user]}", "{name: preferred}")
"""The shop without a column that may hold anything of a person."""
NAMED, SIGNED = "database:shop:name:customer", "database:shop:name:shipment"


@pytest.fixture
def wrong(shop: sa.Engine) -> sa.Engine:
    """A shop that calls Ada by the wrong name too, and has her order signed so."""
    with shop.begin() as connection:
        connection.execute(sa.update(customer).where(customer.c.id == 1).values(name=OLD))
        connection.execute(
            sa.update(shipment).where(shipment.c.signed_by == "ADA-signed").values(signed_by=OLD)
        )
    return shop


def opened(office: Office, url: str, dataset: str = PLAIN) -> None:
    """Connect the shop, and let Ada be known by the wrong name."""
    written(office.troth.folder, url)
    office.troth.connectors.add("shop", SHOP, dataset)
    office.know(name=OLD)


def put_by(office: Office, case: str) -> str:
    """The parcel with what stood here before; empty for none."""
    with office.troth.database.reading() as tx:
        run = run_of(tx, case, "shop")
    assert run is not None
    return run.identity


def clock_of(office: Office, case: str) -> Duty:
    """The clock by which the correction is everywhere."""
    return next(one for one in office.told(case).duties if one.rule == "push-correction")


def test_a_correction_reaches_the_other_database(
    tmp_path: Path, clock: SettableClock, other_url: str, wrong: sa.Engine
) -> None:
    """Planned table by table, done in each that says the old value, proven; the old value is gone there and kept nowhere here."""
    folder = tmp_path / "data"
    with running(folder, clock) as office:
        opened(office, other_url)
        case = office.ask("correct", new_name=NEW)
        told = office.told(case)
        assert told.matter.state in ("completed", "partially-completed"), office.items(case)
        assert office.items(case)[NAMED] == ("done", "1 row corrected")
        assert office.items(case)[SIGNED] == ("done", "2 rows corrected")
        assert clock_of(office, case).met_at
        assert not any(value in str(told) for value in (OLD, NEW, ADA))
        office.troth.flush_ledger()
    assert OLD not in str(dump(wrong))
    assert str(dump(wrong)).count(NEW) == 3
    assert kept(folder, OLD.lower()) == []
    assert kept(folder, NEW.lower()) == []


def test_a_database_that_is_down_is_corrected_later_and_late_is_told(
    tmp_path: Path, clock: SettableClock, other_url: str, wrong: sa.Engine
) -> None:
    """The record here is corrected at once; what stood there lies sealed until the database is back. Late is told once."""
    folder = tmp_path / "data"
    with running(folder, clock) as office:
        opened(office, nowhere(other_url))
        office.troth.roster.add(name="desk@example.com", title="Desk", role="staff.privacy")
        case = office.ask("correct", new_name=NEW)
        assert office.items(case)[NAMED] == ("waiting", "database-down")
        assert {state for state, _ in office.items(case, "corrections").values()} <= {"done", "kept"}
        assert not clock_of(office, case).met_at
        with pytest.raises(Refused, match="database"):
            office.troth.rights.move(office.staff, case, "completed")
        with pytest.raises(NotFound):  # nobody says that it was done by hand while it is tried by itself
            office.troth.rights.tell(office.staff, case, NAMED)
        office.go_on(hours=47)
        assert late_in(office.troth.database) == []
        for _ in range(3):
            office.go_on(hours=2)
        (entry,) = late_in(office.troth.database)
        assert entry.clauses == ("III.1",)
        assert OLD in str(dump(wrong))
        written(folder, other_url)
        office.troth.connectors.close()
        office.go_on(hours=7)
        assert office.items(case)[NAMED] == ("done", "1 row corrected")
        office.troth.flush_ledger()
    assert OLD not in str(dump(wrong))
    assert kept(folder, OLD.lower()) == []


def test_what_is_doubtful_waits_for_staff_who_say_that_they_did_it(
    tmp_path: Path, clock: SettableClock, other_url: str, wrong: sa.Engine
) -> None:
    """The request is not done before; who said so stands in its steps; the clock is met by the last one."""
    with wrong.begin() as connection:
        connection.execute(
            sa.update(shipment).where(shipment.c.signed_by == OLD).values(signed_by="A. Neighbour")
        )
    with running(tmp_path / "data", clock) as office:
        opened(office, other_url, DATASET)
        case = office.ask("correct", new_name=NEW)
        items = {one.target: one for one in office.told(case).items if one.store == "shop"}
        left = {target for target, one in items.items() if one.action == "by-hand"}
        card = "database:shop:name:payment_card"
        assert left == {card, SIGNED}
        assert items[SIGNED].note == "2 rows said neither the old value nor the new one"
        assert (items[NAMED].state, items[NAMED].action) == ("done", "correct")
        office.troth.rights.tell(office.staff, case, SIGNED)
        office.go_on()
        assert office.told(case).matter.state == "executing"
        assert not clock_of(office, case).met_at
        office.troth.rights.tell(office.staff, case, card)
        office.go_on()
        told = office.told(case)
        assert told.matter.state in ("completed", "partially-completed")
        assert clock_of(office, case).met_at
        steps = [one for one in told.steps if one.step == "recipient-told"]
        assert [one.role for one in steps] == ["staff.privacy"] * 2
    assert OLD not in str(dump(wrong))


def test_an_erasure_destroys_what_was_put_by(
    tmp_path: Path, clock: SettableClock, other_url: str, wrong: sa.Engine
) -> None:
    """Whoever is erased while a database is down: the old value is not kept for it, and a person looks."""
    folder = tmp_path / "data"
    with running(folder, clock) as office:
        opened(office, nowhere(other_url))
        case = office.ask("correct", new_name=NEW)
        parcel = put_by(office, case)
        assert parcel
        assert parcel in office.troth.vault.keys.people_with_keys("", 2**62, 1000)
        office.ask("erase")
        assert put_by(office, case) == ""
        assert parcel not in office.troth.vault.keys.people_with_keys("", 2**62, 1000)
        office.go_on(hours=7)
        item = next(one for one in office.told(case).items if one.target == NAMED)
        assert (item.action, item.state) == ("by-hand", "waiting")
        office.troth.flush_ledger()
    assert kept(folder, OLD.lower()) == []


def test_a_connector_whose_file_is_broken_waits_for_a_correction_too(
    tmp_path: Path, clock: SettableClock, other_url: str, wrong: sa.Engine
) -> None:
    """What stood there is put by all the same, and every table is corrected once the file is mended."""
    folder = tmp_path / "data"
    with running(folder, clock) as office:
        opened(office, other_url)
        (folder / "connectors" / "shop.yml").write_text("dataset: [", encoding="utf-8")
        case = office.ask("correct", new_name=NEW)
        assert office.items(case) == {"database:shop": ("waiting", "unavailable")}
        (folder / "connectors" / "shop.yml").write_text(PLAIN, encoding="utf-8")
        office.go_on(hours=7)
        assert office.items(case)["database:shop"][0] == "done"
    assert OLD not in str(dump(wrong))
