"""A shop in the shape of the Fides example: what a copy tells, what an erasure does and leaves, and what stops it whole."""

import pytest
import sqlalchemy as sa

from tests.connectors.conftest import COPY, WORK, Kept, store_of
from tests.connectors.shop import ADA, BEN, DATASET, customer, dump, login, orders, visit
from troth.adapters import SqlStore
from troth.kernel import Unavailable


def erase(store: SqlStore) -> dict[str, str]:
    """Carry out every item of an erasure; gives the notes by table."""
    told = {}
    for item in store.plan(WORK):
        done = store.carry_out(WORK, item)
        assert done.state == "done"
        told[item.target] = done.note
    return told


def copied(store: SqlStore) -> dict[str, list[list[str]]]:
    """What a copy tells, by table."""
    return {part.title.partition(": ")[2]: [list(row) for row in part.rows] for part in store.copy(COPY)}


def with_override(field: str, strategy: str, settings: str = "{}") -> str:
    """The shop's data set with a masking strategy for a column that has none."""
    marker = f"- {{name: {field}, "
    assert DATASET.count(marker) == 1, field
    override = f"masking_strategy_override: {{strategy: {strategy}, configuration: {settings}}}"
    line = DATASET[DATASET.index(marker) :].partition("\n")[0]
    if "fides_meta: {" in line:
        return DATASET.replace(line, line.replace("fides_meta: {", f"fides_meta: {{{override}, "))
    return DATASET.replace(line, line[:-1] + f", fides_meta: {{{override}}}}}")


def test_nothing_is_wrong_with_the_shop(store: SqlStore) -> None:
    """The data set fits its database."""
    assert [one for one in store.check() if one.severity == "error"] == []


def test_a_copy_holds_a_persons_rows_in_every_table_and_nobody_elses(store: SqlStore, kept: Kept) -> None:
    """Identifiers in any case, references both ways, composite keys; another's address in a shared row is left out."""
    told = copied(store)
    assert told["customer"] == [["1", ADA.upper(), "ADA-name"]]
    assert len(told["order_item"]) == 4
    assert told["shipment"] == [["ADA-signed"], ["ADA-signed"]]
    assert sorted(row[0] for row in told["address"]) == ["ADA-h", "SHARED-hou"]
    assert ["(somebody else)", ADA, "1"] in told["service_request"]
    assert "employee" not in told
    assert "BEN" not in str(told)
    assert BEN not in str(told)
    assert kept.reads == 1


def test_an_erasure_leaves_nothing_of_the_person_and_everything_of_others(
    store: SqlStore, shop: sa.Engine
) -> None:
    """No marker of Ada's stands anywhere; every row of Ben's, and what both share, is as it was."""
    before = dump(shop)
    told = erase(store)
    after = dump(shop)
    assert "ADA" not in str(after)
    assert ADA not in str(after).lower()
    for table, rows in before.items():
        bens = [row for row in rows if "ADA" not in str(row).upper()]
        if table not in ("login", "report", "customer"):
            assert [row for row in bens if row in after[table]] == bens, table
        assert len(after[table]) == len(rows) - (table == "newsletter"), table
    assert ("s-2", BEN, None) in [row[:3] for row in after["service_request"]]
    assert told["address"] == "1 row masked; 1 kept, shared with others"
    assert told["newsletter"] == "1 row deleted"
    assert told["login"] == "3 rows masked"
    with shop.connect() as connection:
        assert connection.execute(sa.select(login.c.time).where(login.c.customer_id == 2)).scalars().all()
        name, mail = connection.execute(
            sa.select(customer.c.name, customer.c.email).where(customer.c.id == 1)
        ).one()
    assert name
    assert mail


def test_an_erasure_done_again_finds_nothing_to_do(store: SqlStore, shop: sa.Engine) -> None:
    """The rows of a finished erasure are not touched again; a copy after it is empty."""
    first = erase(store)
    after = dump(shop)
    assert erase(store) == first
    assert dump(shop) == after
    assert copied(store) == {}


def test_a_crash_behind_the_commit_is_known_again(
    other_url: str, store: SqlStore, shop: sa.Engine, kept: Kept
) -> None:
    """What was committed and not noted is done when it is taken up: nobody is found, and rows had been found before."""
    erase(store)
    after = dump(shop)
    kept.runs["case"] = kept.runs["case"]._replace(done_at=0, result="", told="{}")
    again = store_of(other_url, DATASET, kept)
    told = erase(again)
    again.close()
    assert set(told.values()) == {"done before"}
    assert dump(shop) == after
    assert kept.runs["case"].found == 20
    assert ADA.encode() not in kept.runs["case"].digests


def test_somebody_unknown_there_is_done_at_once(other_url: str, shop: sa.Engine) -> None:
    """No rows, nothing changed."""
    before = dump(shop)
    kept = Kept(email=["nobody@example.com"])
    store = store_of(other_url, DATASET, kept)
    assert set(erase(store).values()) == {"no rows"}
    assert dump(shop) == before
    assert copied(store) == {}
    store.close()


@pytest.mark.parametrize(
    ("field", "strategy", "settings", "words"),
    [
        ("time", "null_rewrite", "{}", "NOT NULL"),
        ("time", "string_rewrite", "{rewrite_value: x}", "holds no text"),
        ("house", "string_rewrite", "{rewrite_value: 0123456789-too-long}", "takes 10 characters"),
    ],
)
def test_what_cannot_be_masked_changes_nothing(
    other_url: str, shop: sa.Engine, field: str, strategy: str, settings: str, words: str
) -> None:
    """The plan is compared with the real columns first: the check tells it, and an erasure leaves every row as it was."""
    kept = Kept()
    store = store_of(other_url, with_override(field, strategy, settings), kept)
    errors = [one for one in store.check() if one.severity == "error"]
    assert [one.field for one in errors] == [field]
    assert words in errors[0].what
    before = dump(shop)
    with pytest.raises(Unavailable, match="nothing was changed"):
        erase(store)
    assert dump(shop) == before
    assert kept.put == {"email": [ADA]}
    assert copied(store)["customer"]
    store.close()


def test_a_unique_column_is_not_given_one_value_twice(other_url: str, shop: sa.Engine) -> None:
    """A fixed value in a unique column is an error of the check."""
    dataset = DATASET.replace(
        "{identity: email, data_type: string}}\n          - {name: name, data_categories: [user.name], fides_meta: {data_type: string, length: 40}}",
        "{identity: email, masking_strategy_override: {strategy: string_rewrite, configuration: {rewrite_value: gone}}}}\n"
        "          - {name: name, data_categories: [user.name]}",
    )
    assert dataset != DATASET
    store = store_of(other_url, dataset, Kept())
    (error,) = (one for one in store.check() if one.severity == "error")
    assert (error.collection, error.field) == ("customer", "email")
    store.close()


@pytest.mark.parametrize(
    ("strategy", "settings", "wants"),
    [
        ("hash", "{algorithm: SHA-512}", lambda new: len(new) == 128),
        ("hmac", "{}", lambda new: len(new) == 64),
        (
            "random_string_rewrite",
            "{length: 12, format_preservation: {suffix: .x}}",
            lambda new: len(new) == 14,
        ),
        ("truncate", "{length: 2}", lambda new: new == "AD"),
        ("string_rewrite", "{rewrite_value: gone}", lambda new: new == "gone"),
        ("null_rewrite", "{}", lambda new: new is None),
        ("preserve", "{}", lambda new: new.startswith("ADA-note")),
    ],
)
def test_each_strategy(other_url: str, shop: sa.Engine, strategy: str, settings: str, wants: object) -> None:
    """Each masking strategy does what its name says."""
    store = store_of(other_url, with_override("note", strategy, settings), Kept())
    told = erase(store)
    with shop.connect() as connection:
        new = connection.execute(sa.select(orders.c.note).where(orders.c.customer_id == 1)).scalars().all()
    assert callable(wants)
    assert all(wants(one) for one in new)
    if strategy in ("hmac", "random_string_rewrite"):
        assert len(set(new)) == 2
    if strategy == "preserve":
        assert told["orders"] == "no rows"
    store.close()


def test_a_trigger_that_brings_values_back_stops_the_whole_erasure(store: SqlStore, shop: sa.Engine) -> None:
    """What was written is read again before the commit; when something else stands there, nothing is changed."""
    with shop.begin() as connection:
        for line in KEEP_NAMES[shop.dialect.name]:
            connection.exec_driver_sql(line)
    before = dump(shop)
    with pytest.raises(Unavailable, match="does not hold what was written"):
        erase(store)
    assert dump(shop) == before


KEEP_NAMES = {
    "sqlite": [
        "CREATE TRIGGER stay AFTER UPDATE ON customer BEGIN UPDATE customer SET name = old.name WHERE id = old.id; END"
    ],
    "postgresql": [
        "CREATE FUNCTION stay() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN new.name := old.name; RETURN new; END $$",
        "CREATE TRIGGER stay BEFORE UPDATE ON customer FOR EACH ROW EXECUTE FUNCTION stay()",
    ],
    "mariadb": ["CREATE TRIGGER stay BEFORE UPDATE ON customer FOR EACH ROW SET NEW.name = OLD.name"],
}


def test_a_refusal_in_the_last_table_undoes_the_first(store: SqlStore, shop: sa.Engine) -> None:
    """One transaction: a row that cannot be deleted leaves every other table as it was."""
    with shop.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TABLE gift (id integer PRIMARY KEY, email varchar(100) NOT NULL REFERENCES newsletter (email))"
        )
        connection.execute(sa.text("INSERT INTO gift VALUES (1, :mail)"), {"mail": ADA})
    before = dump(shop)
    with pytest.raises(Unavailable, match="nothing of it was changed"):
        erase(store)
    assert dump(shop) == before
    with shop.begin() as connection:
        connection.exec_driver_sql("DELETE FROM gift")
    erase(store)
    assert "ADA" not in str(dump(shop))


def test_a_table_that_is_gone_is_told_and_stops(store: SqlStore, shop: sa.Engine) -> None:
    """The check names it; neither a copy nor an erasure goes on without it; once it is back, both do."""
    with shop.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE visit RENAME TO away")
    (error,) = (one for one in store.check() if one.severity == "error")
    assert (error.collection, error.what) == ("visit", "the database has no such table")
    with pytest.raises(Unavailable, match="visit"):
        copied(store)
    with pytest.raises(Unavailable, match="visit"):
        erase(store)
    with shop.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE away RENAME TO visit")
    erase(store)
    with shop.connect() as connection:
        assert ADA not in connection.execute(sa.select(visit.c.email)).scalars().all()


def test_columns_that_nobody_named_are_told(store: SqlStore, shop: sa.Engine) -> None:
    """A column that the data set forgot is a warning, for it stays as it is."""
    with shop.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE customer ADD COLUMN birthday date")
    found = [(one.severity, one.collection, one.field) for one in store.check()]
    assert ("warning", "customer", "birthday") in found


def test_a_copy_cannot_write(store: SqlStore) -> None:
    """Reading goes by a transaction in which the database itself refuses changes."""
    from troth.adapters.connectors.engines import reading

    with pytest.raises(Unavailable), reading(store._open(), "shop") as connection:
        connection.execute(sa.delete(customer))
