"""Uses that people stop: which are optional, which may be set aside once it is sure who asks, and which cannot be done without.

The policy's own rules say so. What some rule forbids after an objection is optional; what some rule forbids under a restriction
can be set aside; any other use is essential, and the clause that permits it gives the reason.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Literal, NamedTuple

from troth.policy import Forbid, Permit, Policy
from troth.rights.model import NEEDS_PROOF

Standing = Literal["optional", "restrictable", "essential"]
STANCES = {"object": "objected", "restrict": "restricted"}
"""What somebody says about a use by each kind of request that stops uses."""
RELEASE = "release"
"""The kind of request by which a use that was stopped may go on."""
USE_KINDS = frozenset({*STANCES, RELEASE})
_OBJECTED, _RESTRICTED = "person.objected", "person.restricted"


class Essential(NamedTuple):
    """Why a use cannot be stopped: the reason in plain language and the clause that gives it."""

    reason: str
    clause: str


def optional_uses(policy: Policy) -> tuple[str, ...]:
    """The uses that people may refuse without proving who they are, as the policy names them; in order."""
    return _stopped_by(policy, _OBJECTED)


def standing_of(policy: Policy, kind: str, use: str) -> Standing:
    """What may become of a use at somebody's request.

    Args:
        policy: The version in force.
        kind: Of the request: object, restrict or release.
        use: The data use.
    """
    if _covered(use, _stopped_by(policy, _OBJECTED)):
        return "optional"
    if kind != "object" and _covered(use, _stopped_by(policy, _RESTRICTED)):
        return "restrictable"
    return "essential"


def asked_uses(policy: Policy, kind: str, uses: Iterable[str]) -> tuple[str, ...]:
    """The uses that a request is about: those that it names, else every optional one; none for other kinds."""
    if kind not in USE_KINDS:
        return ()
    return tuple(dict.fromkeys(uses)) or optional_uses(policy)


def waits_for_proof(policy: Policy, kind: str, uses: Iterable[str]) -> bool:
    """Whether a request does nothing before it is proven who asks: saying no to what is optional never waits (answer 9)."""
    if kind != "restrict":
        return kind in NEEDS_PROOF
    standings = {standing_of(policy, kind, use) for use in asked_uses(policy, kind, uses)}
    return "restrictable" in standings and "optional" not in standings


def why_essential(policy: Policy, use: str) -> Essential:
    """Why a use goes on: the first permit for it in the policy, in the order of its clauses."""
    for rule in policy.rules.values():
        if isinstance(rule, Permit) and _covered(use, rule.purposes):
            return Essential(rule.reason, rule.clause)
    return Essential("The policy permits no such use at all.", "")


@lru_cache(maxsize=64)
def _stopped_by(policy: Policy, fact: str) -> tuple[str, ...]:
    found = [
        purpose
        for rule in policy.rules.values()
        if isinstance(rule, Forbid) and fact in rule.when
        for purpose in rule.purposes
        if purpose != "*"
    ]
    unique = sorted(set(found))
    return tuple(use for use in unique if not _covered(use, [one for one in unique if one != use]))


def _covered(use: str, general: Iterable[str]) -> bool:
    return any(one in {"*", use} or use.startswith(f"{one}.") for one in general)
