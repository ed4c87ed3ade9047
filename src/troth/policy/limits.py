"""What a recipient may be given at all, as its declaration says: data, purposes and days in contract."""

from collections.abc import Callable
from dataclasses import dataclass

from troth.policy.draft import Draft
from troth.policy.matching import EARLIEST, LATEST, NO_CATEGORY, Scope
from troth.policy.model import Act
from troth.policy.things import Recipient


@dataclass(frozen=True, slots=True)
class Limit:
    """The limits of one recipient; None stands for "any".

    Args:
        name: The recipient's key.
        clause: Id of the clause that declares it.
        data: Categories it may be given.
        purposes: Purposes it may be given data for.
        first: First day that all its papers are in force, ISO.
        last: Last such day.
    """

    name: str
    clause: str
    data: frozenset[str] | None
    purposes: frozenset[str] | None
    first: str
    last: str

    def breach(self, act: Act, category: str) -> str:
        """Why the act may not go to this recipient, or ""."""
        if (self.first, self.last) != (EARLIEST, LATEST) and not (
            act.on and self.first <= act.on <= self.last
        ):
            return f"the terms with {self.name} are not in force on {act.on or 'an unknown day'}"
        if self.purposes is not None and act.purpose not in self.purposes:
            return f"{self.name} is not declared for the purpose {act.purpose}"
        if self.data is not None and category not in self.data:
            return f"{self.name} is not declared for {category or 'acts without data'}"
        return ""

    def overlaps(self, scope: Scope) -> bool:
        """Whether some act of a rule's scope stays within the limit."""
        return (
            (self.data is None or scope.data is None or not self.data.isdisjoint(scope.data))
            and (
                self.purposes is None
                or scope.purposes is None
                or not self.purposes.isdisjoint(scope.purposes)
            )
            and max(self.first, scope.first) <= min(self.last, scope.last)
        )


def limit_of(recipient: Recipient, draft: Draft) -> Limit:
    """The limits that a declaration sets."""
    spans = [
        (paper.signed, paper.until or LATEST)
        for paper in (recipient.contract, recipient.undertaking)
        if paper
    ]
    if recipient.control:
        spans.append((recipient.control.from_, recipient.control.until or LATEST))
    categories = recipient.data or tuple(
        draft.fields[name].category for name in recipient.fields if name in draft.fields
    )
    data = _below(categories, draft.categories.below) if categories and "*" not in categories else None
    return Limit(
        name=recipient.name,
        clause=recipient.clause,
        data=None if data is None else data | {NO_CATEGORY},
        purposes=_below(recipient.purposes, draft.uses.below) if recipient.purposes else None,
        first=max((first for first, _ in spans), default=EARLIEST),
        last=min((last for _, last in spans), default=LATEST),
    )


def _below(keys: tuple[str, ...], below: Callable[[str], frozenset[str]]) -> frozenset[str]:
    return frozenset(term for key in keys for term in below(key))
