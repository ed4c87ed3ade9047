"""What a channel beside mail needs: the company that serves it, and the one field of a person that it is about."""

from typing import NamedTuple

from troth.gate import Actor, Outcome, Problem, case_of
from troth.kernel import (
    Clock,
    InvalidInput,
    NotFound,
    Refused,
    TrothError,
    Unauthenticated,
    Unavailable,
)
from troth.outreach.rendering import is_marketing
from troth.policy import Act, Policy
from troth.storage import Database

DISCLOSE = "disclose"
_PROCESSOR = "processor"
_NAME = "name"
_ERRORS = {one.status: one for one in (InvalidInput, NotFound, Refused, Unauthenticated, Unavailable)}
_OF_THE_PERSON = frozenset({Refused.status, NotFound.status})
NO_ADDRESS, GONE = "no-address", "gone"


class Channel(NamedTuple):
    """A way to reach people through a company that works for us.

    Args:
        name: letter or phone, as the policy names channels.
        type: Type of the field that it needs beside the name.
        recipient: The declared recipient that is chosen; empty for the only processor with this channel.
        setting: Where one is chosen.
    """

    name: str
    type: str
    recipient: str
    setting: str

    def recipient_of(self, policy: Policy) -> str:
        """The declared recipient that serves it.

        Raises:
            InvalidInput: There is none, or several and none is chosen.
        """
        if self.recipient:
            return self.recipient
        found = [
            one.name
            for one in policy.recipients.values()
            if one.role == _PROCESSOR and self.name in one.channels
        ]
        if len(found) != 1:
            raise InvalidInput(
                f"The policy declares {len(found)} processors with the channel {self.name}.",
                field=self.setting,
                mend=f"Name the one that is meant in the setting {self.setting}.",
            )
        return found[0]


class Needed(NamedTuple):
    """What is read of each person for a channel: two fields and nothing else. `name` is empty where the policy has none.

    `possible` is false where no person and no case would make the policy permit it.
    """

    recipient: str
    name: str
    field: str
    possible: bool

    @property
    def fields(self) -> tuple[str, ...]:
        """Names of the fields."""
        return tuple(one for one in (self.name, self.field) if one)


def needed(policy: Policy, channel: Channel, actor: Actor, purpose: str, clock: Clock) -> Needed:
    """The least that a channel needs, by what the policy lets its company be given for a purpose.

    Raises:
        InvalidInput: The policy declares no field of the type.
    """
    recipient, on = channel.recipient_of(policy), clock.now().date().isoformat()
    names = [one for one in policy.fields.values() if one.type == _NAME]
    found = [one for one in policy.fields.values() if one.type == channel.type]
    if not found:
        raise InvalidInput(
            f"The policy declares no field of type {channel.type}.",
            mend="Declare it, and the recipient that may be given it.",
        )
    for field in found:
        data = tuple(sorted({field.category, *(one.category for one in names[:1])}))
        act = Act(DISCLOSE, actor.role, purpose, data, recipient, channel.name, (), on)
        if policy.conceivable(act) and actor.may_serve(purpose):
            return Needed(recipient, names[0].name if names else "", field.name, possible=True)
    return Needed(recipient, names[0].name if names else "", found[0].name, possible=False)


def check_citing(database: Database, actor: Actor, case: str) -> str:
    """Whom a case is about (empty: nobody in particular), for a key that may cite it.

    Raises:
        NotFound: There is no such case.
        Refused: The key was not granted cases of this kind.
    """
    with database.snapshot() as tx:
        found = case_of(tx, case)
    if found is None:
        raise NotFound("No such case is known.", field="case", mend="`troth case list` has them.")
    if not actor.may_cite(found.case_type):
        raise Refused(
            f"The key was not granted cases of the kind {found.case_type}.",
            clause="IV.2",
            field="case",
            mend="Use a key that was issued with --case.",
        )
    return found.person


def check_topic(policy: Policy, channel: str, purpose: str, topic: str) -> None:
    """Refuse marketing that does not say which topic it is about, and a topic that does not fit.

    Whoever stopped a topic would otherwise be asked about none; a policy without topics knows no such stop.

    Args:
        policy: The version in force.
        channel: letter or phone.
        purpose: Data use that is served.
        topic: Declared topic; empty for none.

    Raises:
        InvalidInput: It is missing, not declared, or goes neither out by the channel nor serves the purpose; says which ones do.
    """
    fitting = [
        one.name
        for one in policy.topics.values()
        if channel in one.channels
        and any(f"{purpose}.".startswith(f"{general}.") for general in one.purposes)
    ]
    if topic in fitting or (not topic and not (policy.topics and is_marketing(purpose))):
        return
    clause = next((one.clause for one in policy.topics.values()), "")
    told = f"{topic[:64]!r} is no declared topic of it" if topic else "it is not told which topic it is about"
    names = f"Give one of {', '.join(fitting)} with --topic, or as `topic:` of the kept message."
    raise InvalidInput(
        f"For {purpose[:64]} by {channel} {told}.",
        clause=clause,
        field="topic",
        mend=names
        if fitting
        else f"Declare a topic in the policy that serves it and has the channel {channel}.",
    )


def why_skipped(outcome: Outcome, value: object) -> str:
    """Why somebody is left out: the clause that denied it, or a word; empty where nobody is.

    Raises:
        TrothError: The act failed for a reason that is not the person's; nothing of the batch may count.
    """
    if outcome.permitted:
        return "" if value else NO_ADDRESS
    problem = outcome.problem or Problem(status=Unavailable.status, code=Unavailable.code, detail="")
    if problem.status not in _OF_THE_PERSON:
        raise error_of(problem)
    if problem.status == NotFound.status:
        return GONE
    return problem.clause or problem.code


def error_of(problem: Problem) -> TrothError:
    """The error that a problem was made of."""
    kind = _ERRORS.get(problem.status, Unavailable)
    return kind(problem.detail, mend=problem.mend, clause=problem.clause, field=problem.field)
