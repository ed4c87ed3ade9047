"""Blocks: from whom a person wants no messages. The gate turns them into the fact `person.blocked`."""

from collections.abc import Collection

from sqlalchemy import bindparam, delete

from troth.kernel import NotFound
from troth.storage import Lookup, Statement, Transaction, Upsert
from troth.vault.life import LIVE
from troth.vault.tables import block, person

_ADD = Upsert(block, by=("person", "sender"))
_REMOVE = Statement(
    delete(block).where(block.c.person == bindparam("who"), block.c.sender == bindparam("whom"))
)
_READ = Lookup(block, by=("person", "sender"), take=("since",))
_OF = Lookup(block, by=("person",), take=("sender",))
_STATE = Lookup(person, by=("person",), take=("state",))
_FORGET = Statement(delete(block).where(block.c.sender == bindparam("whom")))


def block_sender(tx: Transaction, who: str, sender: str, now: int) -> None:
    """Let somebody (handle) get no messages from another, from an instant (microseconds) on.

    Raises:
        NotFound: Nobody has one of the handles.
    """
    found = tx.lookup(_STATE, [(who,), (sender,)])
    if any(found.get((one,), ("",))[0] != LIVE for one in (who, sender)):
        raise NotFound("No such person is known.", field="sender", mend="Check the handle.")
    tx.run(_ADD, (who, sender, now))


def release_sender(tx: Transaction, who: str, sender: str) -> bool:
    """Let somebody get messages from another again; tells whether they were blocked."""
    return tx.run(_REMOVE, {"who": who, "whom": sender}) == 1


def blocked_pairs(tx: Transaction, pairs: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
    """Which of some pairs (person, sender) are blocked."""
    return {(key[0], key[1]) for key in tx.lookup(_READ, list(pairs))} if pairs else set()


def blocked_by(tx: Transaction, who: str) -> set[str]:
    """Whom a person has blocked."""
    return {row[0] for row in tx.lookup_all(_OF, [(who,)]).get((who,), ())}


def forget_sender(tx: Transaction, sender: str) -> None:
    """Remove every block of somebody who was erased."""
    tx.run(_FORGET, {"whom": sender})
