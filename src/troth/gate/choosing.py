"""Choosing people for a mailing: each is decided by the policy, and the handles of the chosen go into the unit of work that records it.

It goes page by page, so that a crash costs a page: whoever asks keeps the handle of the last person in the same unit of work.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from troth.gate.counting import Counting, Values, asking, refusal, weigh_question
from troth.kernel import Unavailable
from troth.ledger import stage
from troth.storage import Transaction


class Chosen(NamedTuple):
    """A page of people, gone through.

    Args:
        persons: Handles of the chosen.
        looked: People of the page that the policy lets be chosen.
        left_out: People that it does not, by reason.
        last: Handle of the last person of the page; empty when no page follows.
    """

    persons: tuple[str, ...]
    looked: int
    left_out: Mapping[str, int]
    last: str


Holds = Callable[[Values], bool]
AlongChosen = Callable[[Transaction, Chosen], None]


class Choosing(Counting):
    """One page of a choice; made like a count."""

    def page(self, after: str, holds: Holds, along: AlongChosen) -> Chosen:
        """Go through the people behind a handle.

        Args:
            after: Handle of the last person of the page before; empty for the first.
            holds: Whether somebody is chosen, by the data that are permitted.
            along: Keeps the chosen in the unit of work that records the decisions; what it raises undoes both.

        Raises:
            Unauthenticated: The key does not work.
            Refused: The policy denies it as a whole.
            Unavailable: A store takes no work, or another policy version came into force meanwhile.
        """
        if after:
            with self._database.reading() as tx:
                policy, actor = asking(tx, self._shelf, self._inquiry.key, self._now)
        else:
            with self._database.transaction() as tx:
                policy, actor, decision = weigh_question(tx, self._shelf, self._inquiry, self._now, self.run)
            if not decision.permitted:
                raise refusal(decision)
        page, opened, lost = self._page(policy, self._shelf.list_rules(policy), actor, after)
        self._unreadable += lost
        persons = tuple(who for who, values in opened.items() if holds(values))
        looked, left_out, entries = self._told(policy, actor)
        chosen = Chosen(persons, looked, dict(left_out), page.last)
        with self._database.transaction() as tx:
            if self._shelf.in_force(tx) is not policy:
                raise Unavailable("Another policy version came into force meanwhile.", mend="Try it again.")
            stage(tx, entries)
            along(tx, chosen)
        return chosen
