"""What must not come back with a backup: erasures since then, from whatever still knows of them, done again.

What opens with no key any more, because its key was ended by such an erasure, can't come back; it is counted and told.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from troth.bootstrap.runtime import Troth
from troth.bootstrap.settings import Settings, read_settings, store_places
from troth.kernel import NotFound, TrothError, micros, new_id
from troth.ledger import Entry, encode_entry, stage
from troth.storage import Database, Frame, Transaction, open_current
from troth.vault import (
    REMNANT,
    WHOLE,
    EpochOver,
    Erased,
    Shut,
    all_erased,
    begin_erasure,
    copy_listings,
    drop_shut,
    end_keys,
    erase_fields,
    forget_parcels,
    has_journal,
    kept_parcels,
    keyless_people,
    known_before,
    living,
    mark_remnant,
    parted,
    people_in,
    read_journal,
    sort_shut,
)

_PAGE = 500


class Lost(NamedTuple):
    """What the backup holds and no key opens any more: of how many people, and how many values by field."""

    people: int
    values: Mapping[str, int]


class Replayed(NamedTuple):
    """What was erased again: people and slots; what told of the erasures; and what was lost by them."""

    people: int
    slots: int
    told_by: tuple[str, ...]
    lost: Lost


class Present(NamedTuple):
    """What is left of the folder in use; a store that does not open is None."""

    folder: Path
    settings: Settings
    database: Database | None
    keystore: Database | None


def open_present(folder: Path | None, opened: ExitStack) -> Present | None:
    """The folder in use, as far as it opens: whoever restores a backup often has lost a part of it."""
    if folder is None:
        return None
    try:
        settings = read_settings(folder)
    except NotFound:
        return None
    data, keys = store_places(folder, settings)
    return Present(folder, settings, _opened(data, opened), _opened(keys, opened, key_store=True))


def _opened(place: str, opened: ExitStack, *, key_store: bool = False) -> Database | None:
    try:
        database = open_current(place, key_store=key_store)
    except TrothError:  # lost, which is why a backup is restored; what is missing then is told by name
        return None
    opened.callback(database.close)
    return database


class Erasures:
    """Every erasure that the data in use and the journals know of.

    Args:
        present: The folder in use, if there is one.
        places: Folders with epoch keys and journals.

    Raises:
        NotFound: Neither tells of erasures; restoring might bring back whoever was erased.
    """

    def __init__(self, present: Present | None, places: Sequence[Path]) -> None:
        self.told_by: list[str] = []
        self.rows: set[Erased] = set()
        if present is not None and present.database is not None:
            with present.database.snapshot() as tx:
                self.rows.update(all_erased(tx))
            self.told_by.append("data in use")
        for place in places:
            if has_journal(place):
                self.rows.update(read_journal(place))
                self.told_by.append(f"journal in {place}")
        self._present = present
        if not self.told_by and (present is None or present.keystore is None):
            raise NotFound(
                "Nothing tells who was erased since the backup, and nobody erased may come back.",
                field="epochs",
                mend="Name the folder in use with --data, or the folder of epoch keys with --epochs.",
            )
        self.people = {row.person for row in self.rows if row.slot == WHOLE}

    def without_keys(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        """Rows of a key store without the keys of whoever was erased: those are not even written."""
        for frame in frames:
            if "person" not in frame.columns:
                yield frame
                continue
            who = frame.columns.index("person")
            yield frame._replace(rows=[row for row in frame.rows if row[who] not in self.people])

    def replay(self, troth: Troth) -> Replayed:
        """Erase again whatever was erased since the backup, in a restored folder that nobody has opened yet."""
        people = self._erase_people(troth, self.people)
        if (
            self._present is not None
            and self._present.keystore is not None
            and self._present.database is None
        ):
            people += sum(
                self._erase_people(troth, page) for page in keyless_people(troth.database, troth.vault.keys)
            )
            self.told_by.append("key store in use")
        slots, outdated = self._erase_slots(troth)
        lost = self._drop_shut(troth)
        self._end_keys(troth, outdated)
        if self._present is not None and self._present.database is not None:
            with self._present.database.snapshot() as tx:
                copy_listings(tx, troth.database)
        return Replayed(people, slots, tuple(self.told_by), lost)

    def later_slots(self, restored: Database) -> list[Erased]:
        """Erasures of slots that the restored data does not know of."""
        slots = [row for row in self.rows if row.slot != WHOLE]
        with restored.snapshot() as tx:
            return sorted(set(slots) - known_before(tx, slots))

    def _erase_people(self, troth: Troth, people: Collection[str]) -> int:
        erased, waiting = 0, iter(sorted(people))
        while page := list(islice(waiting, _PAGE)):
            there = living(troth.database, page)
            with troth.database.transaction() as tx:
                now = micros(troth.clock.now())
                parcels = sorted(kept_parcels(tx, page))
                if parcels:
                    forget_parcels(tx, parcels, now)
                for who in there:
                    begin_erasure(tx, who, now)
            erased += troth.gate.resume_erasures()
        return erased

    def _erase_slots(self, troth: Troth) -> tuple[int, list[tuple[str, str]]]:
        """Erase slots again; gives their number, and the key groups whose keys must go."""
        rows, erased = iter(self.later_slots(troth.database)), 0
        outdated: list[tuple[str, str]] = []
        while page := list(islice(rows, _PAGE)):
            there = set(living(troth.database, [row.person for row in page]))
            with troth.database.transaction() as tx:
                now = micros(troth.clock.now())
                for row in page:
                    if row.person not in there:
                        continue
                    if row.slot == REMNANT:
                        mark_remnant(tx, row.person)
                        continue
                    field, within = parted(row.slot)
                    outdated += erase_fields(tx, row.person, [field], now, within)
                    _record(tx, "erased", row.person, [field], now)
                    erased += 1
        return erased, sorted(set(outdated))

    def _drop_shut(self, troth: Troth) -> Lost:
        """Let go what no key opens, for its key was ended since the backup; before what is left gets new keys."""
        with troth.database.snapshot() as tx:
            emptied = {(row.person, row.key_group) for row in {*all_erased(tx), *self.rows} if row.key_group}
        values, people, held, replaced = Counter[str](), 0, 0, False
        for page in people_in(troth.database):
            with troth.database.transaction() as tx:
                found = sort_shut(tx, troth.vault.keys, living(troth.database, page), emptied)
                drop_shut(tx, found.shut)
                lost = _by_person(found.shut)
                for who, slots in lost.items():
                    _record(tx, "lost", who, slots, micros(troth.clock.now()))
            held += found.held
            people += len(lost)
            values.update(parted(one.slot)[0] for one in found.shut)
            replaced = replaced or any((one.person, one.key_group) not in emptied for one in found.shut)
        if replaced and not held:
            raise EpochOver(
                "Everybody's keys were replaced since this backup, and its epoch key is gone: nothing in it opens.",
                clause="III.7",
                mend="Restore a backup from after the re-keying.",
            )
        return Lost(people, dict(sorted(values.items())))

    @staticmethod
    def _end_keys(troth: Troth, outdated: Sequence[tuple[str, str]]) -> None:
        for start in range(0, len(outdated), _PAGE):
            now = micros(troth.clock.now())
            end_keys(
                troth.database, troth.vault.keys, dict.fromkeys(outdated[start : start + _PAGE], now), now
            )


def _by_person(shut: Iterable[Shut]) -> dict[str, list[str]]:
    """Names of the fields of which each person lost a value, in order."""
    found: dict[str, set[str]] = {}
    for one in shut:
        found.setdefault(one.person, set()).add(parted(one.slot)[0])
    return {who: sorted(fields) for who, fields in found.items()}


def _record(tx: Transaction, act: str, person: str, fields: Sequence[str], now: int) -> None:
    """Put into the ledger that fields were erased again, or lost."""
    entry_id = new_id()
    entry = Entry(id=entry_id, at=now, act=act, effect="permit", person=person, fields=tuple(fields))
    stage(tx, [(entry_id, person, encode_entry(entry))])
