"""Trying to read people out of a copy of the data with whatever keys a key store has of them: what a restore drill does.

Nothing that opens is looked at or kept: only whether it opened is counted.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import bindparam, select

from troth.storage import Database, Lookup, Statement
from troth.vault import crypto
from troth.vault.errors import MovedField, MovedPerson, MovedVersion, Tampered
from troth.vault.keyring import FIRST_GENERATION, KeyRing
from troth.vault.life import HELD, KEPT, LIVE
from troth.vault.parcels import PARCEL
from troth.vault.tables import parcel, person, sealed_field

_PAGE = 500

_SEALED = Lookup(sealed_field, by=("person",), take=("field", "policy", "generation", "sealed"))
_PARCELS = Lookup(parcel, by=("parcel",), take=("sealed",))
_STATES = Lookup(person, by=("person",), take=("state",))
_PEOPLE = Statement(
    select(person.c.person)
    .where(person.c.person > bindparam("after"))
    .order_by(person.c.person)
    .limit(bindparam("most"))
)
_SHUT = (Tampered, MovedPerson, MovedField, MovedVersion)


class Probe(NamedTuple):
    """What trying gave: people who had sealed values, values tried, and values that opened."""

    people: int
    values: int
    opened: int

    def plus(self, other: "Probe") -> "Probe":
        """Both together."""
        return Probe(*(mine + its for mine, its in zip(self, other, strict=True)))


NOTHING = Probe(0, 0, 0)


def try_people(
    data: Database, keys: KeyRing, people: Sequence[str], slots: Mapping[str, Collection[str]] | None = None
) -> Probe:
    """Try every sealed value of some people, or parcels, with every key of theirs, whatever its group and generation.

    Args:
        data: A copy of the data.
        keys: A key store.
        people: Handles.
        slots: The slots to try, by person; None for all.
    """
    with data.snapshot() as tx:
        sealed = tx.lookup_all(_SEALED, [(one,) for one in people])
        for (which,), (content,) in tx.lookup(_PARCELS, [(one,) for one in people]).items():
            sealed[which,] = [(PARCEL, "", FIRST_GENERATION, bytes(content))]
    known = keys.keys_of([who for (who,) in sealed])
    found = NOTHING
    for (who,), rows in sealed.items():
        wanted = [row for row in rows if slots is None or row[0] in slots[who]]
        opened = sum(opens(keys, crypto.Place(who, *row[:3]), row[3], known.get(who, ())) for row in wanted)
        found = found.plus(Probe(bool(wanted), len(wanted), opened))
    return found


def people_in(data: Database) -> Iterator[list[str]]:
    """Everybody in a copy of the data, by pages."""
    after = ""
    while True:
        with data.snapshot() as tx:
            page = [row[0] for row in tx.rows(_PEOPLE, {"after": after, "most": _PAGE})]
        if not page:
            return
        yield page
        after = page[-1]


def living(data: Database, people: Sequence[str]) -> list[str]:
    """Those of some people who are there and not being erased."""
    with data.snapshot() as tx:
        states = tx.lookup(_STATES, [(one,) for one in people])
    return [one for one in people if states.get((one,), ("",))[0] in {LIVE, HELD, KEPT}]


def known(data: Database, people: Sequence[str]) -> set[str]:
    """Those of some people of whom anything is there, also while they are being erased."""
    with data.snapshot() as tx:
        return {who for (who,) in tx.lookup(_STATES, [(one,) for one in people])}


def keyless_people(data: Database, keys: KeyRing) -> Iterator[list[str]]:
    """People of a copy of the data who have sealed values and of whom a key store has no key: they were erased since."""
    for page in people_in(data):
        without = set(page) - keys.having_keys(page)
        if without:
            with data.snapshot() as tx:
                sealed = tx.lookup_all(_SEALED, [(one,) for one in without])
            yield sorted(who for (who,) in sealed)


def opens(keys: KeyRing, place: crypto.Place, sealed: bytes, known: Sequence[bytes]) -> bool:
    """Whether a sealed value opens at its place with any of some keys."""
    return any(_opens_with(key, keys.marking, place, sealed) for key in known)


def _opens_with(key: bytes, marking: bytes, place: crypto.Place, sealed: bytes) -> bool:
    try:
        crypto.unseal(key, marking, place, sealed)
    except _SHUT:
        return False
    return True
