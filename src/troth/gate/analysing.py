"""Analysing whole tables with added noise: who may be counted is decided one by one, what it costs is spent before anything is shown.

An analysis is an act over people, or over reports that nobody stands behind. It has a handle of its own (its run), and these parts:

1. The question is weighed as a whole and recorded; a denial ends it.
2. Everybody who stands in the table by handle is decided, as in a count. Whoever objected is left out of what is added up.
3. The privacy budget is taken in a unit of work of its own, before a figure is drawn. What follows may fail; it stays spent.
4. Whether the figures may be shown is decided on noised numbers, and commits together with the result.

No number of people stands in these entries: the ledger is read, and a true number would undo the noise.
"""

from collections.abc import Callable, Collection, Mapping
from contextlib import suppress

from troth.gate.access import Actor
from troth.gate.counting import (
    BUDGET_LEFT,
    PAGE,
    SUFFICIENT,
    Conclude,
    Count,
    Counting,
    count_act,
    refusal,
    said_of,
)
from troth.gate.listed import ListRules
from troth.kernel import Refused, Unavailable
from troth.ledger import stage
from troth.policy import Policy
from troth.storage import Transaction
from troth.vault import page_of_people, restricted_above

Spend = Callable[[Transaction], Mapping[str, str] | None]
"""Takes from the budget in a unit of work; gives what the ledger tells of it, or None where too little is left."""


class Analysis(Counting):
    """One analysis; its parts are called in the order in which they stand.

    `Counting` says what it is made of.
    """

    _policy: Policy
    _actor: Actor
    _rules: ListRules

    def begin(self) -> None:
        """Weigh the question and record that.

        Raises:
            Unauthenticated: The key does not work.
            Refused: The policy denies the question as a whole.
        """
        self._policy, self._rules, self._actor = self._begin()

    def permitted(self, persons: Collection[str]) -> set[str]:
        """Which of some people (by handle) may be counted; nobody who objected, restricted this use or was erased."""
        wanted, found = frozenset(persons), set[str]()
        after = "" if wanted else None
        while after is not None:
            with self._database.snapshot() as tx:
                page = page_of_people(tx, after, PAGE, ())
                closed = bool(restricted_above(tx, {self._inquiry.purpose}))
                for who in wanted.intersection(page.people):
                    kind = self._kind(self._policy, self._rules, said_of(page, who), closed=closed)
                    if not self._decide(tx, self._policy, self._actor, kind)[1]:
                        found.add(who)
            after = page.last or None
        return found

    def spend(self, take: Spend) -> None:
        """Take the budget, decide whether some was left, and record both; committed when this returns.

        Raises:
            Refused: Nothing is left, or the policy denies it; nothing was taken.
        """
        if not self._taken(take):
            with self._database.transaction() as tx:
                clause = self._note(tx, {SUFFICIENT}, {"budget": "used-up"})
            raise Refused(
                "The privacy budget of this data set is used up for this period; nothing is shown.",
                clause=clause,
                mend="Wait for the next period, or look at the figures that were released before.",
            )

    def _taken(self, take: Spend) -> bool:
        with suppress(_UsedUp), self._database.transaction() as tx:
            told = take(tx)
            if told is None:
                _give_back()
            self._note(tx, {SUFFICIENT, BUDGET_LEFT}, told or {})
            return True
        return False

    def end(self, conclude: Conclude, *, enough: bool) -> Count:
        """Decide whether the figures may be shown; record that and keep the result.

        Raises:
            Unavailable: Another policy version came into force meanwhile.
        """
        facts = {SUFFICIENT, BUDGET_LEFT} if enough else {BUDGET_LEFT}
        decision = self._policy.decide(self._act(self._policy, self._actor, facts))
        entry, body = self._entry(self._policy, self._actor, decision, {"part": "release"})
        count = Count(
            self.run,
            0,
            {},
            decision.permitted and enough,
            decision.clauses,
            entry,
            self._policy.sha256,
        )
        with self._database.transaction() as tx:
            if self._shelf.in_force(tx) is not self._policy:
                raise Unavailable("Another policy version came into force meanwhile.", mend="Run it again.")
            stage(tx, [*self._people(), (entry, "", body)])
            conclude(tx, count)
        return count

    def _people(self) -> list[tuple[str, str, bytes]]:
        """An entry for each kind of decision about people, without their number."""
        found = []
        for decision, reason in self._decided.values():
            told = {"part": "people", "left_out": reason}
            entry, body = self._entry(self._policy, self._actor, decision, told)
            found.append((entry, "", body))
        return found

    def _note(self, tx: Transaction, facts: set[str], told: Mapping[str, str]) -> str:
        """Decide and record what a budget allows; gives the clause that decided.

        Raises:
            Refused: The policy denies it though the budget has something left.
        """
        decision = self._policy.decide(count_act(self._policy, self._actor, self._inquiry, facts, self._now))
        used_up = BUDGET_LEFT not in facts
        refused = {"left_out": "budget"} if used_up else {}
        entry, body = self._entry(self._policy, self._actor, decision, {**told, **refused, "part": "budget"})
        stage(tx, [(entry, "", body)])
        if not decision.permitted and not used_up:
            raise refusal(decision)
        return next(iter(decision.clauses), "")


class _UsedUp(Exception):
    """Too little is left."""


def _give_back() -> None:
    """Undo the unit of work, and with it what was taken from a part of the periods.

    Raises:
        _UsedUp: Always.
    """
    raise _UsedUp
