"""Walking through everybody, page by page in the order of handles, so that counting people takes bounded memory.

Everything that decides about a page is read with a few statements over its range, not person by person.
"""

from typing import Any, NamedTuple

from sqlalchemy import bindparam, or_, select

from troth.storage import Row, Statement, Transaction
from troth.vault.childhood import Childhood
from troth.vault.life import LIVE
from troth.vault.model import PersonState, Stance
from troth.vault.suppression import Listed
from troth.vault.tables import childhood, identifier, person, preference, sealed_field, suppression


def _range(column: Any) -> tuple[Any, Any]:
    return column > bindparam("after"), column <= bindparam("last")


_PEOPLE = Statement(
    select(person.c.person, person.c.policy)
    .where(person.c.person > bindparam("after"), person.c.state == LIVE)
    .order_by(person.c.person)
    .limit(bindparam("most"))
)
_PEOPLE_WITHIN = Statement(
    select(person.c.person, person.c.policy)
    .where(*_range(person.c.person), person.c.state == LIVE)
    .order_by(person.c.person)
)
_STANCES = Statement(
    select(preference.c.person, preference.c.stance, preference.c.purpose).where(*_range(preference.c.person))
)
_LISTED = Statement(
    select(identifier.c.person, identifier.c.kind, suppression.c.reason, suppression.c.since)
    .join(
        suppression,
        (suppression.c.kind == identifier.c.kind) & (suppression.c.blind == identifier.c.blind),
    )
    .where(*_range(identifier.c.person))
)
_CHILDREN = Statement(
    select(
        childhood.c.person,
        childhood.c.known_at,
        childhood.c.method,
        childhood.c.verified_at,
        childhood.c.until,
        childhood.c.sharing,
    ).where(*_range(childhood.c.person))
)
_s = sealed_field.c
_SEALED = Statement(
    select(_s.person, _s.field, _s.key_group, _s.policy, _s.generation, _s.sealed).where(
        *_range(_s.person),
        or_(_s.field == bindparam("name"), _s.field.like(bindparam("records"), escape="!")),
    )
)


class Page(NamedTuple):
    """Some people in the order of their handles, with all that decides about them.

    Args:
        people: What is known of each, by handle; nobody who is being erased, and no submission that is held.
        last: The last handle; empty when there is nobody behind it.
        listed: Kinds, reasons and instants under which identifiers of theirs stand on the suppression list.
        children: What is known of those who are children.
        sealed: Their sealed values of the fields wanted, as rows (field, key group, policy, generation, value).
    """

    people: dict[str, PersonState]
    last: str
    listed: dict[str, list[Listed]]
    children: dict[str, Childhood]
    sealed: dict[str, list[Row]]


def page_of_people(tx: Transaction, after: str, most: int, fields: tuple[str, ...]) -> Page:
    """The next people behind a handle.

    Args:
        tx: Unit of work.
        after: Handle of the last person of the page before; empty for the first page.
        most: People of a page.
        fields: Names of the fields whose sealed values are wanted, in the profile and in every record.
    """
    rows = tx.rows(_PEOPLE, {"after": after, "most": most})
    if not rows:
        return Page({}, "", {}, {}, {})
    return _page(tx, rows, {"after": after, "last": rows[-1][0]}, fields, more=len(rows) == most)


def people_within(tx: Transaction, after: str, last: str, fields: tuple[str, ...]) -> Page:
    """Everybody behind a handle up to another one, which need not be anybody's; as `page_of_people`."""
    span = {"after": after, "last": last}
    return _page(tx, tx.rows(_PEOPLE_WITHIN, span), span, fields, more=False)


def _page(
    tx: Transaction, rows: list[Row], span: dict[str, str], fields: tuple[str, ...], *, more: bool
) -> Page:
    said: dict[str, list[Stance]] = {}
    for who, stance, purpose in tx.rows(_STANCES, span):
        said.setdefault(who, []).append((stance, purpose))
    listed: dict[str, list[Listed]] = {}
    for who, kind, reason, since in tx.rows(_LISTED, span):
        listed.setdefault(who, []).append((kind, reason, since))
    sealed: dict[str, list[Row]] = {}
    for name in fields:
        below = f"{name.replace('_', '!_')}.%"
        for row in tx.rows(_SEALED, {**span, "name": name, "records": below}):
            sealed.setdefault(row[0], []).append(row[1:])
    return Page(
        people={who: PersonState(policy, tuple(said.get(who, ()))) for who, policy in rows},
        last=rows[-1][0] if more else "",
        listed=listed,
        children={row[0]: Childhood(*row[1:]) for row in tx.rows(_CHILDREN, span)},
        sealed=sealed,
    )
