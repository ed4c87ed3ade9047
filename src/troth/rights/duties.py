"""The clocks of a matter: the policy's promises and the clocks of laws, from the moment of receipt."""

from collections.abc import Iterable
from datetime import datetime

from troth.kernel import Unavailable
from troth.policy import MATTER_EVENTS, Policy, Require, read_span
from troth.rights.calendars import calendar_of
from troth.rights.clocks import Due, Rule, due, strictest
from troth.rights.model import Matter
from troth.rights.statutes import statutes_for


def rules_for(
    policy: Policy, matter: Matter, kind: str = "", jurisdictions: Iterable[str] | None = None
) -> list[Rule]:
    """Everything that sets a clock for a matter.

    Args:
        policy: The version whose promises hold.
        matter: request, dispute or question.
        kind: What a request asks for.
        jurisdictions: Where the person lives, when that is known; left out, every one that the policy names.
    """
    found = [
        _promised(rule)
        for rule in policy.requires.values()
        if MATTER_EVENTS[matter] in rule.on and rule.within
    ]
    held = policy.front.jurisdictions if jurisdictions is None else tuple(jurisdictions)
    return [*found, *statutes_for(matter, kind, held)]


def clocks(
    policy: Policy,
    matter: Matter,
    kind: str,
    received: datetime,
    jurisdictions: Iterable[str] | None = None,
) -> list[Due]:
    """When each clock of a matter runs out, the earliest first.

    Args:
        policy: The version in force at receipt.
        matter: request, dispute or question.
        kind: What a request asks for.
        received: Instant of receipt, with its zone.
        jurisdictions: Where the person lives, when that is known.
    """
    rules = rules_for(policy, matter, kind, jurisdictions)
    found = [due(rule, received, calendar_of(rule.place) if rule.place else None) for rule in rules]
    return sorted(found, key=lambda one: (one.at, one.rule.name))


def answer_of(found: list[Due], matter: Matter) -> Due:
    """The due date of the answer: the strictest clock of all.

    Raises:
        Unavailable: No rule of the policy says by when such a matter is answered.
    """
    answer = strictest(found, "answer")
    if answer is None:
        raise Unavailable(
            f"The policy does not say by when a {matter} is answered; nothing was taken in.",
            mend=f"Add a require rule with on: [{MATTER_EVENTS[matter]}] and within:.",
        )
    return answer


def _promised(rule: Require) -> Rule:
    span = read_span(rule.within or "")
    assert span is not None, "a policy with an unreadable span does not compile"
    if rule.remind:
        return Rule(rule.name, "remind", span, f"clause {rule.clause}", remind=rule.remind)
    # a promise in business days names no country's holidays, so that only weekends are taken out
    return Rule(rule.name, "answer", span, f"clause {rule.clause}")
