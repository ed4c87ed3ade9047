"""Whose row it is, is told by characters: not by a collation that takes another case, accent or spaces behind for the same."""

from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa

from tests.connectors.conftest import CORRECTION, NAME, WORK, Kept, store_of
from troth.adapters import SqlStore
from troth.connectors import Change

JO, JOE = "jo@example.com", "jó@example.com"
"""Two people whose addresses are the same for a collation without accents."""
DATASET = """
dataset:
  - fides_key: club
    name: Club
    collections:
      - name: member
        fields:
          - {name: code, data_categories: [user.unique_id], fides_meta: {primary_key: true}}
          - {name: email, data_categories: [user.contact.email], fides_meta: {identity: email}}
          - {name: name, data_categories: [user.name]}
      - name: visit
        fides_meta: {masking_strategy_override: {strategy: delete}}
        fields:
          - {name: email, data_categories: [user.contact.email], fides_meta: {identity: email}}
          - {name: page, data_categories: [user.behavior]}
      - name: letter
        fields:
          - {name: id, data_categories: [system.operations], fides_meta: {primary_key: true}}
          - name: member
            data_categories: [user.unique_id]
            fides_meta: {references: [{dataset: club, field: member.code, direction: from}]}
          - {name: text, data_categories: [user.content]}
"""
TEXT = {
    "mariadb": ("varchar(40) COLLATE utf8mb4_general_ci", "varchar(40) COLLATE utf8mb4_bin"),
    "sqlite": ("varchar(40) COLLATE NOCASE", "varchar(40) COLLATE BINARY"),
    "postgresql": ("varchar(40)", "varchar(40)"),
}
"""A loose and a strict column of text."""


@pytest.fixture
def club(other: sa.Engine, engine: str) -> Callable[..., sa.Engine]:
    """Makes a database whose text compares loosely, but for the members' codes unless a foreign key needs them so."""

    def make(*, foreign: bool = False) -> sa.Engine:
        loose, strict = TEXT[engine]
        key = ", FOREIGN KEY (member) REFERENCES member (code)" if foreign else ""
        with other.begin() as connection:
            for line in (
                f"CREATE TABLE member (code {loose if foreign else strict} PRIMARY KEY, email {loose}, name {loose})",
                f"CREATE TABLE visit (email {loose}, page {loose})",
                f"CREATE TABLE letter (id integer PRIMARY KEY, member {loose}, text {loose}{key})",
            ):
                connection.exec_driver_sql(line)
        return other

    return make


def put(engine: sa.Engine, table: str, *rows: tuple[object, ...]) -> None:
    """Write rows."""
    there = sa.Table(table, sa.MetaData(), autoload_with=engine)
    with engine.begin() as connection:
        connection.execute(sa.insert(there), [dict(zip(there.c.keys(), row, strict=True)) for row in rows])


def rows(engine: sa.Engine, table: str) -> list[tuple[object, ...]]:
    """Every row."""
    there = sa.Table(table, sa.MetaData(), autoload_with=engine)
    with engine.connect() as connection:
        return sorted((tuple(row) for row in connection.execute(sa.select(there))), key=repr)


@pytest.fixture
def kept() -> Kept:
    """The memory about Jo."""
    return Kept(email=[JO])


@pytest.fixture
def store(other_url: str, kept: Kept) -> Iterator[SqlStore]:
    """The club as a place of a request."""
    made = store_of(other_url, DATASET, kept)
    yield made
    made.close()


def erase(store: SqlStore) -> None:
    """Carry every item of an erasure out."""
    assert {store.carry_out(WORK, item).state for item in store.plan(WORK)} == {"done"}


def test_an_address_with_another_accent_is_somebody_elses(
    club: Callable[..., sa.Engine], store: SqlStore
) -> None:
    """Neither found nor touched, in a table with a key and in one without; another case of the address is the person's."""
    engine = club()
    put(engine, "member", ("a", JO.upper(), "Jo"), ("b", JOE, "Joe"))
    put(engine, "visit", (JO, "p"), (JOE, "p"))
    erase(store)
    assert ("b", JOE, "Joe") in rows(engine, "member")
    assert rows(engine, "visit") == [(JOE, "p")]
    assert "Jo'" not in str(rows(engine, "member")).replace("Joe'", "")


def test_spaces_behind_an_address_make_another(club: Callable[..., sa.Engine], store: SqlStore) -> None:
    """A row that a collation takes for the same is not deleted with the one that was found."""
    engine = club()
    put(engine, "visit", (JO, "p"), (JO + " ", "p"), (" " + JO, "p"))
    erase(store)
    assert rows(engine, "visit") == sorted([(JO + " ", "p"), (" " + JO, "p")], key=repr)


def test_exact_addresses_are_exact(club: Callable[..., sa.Engine], other_url: str, kept: Kept) -> None:
    """Whoever asked for addresses as they are written gets no other case."""
    from troth.connectors import read_dataset

    engine = club()
    put(engine, "visit", (JO, "p"), (JO.upper(), "p"))
    store = SqlStore(
        "shop", lambda: other_url, read_dataset(DATASET), memory=kept, digest_key=b"k" * 32, kinds=("email",),
        any_case=False,
    )  # fmt: skip
    erase(store)
    assert rows(engine, "visit") == [(JO.upper(), "p")]
    store.close()


def test_a_reference_in_another_case_leads_to_somebody_else(
    club: Callable[..., sa.Engine], store: SqlStore
) -> None:
    """Two codes that differ by case are two members; letters that name one are not the other's, nor counted as shared."""
    engine = club()
    put(engine, "member", ("a", JO, "Jo"), ("A", "ann@example.com", "Ann"))
    put(engine, "letter", (1, "a", "to Jo"), (2, "A", "to Ann"), (3, "a ", "to nobody"))
    erase(store)
    assert [row[2] for row in rows(engine, "letter")] == [None, "to Ann", "to nobody"]
    assert ("A", "ann@example.com", "Ann") in rows(engine, "member")


def test_a_foreign_key_of_the_database_is_believed(
    club: Callable[..., sa.Engine], engine: str, store: SqlStore
) -> None:
    """Where the database itself says that a code in another case is the same, its rows are the person's."""
    if engine == "postgresql":
        pytest.skip("its foreign keys compare by characters")
    other = club(foreign=True)
    put(other, "member", ("a", JO, "Jo"), ("b", "ann@example.com", "Ann"))
    put(other, "letter", (1, "A", "to Jo"), (2, "b", "to Ann"))
    erase(store)
    assert [row[2] for row in rows(other, "letter")] == [None, "to Ann"]


HOUSES = """
dataset:
  - fides_key: club
    name: Club
    collections:
      - name: member
        fields:
          - {name: email, data_categories: [user.contact.email], fides_meta: {identity: email, primary_key: true}}
          - name: house
            data_categories: [system.operations]
            fides_meta: {references: [{dataset: club, field: house.code, direction: to}]}
      - name: house
        fields:
          - {name: code, data_categories: [system.operations], fides_meta: {primary_key: true}}
          - {name: street, data_categories: [user.contact.address.street]}
"""


def test_what_others_point_to_in_another_case_is_theirs_too(
    other: sa.Engine, other_url: str, engine: str, kept: Kept
) -> None:
    """A house is shared where the database's foreign key takes the other's code for the same; a house of one's own is not."""
    if engine == "postgresql":
        pytest.skip("its foreign keys compare by characters")
    loose, _ = TEXT[engine]
    with other.begin() as connection:
        connection.exec_driver_sql(f"CREATE TABLE house (code {loose} PRIMARY KEY, street {loose})")
        connection.exec_driver_sql(
            f"CREATE TABLE member (email {loose} NOT NULL PRIMARY KEY, house {loose}, FOREIGN KEY (house) REFERENCES house (code))"
        )
    put(other, "house", ("h", "Shared street"), ("own", "Own street"))
    put(other, "member", (JO, "h"), ("ann@example.com", "H"), ("x@example.com", "own"))
    store = store_of(other_url, HOUSES, Kept(email=[JO, "x@example.com"]))
    erase(store)
    assert ("h", "Shared street") in rows(other, "house")
    assert "Own street" not in str(rows(other, "house"))
    store.close()


def test_a_correction_changes_what_says_the_old_value_by_its_characters(
    club: Callable[..., sa.Engine], store: SqlStore, kept: Kept
) -> None:
    """A name with another accent is another; case and spaces are not."""
    engine = club()
    kept.values = {NAME: Change("Jo", "Right")}
    put(engine, "member", ("a", JO, "Jó"), ("b", JO, " JO "), ("c", JOE, "Jo"))
    (item,) = store.plan(CORRECTION)
    done = store.carry_out(CORRECTION, item)
    assert (done.note, done.by_hand) == (
        "1 row corrected; 1 row said neither the old value nor the new one",
        True,
    )
    assert [row[2] for row in rows(engine, "member")] == ["Jó", "Right", "Jo"]


def test_a_table_whose_engine_cannot_undo_is_not_changed(
    club: Callable[..., sa.Engine], engine: str, store: SqlStore, other_url: str, kept: Kept
) -> None:
    """Without transactions nothing is wholly done or not at all: the check says so, and nothing is erased."""
    if engine != "mariadb":
        pytest.skip("every table there has transactions")
    from troth.kernel import Unavailable

    other = club()
    put(other, "visit", (JO, "p"))
    with other.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE visit ENGINE=MyISAM")
    assert [one.collection for one in store.check() if one.severity == "error"] == ["visit"]
    with pytest.raises(Unavailable, match="cannot undo"):
        erase(store)
    with other.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE member ENGINE=MyISAM")
    put(other, "member", ("a", JO, "Jo"))
    kept.values = {NAME: Change("Jo", "Right")}
    store.close()
    again = store_of(other_url, DATASET, kept)
    (item,) = again.plan(CORRECTION)
    assert "cannot undo" in again.carry_out(CORRECTION, item).note
    again.close()
    assert rows(other, "member") == [("a", JO, "Jo")]
    assert rows(other, "visit") == [(JO, "p")]
