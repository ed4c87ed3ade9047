"""Requests that reach another database: carried out by themselves, also when it is down and comes back."""

import io
import zipfile
from pathlib import Path

import pytest
import sqlalchemy as sa
from msgspec.structs import replace
from sqlalchemy import select

from tests.connectors.running import running
from tests.connectors.shop import ADA, BEN, DATASET, dump
from troth.bootstrap import ConnectorSettings, packages_of, work_for
from troth.flows import zipped
from troth.kernel import Conflict, InvalidInput, NotFound, SettableClock
from troth.ledger import Entry, decode_entry
from troth.ledger.tables import ledger_staged
from troth.storage import Database, Statement

SHOP = ConnectorSettings(kind="sql", url_file="shop.url")


def written(folder: Path, url: str) -> None:
    """Put the database's URL into its file."""
    file = folder / "shop.url"
    file.write_text(url, encoding="utf-8")
    file.chmod(0o600)


def holding(folder: Path, marker: str) -> list[str]:
    """Files below a folder that hold a marker."""
    return [
        path.name
        for path in folder.rglob("*")
        if path.is_file() and marker.encode() in path.read_bytes().lower()
    ]


def kept(folder: Path, marker: str) -> list[str]:
    """Files below a folder that hold a marker, but for mails, which lie in the folder as at a mail provider: they said what was so then."""
    return [name for name in holding(folder, marker) if not name.endswith(".eml")]


def test_an_erasure_reaches_the_other_database(
    tmp_path: Path, clock: SettableClock, other_url: str, shop: sa.Engine
) -> None:
    """Planned table by table, done before the person's own vault, proven in the ledger; nothing of them is left."""
    folder = tmp_path / "data"
    with running(folder, clock) as office:
        written(folder, other_url)
        office.troth.connectors.add("shop", SHOP, DATASET)
        case = office.ask("erase")
        told = office.told(case)
        assert told.matter.state == "completed"
        places = [item.store for item in told.items]
        assert {item.state for item in told.items if item.store in ("shop", "vault")} == {"done"}
        assert max(n for n, one in enumerate(places) if one == "shop") < places.index("vault")
        assert office.items(case)["customer"] == ("done", "1 row masked")
        office.troth.flush_ledger()
    assert "ADA" not in str(dump(shop))
    assert BEN in str(dump(shop))
    assert holding(folder, ADA) == []


def test_a_copy_holds_what_the_other_database_has(
    tmp_path: Path, clock: SettableClock, other_url: str, shop: sa.Engine
) -> None:
    """The package that the person fetches has a table for each table there, and nothing of others; reading is on record."""
    folder = tmp_path / "data"
    with running(folder, clock) as office:
        written(folder, other_url)
        office.troth.connectors.add("shop", SHOP, DATASET)
        case = office.ask("access")
        told = office.told(case)
        assert told.matter.state == "completed"
        assert {state for state, _ in office.items(case).values()} == {"done"}
        key = office.troth.accounts.open_session(person=told.matter.person)
        with packages_of(office.troth).make(work_for(office.troth, case, key)) as spool:
            archive = zipfile.ZipFile(io.BytesIO(b"".join(zipped(spool))))
        content = b"".join(archive.read(name) for name in archive.namelist()).decode()
        assert "ADA-engraved-11" in content
        assert "Example shop: payment_card" in content
        assert "BEN-" not in content
        assert BEN not in content
    assert "ADA" in str(dump(shop))


def test_a_database_that_is_down_waits_and_the_rest_goes_on(
    tmp_path: Path, clock: SettableClock, other_url: str, shop: sa.Engine
) -> None:
    """The vault is erased; what names the person lies sealed until the database is back, and is destroyed then."""
    folder = tmp_path / "data"
    with running(folder, clock) as office:
        written(folder, nowhere(other_url))
        office.troth.connectors.add("shop", SHOP, DATASET)
        case = office.ask("erase")
        told = office.told(case)
        assert told.matter.state == "executing"
        assert office.items(case)["customer"] == ("waiting", "database-down")
        assert office.items(case, "vault")
        assert {state for state, _ in office.items(case, "vault").values()} == {"done"}
        office.go_on(hours=7)
        assert office.items(case)["customer"][0] == "waiting"
        assert "ADA" in str(dump(shop))
        written(folder, other_url)
        office.troth.connectors.close()
        office.go_on(hours=7)
        assert office.told(case).matter.state == "completed"
        assert office.items(case)["customer"] == ("done", "1 row masked")
        office.troth.flush_ledger()
    assert "ADA" not in str(dump(shop))
    assert holding(folder, ADA) == []


def test_many_at_once_all_end(tmp_path: Path, clock: SettableClock, other_url: str, shop: sa.Engine) -> None:
    """Copies and erasures of many people, and of one person both at once, are carried out side by side, none in error."""
    folder = tmp_path / "data"
    with running(folder, clock) as office:
        written(folder, other_url)
        office.troth.connectors.add("shop", SHOP, DATASET)
        people = [ADA, BEN, *(f"person{n}@example.com" for n in range(10))]
        cases = [office.write(kind, mail) for mail in people for kind in ("access", "erase")]
        for case in cases:
            office.troth.rights.verify(office.staff, case)
        office.go_on()
        office.go_on(hours=1)
        ended = {"completed", "partially-completed"}
        assert {office.told(case).matter.state for case in cases} <= ended
        assert not any(item.state == "failed" for case in cases for item in office.told(case).items)
    assert "ADA" not in str(dump(shop))
    assert "BEN" not in str(dump(shop))


def test_what_is_late_is_told_once(tmp_path: Path, clock: SettableClock, other_url: str) -> None:
    """Two days after it began, the duty to have others erase is late: the ledger says so under its clause, and staff by mail, once."""
    folder = tmp_path / "data"
    with running(folder, clock) as office:
        written(folder, nowhere(other_url))
        office.troth.connectors.add("shop", SHOP, DATASET)
        office.troth.roster.add(name="desk@example.com", title="Desk", role="staff.privacy")
        office.ask("erase")
        office.go_on(hours=47)
        assert late_in(office.troth.database) == []
        for _ in range(3):
            office.go_on(hours=2)
        (entry,) = late_in(office.troth.database)
        (mail,) = (folder / "mail").glob("staff.*.eml")
        assert "Late: R-" in mail.read_text(encoding="utf-8")
        assert ADA not in mail.read_text(encoding="utf-8")
        assert entry.clauses == ("III.2",)


def test_a_dataset_that_does_not_fit_waits_until_it_is_mended(
    tmp_path: Path, clock: SettableClock, other_url: str, shop: sa.Engine
) -> None:
    """Nothing is changed there before the file is right; the request then ends by itself."""
    folder = tmp_path / "data"
    with running(folder, clock) as office:
        written(folder, other_url)
        office.troth.connectors.add("shop", SHOP, DATASET.replace("name: signed_by", "name: signature"))
        assert [one.field for one in office.troth.connectors.check("shop") if one.severity == "error"] == [
            "signature"
        ]
        before = dump(shop)
        case = office.ask("erase")
        assert office.items(case)["shipment"] == ("waiting", "data-set-does-not-fit")
        assert dump(shop) == before
        (folder / "connectors" / "shop.yml").write_text(DATASET, encoding="utf-8")
        office.go_on(hours=1)
        assert office.told(case).matter.state == "completed"
    assert "ADA" not in str(dump(shop))


def test_a_connector_whose_file_is_broken_waits_too(
    tmp_path: Path, clock: SettableClock, other_url: str
) -> None:
    """It is planned for, waits, and stops nothing else."""
    folder = tmp_path / "data"
    with running(folder, clock) as office:
        written(folder, other_url)
        office.troth.connectors.add("shop", SHOP, DATASET)
        (folder / "connectors" / "shop.yml").write_text("dataset: [", encoding="utf-8")
        case = office.ask("erase")
        assert office.items(case) == {"": ("waiting", "unavailable")}
        assert {state for state, _ in office.items(case, "vault").values()} == {"done"}


_WEB = ConnectorSettings(
    kind="webhook", url="https://example.com/hook", recipient="carrier", requests=("erase",)
)
_WRONG: list[tuple[str, ConnectorSettings, str, type[Exception]]] = [
    ("Shop", SHOP, DATASET, InvalidInput),
    ("../shop", SHOP, DATASET, InvalidInput),
    ("vault", SHOP, DATASET, InvalidInput),
    ("shop", SHOP, "", InvalidInput),
    ("shop", SHOP, "dataset: []", InvalidInput),
    ("shop", ConnectorSettings(kind="sql"), DATASET, InvalidInput),
    ("shop", replace(SHOP, identities={"email": "nothing"}), DATASET, NotFound),
    ("shop", replace(_WEB, url="http://example.com/hook"), "", InvalidInput),
    ("shop", replace(_WEB, url="https://user@example.com/hook"), "", InvalidInput),
    ("shop", replace(_WEB, recipient="nobody"), "", NotFound),
    ("shop", replace(_WEB, requests=("everything",)), "", InvalidInput),
    ("shop", replace(_WEB, requests=()), "", InvalidInput),
]


def test_a_wrong_connector_is_not_added(tmp_path: Path, clock: SettableClock) -> None:
    """Names, URLs, recipients, identifiers and data sets are looked at first; nothing is written."""
    with running(tmp_path / "data", clock) as office:
        for name, settings, dataset, error in _WRONG:
            with pytest.raises(error):
                office.troth.connectors.add(name, settings, dataset)
        assert office.troth.connectors.files.names() == []
        assert not (tmp_path / "data" / "connectors").exists()


def test_a_connector_is_added_once_and_removed(tmp_path: Path, clock: SettableClock) -> None:
    """A second of the same name is refused; others may not read its files, nor a file that holds a URL."""
    folder = tmp_path / "data"
    with running(folder, clock) as office:
        connectors = office.troth.connectors
        connectors.add("shop", SHOP, DATASET)
        with pytest.raises(Conflict):
            connectors.add("shop", SHOP, DATASET)
        assert {path.stat().st_mode & 0o777 for path in (folder / "connectors").iterdir()} == {0o600}
        with pytest.raises(NotFound):
            connectors.files.url("shop")
        written(folder, "sqlite:///x")
        (folder / "shop.url").chmod(0o644)
        with pytest.raises(InvalidInput, match="Others may read"):
            connectors.files.url("shop")
        connectors.files.remove("shop")
        assert connectors.files.names() == []
        with pytest.raises(NotFound):
            connectors.files.remove("shop")


def nowhere(url: str) -> str:
    """The same URL of a database that is not there."""
    return url.replace("other.db", "away/other.db").replace("_own?", "_away?")


def late_in(database: Database, connector: str = "shop") -> list[Entry]:
    """What the ledger says of connectors that are late."""
    with database.snapshot() as tx:
        rows = tx.rows(Statement(select(ledger_staged.c.body)))
    found = [decode_entry(bytes(row[0])) for row in rows]
    return [one for one in found if one.detail.get("what") == f"overdue in {connector}"]
