"""Mail that was left to a person, wired: looked at under a case and on record, then made a matter or discarded for a reason."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from troth.bootstrap.intake import EMAIL, intake_ask, point_for
from troth.gate import Ask, Outcome, note_matter
from troth.inbound import Received
from troth.kernel import Conflict, InvalidInput, NotFound, Refused, micros
from troth.policy import CaseType, Policy
from troth.rights import Matter, Reading, matter_by_case
from troth.storage import Transaction

if TYPE_CHECKING:
    from troth.bootstrap.runtime import Troth

REASONS = ("spam", "automatic", "misdirected", "duplicate", "empty", "answered")
"""Why a mail may be discarded: words, so that nothing of it comes into the ledger."""
DISCARDED = "mail-discarded"
_OF_ROUTE: dict[str, Matter] = {"privacy": "request"}
_CLOSED = "the mail was dealt with"


class Opened(NamedTuple):
    """A mail that somebody opened: what it says, its headers, and the case and ledger entry of the look."""

    received: Received
    headers: Sequence[tuple[str, str]]
    case: str
    entry: str


class Unread:
    """What staff do with mail that was left to them.

    Args:
        troth: The running parts.
    """

    def __init__(self, troth: "Troth") -> None:
        self._troth = troth

    def show(self, key: str, mail_id: str, case: str = "") -> Opened:
        """Open a mail for the holder of a key; each look is an act of its own, under a case.

        Args:
            key: Of who looks.
            mail_id: Its id.
            case: Id of the case, or number of the matter; empty to open one, which is answered in time like any other.

        Raises:
            NotFound: No such mail waits for a person.
            Refused: The policy lets this role not look at it.
        """
        declared = self._declared(mail_id)
        cited = self._case(key, declared, case)
        entry = self._look(key, declared, cited)
        received, headers = self._troth.inbox.opened(mail_id)
        return Opened(received, headers, cited, entry)

    def classify(self, key: str, mail_id: str, matter: Matter, kind: str = "", case: str = "") -> str:
        """Make a mail a request, a dispute or a question with a number of its own; its sender is written to.

        Args:
            key: Of who read it.
            mail_id: Its id.
            matter: What it is.
            kind: What a request asks for; empty for other.
            case: Case or number under which it was read, which ends with it; empty to open one.

        Returns:
            The case of the new matter.

        Raises:
            NotFound: No such mail waits for a person, or the policy has no point for it.
            Refused: The policy or the form refuses what it says.
            Conflict: Somebody else has dealt with it meanwhile.
        """
        opened = self.show(key, mail_id, case)
        policy, mail = self._troth.policy(), opened.received.mail
        if not (mail.sender or mail.reply_to):
            raise Refused("Nobody could be answered: it names no sender.", field="mail", mend="Discard it.")
        point = point_for(policy, matter)
        ask = intake_ask(self._troth, policy, point, mail, Reading(matter, kind or "other"))

        def along(tx: Transaction, outcomes: Sequence[Outcome]) -> None:
            if outcomes[0].permitted and not self._troth.inbox.settle(tx, mail_id):
                raise _gone()

        (outcome,) = self._troth.gate.perform_along([ask], along)
        if outcome.problem is not None:
            raise Refused(outcome.problem.detail, clause=outcome.problem.clause, mend=outcome.problem.mend)
        self._end(key, opened.case)
        return outcome.case

    def discard(self, key: str, mail_id: str, reason: str, case: str = "") -> str:
        """Destroy a mail for a reason; gives the ledger entry that tells of it.

        Args:
            key: Of who read it.
            mail_id: Its id.
            reason: One of `REASONS`.
            case: Case or number under which it was read, which ends with it; empty to open one.

        Raises:
            InvalidInput: There is no such reason.
            NotFound: No such mail waits for a person.
            Refused: The policy lets this role not look at it.
            Conflict: Somebody else has dealt with it meanwhile.
        """
        if reason not in REASONS:
            raise InvalidInput(
                "There is no such reason.", field="reason", mend=f"Use one of {', '.join(REASONS)}."
            )
        opened = self.show(key, mail_id, case)
        policy = self._troth.policy()
        with self._troth.database.transaction() as tx:
            if not self._troth.inbox.settle(tx, mail_id):
                raise _gone()
            entry = note_matter(
                tx, policy, case=opened.case, what=DISCARDED, clause="III.4",
                now=micros(self._troth.clock.now()), more={"reason": reason},
            )  # fmt: skip
        self._end(key, opened.case)
        return entry

    def _declared(self, mail_id: str) -> CaseType:
        """The kind of case under which such a mail is read."""
        route = self._troth.inbox.route_of(mail_id)
        matter = _OF_ROUTE.get(route, "question")
        for one in self._troth.policy().cases.values():
            if one.matter == matter and one.purpose:
                return one
        raise NotFound("The policy declares no case for such a mail.", field="mail", mend="Declare one.")

    def _case(self, key: str, declared: CaseType, case: str) -> str:
        """The case that is cited, or a new one about nobody."""
        if case:
            return self._troth.rights.row(case).case
        ask = Ask(
            act="instruct", purpose=declared.purpose or "", key=key, channel=EMAIL, order="open-case",
            case_type=declared.name, reason="left-to-staff",
        )  # fmt: skip
        (outcome,) = self._troth.perform([ask])
        _check(outcome)
        return outcome.case

    def _look(self, key: str, declared: CaseType, case: str) -> str:
        """Decide and record that somebody reads what a person wrote; gives the entry."""
        policy = self._troth.policy()
        ask = Ask(
            act="use", purpose=declared.purpose or "", key=key, case=case, channel=EMAIL,
            fields=_written(policy, declared), partial=True,
        )  # fmt: skip
        (outcome,) = self._troth.gate.pass_on([ask])
        _check(outcome)
        return outcome.entry

    def _end(self, key: str, case: str) -> None:
        """End the case of the look, where it was opened for nothing else."""
        with self._troth.database.reading() as tx:
            row = matter_by_case(tx, case)
        if row is not None and not row.ended_at and not row.person:
            self._troth.rights.move(key, case, "withdrawn", _CLOSED, told=False)


def _written(policy: Policy, declared: CaseType) -> tuple[str, ...]:
    """The fields in which what somebody wrote is kept once it is a matter."""
    for point in policy.points.values():
        if point.opens == declared.name and EMAIL in point.channels:
            return tuple(name for name, need in point.fields.items() if need == "required")
    raise NotFound("The policy declares no point that takes such a mail.", field="mail", mend="Declare one.")


def _check(outcome: Outcome) -> None:
    """Refuse what the policy does not let be done."""
    if outcome.permitted:
        return
    problem = outcome.problem
    raise Refused(
        problem.detail if problem is not None else outcome.explanation,
        clause=problem.clause if problem is not None else next(iter(outcome.clauses), ""),
    )


def _gone() -> Conflict:
    return Conflict("Somebody else has dealt with this mail.", field="mail", mend="See the list.")
