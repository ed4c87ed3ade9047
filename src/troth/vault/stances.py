"""What people said about a purpose: consented, objected, restricted. The gate turns it into facts."""

from collections.abc import Iterable

from sqlalchemy import bindparam, delete, exists, update

from troth.kernel import InvalidInput, NotFound
from troth.storage import Lookup, Statement, Transaction, Upsert
from troth.vault.life import LIVE
from troth.vault.tables import person, preference

STANCES = ("consented", "objected", "restricted")

_ADD = Upsert(preference, by=("person", "purpose", "stance"))
_REMOVE = Statement(
    delete(preference).where(
        preference.c.person == bindparam("who"),
        preference.c.purpose == bindparam("about"),
        preference.c.stance == bindparam("said"),
    )
)
# Sets the mark and takes the row, so that what is said and withdrawn at once is done one after the other.
_TALKATIVE = Statement(
    update(person).where(person.c.person == bindparam("who"), person.c.state == LIVE).values(has_stances=1)
)
_SINCE = Lookup(preference, by=("person", "purpose", "stance"), take=("since",))
_SILENT = Statement(
    update(person)
    .where(person.c.person == bindparam("who"), ~exists().where(preference.c.person == bindparam("who")))
    .values(has_stances=0)
)


def record_stance(tx: Transaction, who: str, purpose: str, stance: str, now: int) -> None:
    """Keep what a person said about a purpose at an instant (microseconds); said again, the first instant stays.

    Args:
        tx: Unit of work.
        who: Handle of the person.
        purpose: Data use; what is said holds for those below it too.
        stance: One of `STANCES`.
        now: Instant at which it was said.

    Raises:
        InvalidInput: There is no such stance.
        NotFound: Nobody has the handle, or is being erased.
    """
    _take(tx, who, stance)
    tx.run(_ADD, (who, purpose, stance, now))


def said_since(tx: Transaction, people: Iterable[str], purpose: str, stance: str) -> dict[str, int]:
    """Since when (microseconds) people have said something about a purpose or one above it; without those who have not."""
    words = purpose.split(".")
    above = [".".join(words[:end]) for end in range(1, len(words) + 1)]
    found: dict[str, int] = {}
    rows = tx.lookup(_SINCE, [(who, one, stance) for who in people for one in above])
    for (who, _, _), (since,) in rows.items():
        found[who] = min(int(since), found.get(who, int(since)))
    return found


def withdraw_stance(tx: Transaction, who: str, purpose: str, stance: str) -> bool:
    """Take back what a person said about a purpose; tells whether they had said it.

    Raises:
        InvalidInput: There is no such stance.
        NotFound: Nobody has the handle, or is being erased.
    """
    _take(tx, who, stance)
    removed = tx.run(_REMOVE, {"who": who, "about": purpose, "said": stance})
    tx.run(_SILENT, {"who": who})
    return bool(removed)


def _take(tx: Transaction, who: str, stance: str) -> None:
    if stance not in STANCES:
        raise InvalidInput(
            f"{stance[:32]!r} is no stance.", field="stance", mend=f"Use one of {', '.join(STANCES)}."
        )
    if not tx.run(_TALKATIVE, {"who": who}):
        raise NotFound("No such person is known.", field="person", mend="Check the handle.")
