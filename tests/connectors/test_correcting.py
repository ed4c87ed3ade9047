"""Corrections in another database: what says the old value says the new one, nothing else is touched, and what is doubtful goes to a person."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from tests.connectors.conftest import CORRECTION, NAME, Kept, store_of
from tests.connectors.shop import ADA, DATASET, customer, dump, shipment
from troth.adapters import SqlStore
from troth.connectors import Change, Wrong
from troth.flows import Done
from troth.kernel import Unavailable
from troth.rights import Item

OLD, NEW = "ADA-name", "Ada Zq-right"
ORGANISATION = Wrong("company", "Company", "user.contact.organization")


@pytest.fixture
def kept() -> Kept:
    """A connector's memory of a correction."""
    made = Kept()
    made.values = {NAME: Change(OLD, NEW)}
    return made


def correct(store: SqlStore) -> dict[str, Done]:
    """Carry every item of a correction out as a request does; gives how each table went."""
    return {item.target.split(":")[3]: store.carry_out(CORRECTION, item) for item in store.plan(CORRECTION)}


def planned(store: SqlStore) -> dict[str, Item]:
    """The plan by table."""
    return {item.target.split(":")[3]: item for item in store.plan(CORRECTION)}


def test_the_old_value_is_gone_and_nothing_else_changed(store: SqlStore, shop: sa.Engine) -> None:
    """The person's row says the new value; every other row and column is as it was, another's of the same name too."""
    with shop.begin() as connection:
        connection.execute(sa.update(customer).where(customer.c.id == 2).values(name=OLD))
    before = dump(shop)
    went = correct(store)
    assert went["customer"] == Done("done", "1 row corrected")
    after = dump(shop)
    assert OLD in str(after["customer"])  # Ben's, who is called the same
    assert [(*row[:2], NEW, *row[3:]) if row[0] == 1 else row for row in before["customer"]] == after[
        "customer"
    ]
    assert {name: rows for name, rows in after.items() if name != "customer"} == {
        name: rows for name, rows in before.items() if name != "customer"
    }
    assert went["employee"] == Done("done", "no rows")


def test_what_is_doubtful_goes_to_a_person_with_the_reason(store: SqlStore) -> None:
    """A wider category in the plan already; rows that say something else once they are looked at. Both wait, neither is tried again."""
    plan = planned(store)
    assert plan["payment_card"].action == "by-hand"
    assert "wider or narrower" in plan["payment_card"].note
    assert plan["customer"].action == "correct"
    went = correct(store)
    assert went["payment_card"] == Done("waiting", plan["payment_card"].note, by_hand=True)
    other = "2 rows said neither the old value nor the new one"
    assert went["shipment"] == Done("waiting", other, by_hand=True)
    assert not any(OLD in item.what + item.note + item.target for item in plan.values())
    assert "2" not in plan["shipment"].note


def test_rows_reached_by_references_are_corrected_where_they_say_the_same(
    store: SqlStore, shop: sa.Engine
) -> None:
    """Along references and composite keys; another case or space is the same, another value is not."""
    with shop.begin() as connection:
        first, second = connection.execute(
            sa.select(shipment.c.id).where(shipment.c.signed_by == "ADA-signed").order_by(shipment.c.id)
        ).scalars()
        connection.execute(sa.update(shipment).where(shipment.c.id == first).values(signed_by=" ada-NAME "))
    went = correct(store)
    assert went["shipment"].note == "1 row corrected; 1 row said neither the old value nor the new one"
    with shop.connect() as connection:
        told = {row[0]: row[1] for row in connection.execute(sa.select(shipment.c.id, shipment.c.signed_by))}
    assert (told[first], told[second]) == (NEW, "ADA-signed")


def test_done_again_nothing_is_changed(other_url: str, store: SqlStore, shop: sa.Engine, kept: Kept) -> None:
    """After a crash behind the commit the rows are found corrected."""
    correct(store)
    after = dump(shop)
    kept.runs["case"] = kept.runs["case"]._replace(done_at=0, result="", told="{}")
    again = store_of(other_url, DATASET, kept)
    assert correct(again)["customer"] == Done("done", "1 row corrected before")
    again.close()
    assert dump(shop) == after


@pytest.fixture(
    params=["twice", "read", "key", "other field", "no old value", "too long", "number", "not here"]
)
def doubtful(
    request: pytest.FixtureRequest, other_url: str, shop: sa.Engine, kept: Kept
) -> Iterator[tuple[SqlStore, str]]:
    """A place where a correction needs a person, and what the reason says."""
    name = "{name: name, data_categories: [user.name], fides_meta: {data_type: string, length: 40}}"
    dataset, change, words, wrong = DATASET, Change(OLD, NEW), "", NAME
    match request.param:
        case "twice":
            dataset = DATASET.replace(
                "{name: created, data_categories: [system.operations]}",
                "{name: created, data_categories: [user.name]}",
            )
            words = "several columns have the field's category: name, created"
        case "read":
            dataset, words = DATASET.replace(name, name.replace("length: 40", "read_only: true")), "read_only"
        case "key":
            dataset, words = (
                DATASET.replace(name, name.replace("length: 40", "primary_key: true")),
                "holds rows together",
            )
        case "other field":
            wrong, words = NAME._replace(alone=False), "several fields of this category"
        case "no old value":
            change, words = Change(None, NEW), "no text stood here before"
        case "too long":
            change, words = Change(OLD, "x" * 41), "takes 40 characters"
        case "number":
            dataset = DATASET.replace(name, "{name: name, data_categories: [system.operations]}").replace(
                "{name: created, data_categories: [system.operations]}",
                "{name: created, data_categories: [user.name]}",
            )
            words = "holds no text (instant)"
        case "not here":
            words = "not corrected here"
    kept.values = {wrong: None if request.param == "not here" else change}
    store = store_of(other_url, dataset, kept)
    yield store, words
    store.close()


def test_what_is_not_sure_is_left_to_a_person(doubtful: tuple[SqlStore, str], shop: sa.Engine) -> None:
    """Nothing of the table is changed, and the item says why."""
    store, words = doubtful
    before = dump(shop)
    went = correct(store)["customer"]
    assert (went.state, went.by_hand) == ("waiting", True)
    assert words in went.note
    assert dump(shop) == before


def test_a_trigger_that_brings_the_old_value_back_is_not_called_done(
    store: SqlStore, shop: sa.Engine
) -> None:
    """What was written is read again before the commit."""
    from tests.connectors.test_shop import KEEP_NAMES

    with shop.begin() as connection:
        for line in KEEP_NAMES[shop.dialect.name]:
            connection.exec_driver_sql(line)
    before = dump(shop)
    with pytest.raises(Unavailable, match="does not hold what was written"):
        correct(store)
    assert dump(shop) == before


def test_a_value_that_is_shared_with_others_stays_and_is_told(
    other_url: str, shop: sa.Engine, kept: Kept
) -> None:
    """The address of a household is others' too: a person looks."""
    kept.values = {Wrong("city", "City", "user.contact.address.city"): Change("SHARED-cit", "Right")}
    store = store_of(other_url, DATASET, kept)
    before = dump(shop)
    went = correct(store)["address"]
    assert went == Done(
        "waiting",
        "1 row said neither the old value nor the new one; 1 row left, shared with others",
        by_hand=True,
    )
    assert dump(shop) == before
    store.close()


def test_a_field_that_the_database_does_not_have_needs_nothing(
    other_url: str, shop: sa.Engine, kept: Kept
) -> None:
    """Only tables with a column that may hold it are in the plan."""
    kept.values = {ORGANISATION: Change("A", "B")}
    store = store_of(
        other_url, DATASET.replace("{name: preferred, data_categories: [user]}", "{name: preferred}"), kept
    )
    assert store.plan(CORRECTION) == []
    store.close()


def test_nothing_that_was_put_by_goes_to_a_person(store: SqlStore, kept: Kept) -> None:
    """Whoever was erased meanwhile, or planned while the connector could not be opened: it is not called done."""
    items = planned(store)
    kept.values = {}
    went = store.carry_out(CORRECTION, items["customer"])
    assert (went.state, went.by_hand) == ("waiting", True)
    assert ADA not in went.note
