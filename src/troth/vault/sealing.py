"""Sealing values under the newest keys of people, when a decision allows it."""

from collections.abc import Mapping, Sequence

import msgspec

from troth.policy import Field
from troth.storage import Row, Upsert
from troth.vault import crypto
from troth.vault.errors import KeyMissing, NotPermitted
from troth.vault.keyring import KeyRing
from troth.vault.model import WriteWant, slot_of
from troth.vault.tables import sealed_field

NewestKeys = Mapping[str, Mapping[str, tuple[int, bytes]]]
"""By person and key group: generation and key."""
WRITE = Upsert(
    sealed_field, by=("person", "field"), update=("key_group", "policy", "generation", "sealed", "updated_at")
)
_encode = msgspec.json.Encoder().encode


def sealed_rows(keys: KeyRing, wants: Sequence[WriteWant], newest: NewestKeys, now: int) -> list[Row]:
    """The rows to write for values, sealed at an instant (microseconds).

    Raises:
        NotPermitted: A decision does not allow a field.
        KeyMissing: A key was not prepared, or is gone.
    """
    rows: list[Row] = []
    for decision, who, policy, values, record in wants:
        check_allowed(decision.permitted, decision.allowed, [field for field, _ in values])
        sealers: dict[str, tuple[int, crypto.Sealer]] = {}
        for field, value in values:
            if field.group not in sealers:
                generation, key = newest_key(newest, who, field)
                sealers[field.group] = generation, crypto.Sealer(key, keys.marking)
            generation, sealer = sealers[field.group]
            slot = slot_of(field.name, record)
            sealed = sealer.seal(crypto.Place(who, slot, policy, generation), _encode(value))
            rows.append((who, slot, field.group, policy, generation, sealed, now))
    return rows


def check_allowed(permitted: bool, allowed: Sequence[str], fields: Sequence[Field]) -> None:  # noqa: FBT001  a plain fact of the decision
    """Refuse fields that a decision does not allow.

    Raises:
        NotPermitted: It does not allow one; names it.
    """
    for field in fields:
        if not permitted or field.category not in allowed:
            raise NotPermitted(
                f"The decision does not allow field {field.name}.",
                field=field.name,
                mend="Ask the gate for it.",
            )


def newest_key(
    newest: Mapping[str, Mapping[str, tuple[int, bytes]]], who: str, field: Field
) -> tuple[int, bytes]:
    """The newest key (with its generation) of a person for a field.

    Raises:
        KeyMissing: There is none.
    """
    found = newest.get(who, {}).get(field.group)
    if found is None:
        raise missing_key(field.name)
    return found


def missing_key(field: str) -> KeyMissing:
    """The error for a field (by name) that has no key."""
    return KeyMissing(
        f"There is no key for field {field}: the person was erased, or the key store is not the one of this data.",
        clause="III.7",
        field=field,
        mend="An erased person cannot be read; otherwise restore the key store.",
    )
