"""The second half of a batch: what is permitted is done, and everything is recorded."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from troth.gate.collecting import Collected, Collector
from troth.gate.form import CHILD_ORDERS, FINDING_ORDERS, LIST_ORDERS, LOOKING_ORDERS, STOP_ORDERS
from troth.gate.heeding import heeded
from troth.gate.holds import kept_slots, told
from troth.gate.model import Ask, Outcome, Problem
from troth.gate.newcomers import PersonAppeared
from troth.gate.opening import Follower, agent_of, open_at
from troth.gate.orders import carry_out_order
from troth.gate.promising import stage_erased, stage_key_ends, stage_mail
from troth.gate.proofs import forget_proofs
from troth.gate.protecting import clocks_met, protect
from troth.gate.recording import Words, known_word, recorded
from troth.gate.serving import cases_found, join_cited
from troth.gate.sessions import close_sessions
from troth.gate.stopping import note_stop, stop_or_resume
from troth.gate.weighing import READING, Scales, Weighed
from troth.kernel import Conflict, NotFound, Refused, TrothError, Unavailable, new_id
from troth.ledger import stage
from troth.policy import Decision
from troth.storage import Transaction, forget_jobs
from troth.vault import ReadWant, Vault, begin_erasure, erase_all_but, erase_fields, read_copies

_OF_ANYBODY = LIST_ORDERS | STOP_ORDERS | {"purge-child"}
"""Orders about an identifier, whether or not anybody has it."""
_CHANGING = frozenset({"erase", "send", "instruct"})
PASSED = "pass-message"
"""The word of the ledger for a message that somebody wrote and that goes to another person."""
HOLD = "hold"
"""The word of the ledger for a submission that waits for its confirmation."""


class Doer:
    """Does the permitted acts of one batch and stages a ledger entry for each decision.

    Args:
        tx: Unit of work.
        vault: Sealed fields.
        scales: What weighed them: the version in force, and who is known.
        words: The words that may stand in the ledger.
        now: Instant of the batch (microseconds).
        follow: Adds to a case that is being opened.
        again: Whether the batch may start over when somebody else takes an identifier meanwhile.
    """

    def __init__(
        self,
        tx: Transaction,
        vault: Vault,
        scales: Scales,
        words: Words,
        now: int,
        follow: Follower | None = None,
        *,
        again: bool = False,
    ) -> None:
        self._follow_opening = follow
        self._tx = tx
        self._again = again
        self._vault = vault
        self._policy, self._rules = scales.policy, scales.rules
        self._now = now
        self._people = scales.people
        self._known = set(scales.people)
        self._there = frozenset(self._known)
        self._words = words
        self.outdated: dict[tuple[str, str], int] = {}
        """Key groups from which fields were erased, and when; their keys go after the commit."""
        self.discarded: list[str] = []
        """Held submissions whose values went to the owner of the mailbox; the rest of them goes after the commit."""
        self._collector = Collector(tx, vault, self._policy, self._known, now)

    def do(
        self, weighed: Sequence[Weighed], newcomers: frozenset[str], waiting: Mapping[int, str] | None = None
    ) -> list[Outcome]:
        """Do the acts in order and give their outcomes.

        Args:
            weighed: The acts.
            newcomers: Handles that a collection may create.
            waiting: For each act (by its place) that asks for another address, the handle of what waits.
        """
        for number, handle in (waiting or {}).items():
            weighed = [*weighed[:number], weighed[number]._replace(submission=handle), *weighed[number + 1 :]]
        reads = heeded(
            self._tx, self._vault, self._policy, self._rules, weighed, self._read_all(weighed), self._now
        )
        self._collector.prepare(weighed, newcomers)
        outcomes: list[Outcome] = []
        entries: list[tuple[str, str, bytes]] = []
        for number, one in enumerate(weighed):
            outcomes.append(self._finish(one, reads.get(number), newcomers, entries))
        self._add_settlers()
        stage(self._tx, entries)
        return outcomes

    def _read_all(self, weighed: Sequence[Weighed]) -> dict[int, dict[str, Any] | TrothError]:
        """Read for every permitted reading act at once; one that fails is read alone, so that others don't suffer."""
        numbers, wants, nobodys, fields = [], [], [], self._policy.fields
        copies: dict[int, dict[str, Any] | TrothError] = {}
        for number, one in enumerate(weighed):
            if not (one.permitted and one.ask.act in READING and one.fields):
                continue
            wanted = tuple(fields[name] for name in one.fields)
            if one.ask.records and one.person in self._known:
                copies[number] = self._copy(ReadWant(_decided(one), one.person, wanted), one.ask.records)
            elif one.person in self._known:
                numbers.append(number)
                wants.append(ReadWant(_decided(one), one.person, wanted, one.ask.record))
            elif one.ask.identify:
                nobodys.append(ReadWant(_decided(one), new_id(), wanted))
        if nobodys:
            self._vault.read_nobody(self._tx, nobodys)
        if not wants:
            return copies
        try:
            return copies | dict(zip(numbers, self._vault.read_fields(self._tx, wants), strict=True))
        except Unavailable:
            raise
        except TrothError:
            return copies | {n: self._read_alone(want) for n, want in zip(numbers, wants, strict=True)}

    def _copy(self, want: ReadWant, records: Sequence[str]) -> dict[str, Any] | TrothError:
        try:
            found = read_copies(self._tx, self._vault.keys, want, records)
        except Unavailable:
            raise
        except TrothError as error:
            return error
        return {
            record: {name: kept._asdict() for name, kept in held.items()} for record, held in found.items()
        }

    def _read_alone(self, want: ReadWant) -> dict[str, Any] | TrothError:
        try:
            return self._vault.read_fields(self._tx, [want])[0]
        except Unavailable:
            raise
        except TrothError as error:
            return error

    def _finish(
        self,
        one: Weighed,
        read: dict[str, Any] | TrothError | None,
        newcomers: frozenset[str],
        entries: list[tuple[str, str, bytes]],
    ) -> Outcome:
        if one.error is not None or one.decision is None:
            return _failed(one, one.error)
        case = one.ask.case
        values: Mapping[str, Any] = {}
        collected: Collected | None = None
        if one.permitted:
            try:
                if isinstance(read, TrothError):
                    raise read
                if one.ask.act == "collect":
                    collected, opened = self._collect(one, newcomers)
                    case = opened or case
                else:
                    case, values = self._carry_out(one)
                values = {} if one.ask.message else read or values
            except Unavailable:
                raise
            except TrothError as error:
                return self._came_to_nothing(one, error, entries)
        entry_id = new_id()
        held = collected is not None and collected.held
        who = collected.person if collected is not None else one.person
        if who != one.person:
            one = one._replace(person=who)
        done = HOLD if held else ""
        met = clocks_met(values) if one.ask.order in CHILD_ORDERS else {}
        body = recorded(entry_id, one, _decided(one), case, self._now, self._words, done, met)
        entries.append((entry_id, who, body))
        if one.permitted and one.ask.act == "send" and one.ask.sender and one.ask.record:
            entries.append(self._passed(one, case))
        if one.denied is not None:
            entries.append(self._denied(one, one.denied, case))
        return _decided_outcome(one, entry_id, case, values, collected)

    def _passed(self, one: Weighed, case: str) -> tuple[str, str, bytes]:
        """The entry for whoever wrote what is sent to somebody else: in their own journal, and without whom it goes to."""
        entry_id, sender = new_id(), one.ask.sender
        written = one._replace(person=sender)
        body = recorded(entry_id, written, _decided(one), case, self._now, self._words, PASSED)
        return entry_id, sender, body

    def _denied(self, one: Weighed, decision: Decision, case: str) -> tuple[str, str, bytes]:
        """The entry of a denial that whoever asked is not told of; it names nobody."""
        entry_id = new_id()
        body = recorded(entry_id, one._replace(person=""), decision, case, self._now, self._words)
        return entry_id, "", body

    def _came_to_nothing(
        self, one: Weighed, error: TrothError, entries: list[tuple[str, str, bytes]]
    ) -> Outcome:
        """A permitted act that was not done; who was refused or looked for somebody unknown is on record all the same."""
        outcome = _failed(one, error)
        if not isinstance(error, Refused | NotFound):
            return outcome
        refused = dataclasses.replace(
            _decided(one), effect="deny", clauses=(error.clause,) if error.clause else ()
        )
        entry_id = new_id()
        case = one.ask.case
        entries.append((entry_id, one.person, recorded(entry_id, one, refused, case, self._now, self._words)))
        return msgspec.structs.replace(outcome, entry=entry_id)

    def _collect(self, one: Weighed, newcomers: frozenset[str]) -> tuple[Collected, str]:
        """Write what a collection brings, open its case, and know of it for the acts behind this one.

        Raises:
            PersonAppeared: Another process has just committed a row with the same key, which nobody could see before, or
                has begun to erase whoever has the identifiers: they are somebody new when that has ended.
        """
        if one.ask.identify and not one.person:
            raise _nobody()
        found = one.person and one.person not in newcomers and not (one.ask.person or one.ask.proof)
        if self._again and found and one.person not in self._there:
            raise PersonAppeared
        # The last try does each by itself, so that one conflict undoes one act.
        if self._again and self._collector.settle(one, newcomers):
            self._known.add(one.person)
            return Collected(one.person), ""
        self._add_settlers()
        opened = ""
        try:
            with self._tx.savepoint():
                collected = self._collector.collect(one, newcomers)
                if not collected.held:
                    who, record = collected.person, collected.record
                    asks = agent_of(self._policy, one, self._vault)
                    opened = open_at(
                        self._tx, self._policy, one, who, record, self._follow_opening, self._now, asks
                    )
                    join_cited(self._tx, self._policy, one, record)
        except Conflict as error:
            if self._again and not error.field:  # the store's own, not one that the vault found out
                raise PersonAppeared from error
            raise
        if collected.spent:
            self.discarded.append(collected.spent)
        if not collected.held:
            self._known.add(collected.person)
        return collected, opened

    def _add_settlers(self) -> None:
        try:
            self._collector.add_settlers()
        except Conflict as error:
            raise PersonAppeared from error

    def _carry_out(self, one: Weighed) -> tuple[str, Mapping[str, Any]]:
        """Do what is neither reading nor collecting; gives the id of the case concerned and what an order found out."""
        self._add_settlers()
        ask = one.ask
        nameless = bool(ask.identify) and not one.person and ask.order not in _OF_ANYBODY
        if (one.person not in self._known and _needs_somebody(ask)) or nameless:
            raise _nobody()
        if ask.act not in _CHANGING:
            return ask.case, {}
        if ask.order in LOOKING_ORDERS:
            return self._order(one)
        note_stop(self._tx, ask)
        with self._tx.savepoint():
            if ask.act == "erase":
                found = self._erase(one)
                self._follow(one)
                return ask.case, found
            if ask.act == "send":
                self._stage_send(one)
            elif ask.order:
                return self._order(one)
        return ask.case, {}

    def _order(self, one: Weighed) -> tuple[str, Mapping[str, Any]]:
        if one.ask.order in STOP_ORDERS:
            return one.ask.case, stop_or_resume(self._tx, self._vault, one, self._policy, self._now)
        if one.ask.order in FINDING_ORDERS:
            return "", {"cases": cases_found(self._tx, self._vault, one, self._policy)}
        if one.ask.order in LIST_ORDERS | CHILD_ORDERS:
            found = protect(self._tx, self._vault, one, self._policy, self._now)
            if one.ask.order == "purge-child" and found["erased"]:
                found = {**found, **self._erase_whole(one.person)}
                self._known.discard(one.person)
            return one.ask.case, found
        return carry_out_order(
            self._tx,
            one,
            self._policy,
            self._words.purposes,
            self._now,
            self._people,
            self._follow_opening,
        )

    def _follow(self, one: Weighed) -> None:
        """Know who is there for the acts behind this one; only now, when nothing can undo it any more."""
        if one.ask.act == "erase" and not one.ask.fields:
            self._known.discard(one.person)

    def _erase(self, one: Weighed) -> Mapping[str, Any]:
        """Erase fields, or the person."""
        if one.ask.fields:
            self._end_keys(erase_fields(self._tx, one.person, one.fields, self._now, one.ask.record))
            return {}
        return self._erase_whole(one.person)

    def _erase_whole(self, who: str) -> Mapping[str, Any]:
        """Erase a person; what a law or a court keeps of them stays, and is told. Nothing else stays, whoever they are."""
        tx, now = self._tx, self._now
        kept = kept_slots(tx, self._policy, who, now)
        if not kept:
            begin_erasure(tx, who, now)
            return {}
        groups = erase_all_but(tx, who, kept, now)
        forget_jobs(tx, who)
        stage_erased(tx, who, now)
        close_sessions(tx, who)
        forget_proofs(tx, who)
        self._end_keys(groups)
        return {"kept": told(kept)}

    def _end_keys(self, groups: Sequence[tuple[str, str]]) -> None:
        """Have the keys destroyed under which something was erased."""
        stage_key_ends(self._tx, groups, self._now)
        self.outdated.update(dict.fromkeys(groups, self._now))

    def _stage_send(self, one: Weighed) -> None:
        """Promise the message that a send names; without one the caller sends by itself what it was given."""
        ask = one.ask
        if ask.message:
            handles = {"case": ask.case} if ask.case else {}
            purpose = known_word(ask.purpose, self._words.purposes)
            stage_mail(
                self._tx, ask.message, person=one.person, now=self._now, purpose=purpose, language=ask.language, **handles,
            )  # fmt: skip


def _nobody() -> NotFound:
    return NotFound("No such person is known.", field="person", mend="Check the handle or the identifier.")


def _needs_somebody(ask: Ask) -> bool:
    if ask.act not in READING:
        return ask.act == "erase"
    return bool(ask.person or ask.identify or ask.fields)


def _decided(one: Weighed) -> Decision:
    if one.decision is None:
        msg = "an undecided act reached the vault"
        raise AssertionError(msg)
    return one.decision


def _decided_outcome(
    one: Weighed, entry_id: str, case: str, values: Mapping[str, Any], collected: Collected | None
) -> Outcome:
    decision = _decided(one)
    problem = None
    if not decision.permitted:
        problem = Problem(
            status=Refused.status,
            code=Refused.code,
            detail=decision.explanation,
            clause=decision.clauses[0] if decision.clauses else "",
            mend="`troth policy explain` shows every clause that was weighed.",
        )
    return Outcome(
        effect=decision.effect,
        clauses=decision.clauses,
        explanation=decision.explanation,
        obligations=decision.obligations,
        policy=decision.policy,
        entry=entry_id,
        person=one.person if decision.permitted and not (collected and collected.held) else "",
        case=case if decision.permitted else "",
        values=values,
        withheld=one.withheld,
        problem=problem,
        record=collected.record if collected is not None else one.ask.record,
        held=collected is not None and collected.held,
    )


def _failed(one: Weighed, error: TrothError | None) -> Outcome:
    problem = Problem.of(error or TrothError("The act could not be weighed."))
    decision = one.decision
    if decision is None:
        return Outcome(effect="deny", problem=problem, clauses=(problem.clause,) if problem.clause else ())
    return Outcome(
        effect="deny",
        clauses=(problem.clause,) if problem.clause else decision.clauses,
        explanation=problem.detail,
        policy=decision.policy,
        problem=problem,
    )
