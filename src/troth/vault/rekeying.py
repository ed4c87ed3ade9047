"""New keys for everybody: for each page of people a key of a new generation, then the data under it, then the old key's end.

Each step commits by itself, and each tells from what is stored what is left to do; the run's beginning is kept in the key
store. After a kill at any point, calling it again goes on: keys made since the beginning are taken as they are. Others
read and write meanwhile: a write holds the person's row, so that it falls wholly before or after the re-sealing of that
person, and a read that meets a key just destroyed looks again.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from sqlalchemy import bindparam, delete, func, select

from troth.kernel import Corrupt
from troth.storage import Database, Lookup, Statement, Transaction, Upsert
from troth.vault.keyring import KeyRing, delete_keys
from troth.vault.life import HELD, KEPT, LIVE
from troth.vault.resealing import Group, Resealer, destroy_older
from troth.vault.tables import key_run, person, person_key

PAGE = 100
REKEYING = "rekey-persons"
Progress = Callable[[int, int], None]
"""Told (done, total) after each page."""

_RUN = Statement(select(key_run.c.begun_at).where(key_run.c.kind == REKEYING))
_BEGIN = Upsert(key_run, by=("kind",))
_END = Statement(delete(key_run).where(key_run.c.kind == REKEYING))
_YOUNGEST = Statement(select(func.max(person_key.c.made_at)))
_WAITING = Statement(
    select(func.count(person_key.c.person.distinct())).where(person_key.c.made_at < bindparam("begun"))
)
_LIVING = Lookup(person, by=("person",), take=("state",))
_KEYS = Lookup(person_key, by=("person",), take=("key_group", "generation", "made_at"))


class Rekeyed(NamedTuple):
    """What a call did: how many people got new keys, and how many fields were sealed under them."""

    persons: int
    fields: int


def rekey_persons(
    database: Database, keyring: KeyRing, now: int, progress: Progress | None = None
) -> Rekeyed:
    """Give every person a new key in each key group; called again after a kill, it goes on.

    Args:
        database: The data database; others may be using it.
        keyring: The open key store.
        now: Instant (microseconds).
        progress: Told (people done, people in all) after each page.

    Raises:
        Corrupt: Some people's values or keys do not open; they keep their old keys, everybody else has new ones.
        Unavailable: A store takes no work, or somebody reads an old state of the key store for too long; repeat it.
    """
    run = _Run(database, keyring, now)
    total, done = run.waiting(), 0
    while True:
        before = run.persons
        for handles in run.pages():
            run.rekey(handles)
            done += len(handles)
            if progress is not None:
                progress(min(done, total), total)
        # Somebody whose keys were prepared before the run may have appeared behind its back.
        if run.persons == before:
            break
    run.end()
    if run.left:
        raise Corrupt(
            f"{len(run.left)} people have values or keys that do not open; they keep their old keys.",
            clause="IV.1",
            mend=f"Restore their rows and run it again; the first is {min(run.left)}.",
        )
    return Rekeyed(run.persons, run.fields)


class _Run:
    """One run, begun now or taken up.

    Args:
        database: The data database.
        keyring: The open key store.
        now: Instant (microseconds) at which a new run begins.
    """

    def __init__(self, database: Database, keyring: KeyRing, now: int) -> None:
        self._database = database
        self._keyring = keyring
        self._keystore = keyring.keystore
        self._begun = _begin(self._keystore, now)
        self._resealer = Resealer(database, keyring)

    @property
    def persons(self) -> int:
        """People who were done."""
        return self._resealer.persons

    @property
    def fields(self) -> int:
        """Fields that were sealed anew."""
        return self._resealer.fields

    @property
    def left(self) -> set[str]:
        """People whose values or keys do not open."""
        return self._resealer.left

    def waiting(self) -> int:
        """How many people have keys from before the run."""
        with self._keystore.snapshot() as tx:
            row = tx.row(_WAITING, {"begun": self._begun})
        return int(row[0]) if row is not None else 0

    def pages(self) -> Iterator[list[str]]:
        """People who have keys from before the run."""
        after = ""
        while handles := self._keyring.people_with_keys(after, self._begun, PAGE):
            yield handles
            after = handles[-1]

    def rekey(self, handles: Sequence[str]) -> None:
        """New keys, then the data, then the end of the old keys; each step repeats safely."""
        newest = self._make_keys(handles)
        done, gone = self._resealer.reseal(newest)
        with self._keystore.transaction() as tx:
            destroy_older(tx, {group: newest[group] for group in newest if group[0] in done})
            delete_keys(tx, gone)

    def end(self) -> None:
        """Remove the bytes of the old keys, then the note of the run."""
        self._keystore.scrub()
        with self._keystore.transaction() as tx:
            tx.run(_END)

    def _make_keys(self, handles: Sequence[str]) -> dict[Group, int]:
        """The generation that each key group of each living person shall have; makes the keys that are missing."""
        with self._database.snapshot() as tx:
            states = tx.lookup(_LIVING, [(one,) for one in handles])
        living = [key for key, (state,) in states.items() if state in {LIVE, HELD, KEPT}]
        with self._keystore.snapshot() as tx:
            there = tx.lookup_all(_KEYS, living)
        newest: dict[Group, tuple[int, int]] = {}
        for (who,), rows in there.items():
            for group, generation, made_at in rows:
                newest[who, group] = max(newest.get((who, group), (0, 0)), (generation, made_at))
        stale = [group for group, (_, made_at) in newest.items() if made_at < self._begun]
        if stale:
            names = [(*group, newest[group][0] + 1) for group in stale]
            self._keyring.make_keys(names, self._begun)
        return {
            group: generation + (made_at < self._begun) for group, (generation, made_at) in newest.items()
        }


def _begin(keystore: Database, now: int) -> int:
    """The instant that tells old keys from new ones: of the run under way, else now, or just after the youngest key."""
    with keystore.transaction() as tx:
        row = tx.row(_RUN)
        if row is not None:
            return int(row[0])
        begun = max(now, _youngest(tx) + 1)
        tx.run(_BEGIN, (REKEYING, begun))
        return begun


def _youngest(tx: Transaction) -> int:
    row = tx.row(_YOUNGEST)
    return int(row[0] or 0) if row is not None else 0
