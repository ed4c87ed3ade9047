"""Who a collection is about: somebody known by an identifier, or somebody new, whose keys must exist before the data."""

from collections.abc import Mapping, Sequence

from troth.gate.access import Actor, actors
from troth.gate.facts import identifiers_of, matching_fields
from troth.gate.model import Ask
from troth.gate.proofs import CONFIRM, Proof, proofs
from troth.gate.publication import PolicyShelf
from troth.kernel import Clock, NotFound, micros, new_id
from troth.policy import Policy
from troth.storage import Database, Transaction
from troth.vault import Vault, held_names, held_submission, who_moves

_Identifier = tuple[str, str]


class PersonAppeared(Exception):
    """Somebody came, went or took another identifier since keys were prepared; the batch starts over."""


class Newcomers:
    """The people that the collections of a batch are about.

    Args:
        known: Handle of who was found by each identifier.
        fresh: Handle prepared for each identifier that nobody has yet.
        anonymous: Handle prepared for each act (by its place) that carries no identifier, or is held first.
        confirmed: For each act (by its place) that confirms a held submission, whose it becomes.
        waiting: Handle prepared for each act (by its place) by which somebody known asks for another address.
    """

    def __init__(
        self,
        known: Mapping[_Identifier, str],
        fresh: Mapping[_Identifier, str],
        anonymous: Mapping[int, str],
        confirmed: Mapping[int, str] | None = None,
        waiting: Mapping[int, str] | None = None,
    ) -> None:
        self.waiting = waiting or {}
        self._known = known
        self._fresh = fresh
        self._anonymous = anonymous
        self._confirmed = confirmed or {}
        self.proven: Mapping[str, Proof] = {}
        self.handles = frozenset(fresh.values()) | frozenset(anonymous.values())

    def persons(
        self, tx: Transaction, vault: Vault, policy: Policy, asks: Sequence[Ask], now: int
    ) -> list[str]:
        """The handle of the person whom each act concerns at an instant (microseconds), or an empty text.

        Raises:
            PersonAppeared: Whom an identifier belongs to has changed since the keys were prepared.
        """
        named = {
            n: identifiers_of(ask.identify, policy)
            for n, ask in enumerate(asks)
            if ask.identify and not ask.person
        }
        wanted = (
            {pair for pairs in named.values() for pair in pairs} | self._known.keys() | self._fresh.keys()
        )
        found = vault.find_persons(tx, list(wanted)) if wanted else {}
        if any(found.get(pair) != who for pair, who in self._known.items()) or self._fresh.keys() & found:
            raise PersonAppeared
        matching = matching_fields(policy) if self.handles or self._known else frozenset[str]()
        secrets = {ask.proof for ask in asks if ask.proof}
        self.proven = proofs(tx, secrets, now) if secrets else {}
        persons = []
        for number, ask in enumerate(asks):
            if ask.proof:
                persons.append(self._proving(tx, vault, number, ask, now))
                continue
            who = ask.person or named_by(named.get(number, ()), found)
            if not who and ask.act == "collect":
                who = self._collected(number, _telling(ask, policy, matching))
            persons.append(who)
        return persons

    def _proving(self, tx: Transaction, vault: Vault, number: int, ask: Ask, now: int) -> str:
        """Whose mailbox a secret proves; of a submission that it confirms, whose values they become."""
        proof = self.proven.get(ask.proof)
        if proof is None or proof.use != CONFIRM:
            return proof.person if proof is not None else ""
        who = _heir(tx, vault, proof.person, now)
        if who != self._confirmed.get(number, who):
            raise PersonAppeared
        return who

    def _collected(self, number: int, telling: Sequence[_Identifier]) -> str:
        if number in self._anonymous:
            return self._anonymous[number]
        for pair in telling:
            handle = self._known.get(pair) or self._fresh.get(pair)
            if handle:
                return handle
        return ""


def prepare_newcomers(
    database: Database, vault: Vault, shelf: PolicyShelf, clock: Clock, asks: Sequence[Ask]
) -> Newcomers:
    """Find out who is new and make their keys, in the key store's own commit, before the data is written."""
    collects = [(number, ask) for number, ask in enumerate(asks) if ask.act == "collect"]
    if not collects:
        return Newcomers({}, {}, {})
    now = micros(clock.now())
    groups: dict[str, set[str]] = {}
    with database.snapshot() as tx:
        signed = actors(tx, {ask.key for _, ask in collects}, now)
        collects = [(number, ask) for number, ask in collects if isinstance(signed[ask.key], Actor)]
        policy = shelf.in_force(tx)
        confirmed = _prepare_heirs(tx, vault, policy, collects, groups, now)
        collects = [(number, ask) for number, ask in collects if not ask.proof]
        matching = matching_fields(policy)
        telling = {
            number: [] if is_held_first(ask, policy) else _telling(ask, policy, matching)
            for number, ask in collects
            if not ask.person
        }
        named = {number: identifiers_of(ask.identify, policy) for number, ask in collects if not ask.person}
        pairs = {pair for some in (*telling.values(), *named.values()) for pair in some}
        known = vault.find_persons(tx, list(pairs)) if pairs else {}
        people = vault.people(tx, {ask.person for _, ask in collects if ask.person})
    fresh: dict[_Identifier, str] = {}
    anonymous: dict[int, str] = {}
    waiting: dict[int, str] = {}
    for number, ask in collects:
        if ask.person and ask.person not in people:
            continue
        if ask.person and is_held_first(ask, policy):
            waiting[number] = new_id()
            groups[waiting[number]] = {policy.fields[one].group for one in ask.values if one in policy.fields}
            continue
        handle = ask.person or named_by(named[number], known)
        handle = handle or _handle(number, telling[number], known, fresh, anonymous)
        wanted = groups.setdefault(handle, set())
        wanted.update(policy.fields[name].group for name in ask.values if name in policy.fields)
    vault.prepare_keys(groups, now)
    return Newcomers(known, fresh, anonymous, confirmed, waiting)


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


def _prepare_heirs(
    tx: Transaction,
    vault: Vault,
    policy: Policy,
    collects: Sequence[tuple[int, Ask]],
    groups: dict[str, set[str]],
    now: int,
) -> dict[int, str]:
    """Whose each confirmed submission becomes, and the key groups that they will need."""
    proven = proofs(tx, {ask.proof for _, ask in collects if ask.proof}, now)
    confirmed = {}
    for number, ask in collects:
        if ask.proof not in proven or proven[ask.proof].use != CONFIRM:
            continue
        submission = proven[ask.proof].person
        confirmed[number] = heir = _heir(tx, vault, submission, now)
        if heir != submission:
            names = held_names(tx, submission)
            groups.setdefault(heir, set()).update(policy.fields[name].group for name in names)
    return confirmed


def named_by(pairs: Sequence[_Identifier], found: Mapping[_Identifier, str]) -> str:
    """Whom all identifiers together name; empty when one is unknown or they name different people."""
    people = {found.get(pair, "") for pair in pairs}
    return people.pop() if len(people) == 1 else ""


def _telling(ask: Ask, policy: Policy, matching: frozenset[str]) -> list[_Identifier]:
    given = {**ask.identify, **ask.values}
    return identifiers_of({name: value for name, value in given.items() if name in matching}, policy)


def _handle(
    number: int,
    telling: Sequence[_Identifier],
    known: Mapping[_Identifier, str],
    fresh: dict[_Identifier, str],
    anonymous: dict[int, str],
) -> str:
    for pair in telling:
        handle = known.get(pair) or fresh.get(pair)
        if handle:
            return handle
    handle = new_id()
    for pair in telling:
        fresh[pair] = handle
    if not telling:
        anonymous[number] = handle
    return handle
