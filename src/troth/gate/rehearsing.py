"""Rehearsing collections: every row is weighed as it would be, nothing of it is stored, and that it was tried is on record."""

from collections.abc import Mapping, Sequence

from msgspec import structs

from troth.gate.doing import _decided_outcome, _failed
from troth.gate.facts import identifiers_of, matching_fields
from troth.gate.model import Ask, Outcome, Problem
from troth.gate.publication import PolicyShelf
from troth.gate.weighing import Scales, Weighed
from troth.kernel import Conflict, new_id
from troth.ledger import Entry, encode_entry, stage
from troth.policy import Policy
from troth.storage import Scratch, Transaction
from troth.vault import Vault

REHEARSE = "rehearse"
"""The word of the ledger for collections that were only tried."""
_Pair = tuple[str, str]


def rehearsed(
    tx: Transaction, vault: Vault, shelf: PolicyShelf, asks: Sequence[Ask], now: int, seen: Scratch
) -> list[Outcome]:
    """What would become of collections at an instant (microseconds).

    Values that are unique are held against those that are stored, and against those of this run; `seen` keeps them from
    batch to batch.
    """
    if not asks:
        return []
    policy = shelf.in_force(tx)
    matching = matching_fields(policy)
    named = [identifiers_of({**ask.identify, **ask.values}, policy) for ask in asks]
    every = {pair for pairs in named for pair in pairs}
    owner: dict[_Pair, str] = {**seen.find(every), **vault.find_persons(tx, list(every))}
    tried: dict[_Pair, str] = {}
    persons = [
        ask.person or next((owner[pair] for pair in pairs if pair[0] in matching and pair in owner), "")
        for ask, pairs in zip(asks, named, strict=True)
    ]
    weighed = Scales(tx, vault, shelf, now).weigh(asks, persons)
    outcomes = []
    for one, pairs in zip(weighed, named, strict=True):
        whose = one.person or next(
            (owner[pair] for pair in pairs if pair[0] in matching and pair in owner), ""
        )
        whose = whose or new_id()
        outcomes.append(_told(one, policy, pairs, owner, whose))
        if outcomes[-1].permitted:
            fresh = {pair: whose for pair in pairs if pair not in owner}
            owner.update(fresh)
            tried.update(fresh)
    seen.note(tried)
    _record(tx, weighed, outcomes, policy, now)
    return outcomes


def _told(
    one: Weighed, policy: Policy, pairs: Sequence[_Pair], owner: Mapping[_Pair, str], whose: str
) -> Outcome:
    if one.error is not None or one.decision is None:
        return _failed(one, one.error)
    told = _decided_outcome(one, "", "", {}, None)
    if not told.permitted:
        return told
    for name, value in pairs:
        if policy.fields[name].unique and owner.get((name, value), whose) != whose:
            taken = Conflict(
                f"Somebody else has this {name} already.", field=name, mend="Check it, or ask support."
            )
            return structs.replace(told, effect="deny", person="", problem=Problem.of(taken))
    return structs.replace(told, person="")


def _record(
    tx: Transaction, weighed: Sequence[Weighed], outcomes: Sequence[Outcome], policy: Policy, now: int
) -> None:
    """One entry for the batch: people were looked for, and nothing about them was kept."""
    signed = next((one for one in weighed if one.actor is not None), None)
    if signed is None or signed.actor is None:
        return
    refused = sum(not one.permitted for one in outcomes)
    entry = Entry(
        id=new_id(),
        at=now,
        act=REHEARSE,
        effect="permit",
        policy=policy.sha256,
        actor=signed.actor.role,
        key=signed.actor.key_id,
        detail={"acts": str(len(outcomes)), "refused": str(refused)},
    )
    stage(tx, [(entry.id, "", encode_entry(entry))])
