"""Numbers that several people share: a stop of the number itself holds for whoever it would be used to reach (clause II.15).

An index leads from a shared value, such as a household's telephone number, to one person only, so that the stop does not show beside the
others. It shows once the number is read: what goes out is then weighed again, with what the list says of it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from troth.gate.listed import ListRules, suppression_facts
from troth.gate.reconsidering import GOES_OUT
from troth.gate.weighing import Weighed
from troth.kernel import Refused, TrothError
from troth.policy import Policy
from troth.storage import Transaction
from troth.vault import Vault, listings, normalised

Reads = Mapping[int, "dict[str, Any] | TrothError"]


def heeded(
    tx: Transaction,
    vault: Vault,
    policy: Policy,
    rules: ListRules,
    weighed: Sequence[Weighed],
    reads: Reads,
    now: int,
) -> "dict[int, dict[str, Any] | TrothError]":
    """What was read for each act (by its place), or that it is refused because of what the list says of a number in it.

    Args:
        tx: Unit of work.
        vault: Knows the keys of the list.
        policy: The version in force.
        rules: Which acts it weighs by the list.
        weighed: The acts.
        reads: What was read.
        now: Instant (microseconds).
    """
    found = dict(reads)
    for number, read in reads.items():
        one = weighed[number]
        shared = [name for name in one.fields if name in rules.shared]
        if not shared or one.ask.act not in GOES_OUT or isinstance(read, TrothError):
            continue
        if rules.by_list.hold(one.ask):
            refusal = _refusal(tx, vault, policy, rules, one, {name: read.get(name) for name in shared}, now)
            found[number] = refusal or read
    return found


def _refusal(
    tx: Transaction,
    vault: Vault,
    policy: Policy,
    rules: ListRules,
    one: Weighed,
    values: Mapping[str, object],
    now: int,
) -> TrothError | None:
    pairs = [
        (name, normalised(policy.fields[name].type, value))
        for name, value in values.items()
        if isinstance(value, str)
    ]
    listed = listings(tx, vault.keys, pairs)
    kinds = [(kind, reason, since) for (kind, _), rows in listed.items() for reason, since in rows]
    if not kinds or one.act is None:
        return None
    facts = suppression_facts(rules, kinds, one.ask, now)
    decision = policy.decide(one.act._replace(facts=tuple(sorted({*one.act.facts, *facts}))))
    if decision.permitted:
        return None
    return Refused(decision.explanation, clause=decision.clauses[0] if decision.clauses else "")
