"""What MariaDB has of its own: names, kinds of columns, character sets, and errors that look like a lost connection."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from tests.connectors.conftest import CORRECTION, NAME, WORK, Kept, store_of
from tests.connectors.shop import ADA
from troth.adapters import SqlStore
from troth.connectors import Change
from troth.kernel import Unavailable

COLUMNS = {
    "key": "boolean NOT NULL",
    "state": "enum('new','old') NOT NULL",
    "at": "datetime(6) NOT NULL",
    "on": "date NOT NULL",
    "tags": "set('x','y')",
    "uid": "uuid",
    "amount": "decimal(10,2) NOT NULL",
    "pic": "blob NOT NULL",
    "data": "json",
    "bits": "bit(3)",
    'long "name': "text NOT NULL",
}
ROW = "true, 'old', '2025-01-02 03:04:05.678', '2025-01-02', 'x,y', '123e4567-e89b-12d3-a456-426614174000', 12.5, 'ADA-pic', '{\"a\": \"ADA-json\"}', b'101', 'ADA-text'"
DATASET = "\n".join(
    [
        "dataset:",
        "  - fides_key: odd",
        "    name: Odd",
        "    collections:",
        "      - name: order",
        "        fields:",
        "          - {name: code, data_categories: [user.unique_id], fides_meta: {primary_key: true}}",
        "          - {name: email, data_categories: [user.contact.email], fides_meta: {identity: email}}",
        "          - {name: name, data_categories: [user.name]}",
        *(f"          - {{name: '{name}', data_categories: [user.content]}}" for name in COLUMNS),
    ]
)


@pytest.fixture
def engine() -> str:
    """MariaDB alone."""
    return "mariadb"


@pytest.fixture
def odd(other: sa.Engine) -> sa.Engine:
    """A table with odd names and columns, in a character set of old, and two people whose keys it takes for one but for the accent."""
    columns = ", ".join(f"`{name}` {kind}" for name, kind in COLUMNS.items())
    with other.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TABLE `order` (code varchar(20) PRIMARY KEY, email varchar(40), name varchar(40), "
            f"{columns}) CHARACTER SET latin1 COLLATE latin1_bin"
        )
        for code, mail, name in (("né", ADA, "José"), ("ne", "ben@example.com", "Ben")):
            connection.exec_driver_sql(
                f"INSERT INTO `order` VALUES ('{code}', '{mail}', '{name}', {ROW})"  # noqa: S608  words of this file
            )
    return other


@pytest.fixture
def store(other_url: str, odd: sa.Engine, kept: Kept) -> Iterator[SqlStore]:
    """The table as a place of a request."""
    made = store_of(other_url, DATASET, kept)
    yield made
    made.close()


def rows(engine: sa.Engine) -> dict[str, str]:
    """Every row by its code."""
    with engine.connect() as connection:
        return {row[0]: str(tuple(row)) for row in connection.exec_driver_sql("SELECT * FROM `order`")}


def test_every_kind_of_column_is_read_and_erased(store: SqlStore, odd: sa.Engine) -> None:
    """Reserved and quoted names, booleans, enumerations, sets, bits, JSON and instants; another's row stays as it was."""
    assert [one for one in store.check() if one.severity == "error"] == []
    (part,) = store.copy(WORK._replace(kind="access"))
    (line,) = part.rows
    assert "ADA-text" in line
    assert "José" in line
    before = rows(odd)
    (item,) = store.plan(WORK)
    assert store.carry_out(WORK, item).note == "1 row masked"
    after = rows(odd)
    assert after["ne"] == before["ne"]
    for left in ("ADA", "José", "'old'", "12.5", "2025", "123e4567", "x1", "5)"):
        assert left not in after["né"], left


def test_a_name_in_another_character_set_is_corrected_or_refused_whole(
    store: SqlStore, odd: sa.Engine, kept: Kept
) -> None:
    """What latin1 has is written; what it has not is refused by the database, waits, and changes nothing."""
    kept.values = {NAME: Change("José", "Łukasz")}
    (item,) = store.plan(CORRECTION)
    before = rows(odd)
    with pytest.raises(Unavailable) as refused:
        store.carry_out(CORRECTION, item)
    assert refused.value.code == "database-rejected"
    assert rows(odd) == before
    kept.values = {NAME: Change("José", "Müller")}
    assert store.carry_out(CORRECTION, item).note == "1 row corrected"
    assert "Müller" in rows(odd)["né"]


def test_what_a_rule_of_the_table_refuses_is_no_lost_connection(store: SqlStore, odd: sa.Engine) -> None:
    """The driver gives both as one kind of error; whoever looks is told which."""
    with odd.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE `order` ADD CONSTRAINT named CHECK (name IS NOT NULL)")
    before = rows(odd)
    (item,) = store.plan(WORK)
    with pytest.raises(Unavailable) as refused:
        store.carry_out(WORK, item)
    assert refused.value.code == "database-rejected"
    assert rows(odd) == before
    assert ADA not in str(refused.value)


def test_a_locked_row_and_a_lost_server_are_tried_again(
    store: SqlStore, odd: sa.Engine, other_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever holds a row makes it wait, and says the database is down; once it is free, it is done."""
    from troth.adapters.connectors import engines

    monkeypatch.setattr(engines, "_MYSQL_SESSION", "SET SESSION innodb_lock_wait_timeout = 0")
    (item,) = store.plan(WORK)
    with odd.begin() as connection:
        connection.exec_driver_sql("SELECT * FROM `order` WHERE code = 'né' FOR UPDATE")
        with pytest.raises(Unavailable) as waits:
            store.carry_out(WORK, item)
    assert waits.value.code == "database-down"
    assert store.carry_out(WORK, item).note == "1 row masked"
