"""What a collection point's values refer to: things that must stand already, and things that they only mention."""

from collections.abc import Mapping
from typing import Any

from troth.gate.facts import identifiers_of
from troth.kernel import InvalidInput
from troth.policy import Point, Policy
from troth.storage import Transaction
from troth.vault import Vault


def check_references(
    tx: Transaction, vault: Vault, policy: Policy, point: Point, values: Mapping[str, Any], who: str
) -> None:
    """Refuse values that refer to what was never issued (clause I.12).

    Args:
        tx: Unit of work.
        vault: Knows the identifiers that stand.
        policy: The version in force.
        point: Where the values come in; `refers` says what they refer to.
        values: By field name.
        who: Whom the collection is about; a field that refers to itself must stand with this person.

    Raises:
        InvalidInput: A value refers to nothing that stands; names the field and its clause, never the value.
    """
    pairs = {
        name: (other, looked_up)
        for name, other in point.refers.items()
        if name in values
        for _, looked_up in identifiers_of({other: values[name]}, policy)
    }
    if not pairs:
        return
    found = vault.find_persons(tx, list(pairs.values()))
    for name, pair in pairs.items():
        field = policy.fields[name]
        holder = found.get(pair, "")
        if not holder or (pair[0] == name and holder != who):
            raise InvalidInput(
                f"This {(field.title or name).lower()} was never issued; nothing was stored.",
                clause=field.clause,
                field=name,
                mend="Check it letter by letter, or ask support.",
            )


def claimed(point: Point | None, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values by which somebody becomes findable: not those that only mention what stands elsewhere."""
    if point is None:
        return dict(values)
    mentioned = {*point.mentions, *(name for name, other in point.refers.items() if name == other)}
    return {name: value for name, value in values.items() if name not in mentioned}
