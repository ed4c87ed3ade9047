"""Who owns a product: read from what a person bought and registered, under a decision to use that."""

from collections.abc import Mapping, Sequence
from typing import Any

from troth.policy import Decision, Policy, Wanted, owned, owner_fields
from troth.storage import Database, Transaction
from troth.vault import (
    ReadWant,
    Vault,
    all_records_of,
    page_of_people,
    parted,
    points_of_records,
    read_copies,
)

Places = Mapping[str, tuple[str, ...]]
"""By record (empty for the profile), the points whose submissions show an owner and may have made it."""


def owns_product(
    tx: Transaction, vault: Vault, policy: Policy, decision: Decision, person: str, wanted: Wanted
) -> bool:
    """Whether a person's own records show that they own a version of a product.

    Args:
        tx: Unit of work.
        vault: Opens them.
        policy: Says which points' submissions show it.
        decision: To use what tells of it; it must allow the fields.
        person: Handle.
        wanted: The product and its versions.
    """
    places = _showing(policy, {one.record: one.point for one in all_records_of(tx, person)})
    fields = tuple(policy.fields[name] for name in owner_fields(policy))
    if not fields or not places:
        return False
    copies = read_copies(tx, vault.keys, ReadWant(decision, person, fields), list(places))
    values = {record: {name: kept.value for name, kept in held.items()} for record, held in copies.items()}
    return owned(policy, wanted, values, places)


def possible_owners(
    database: Database, policy: Policy, after: str, most: int
) -> tuple[dict[str, Places], str]:
    """The next people who have records that show some owner, with these records; opens nothing.

    Args:
        database: The data database.
        policy: Says which points' submissions show an owner.
        after: Handle of the last person of the page before; empty for the first page.
        most: People of a page.

    Returns:
        Places by person, and the handle to go on behind; empty when nobody is left.
    """
    naming = tuple(sorted({point.owns["product"] for point in policy.points.values() if point.owns}))
    with database.snapshot() as tx:
        page = page_of_people(tx, after, most, naming)
        slots = {who: {parted(row[0])[1] for row in rows} for who, rows in page.sealed.items()}
        made = points_of_records(tx, {record for records in slots.values() for record in records if record})
    found = {}
    for who, records in slots.items():
        shown = _showing(policy, {record: made[record] for record in records if record in made}, records)
        if shown:
            found[who] = shown
    return found, page.last


def read_values(copies: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> dict[str, dict[str, Any]]:
    """The plain values of what a `use` of several records gave: by record, the values by field name."""
    return {record: {name: kept["value"] for name, kept in held.items()} for record, held in copies.items()}


def _showing(policy: Policy, made: Mapping[str, str], held: Sequence[str] | set[str] = ("",)) -> Places:
    """Of records with the point that made each, those that show an owner; and the profile where it may."""
    places = {record: (point,) for record, point in made.items() if _shows(policy, point)}
    profile = tuple(one.name for one in policy.points.values() if one.owns and one.record is None)
    return {**places, "": profile} if profile and "" in held else places


def _shows(policy: Policy, point: str) -> bool:
    return point in policy.points and bool(policy.points[point].owns)
