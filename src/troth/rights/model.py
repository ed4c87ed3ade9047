"""Matters: requests, disputes and questions of people, and the states through which each may go; pure."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple, get_args

from troth.kernel import Conflict
from troth.policy import REQUEST_KINDS

Matter = Literal["request", "dispute", "question"]
MATTERS: tuple[Matter, ...] = get_args(Matter)
KINDS = REQUEST_KINDS
NEEDS_PROOF = frozenset({"access", "portability", "erase", "correct", "release", "other"})
"""Kinds that wait for a proof of who asks; whoever restricts or objects needs none (answer 9)."""

_ENDS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "request": frozenset({"completed", "partially-completed", "refused", "withdrawn"}),
        "dispute": frozenset({"resolved", "unresolved", "withdrawn"}),
        "question": frozenset({"answered", "withdrawn"}),
    }
)
MOVES: Mapping[str, Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "request": {
            "received": frozenset({"identity-pending", "verified", "refused", "withdrawn"}),
            "identity-pending": frozenset({"authority-pending", "verified", "refused", "withdrawn"}),
            "authority-pending": frozenset({"identity-pending", "verified", "refused", "withdrawn"}),
            "verified": frozenset({"identity-pending", "planned", "refused", "withdrawn"}),
            "planned": frozenset(
                {"identity-pending", "verified", "planned", "executing", "refused", "withdrawn"}
            ),
            "executing": frozenset({"completed", "partially-completed"}),
        },
        "dispute": {
            "opened": frozenset({"acknowledged", "withdrawn"}),
            "acknowledged": frozenset({"under-review", "withdrawn"}),
            "under-review": frozenset({"proposed", "withdrawn"}),
            "proposed": frozenset({"under-review", "resolved", "unresolved", "withdrawn"}),
        },
        "question": {
            "received": frozenset({"taken", "answered", "withdrawn"}),
            "taken": frozenset({"answered", "withdrawn"}),
        },
    }
)
"""The legal moves of each matter; every other is an error. Being late is no state: it is seen from the due date."""
BY_CLASSIFYING = frozenset(
    {("verified", "identity-pending"), ("planned", "identity-pending"), ("planned", "verified")}
)
"""Moves back: somebody said that a request asks for something else, which may need a proof, and always another plan."""
REASONED = frozenset({"refused", "partially-completed", "resolved", "unresolved"})
"""States that nobody may reach without a reason."""


PROOFLESS = "no proof needed"
"""Note of a request that waits for no proof."""
UNCONFIRMED, AUTHORITY_ENDED = "not confirmed", "the authority has ended"
"""Outcomes of requests of agents: whoever it is about said no, or an authority was withdrawn or ran out before anything was done."""
JOINED, UNPROVEN = "joined", "unproven"
"""Outcomes of requests that ended by themselves: one with another that is due first, or proven by nobody in time."""


class IllegalMove(Conflict):
    """A matter cannot go from its state to the one asked for."""

    code = "illegal-move"


class Shape(NamedTuple):
    """The state machine of a matter."""

    first: str
    ends: frozenset[str]
    moves: Mapping[str, frozenset[str]]

    def following(self, state: str, *, classified: bool = False) -> frozenset[str]:
        """The states that may follow one; with those that only another classification leads to where that is what happens."""
        after = self.moves.get(state, frozenset())
        return after if classified else frozenset(to for to in after if (state, to) not in BY_CLASSIFYING)

    def check(self, before: str, after: str, *, classified: bool = False) -> None:
        """Refuse an illegal move.

        Raises:
            IllegalMove: There is no such move.
        """
        following = self.following(before, classified=classified)
        if after not in following:
            told = ", ".join(sorted(following)) or "nothing: it has ended"
            raise IllegalMove(
                f"What is {before} cannot become {after}.",
                field="state",
                mend=f"From here it may become {told}.",
            )


SHAPES: Mapping[str, Shape] = MappingProxyType(
    {
        "request": Shape("received", _ENDS["request"], MOVES["request"]),
        "dispute": Shape("opened", _ENDS["dispute"], MOVES["dispute"]),
        "question": Shape("received", _ENDS["question"], MOVES["question"]),
    }
)


class MatterRow(NamedTuple):
    """A matter as it is kept; instants in microseconds, 0 for not yet. Names nobody: handles only.

    Args:
        case: Id of its case.
        number: What people call it by, such as R-7KQM-93XD.
        matter: request, dispute or question.
        kind: Of a request.
        state: Where it stands.
        person: Handle of whose it is.
        record: Record that holds what was written.
        channel: How it came in.
        about: Case that a dispute is about, or that a request has joined; empty for none.
        policy: Version in force at receipt, whose promises hold.
        language: In which the person is answered.
        handler: Id of the key of who handles it; empty for nobody yet.
        reviewer: Of a dispute, id of the key of who reviews it.
        received_at: Receipt.
        due_at: By when it must be answered; never moved.
        due_rule: The rule that sets it.
        verified_at: When it was proven who asks.
        overdue_at: When it was noted to be late.
        ended_at: When it ended.
        outcome: Reason code of the end.
        uses: Data uses that a request is about, apart by blanks; empty where it named none.
    """

    case: str
    number: str
    matter: Matter
    kind: str
    state: str
    person: str
    record: str
    channel: str
    about: str
    policy: str
    language: str
    handler: str
    reviewer: str
    received_at: int
    due_at: int
    due_rule: str
    verified_at: int
    overdue_at: int
    ended_at: int
    outcome: str
    uses: str = ""

    @property
    def lapses(self) -> bool:
        """Whether it ends by itself at its due date: somebody was asked to prove it, and nobody has yet."""
        return self.state == "identity-pending" and bool(self.person)

    @property
    def joined(self) -> str:
        """Case of the request that it has become one with; empty for none."""
        return self.about if self.matter == "request" and self.outcome == JOINED else ""

    def late(self, now: int) -> bool:
        """Whether the due date is over at an instant (microseconds) and it had not ended by then.

        What nobody proved was not to be carried out, and what joined another is late when that one is.
        """
        unproven = self.lapses or (self.outcome == UNPROVEN and not self.verified_at)
        return not unproven and not self.joined and (self.ended_at or now) > self.due_at


class Duty(NamedTuple):
    """One clock of a matter; instants in microseconds, 0 for not yet."""

    case: str
    rule: str
    does: str
    due_at: int
    met_at: int
    why: str
    remind: str


class Step(NamedTuple):
    """What happened to a matter, when and by whom. Roles and words only."""

    case: str
    at: int
    step: str
    role: str
    key: str
    note: str
