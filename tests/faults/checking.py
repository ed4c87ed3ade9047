"""What must hold of a folder after any fault; looks at stores and ledger from inside."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sqlalchemy import select

import troth
from troth.bootstrap import Troth
from troth.ledger import DatabaseSource, Entry, decode_entry, recount, verify_log
from troth.ledger.tables import ledger_entry, ledger_staged
from troth.storage import Database, Statement
from troth.vault.tables import erasure, identifier, person, person_key, sealed_field

FIELDS = 4
"""Fields of a product registration."""


def column(database: Database, of: Any) -> list[Any]:
    """All values of a column."""
    with database.snapshot() as tx:
        return [row[0] for row in tx.rows(Statement(select(of)))]


def entries_of(running: Troth) -> list[Entry]:
    """Every entry of the ledger, after everything was integrated and the log verified."""
    running.flush_ledger()
    with running.database.snapshot() as tx:
        verify_log(DatabaseSource(tx), running.signer.verifier_key)
        recount(tx)
    assert column(running.database, ledger_staged.c.entry_id) == []
    return [decode_entry(bytes(body)) for body in column(running.database, ledger_entry.c.body)]


def check_folder(folder: Path, acknowledged: Iterable[str]) -> list[Entry]:
    """Check that stores and ledger tell one story; gives the ledger.

    Whoever was registered is there whole, or was erased whole; nobody else is there.

    Args:
        folder: The folder; what was begun in it is finished by opening it.
        acknowledged: Ids of the entries that were given out.
    """
    with troth.open(folder) as running:
        entries = entries_of(running)
        check_stores(running, entries)
    ids = Counter(entry.id for entry in entries)
    assert set(ids.values()) <= {1}
    assert set(acknowledged) <= ids.keys()
    return entries


def check_stores(running: Troth, entries: list[Entry]) -> None:
    """Everybody who was collected and not erased has every row and key; everybody else has none."""
    registered = {one.person for one in entries if one.act == "collect" and one.effect == "permit"}
    begun = {one.person for one in entries if one.act == "erase" and one.effect == "permit"}
    ended = Counter(one.person for one in entries if one.act == "erased")
    assert begun == ended.keys()
    assert set(ended.values()) <= {1}
    assert begun <= registered
    living = registered - begun
    assert column(running.database, erasure.c.person) == []
    assert set(column(running.database, person.c.person)) == living
    assert Counter(column(running.database, sealed_field.c.person)) == dict.fromkeys(living, FIELDS)
    assert set(column(running.database, identifier.c.person)) == living
    keyed = set(column(running.keystore, person_key.c.person))
    assert living <= keyed
    assert not keyed & begun  # keys of handles that never became people are swept later
