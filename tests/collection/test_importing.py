"""Bulk import: rows become collections through the gate, resumable, checked, with a report that holds no value."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.folders import made_folder
from troth.bootstrap import Troth, open_troth
from troth.collection import Imported, Importer
from troth.gate import Ask
from troth.kernel import InvalidInput, NotFound, Refused, SettableClock, Unauthenticated
from troth.ledger import decode_entry
from troth.storage import Statement
from troth.vault.tables import person, sealed_field

REGISTER = "essential.service.product_registration"
ORDER = "essential.service.fulfil_order"
CANARY = "zq-canary-7c1f"


class Desk:
    """A company that takes over people from another system."""

    def __init__(self, folder: Path, clock: SettableClock) -> None:
        self.folder = folder
        self.privacy_key = made_folder(folder / "data", clock).admin_key
        self.troth = open_troth(folder / "data", clock=clock, sequencer=False)
        self.clock = clock
        self.key = self.issue("service.import", "essential.service")

    def issue(self, role: str, *purposes: str) -> str:
        """An API key."""
        return self.troth.issue_key(name=role, role=role, purposes=purposes, cases=["*"])[0]

    def file(self, text: str | bytes, name: str = "people.csv") -> Path:
        """A file to import."""
        path = self.folder / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def importer(self, purpose: str = REGISTER, key: str = "") -> Importer:
        """What imports."""
        return Importer(self.troth.gate, self.troth.database, self.clock, key or self.key, "import", purpose)

    def run(self, path: Path, purpose: str = REGISTER, **more: Any) -> Imported:
        """Import a file."""
        importer = self.importer(purpose)
        return importer.run(importer.look_through(path), **more)

    def count(self, table: Any) -> int:
        """Rows of a table."""
        from sqlalchemy import func, select

        with self.troth.database.snapshot() as tx:
            row = tx.row(Statement(select(func.count()).select_from(table)))
        return int(row[0]) if row else 0

    def read(self, address: str, *fields: str) -> dict[str, Any]:
        """What is kept of somebody, as the privacy desk reads it."""
        purpose = "essential.service.rights_request"
        asked: dict[str, Any] = {"key": self.privacy_key, "purpose": purpose, "identify": {"email": address}}
        (opened,) = self.troth.perform([Ask(act="instruct", order="open-case", case_type="request", **asked)])
        (read,) = self.troth.perform([Ask(act="use", fields=fields, case=opened.case, **asked)])
        assert read.permitted, read
        return dict(read.values)

    def acts(self) -> list[str]:
        """What the ledger says was done."""
        from sqlalchemy import select

        from troth.ledger.tables import ledger_staged

        every = Statement(select(ledger_staged.c.body).order_by(ledger_staged.c.entry_id))
        with self.troth.database.snapshot() as tx:
            return [decode_entry(bytes(row[0])).act for row in tx.rows(every)]


@pytest.fixture
def desk(tmp_path: Path, clock: SettableClock) -> Iterator[Desk]:
    """A company with an import key."""
    made = Desk(tmp_path, clock)
    yield made
    made.troth.close()


def people(count: int, start: int = 1) -> str:
    """A CSV file of made people."""
    rows = [f"person{n}@example.com,Person {n},US,SN-{n:05d}" for n in range(start, start + count)]
    return "\n".join(["email,name,country,serial", *rows]) + "\n"


def told(path: Path) -> list[dict[str, str]]:
    """A CSV report."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_people_come_in_with_a_decision_each(desk: Desk) -> None:
    """Every row is a collection of its own: decided, recorded, readable under the policy; more than one batch of them."""
    done = desk.run(desk.file(people(1_201)))
    assert (done.rows, done.position, done.taken, done.refused) == (1_201, 1_201, 1_201, 0)
    assert desk.count(person) == 1_201
    assert desk.acts().count("collect") == 1_201
    assert desk.read("person1201@example.com", "name", "country") == {"name": "Person 1201", "country": "US"}


def test_dotted_columns_become_addresses_and_lines(desk: Desk) -> None:
    """Structured values come from dotted columns or from JSON in a cell."""
    head = "email,shipping_address.line1,shipping_address.city,shipping_address.country,order_number,order_lines.0.sku,order_lines.0.quantity,order_total"
    row = (
        'ann@example.com,1 Main St,Springfield,us,EX-1,S-1,2,"{""amount"": ""10.00"", ""currency"": ""USD""}"'
    )
    assert desk.run(desk.file(f"{head}\n{row}\n"), ORDER).taken == 1
    assert desk.read("ann@example.com", "shipping_address", "order_lines", "order_total") == {
        "shipping_address": {"line1": "1 Main St", "city": "Springfield", "country": "US"},
        "order_lines": [{"sku": "S-1", "quantity": 2}],
        "order_total": {"amount": "10.00", "currency": "USD"},
    }


def test_ndjson_takes_objects(desk: Desk) -> None:
    """A line is a JSON object; lines that are none are refused one by one."""
    lines = ['{"email": "ann@example.com", "name": "Ann"}', "", "[1]", "{", '{"email": 7}']
    report = desk.folder / "refused.ndjson"
    done = desk.run(desk.file("\n".join(lines), "people.ndjson"), report=report)
    assert (done.rows, done.taken, done.refused) == (4, 1, 3)
    faults = [json.loads(line) for line in report.read_text().splitlines()]
    assert [(one["row"], one["line"], one["field"]) for one in faults] == [
        (2, 3, "row"),
        (3, 4, "row"),
        (4, 5, "email"),
    ]


def test_refused_rows_are_told_without_their_values(desk: Desk) -> None:
    """The report names row, line, field, reason and mend of each fault, never what stood there; the others are taken."""
    rows = [
        "email,name,country,serial",
        "ann@example.com,Ann,US,SN-1",
        f"{CANARY},Bob,US,SN-2",
        f"bob@example.com,Bob,{CANARY},{CANARY} 1",
        "carl@example.com,Carl",
        "dora@example.com,4111 1111 1111 1111,US,SN-5",
        ",Emma,US,SN-6",
        "fred@example.com,Fred,US,SN-1",
    ]
    report = desk.folder / "refused.csv"
    done = desk.run(desk.file("\n".join(rows)), report=report)
    assert (done.taken, done.refused) == (1, 6)
    faults = told(report)
    assert [(one["row"], one["line"], one["field"]) for one in faults] == [
        ("2", "3", "email"), ("3", "4", "country"), ("3", "4", "serial"), ("4", "5", "row"), ("5", "6", "name"),
        ("6", "7", "email"), ("7", "8", "serial"),
    ]  # fmt: skip
    assert all(one["reason"] and one["mend"] for one in faults)
    assert faults[4]["clause"] == "II.21"
    assert CANARY not in report.read_text()
    assert "4111" not in report.read_text()


def test_suppressed_rows_are_refused(desk: Desk) -> None:
    """Each row is held against the suppression list, which an earlier record left behind."""
    assert desk.run(desk.file(people(3))).taken == 3
    purpose = "essential.service.rights_request"
    order = Ask(
        act="instruct",
        order="purge-child",
        purpose=purpose,
        key=desk.privacy_key,
        identify={"email": "person2@example.com"},
    )
    assert desk.troth.perform([order])[0].permitted
    report = desk.folder / "refused.csv"
    done = desk.run(desk.file(people(4), "more.csv"), report=report)
    assert (done.taken, done.refused) == (3, 1)
    assert told(report)[0]["row"] == "2"
    assert "person2" not in report.read_text()


def test_rows_of_one_person_join(desk: Desk) -> None:
    """Two rows with one address, in different case, are one person."""
    assert desk.run(desk.file("email,name\nann@example.com,Ann\nANN@example.com,Ann B\n")).taken == 2
    assert desk.count(person) == 1
    assert desk.read("ann@example.com", "name") == {"name": "Ann B"}


def test_dry_run_decides_everything_and_stores_nothing(desk: Desk) -> None:
    """What would be refused is told as it would be, also serials that are taken; only that it was tried is on record."""
    assert desk.run(desk.file("email,serial\nann@example.com,SN-1\n")).taken == 1
    before = desk.count(sealed_field)
    text = "email,serial\nbob@example.com,SN-1\nann@example.com,SN-1\ncarl@example.com,SN-2\ndora@example.com,SN-2\nx,SN-3\n"
    report = desk.folder / "dry.csv"
    done = desk.run(desk.file(text, "next.csv"), dry_run=True, report=report)
    assert (done.taken, done.refused) == (2, 3)
    assert [(one["row"], one["field"]) for one in told(report)] == [
        ("1", "serial"),
        ("4", "serial"),
        ("5", "email"),
    ]
    assert (desk.count(person), desk.count(sealed_field)) == (1, before)
    assert desk.acts()[-1] == "rehearse"
    real = desk.run(desk.folder / "next.csv")
    assert (real.taken, real.refused) == (2, 3)


def test_a_run_cut_off_goes_on_without_doubling(desk: Desk) -> None:
    """After a failure between batches the same command goes on behind the last batch; the report stays whole."""
    path = desk.file(
        people(1_200).replace("person7@example.com", "seven").replace("person999@example.com", "late")
    )
    report = desk.folder / "refused.csv"
    seen: list[int] = []

    def stop(position: int) -> None:
        seen.append(position)
        if position == 1_000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        desk.run(path, report=report, progress=stop)
    with report.open("a", encoding="utf-8") as file:
        file.write("1100,1101,email,told before a commit that failed,x,\r\n1150,11")
    done = desk.run(path, report=report)
    assert (done.resumed_at, done.position, done.taken, done.refused) == (1_000, 1_200, 1_198, 2)
    assert desk.acts().count("collect") == 1_198
    assert [one["row"] for one in told(report)] == ["7", "999"]
    again = desk.run(path, report=desk.folder / "other.csv")
    assert (again.done_before, again.taken) == (True, 1_198)
    assert desk.acts().count("collect") == 1_198
    assert desk.run(path, again=True).resumed_at == 0


def test_a_batch_that_fails_counts_no_row(desk: Desk) -> None:
    """A key that is revoked in the middle ends the import with what was counted, which is what is in."""
    path = desk.file(people(1_100))

    def revoke(position: int) -> None:
        if position == 500:
            desk.troth.revoke_key(desk.troth.gate.actor(desk.key).key_id)

    with pytest.raises(Unauthenticated):
        desk.run(path, progress=revoke)
    assert desk.count(person) == 500
    desk.key = desk.issue("service.import", "essential.service")
    done = desk.run(path)
    assert (done.resumed_at, done.taken) == (500, 1_100)
    assert desk.count(person) == 1_100


@pytest.mark.parametrize(
    ("text", "field", "says"),
    [
        (b"email,name\nj\xf6rg@example.com,J\n", "file", "line 2"),
        ("email,name\nann@example.com,Ann\n".encode("utf-16"), "file", "UTF-16"),
        ("", "file", "empty"),
        ("ann@example.com,Ann\nbob@example.com,Bob\n", "file", "no header"),
        ("name,country\nAnn,US\n", "email", "required email"),
        ("email,name,name\na@example.com,A,B\n", "column 3", "same name"),
        (f"email,{CANARY}\na@example.com,A\n", "column 2", "no field"),
        ("email,username\na@example.com,A\n", "column 2", "not among"),
        ('email,name\na@example.com,"Ann\n', "file", "not CSV"),
    ],
)
def test_a_file_that_cannot_be_imported_is_refused_whole(
    desk: Desk, text: str | bytes, field: str, says: str
) -> None:
    """Encoding, form and header are looked at first; the error says where and what to do, and nothing is imported."""
    with pytest.raises(InvalidInput) as caught:
        desk.run(desk.file(text))
    assert caught.value.field == field
    assert says in caught.value.what
    assert caught.value.mend
    assert CANARY not in str(caught.value)
    assert "ann@" not in str(caught.value)
    assert desk.count(person) == 0


def test_semicolons_and_byte_order_marks_are_read(desk: Desk) -> None:
    """What spreadsheets write is read: semicolons, CRLF, a byte order mark, blank lines, umlauts."""
    text = "\ufeffemail;name\r\nann@example.com;Jörg\r\n\r\nbob@example.com;Bob\r\n"
    assert desk.run(desk.file(text)).taken == 2
    assert desk.read("ann@example.com", "name") == {"name": "Jörg"}


def test_import_needs_its_point_purpose_and_key(desk: Desk) -> None:
    """An unknown point, one without imports, a foreign purpose, a key that was not granted it: each says so."""
    troth: Troth = desk.troth
    for key, point, purpose, error in (
        (desk.key, "back-door", REGISTER, NotFound),
        (desk.key, "shop", ORDER, InvalidInput),
        (desk.key, "import", "marketing.communications.email", InvalidInput),
        (desk.key, "import", "", InvalidInput),
        (desk.issue("service.import", "marketing"), "import", REGISTER, Refused),
        ("nonsense", "import", REGISTER, Unauthenticated),
    ):
        with pytest.raises(error):
            Importer(troth.gate, troth.database, desk.clock, key, point, purpose)


def test_a_dry_run_finds_what_is_twice_anywhere_in_the_file(desk: Desk) -> None:
    """A unique value again, hundreds of rows later: the dry run refuses the rows that the import refuses, and no others."""
    rows = [f"person{n}@example.com,Person {n},US,SN-{n:05d}" for n in range(1, 1_301)]
    rows[1_200] = "person1201@example.com,Person 1201,US,SN-00007"  # of somebody else, two batches before
    rows[1_250] = "person8@example.com,Person 8,US,SN-00008"  # of the same person
    file = desk.file("\n".join(["email,name,country,serial", *rows]) + "\n")
    dry = desk.folder / "dry.csv"
    tried = desk.run(file, dry_run=True, report=dry)
    assert [(row["row"], row["field"]) for row in told(dry)] == [("1201", "serial")]
    assert (tried.taken, tried.refused) == (1_299, 1)
    assert desk.count(person) == 0
    done = desk.run(file, report=desk.folder / "real.csv")
    assert (done.taken, done.refused) == (tried.taken, tried.refused)
    assert [row["row"] for row in told(desk.folder / "real.csv")] == ["1201"]
