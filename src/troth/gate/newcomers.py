"""Whom an act is about: somebody known by an identifier, or somebody new, who gets a handle."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from troth.gate.facts import identifiers_of, matching_fields
from troth.gate.model import Ask
from troth.gate.proofs import CONFIRM, Proof, proofs
from troth.kernel import NotFound, new_id
from troth.policy import Policy
from troth.storage import Transaction
from troth.vault import Vault, held_submission, who_moves

_Identifier = tuple[str, str]


class PersonAppeared(Exception):
    """Somebody came or took an identifier while this batch was under way; it starts over and finds them."""


class Concerned(NamedTuple):
    """Whom the acts of a batch are about.

    Args:
        persons: The handle of the person whom each act concerns, or an empty text.
        newcomers: Handles among them that a collection may create.
        proven: What the secrets from mailboxes prove.
        waiting: Handle for each act (by its place) by which somebody known asks for another address.
    """

    persons: Sequence[str]
    newcomers: frozenset[str]
    proven: Mapping[str, Proof]
    waiting: Mapping[int, str]


def concerned(tx: Transaction, vault: Vault, policy: Policy, asks: Sequence[Ask], now: int) -> Concerned:
    """Make out whom each act is about at an instant (microseconds); a collection about nobody known gets a fresh handle."""
    named = {
        number: identifiers_of(ask.identify, policy)
        for number, ask in enumerate(asks)
        if ask.identify and not (ask.person or ask.proof)
    }
    telling = _all_telling(asks, policy)
    pairs = {pair for some in (*named.values(), *telling.values()) for pair in some}
    known = vault.find_persons(tx, list(pairs)) if pairs else {}
    secrets = {ask.proof for ask in asks if ask.proof}
    proven = proofs(tx, secrets, now) if secrets else {}
    fresh: dict[_Identifier, str] = {}
    anonymous: set[str] = set()
    persons = []
    for number, ask in enumerate(asks):
        who = ask.person
        if ask.proof:
            who = _proving(tx, vault, proven.get(ask.proof), now)
        elif not who and number in named:
            who = named_by(named[number], known)
        if not who and number in telling:
            who = _handle(telling[number], known, fresh, anonymous)
        persons.append(who)
    waiting = {n: new_id() for n, ask in enumerate(asks) if ask.person and is_held_first(ask, policy)}
    return Concerned(persons, frozenset(fresh.values()) | anonymous, proven, waiting)


def _all_telling(asks: Sequence[Ask], policy: Policy) -> dict[int, list[_Identifier]]:
    """What tells of each collection (by its place) whose it is, where the caller doesn't."""
    collects = [
        (number, ask)
        for number, ask in enumerate(asks)
        if ask.act == "collect" and not (ask.person or ask.proof)
    ]
    if not collects:
        return {}
    matching = matching_fields(policy)
    return {
        number: [] if is_held_first(ask, policy) else _telling(ask, policy, matching)
        for number, ask in collects
    }


def _proving(tx: Transaction, vault: Vault, proof: Proof | None, now: int) -> str:
    """Whose mailbox a secret proves; of a submission that it confirms, whose values they become."""
    if proof is None or proof.use != CONFIRM:
        return proof.person if proof is not None else ""
    return _heir(tx, vault, proof.person, now)


def is_held_first(ask: Ask, policy: Policy) -> bool:
    """Whether a collection waits for a confirmation: the point asks for one, and nobody vouches for whose it is.

    A point for a new address takes it from somebody known, and it waits all the same.
    """
    point = policy.points.get(ask.point)
    if point is None or point.confirm != "mail" or ask.act != "collect" or ask.proof:
        return False
    return point.part == "address" or not (ask.person or ask.identify)


def _heir(tx: Transaction, vault: Vault, submission: str, now: int) -> str:
    """Whose a held submission becomes: of whoever has its mailbox already, else a person of its own."""
    try:
        held = held_submission(tx, submission, now)
    except NotFound:  # told when the act is done
        return submission
    return who_moves(tx, submission) or vault.whose(tx, held.kind, held.blind) or submission


def named_by(pairs: Sequence[_Identifier], found: Mapping[_Identifier, str]) -> str:
    """Whom all identifiers together name; empty when one is unknown or they name different people."""
    people = {found.get(pair, "") for pair in pairs}
    return people.pop() if len(people) == 1 else ""


def _telling(ask: Ask, policy: Policy, matching: frozenset[str]) -> list[_Identifier]:
    given = {**ask.identify, **ask.values}
    return identifiers_of({name: value for name, value in given.items() if name in matching}, policy)


def _handle(
    telling: Sequence[_Identifier],
    known: Mapping[_Identifier, str],
    fresh: dict[_Identifier, str],
    anonymous: set[str],
) -> str:
    for pair in telling:
        handle = known.get(pair) or fresh.get(pair)
        if handle:
            return handle
    handle = new_id()
    for pair in telling:
        fresh[pair] = handle
    if not telling:
        anonymous.add(handle)
    return handle
