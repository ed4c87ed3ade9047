"""The choices of whoever is signed in: the account keeps a no as an objection, in the person's own name (clause I.17)."""

from collections.abc import Iterable

from troth.choice import Choice, offered_purposes, remembering
from troth.gate import Ask, Outcome
from troth.kernel import Log
from troth.policy import Policy
from troth.web.site import Site
from troth.web.visiting import Visitor

_log = Log("troth.web")
_NO = "objected"
_REFUSING = frozenset({_NO, "restricted"})


def with_objections(site: Site, policy: Policy, who: Visitor) -> Choice:
    """A visitor's choice without what the account objects to; the browser's signal goes into the account.

    Args:
        site: Performs the orders.
        policy: The version in force.
        who: The visitor, signed in or not.
    """
    choice = who.choice
    if not who.signed_in:
        return choice
    objected = _objections(site, policy, who)
    if choice.signal:
        missing = [
            one for one in offered_purposes(policy) if one not in objected and one not in choice.knowingly
        ]
        _order(site, policy, who, (("record-stance", purpose) for purpose in missing))
        objected |= set(missing)
    return choice.without(objected)


def keep_choice(site: Site, policy: Policy, who: Visitor, choice: Choice) -> bool:
    """Keep a choice that was just made with the account of whoever is signed in; gives whether it is kept there."""
    if not who.signed_in:
        return False
    orders = (
        ("withdraw-stance" if choice.allows(purpose) else "record-stance", purpose)
        for purpose in offered_purposes(policy)
    )
    return _order(site, policy, who, orders)


def _objections(site: Site, policy: Policy, who: Visitor) -> set[str]:
    """The offered purposes that the account objects to, or that were restricted at a request."""
    (outcome,) = site.troth.perform([_ask(policy, who, "show-stances", "")])
    stances = outcome.values.get("stances", ()) if outcome.permitted else ()
    objected = {purpose for purpose, stance in stances if stance in _REFUSING}
    return {
        one
        for one in offered_purposes(policy)
        if any(one == purpose or one.startswith(f"{purpose}.") for purpose in objected)
    }


def _order(site: Site, policy: Policy, who: Visitor, orders: Iterable[tuple[str, str]]) -> bool:
    asks = [_ask(policy, who, order, purpose) for order, purpose in orders]
    outcomes: list[Outcome] = site.troth.perform(asks) if asks else []
    for outcome in outcomes:
        if outcome.problem is not None:
            _log.warning(
                "account_choice_not_kept", reason=outcome.problem.code, clause=outcome.problem.clause
            )
    return all(outcome.permitted for outcome in outcomes)


def _ask(policy: Policy, who: Visitor, order: str, about: str) -> Ask:
    """An order in the person's name, for the purpose that the choice cookie serves."""
    cookie = remembering(policy)
    purpose = cookie.purposes[0] if cookie is not None else ""
    stance = _NO if about else ""
    return Ask(
        act="instruct",
        purpose=purpose,
        key=who.key,
        person=who.person,
        order=order,
        about=about,
        stance=stance,
    )
