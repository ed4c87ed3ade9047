"""Copies for the person: values of many records at once, each with the version it was collected under and the instant.

Only the slots asked for are read, by their keys, so that a page of a person with many records takes no more than the page.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from troth.storage import Lookup, Row, Transaction
from troth.vault import crypto
from troth.vault.keyring import KeyName, KeyRing
from troth.vault.model import ReadWant, slot_of
from troth.vault.sealing import check_allowed, missing_key
from troth.vault.tables import sealed_field

_ROWS = Lookup(
    sealed_field, by=("person", "field"), take=("key_group", "policy", "generation", "sealed", "updated_at")
)
_decode = msgspec.json.Decoder().decode


class Kept(NamedTuple):
    """A value with the SHA-256 of the version that it was collected under, and the instant (microseconds)."""

    value: Any
    policy: str
    at: int


def read_copies(
    tx: Transaction, keys: KeyRing, want: ReadWant, records: Sequence[str]
) -> dict[str, dict[str, Kept]]:
    """Open fields of a person in several records; an empty text is the profile.

    Args:
        tx: Unit of work.
        keys: The open key store.
        want: Whose fields, with the decision that allows them.
        records: Records of the person; a record of somebody else gives nothing.

    Returns:
        By record and field; what there is not is absent.

    Raises:
        NotPermitted: The decision does not allow a field.
        KeyMissing: A key is gone.
        Tampered, MovedPerson, MovedField, MovedVersion: A value does not open; says why.
    """
    check_allowed(want.decision.permitted, want.decision.allowed, want.fields)
    places = {
        (want.person, slot_of(field.name, record)): (record, field.name)
        for record in records
        for field in want.fields
    }
    rows, openers = _sealed(tx, keys, list(places))
    found: dict[str, dict[str, Kept]] = {}
    for place, (group, policy, generation, sealed, at) in rows.items():
        record, name = places[place[0], place[1]]
        opener = openers.get((want.person, group, generation))
        if opener is None:
            raise missing_key(name)
        opened = opener.unseal(crypto.Place(want.person, place[1], policy, generation), sealed)
        found.setdefault(record, {})[name] = Kept(_decode(opened), policy, at)
    return found


def _sealed(
    tx: Transaction, keys: KeyRing, places: Sequence[tuple[str, str]]
) -> tuple[dict[Row, Row], dict[KeyName, crypto.Opener]]:
    """Sealed rows and what opens them; read anew when a re-keying has just put other keys in place."""
    for last in (False, True):
        rows = tx.lookup(_ROWS, places)
        names = {(place[0], row[0], row[2]) for place, row in rows.items()}
        found = keys.keys(names)
        if last or len(found) == len(names):
            break
    return dict(rows), {name: crypto.Opener(key, keys.marking) for name, key in found.items()}
