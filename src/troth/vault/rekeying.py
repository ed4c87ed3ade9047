"""New keys for everybody: for each page of people a key of a new generation, then the data under it, then the old key's end.

Each step commits by itself, and each tells from what is stored what is left to do; the run's beginning is kept in the key
store. After a kill at any point, calling it again goes on: keys made since the beginning are taken as they are. Others
read and write meanwhile: a write holds the person's row, so that it falls wholly before or after the re-sealing of that
person, and a read that meets a key just destroyed looks again.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import bindparam, delete, func, select, update

from troth.kernel import Corrupt, TrothError
from troth.storage import Database, Lookup, Row, Statement, Transaction, Upsert
from troth.vault import crypto
from troth.vault.errors import KeyMissing
from troth.vault.keyring import KeyName, KeyRing, delete_keys
from troth.vault.life import HELD, LIVE, take_living
from troth.vault.tables import key_run, person, person_key, sealed_field

PAGE = 100
REKEYING = "rekey-persons"
Progress = Callable[[int, int], None]
"""Told (done, total) after each page."""

_Group = tuple[str, str]
"""Person and key group."""

_RUN = Statement(select(key_run.c.begun_at).where(key_run.c.kind == REKEYING))
_BEGIN = Upsert(key_run, by=("kind",))
_END = Statement(delete(key_run).where(key_run.c.kind == REKEYING))
_YOUNGEST = Statement(select(func.max(person_key.c.made_at)))
_WAITING = Statement(
    select(func.count(person_key.c.person.distinct())).where(person_key.c.made_at < bindparam("begun"))
)
_LIVING = Lookup(person, by=("person",), take=("state",))
_KEYS = Lookup(person_key, by=("person",), take=("key_group", "generation", "made_at"))
_SEALED = Lookup(sealed_field, by=("person",), take=("field", "key_group", "policy", "generation", "sealed"))
_RESEAL = Statement(
    update(sealed_field)
    .where(sealed_field.c.person == bindparam("who"), sealed_field.c.field == bindparam("name"))
    .values(generation=bindparam("number"), sealed=bindparam("fresh"))
)
_DESTROY_OLDER = Statement(
    delete(person_key).where(
        person_key.c.person == bindparam("who"),
        person_key.c.key_group == bindparam("key_group_"),
        person_key.c.generation < bindparam("number"),
    )
)


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
        self.persons = 0
        self.fields = 0
        self.left: set[str] = set()

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
        done, gone = self._reseal(newest)
        with self._keystore.transaction() as tx:
            tx.run_many(
                _DESTROY_OLDER,
                [
                    {"who": who, "key_group_": group, "number": generation}
                    for (who, group), generation in newest.items()
                    if who in done
                ],
            )
            delete_keys(tx, gone)

    def end(self) -> None:
        """Remove the bytes of the old keys, then the note of the run."""
        self._keystore.scrub()
        with self._keystore.transaction() as tx:
            tx.run(_END)

    def _make_keys(self, handles: Sequence[str]) -> dict[_Group, int]:
        """The generation that each key group of each living person shall have; makes the keys that are missing."""
        with self._database.snapshot() as tx:
            states = tx.lookup(_LIVING, [(one,) for one in handles])
        living = [key for key, (state,) in states.items() if state in {LIVE, HELD}]
        with self._keystore.snapshot() as tx:
            there = tx.lookup_all(_KEYS, living)
        newest: dict[_Group, tuple[int, int]] = {}
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

    def _reseal(self, newest: Mapping[_Group, int]) -> tuple[set[str], list[str]]:
        """Put the data under the newest keys; gives who is done, and who is being erased meanwhile."""
        persons = {who for who, _ in newest}
        done: set[str] = set()
        with self._database.transaction() as tx:
            living = take_living(tx, list(persons))
            sealed = tx.lookup_all(_SEALED, [(one,) for one in living])
            keys = self._keys_for(sealed, newest)
            for who in living:
                try:
                    fresh = list(self._resealed(who, sealed.get((who,), ()), newest, keys))
                except TrothError:
                    self.left.add(
                        who
                    )  # told at the end: one altered value must not keep the others' old keys
                    continue
                tx.run_many(_RESEAL, fresh)
                self.fields += len(fresh)
                done.add(who)
        self.persons += len(done)
        return done, sorted(persons.difference(living))

    def _keys_for(
        self, sealed: Mapping[Row, list[Row]], newest: Mapping[_Group, int]
    ) -> dict[KeyName, bytes]:
        """Keys that are needed, as far as they open."""
        names = {(who, row[1], row[3]) for (who,), rows in sealed.items() for row in rows}
        names |= {(who, group, generation) for (who, group), generation in newest.items()}
        try:
            return self._keyring.keys(names)
        except Corrupt:
            return {name: key for one in names for name, key in self._key_or_none(one)}

    def _key_or_none(self, name: KeyName) -> Sequence[tuple[KeyName, bytes]]:
        try:
            return tuple(self._keyring.keys([name]).items())
        except Corrupt:
            return ()  # whoever needs it is left out and told

    def _resealed(
        self,
        who: str,
        rows: Sequence[Row],
        newest: Mapping[_Group, int],
        keys: Mapping[KeyName, bytes],
    ) -> Iterator[dict[str, object]]:
        marking = self._keyring.marking
        for field, group, policy, generation, sealed in rows:
            target = newest.get((who, group), 0)
            if generation == target:
                continue
            old, new = keys.get((who, group, generation)), keys.get((who, group, target))
            if old is None or new is None:
                raise KeyMissing(f"There is no key for field {field}.", field=field)
            value = crypto.unseal(old, marking, crypto.Place(who, field, policy, generation), sealed)
            fresh = crypto.seal(new, marking, crypto.Place(who, field, policy, target), value)
            yield {"who": who, "name": field, "number": target, "fresh": fresh}


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
