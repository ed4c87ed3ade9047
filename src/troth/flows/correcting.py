"""Correcting: the new values that a request carries, put where the old ones stood.

A field that `corrects` another one holds what that shall be; a request's record keeps it sealed, checked by type when it came in. It
is collected at the point for corrections like any value, which takes the place of the old one in the profile and in the index by
which people are found, and is then erased from the request. No value goes into a plan, a mail, a log or the ledger.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from troth.flows.answering import ByHand, Done, Part, Work
from troth.flows.vault_store import PerformAlong
from troth.gate import Ask, Outcome
from troth.kernel import NotFound, Refused, Unavailable
from troth.policy import Point, Policy
from troth.rights import Item, add_receipts
from troth.storage import Transaction

CORRECT = "correct"
_CHANNEL = "api"


class CorrectionStore:
    """What a request to correct says that values shall be.

    Args:
        perform: Performs acts together with rows of the plan; the gate's.
        policy: Gives the version in force.
    """

    name = "corrections"

    def __init__(self, perform: PerformAlong, policy: Callable[[], Policy]) -> None:
        self._perform = perform
        self._policy = policy

    def plan(self, work: Work) -> list[Item]:
        """One item for each field that the request gives a new value for.

        Raises:
            ByHand: It gives none; somebody has to read it.
        """
        if work.kind != CORRECT or not work.person:
            return []
        fields = self._policy().fields
        items = []
        for name in self._given(work):
            field = fields.get(name)
            if field is not None and field.corrects:
                title = fields[field.corrects].title or field.corrects.replace("_", " ")
                items.append(Item(work.case, 0, self.name, title, name, CORRECT, "III.1"))
        if not items:
            raise ByHand
        return items

    def carry_out(self, work: Work, item: Item) -> Done:
        """Put a new value in the place of the old one; done before, its copy in the request is gone.

        Raises:
            Refused: The policy does not permit it.
            Unavailable: A store takes no work.
        """
        policy = self._policy()
        target = policy.fields[item.target].corrects or ""
        point = _point(policy, work.purpose, target)
        read = self._done(work, "use", fields=(item.target,), record=work.record)
        if item.target not in read.values:
            return Done("done")
        new = {target: read.values[item.target]}
        self._done(work, "collect", values=new, point=point.name, channel=_CHANNEL, notice=point.notice or "")
        self._done(work, "erase", fields=(item.target,), record=work.record)
        return Done("done")

    def copy(self, work: Work) -> Iterator[Part]:  # noqa: ARG002  the port's
        """Nothing: the request's own record stands in the vault's part."""
        return iter(())

    def _given(self, work: Work) -> list[str]:
        held = self._done(work, "instruct", order="show-holdings").values["holdings"]
        return sorted(one["field"] for one in held if one["record"] == work.record and work.record)

    def _done(self, work: Work, act: str, **more: Any) -> Outcome:
        ask = Ask(act=act, purpose=work.purpose, key=work.key, person=work.person, case=work.case, **more)

        def along(tx: Transaction, outcomes: Sequence[Outcome]) -> None:
            if act == "collect" and outcomes[0].permitted:
                add_receipts(tx, work.case, [outcomes[0].entry])

        (outcome,) = self._perform([ask], along)
        problem = outcome.problem
        if problem is None:
            return outcome
        if problem.code == Unavailable.code:
            raise Unavailable(problem.detail, mend=problem.mend)
        raise Refused(problem.detail, clause=problem.clause)


def _point(policy: Policy, purpose: str, field: str) -> Point:
    """The point at which profiles are corrected: one of ours that takes the field for the purpose of requests."""
    for point in policy.points.values():
        if not point.public and not point.record and purpose in point.purposes and field in point.fields:
            return point
    raise NotFound("No point takes corrections of this field.", clause="III.1", mend="Declare one.")
