"""Choosing: what a visitor chose becomes a cookie without an identifier and a ledger entry without a name."""

from collections.abc import Collection
from typing import NamedTuple

from troth.choice.model import Choice, choice_value, offered_purposes
from troth.gate import note_choice
from troth.kernel import Clock, InvalidInput, micros
from troth.policy import Policy
from troth.storage import Database


class Chosen(NamedTuple):
    """A choice that was just made: what it is, the cookie's value, and the ledger entry that counts it."""

    choice: Choice
    value: str
    entry: str


def choose(
    database: Database,
    clock: Clock,
    policy: Policy,
    *,
    allow: Collection[str],
    knowingly: Collection[str] = (),
    signal: str = "",
) -> Chosen:
    """Record that some visitor chose, and give what to remember in the browser.

    Args:
        database: Where the ledger is.
        clock: Dates it.
        policy: The version in force.
        allow: Purposes that are switched on; every other offered one is off.
        knowingly: Purposes that are switched on although the browser says no.
        signal: The browser's signal, for the record.

    Raises:
        InvalidInput: A purpose is not one that visitors choose about; nothing was recorded.
        Unavailable: The ledger cannot be written, so nothing was chosen.
    """
    offered = offered_purposes(policy)
    for field, given in (("allow", allow), ("knowingly", knowingly)):
        unknown = sorted(set(given).difference(offered))
        if unknown:
            raise InvalidInput(
                f"{unknown[0][:64]!r} is no purpose that visitors choose about; nothing was changed.",
                field=field,
                mend=f"Use {', '.join(offered)}." if offered else "The policy offers no choice.",
            )
    now = clock.now()
    allowed = frozenset(allow) | frozenset(knowingly)
    with database.transaction() as tx:
        entry = note_choice(tx, policy, offered, allowed, frozenset(knowingly), signal, micros(now))
    choice = Choice(
        made=True,
        signal=signal,
        on=now.date().isoformat(),
        allowed=allowed,
        knowingly=frozenset(knowingly),
    )
    return Chosen(choice, choice_value(policy, on=now.date(), allowed=allowed, knowingly=knowingly), entry)
