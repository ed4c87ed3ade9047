"""The vault as a place of a request: profile and records, read and erased through the gate only.

An erasure without anything that must stay is one act on the whole person; whichever item comes first does it, and the others
find it done.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from troth.flows.answering import Done, Part, Work
from troth.gate import Ask, Outcome
from troth.kernel import NotFound, Refused, Unavailable, micros
from troth.policy import Policy
from troth.rights import Item, add_receipts
from troth.storage import Transaction

PerformAlong = Callable[[Sequence[Ask], Callable[[Transaction, Sequence[Outcome]], None]], list[Outcome]]
_COPIES = frozenset({"access", "portability"})
_CHANNEL = "api"
Holdings = Sequence[Mapping[str, Any]]


class VaultStore:
    """Profile and records of a person.

    Args:
        perform: Performs acts together with rows of the plan; the gate's.
        policy: Gives the version in force.
        resume: Finishes erasures that have begun, whoever began them.
        disposal: Gives key and purpose in whose name is erased what was kept, once nothing keeps it any more.
        copies: Gives what is held, table by table.
    """

    name = "vault"

    def __init__(
        self,
        perform: PerformAlong,
        policy: Callable[[], Policy],
        resume: Callable[[], int],
        disposal: Callable[[], tuple[str, str]],
        copies: Callable[[Work], Iterator[Part]],
    ) -> None:
        self._copies = copies
        self._disposal = disposal
        self._perform = perform
        self._policy = policy
        self._resume = resume

    def plan(self, work: Work) -> list[Item]:
        """One item for each key group of the profile and each record, where the request copies or erases."""
        action = "copy" if work.kind in _COPIES else "erase" if work.kind == "erase" else ""
        if not action or not work.person:
            return []
        policy, holdings = self._policy(), self._holdings(work)
        gone = [one for one in holdings if action == "copy" or not one["kept"]]
        items = [
            Item(work.case, 0, self.name, what, target, action, _CLAUSES[action])
            for what, target in _parts(policy, gone)
        ]
        if action == "copy":
            return items
        return items + [
            Item(work.case, 0, self.name, what, target, "keep", reason, until)
            for what, target, reason, until in _kept_parts(policy, holdings)
        ]

    def carry_out(self, work: Work, item: Item) -> Done:
        """Erase the person but for what is held; a copy is taken when the package is made.

        What was held is erased as disposal once its reason has ended, for the request is over by then.

        Raises:
            Refused: The policy does not permit it.
            Unavailable: A store takes no work.
        """
        if item.action == "keep":
            if not item.tries:
                return Done("kept", until=item.until, same_again=True)
            key, purpose = self._disposal()
            kept = self._erase(work, Ask(act="erase", purpose=purpose, key=key, person=work.person))
            return _still_kept(item, kept)
        if item.action == "erase":
            self._erase(work, self._ask(work, "erase"))
        return Done("done", same_again=True)  # whoever is gone is found gone

    def _erase(self, work: Work, ask: Ask) -> Sequence[Mapping[str, str]]:
        """Erase a person as far as nothing is held; gives what is. Whoever is gone already is found gone."""

        def along(tx: Transaction, outcomes: Sequence[Outcome]) -> None:
            if outcomes[0].permitted:
                add_receipts(tx, work.case, [outcomes[0].entry])

        (outcome,) = self._perform([ask], along)
        if outcome.problem is not None and outcome.problem.code == NotFound.code:
            self._resume()  # begun before, and perhaps not finished
            return ()
        _check(outcome)
        kept: Sequence[Mapping[str, str]] = outcome.values.get("kept", ())
        return kept

    def copy(self, work: Work) -> Iterator[Part]:
        """Profile and records, each value with where it came from."""
        return self._copies(work)

    def _holdings(self, work: Work) -> Holdings:
        (outcome,) = self._perform([self._ask(work, "instruct", order="show-holdings")], _nothing)
        if outcome.problem is not None and outcome.problem.code == NotFound.code:
            return ()
        _check(outcome)
        found: Holdings = outcome.values["holdings"]
        return found

    @staticmethod
    def _ask(work: Work, act: str, **more: Any) -> Ask:
        return Ask(act=act, purpose=work.purpose, key=work.key, person=work.person, case=work.case, **more)


_CLAUSES = {"copy": "III.0", "erase": "III.2"}


def _parts(policy: Policy, holdings: Holdings) -> list[tuple[str, str]]:
    """What a plan calls each key group of the profile and each record, and what finds it again."""
    groups: dict[str, list[str]] = {}
    records: dict[str, str] = {}
    for one in holdings:
        if one["record"]:
            records.setdefault(one["record"], one["kind"])
        elif one["field"] in policy.fields:
            group = policy.fields[one["field"]].group
            groups.setdefault(group, []).append(_title(policy, one["field"]))
    found = [(f"profile: {', '.join(titles)}", f"group:{group}") for group, titles in sorted(groups.items())]
    return found + [(kind, f"record:{record}") for record, kind in sorted(records.items())]


def _kept_parts(policy: Policy, holdings: Holdings) -> list[tuple[str, str, str, int]]:
    """What is held: in plain words, what finds it again, why, and until when (microseconds; 0 for not known)."""
    found: dict[tuple[str, str, str, str], list[str]] = {}
    for one in holdings:
        if one["kept"]:
            where = (one["kind"] or "profile", one["record"], one["kept"], one["until"])
            found.setdefault(where, []).append(_title(policy, one["field"]))
    return [
        (f"{kind}: {', '.join(titles)}", f"record:{record}", reason, _instant(until))
        for (kind, record, reason, until), titles in sorted(found.items())
    ]


def _still_kept(item: Item, kept: Sequence[Mapping[str, str]]) -> Done:
    """Whether something of an item is held on, and until when then."""
    record = item.target.removeprefix("record:")
    ends = [_instant(one["until"]) for one in kept if one["slot"].partition(".")[2] == record]
    return Done("kept", until=max(ends)) if ends else Done("done")


def _instant(text: str) -> int:
    return micros(datetime.fromisoformat(text)) if text else 0


def _title(policy: Policy, name: str) -> str:
    field = policy.fields.get(name)
    return (field.title if field is not None else "") or name.replace("_", " ")


def _check(outcome: Outcome) -> None:
    """Raise what stood in the way of an act."""
    problem = outcome.problem
    if outcome.permitted:
        return
    if problem is not None and problem.code == Unavailable.code:
        raise Unavailable(problem.detail, mend=problem.mend)
    raise Refused(
        problem.detail if problem is not None else outcome.explanation,
        clause=problem.clause if problem is not None else next(iter(outcome.clauses), ""),
    )


def _nothing(_: Transaction, __: Sequence[Outcome]) -> None:
    """Nothing of one's own."""
