"""What the ledger's tests share: a log with entries, exported or not."""

from datetime import UTC, datetime
from pathlib import Path

from troth.kernel import SettableClock, new_id
from troth.ledger import Entry, Sequencer, Signer, encode_entry, export_tiles, stage
from troth.storage import Database

LOG = Signer("example.com/ledger", b"\x01" * 32)
OTHER_LOG = Signer("example.com/ledger", b"\x09" * 32)
KEY = LOG.verifier_key


def make_entry(number: int, person: str = "", **members: object) -> tuple[str, str, bytes]:
    """A staged entry: id, person, body."""
    entry_id = new_id()
    facts: dict[str, object] = {"act": "use", "effect": "permit", "clauses": ("II.3",), **members}
    entry = Entry(id=entry_id, at=1_429_142_400_000_000 + number, person=person, **facts)  # type: ignore[arg-type]
    return entry_id, person, encode_entry(entry)


def stage_entries(database: Database, count: int, **members: object) -> list[tuple[str, str, bytes]]:
    """Stage so many entries in one transaction, and return them in order."""
    made = [make_entry(number, f"{number % 7:032x}", **members) for number in range(count)]
    with database.transaction() as tx:
        stage(tx, made)
    return made


def new_clock() -> SettableClock:
    """A clock at the day of the reference policy."""
    return SettableClock(datetime(2015, 4, 16, 12, 0, tzinfo=UTC))


def new_sequencer(database: Database, signer: Signer = LOG) -> Sequencer:
    """A sequencer for the test log."""
    return Sequencer(database, signer, new_clock())


def exported_log(database: Database, folder: Path, count: int) -> list[bytes]:
    """A log of so many entries in a folder; returns their bodies."""
    made = stage_entries(database, count)
    new_sequencer(database).flush()
    export_tiles(database, folder)
    return [body for _, _, body in made]


def files_below(folder: Path) -> dict[str, bytes]:
    """Every file below a folder by its path."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
