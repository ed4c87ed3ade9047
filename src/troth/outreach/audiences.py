"""Audiences: kept as expressions, counted through the gate, never listed. No child is in one (clause I.18)."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from sqlalchemy import insert

from troth.gate import Count, Gate, Inquiry, Seen, unwatched
from troth.kernel import Clock, InvalidInput, NotFound, micros, new_id
from troth.outreach.expressions import Expression, Values, read_expression
from troth.outreach.tables import audience
from troth.policy import Audience, Policy
from troth.storage import Database, Lookup, Statement, Transaction

CHILD = frozenset({"person.child", "suppressed.child"})
"""Facts that leave somebody out of every audience, whatever the policy says."""
LONGEST_NAME = 100
_ADD = Statement(insert(audience))
_READ = Lookup(audience, by=("audience",), take=("declared", "name", "expression", "created_at"))


class Kept(NamedTuple):
    """An audience that was built.

    Args:
        audience: Its id.
        declared: The declared audience that it is one of.
        name: What its makers call it.
        expression: Who is in it.
        created_at: When it was built (microseconds).
    """

    audience: str
    declared: str
    name: str
    expression: str
    created_at: int


class Size(NamedTuple):
    """How many are in an audience.

    Args:
        audience: Its id.
        people: How many; None where that is fewer than the cohort.
        left_out: People left out before anybody was chosen, by reason; None for some, and fewer than the cohort.
        cohort: The smallest number shown.
        run: Handle that its ledger entries bear.
        entry: Ledger entry that tells whether it may be shown.
    """

    audience: str
    people: int | None
    left_out: Mapping[str, int | None]
    cohort: int
    run: str
    entry: str


class Choice(NamedTuple):
    """Whom an audience chooses, for a mailing.

    Args:
        attributes: Names of the fields that it looks at.
        barred: Facts that leave somebody out whatever the policy says.
        holds: Whether somebody is in it, by what is permitted of their data.
    """

    attributes: tuple[str, ...]
    barred: frozenset[str]
    holds: Callable[[Values], bool]


class Audiences:
    """The audiences of a folder.

    Args:
        database: Keeps their expressions.
        gate: Decides, counts and records.
        clock: Dates them.
    """

    def __init__(self, database: Database, gate: Gate, clock: Clock) -> None:
        self._database, self._gate, self._clock = database, gate, clock

    def create(self, key: str, name: str, expression: str, declared: str = "") -> Kept:
        """Build an audience: check its expression, and keep it if whoever asks could count it.

        Args:
            key: API key of who asks.
            name: What its makers call it.
            expression: Who is in it.
            declared: The declared audience that it is one of; empty for the only one.

        Raises:
            InvalidInput: The expression is refused, or the name is; nothing was kept.
            NotFound: The policy declares no such audience.
            Unauthenticated: The key does not work.
            Refused: The policy denies it.
        """
        self._gate.actor(key)
        if not name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
            raise InvalidInput(
                "The audience has no fitting name.",
                field="name",
                mend=f"Give one line of at most {LONGEST_NAME} characters.",
            )
        policy = self._gate.policy()
        frame = declared_audience(policy, declared)
        read = read_expression(expression, frame, policy)
        kept = Kept(new_id(), frame.name, name.strip(), expression, micros(self._clock.now()))

        def keep(tx: Transaction) -> None:
            tx.run(_ADD, kept)

        self._gate.question(_inquiry(frame, read, key, kept.audience), keep)
        return kept

    def attributes(self, expression: str, declared: str = "") -> tuple[str, ...]:
        """Names of the fields that an expression looks at.

        Raises:
            InvalidInput: The expression is refused.
            NotFound: The policy declares no such audience.
        """
        policy = self._gate.policy()
        frame = declared_audience(policy, declared)
        return read_expression(expression, frame, policy).attributes

    def count(self, audience_id: str, key: str, seen: Seen = unwatched) -> Size:
        """Count an audience; each person is decided by the policy, and whoever it leaves out is not looked at.

        Args:
            audience_id: Id of the audience.
            key: API key of who asks.
            seen: Told how many of how many parts are read; the first count of a process reads everything.

        Raises:
            NotFound: There is no such audience.
            InvalidInput: The policy in force no longer lets such an audience be built.
            Unauthenticated: The key does not work.
            Refused: The policy denies it.
        """
        self._gate.actor(key)
        policy = self._gate.policy()
        kept = self._kept(audience_id)
        frame = declared_audience(policy, kept.declared)
        read = read_expression(kept.expression, frame, policy)
        chosen = 0

        def take(values: Values, number: int) -> None:
            nonlocal chosen
            if read.term.holds(values):
                chosen += number

        found: Count = self._gate.tally(
            _inquiry(frame, read, key, audience_id), take, lambda _: chosen >= frame.cohort, seen
        )
        if not found.released:
            return Size(audience_id, None, {}, frame.cohort, found.run, found.entry)
        left_out = {
            reason: number if number >= frame.cohort else None
            for reason, number in sorted(found.left_out.items())
        }
        return Size(audience_id, chosen, left_out, frame.cohort, found.run, found.entry)

    def choice(self, audience_id: str) -> Choice:
        """Whom an audience chooses under the policy in force.

        Raises:
            NotFound: There is no such audience.
            InvalidInput: The policy in force no longer lets such an audience be built.
        """
        policy, kept = self._gate.policy(), self._kept(audience_id)
        read = read_expression(kept.expression, declared_audience(policy, kept.declared), policy)
        return Choice(read.attributes, CHILD, read.term.holds)

    def kept(self, audience_id: str) -> Kept:
        """An audience as it was built.

        Raises:
            NotFound: There is none.
        """
        return self._kept(audience_id)

    def _kept(self, audience_id: str) -> Kept:
        with self._database.snapshot() as tx:
            row = tx.lookup(_READ, [(audience_id,)]).get((audience_id,))
        if row is None:
            raise NotFound(
                "There is no such audience.", field="audience", mend="Use the id that building it gave."
            )
        return Kept(audience_id, *row)


def declared_audience(policy: Policy, name: str = "") -> Audience:
    """A declared audience by name; the only one, where none is named.

    Raises:
        NotFound: There is none, or several and none is named.
    """
    found = {one.name: one for one in policy.of(Audience)}
    chosen = name or (next(iter(found)) if len(found) == 1 else "")
    if chosen not in found:
        raise NotFound(
            "The policy declares no such audience.",
            field="of",
            mend=f"Use one of {', '.join(found) or '(none)'}.",
        )
    return found[chosen]


def _inquiry(frame: Audience, read: Expression, key: str, audience_id: str) -> Inquiry:
    return Inquiry(
        key,
        frame.purposes[0],
        read.attributes,
        everybody=True,
        barred=CHILD,
        words={"audience": audience_id},
    )
