"""Correcting: the new values that a request carries, put where the old ones stood.

A field that `corrects` another one holds what that shall be; a request's record keeps it sealed, checked by type when it came in. It
is collected at the point for corrections like any value, which takes the place of the old one in the profile and in the index by
which people are found, and is then erased from the request. Records of the kinds that the point `amends`, and that say the same as the
profile did, take the new value too; what a hold keeps as it was written stays, and is told. No value goes into a plan, a mail, a log
or the ledger.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from troth.flows.answering import ByHand, Done, Part, Work
from troth.flows.vault_store import PerformAlong
from troth.gate import MAX_RECORDS, Ask, Outcome
from troth.kernel import NotFound, Refused, Unavailable, micros
from troth.policy import Point, Policy
from troth.rights import KEPT, Item, add_receipts
from troth.storage import Transaction

CORRECT = "correct"
CORRECTIONS = "corrections"
"""Place of a plan: the person's own record."""
_CHANNEL, _CLAUSE = "api", "III.1"
_AS_WRITTEN = "it stays as it was written"


class Correction(NamedTuple):
    """What a field said, and what it says once the request is carried out; nothing where it said nothing."""

    old: object
    new: object


PutBy = Callable[[Work, Callable[[], Mapping[str, Correction]]], None]
"""Has whoever must find the old values elsewhere put them by, given what reads them; called before each new value is written."""


class CorrectionStore:
    """What a request to correct says that values shall be.

    Args:
        perform: Performs acts together with rows of the plan; the gate's.
        policy: Gives the version in force.
        put_by: Called before a new value takes the place of an old one.
    """

    name = CORRECTIONS

    def __init__(self, perform: PerformAlong, policy: Callable[[], Policy], put_by: PutBy) -> None:
        self._put_by = put_by
        self._perform = perform
        self._policy = policy

    def plan(self, work: Work) -> list[Item]:
        """One item for each field that the request gives a new value for, and for each record that holds a copy of the old one.

        Raises:
            ByHand: It gives none; somebody has to read it.
        """
        if work.kind != CORRECT or not work.person:
            return []
        policy, held = self._policy(), held_by(self._perform, work)
        given = _given(policy, held, work)
        if not given:
            raise ByHand
        items = []
        for name in given:
            target = policy.fields[name].corrects or ""
            title = _title(policy, target)
            items.append(Item(work.case, 0, self.name, title, name, CORRECT, _CLAUSE))
            items += self._copies(work, name, target, [one for one in held if one["field"] == target])
        return items

    def carry_out(self, work: Work, item: Item) -> Done:
        """Put a new value in the place of the old one; done before, its copy in the request is gone.

        Raises:
            Refused: The policy does not permit it.
            Unavailable: A store takes no work.
        """
        policy = self._policy()
        name, _, record = item.target.partition(":")
        target = policy.fields[name].corrects or ""
        point = _point(policy, work.purpose, target)
        given = self._done(work, "use", fields=(name,), record=work.record).values
        if record:
            value = given.get(name, self._done(work, "use", fields=(target,)).values.get(target))
            there = self._done(work, "use", fields=(target,), record=record).values
            if value is not None and there.get(target, value) != value:
                self._collect(work, point, {target: value}, record)
            return Done("done")
        if name in given:
            self._put_by(work, lambda: self._changes(work))
            self._collect(work, point, {target: given[name]})
            self._done(work, "erase", fields=(name,), record=work.record)
        return Done("done")

    def copy(self, work: Work) -> Iterator[Part]:  # noqa: ARG002  the port's
        """Nothing: the request's own record stands in the vault's part."""
        return iter(())

    def _changes(self, work: Work) -> dict[str, Correction]:
        """Old and new value of every field that the request still has a new one for."""
        policy = self._policy()
        known = corrections(policy)
        names = given_corrections(self._perform, policy, work)
        new = self._done(work, "use", fields=tuple(names), record=work.record).values
        old = self._done(work, "use", fields=tuple(known[name] for name in names), partial=True).values
        return {known[name]: Correction(old.get(known[name]), new[name]) for name in names}

    def _copies(self, work: Work, name: str, target: str, held: Sequence[Mapping[str, str]]) -> list[Item]:
        """An item for each record that says of a field what the profile says: it takes the new value, or stays and says why."""
        point, title = _point(self._policy(), work.purpose, target), _title(self._policy(), target)
        now = said(self._done(work, "use", fields=(target,)).values.get(target))
        told = self._said(work, target, [one["record"] for one in held if one["record"]])
        items = []
        for one in held:
            if said(told.get(one["record"])) != now or not one["record"]:
                continue
            item = Item(
                work.case,
                0,
                self.name,
                f"{one['kind']}: {title}",
                f"{name}:{one['record']}",
                CORRECT,
                _CLAUSE,
            )
            if one["kept"] or one["kind"] not in point.amends:
                until = micros(datetime.fromisoformat(one["until"])) if one["until"] else 0
                item = item._replace(
                    action="keep", state=KEPT, reason=one["kept"] or _AS_WRITTEN, until=until
                )
            items.append(item)
        return items

    def _said(self, work: Work, target: str, records: Sequence[str]) -> dict[str, object]:
        """What records say of a field."""
        found: dict[str, object] = {}
        for start in range(0, len(records), MAX_RECORDS):
            some = tuple(records[start : start + MAX_RECORDS])
            told = self._done(work, "use", fields=(target,), records=some).values
            found |= {record: held[target]["value"] for record, held in told.items() if target in held}
        return found

    def _collect(self, work: Work, point: Point, values: Mapping[str, object], record: str = "") -> None:
        notice = point.notice or ""
        self._done(
            work, "collect", values=values, point=point.name, channel=_CHANNEL, notice=notice, record=record
        )

    def _done(self, work: Work, act: str, **more: Any) -> Outcome:
        return _done(self._perform, work, act, **more)


def held_by(perform: PerformAlong, work: Work) -> Sequence[Mapping[str, str]]:
    """What a person has, by name: each field with its record and what keeps it; opens nothing.

    Raises:
        Refused: The policy does not permit it.
    """
    told = _done(perform, work, "instruct", order="show-holdings").values
    found: Sequence[Mapping[str, str]] = told["holdings"]
    return found


def given_corrections(perform: PerformAlong, policy: Policy, work: Work) -> list[str]:
    """The fields for which a request gives a new value.

    Raises:
        Refused: The policy does not permit to look.
    """
    return _given(policy, held_by(perform, work), work)


def corrections(policy: Policy) -> dict[str, str]:
    """The fields for new values, each with the one that it corrects."""
    return {name: field.corrects for name, field in sorted(policy.fields.items()) if field.corrects}


def _given(policy: Policy, held: Sequence[Mapping[str, str]], work: Work) -> list[str]:
    there = {one["field"] for one in held if one["record"] == work.record and work.record}
    return [name for name in corrections(policy) if name in there]


def _done(perform: PerformAlong, work: Work, act: str, **more: Any) -> Outcome:
    ask = Ask(act=act, purpose=work.purpose, key=work.key, person=work.person, case=work.case, **more)

    def along(tx: Transaction, outcomes: Sequence[Outcome]) -> None:
        if act == "collect" and outcomes[0].permitted:
            add_receipts(tx, work.case, [outcomes[0].entry])

    (outcome,) = perform([ask], along)
    problem = outcome.problem
    if problem is None:
        return outcome
    if problem.code == Unavailable.code:
        raise Unavailable(problem.detail, mend=problem.mend)
    raise Refused(problem.detail, clause=problem.clause)


def _title(policy: Policy, name: str) -> str:
    return policy.fields[name].title or name.replace("_", " ")


def said(value: object) -> object:
    """A value as it is compared: whoever wrote it with another case or space meant the same."""
    return " ".join(value.split()).casefold() if isinstance(value, str) else value


def _point(policy: Policy, purpose: str, field: str) -> Point:
    """The point at which profiles are corrected: one of ours that takes the field for the purpose of requests."""
    for point in policy.points.values():
        if not point.public and not point.record and purpose in point.purposes and field in point.fields:
            return point
    raise NotFound("No point takes corrections of this field.", clause="III.1", mend="Declare one.")
