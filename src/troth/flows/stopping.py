"""Stopping uses: what people said about uses of their information, as a place of a request.

The gate's own orders do it, so that the next decision already sees it: acts, events, content, messages that wait, reports and
audiences ask the same gate. Nothing that is kept changes; what is essential goes on, and its clause says why.
"""

from collections.abc import Callable, Iterator, Sequence

from troth.flows.answering import Done, Part, Work
from troth.flows.vault_store import PerformAlong
from troth.gate import Ask, Outcome, case_is_verified
from troth.kernel import Refused, Unavailable
from troth.policy import Policy, use_title
from troth.rights import (
    KEPT,
    RELEASE,
    STANCES,
    USE_KINDS,
    Item,
    add_receipts,
    asked_uses,
    matter_by_case,
    standing_of,
    why_essential,
)
from troth.storage import Database, Transaction

UNSURE = "we must be sure that it is you: ask for this alone, and follow the link that we send"


class UsesStore:
    """What a person said about the uses of their information.

    Args:
        database: Where requests are kept.
        perform: Performs acts together with rows of the plan; the gate's.
        policy: Gives the version in force.
    """

    name = "uses"

    def __init__(self, database: Database, perform: PerformAlong, policy: Callable[[], Policy]) -> None:
        self._database = database
        self._perform = perform
        self._policy = policy

    def plan(self, work: Work) -> list[Item]:
        """One item for each use that the request is about; what goes on all the same says why."""
        if work.kind not in USE_KINDS or not work.person:
            return []
        policy = self._policy()
        with self._database.snapshot() as tx:
            row = matter_by_case(tx, work.case)
            proven = case_is_verified(tx, work.case)
        named = row.uses.split() if row is not None else ()
        return [self._item(policy, work, use, proven=proven) for use in asked_uses(policy, work.kind, named)]

    def carry_out(self, work: Work, item: Item) -> Done:
        """Keep what the person said about a use, or take it back; saying it again changes nothing.

        Raises:
            Refused: The policy does not permit it.
            Unavailable: A store takes no work.
        """
        stances = STANCES.values() if work.kind == RELEASE else (STANCES[work.kind],)
        order = "withdraw-stance" if work.kind == RELEASE else "record-stance"
        asks = [
            Ask(
                act="instruct",
                purpose=work.purpose,
                key=work.key,
                person=work.person,
                case=work.case,
                order=order,
                about=item.target,
                stance=stance,
            )
            for stance in stances
        ]

        def along(tx: Transaction, outcomes: Sequence[Outcome]) -> None:
            add_receipts(tx, work.case, [one.entry for one in outcomes if one.permitted])

        for outcome in self._perform(asks, along):
            _check(outcome)
        return Done("done")

    def copy(self, work: Work) -> Iterator[Part]:  # noqa: ARG002  the port's
        """Nothing: what somebody said about uses stands in the vault's part."""
        return iter(())

    def _item(self, policy: Policy, work: Work, use: str, *, proven: bool) -> Item:
        title, standing = use_title(policy, use), standing_of(policy, work.kind, use)
        item = Item(work.case, 0, self.name, title, use, _ACTIONS[work.kind], "III.3")
        if work.kind == RELEASE:
            return item
        if standing == "essential":
            why = why_essential(policy, use)
            cited = f" ({why.clause})" if why.clause else ""
            return item._replace(
                action="keep", state=KEPT, reason=f"we cannot do without it: {why.reason}{cited}"
            )
        if standing == "restrictable" and not proven:
            return item._replace(action="keep", state=KEPT, reason=UNSURE)
        return item


def _check(outcome: Outcome) -> None:
    """Raise what stood in the way of an order."""
    problem = outcome.problem
    if problem is None:
        return
    if problem.code == Unavailable.code:
        raise Unavailable(problem.detail, mend=problem.mend)
    raise Refused(problem.detail, clause=problem.clause)


_ACTIONS = {"object": "restrict", "restrict": "restrict", RELEASE: "release"}
