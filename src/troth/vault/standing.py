"""What stands beside the people and is mostly empty: the suppression list, known children, purposes restricted for all."""

from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, exists, literal, select

from troth.vault.choices import EVERYBODY, RESTRICTED
from troth.vault.tables import childhood, preference, suppression


class Standing(NamedTuple):
    """Whether there is anything of each kind, so that where there is none nobody is looked for in it.

    Args:
        suppressed: Whether anything stands on the suppression list.
        children: Whether anybody is known to be a child.
        restricted: Whether any purpose is restricted for everybody.
    """

    suppressed: bool
    children: bool
    restricted: bool


def standing_columns() -> tuple[ColumnElement[Any], ...]:
    """What a select asks for in order to make a `Standing` of its answer, in the same order."""
    one = literal(1)
    closed = select(one).where(preference.c.person == EVERYBODY, preference.c.stance == RESTRICTED)
    return (
        exists(select(one).select_from(suppression)),
        exists(select(one).select_from(childhood)),
        exists(closed),
    )
