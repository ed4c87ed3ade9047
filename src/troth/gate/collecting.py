"""Collecting: values become a person's profile, a record of theirs, or a submission that waits for its confirmation."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from troth.gate.facts import identifiers_of, matching_fields
from troth.gate.newcomers import is_held_first
from troth.gate.promising import stage_mail
from troth.gate.proofs import forget_proofs, spend_proof
from troth.gate.reconsidering import consent_again
from troth.gate.referring import check_references, claimed
from troth.gate.sessions import close_other_sessions
from troth.gate.weighing import Weighed
from troth.kernel import InvalidInput, NotFound, Refused, from_micros, micros, new_id
from troth.policy import Decision, Point, Policy, instant_after, read_span
from troth.storage import Transaction
from troth.vault import (
    Held,
    NewestKeys,
    ReadWant,
    Record,
    Settlers,
    Vault,
    WriteWant,
    adopt_submission,
    begin_erasure,
    begin_move,
    change_record,
    create_record,
    end_move,
    found_record,
    held_fields,
    held_submission,
    hold_submission,
    waiting_for,
)

CONFIRMATION = "confirm-submission"
MAILBOX = "email"
"""The channel that a confirmation comes by, and consents to."""
MOVED = "address-changed"
_MOST_WAITING = 3
"""So many submissions may wait for one mailbox; more are answered like others and send nothing."""
_SPAN = timedelta(days=2)
_TELLING = timedelta(days=2)
"""So long an old address waits, sealed, for the mail that tells it of the new one."""


class Collected(NamedTuple):
    """What a collection made: whose it is, the record, whether it waits, and a held submission to be thrown away."""

    person: str
    record: str = ""
    held: bool = False
    spent: str = ""


class Collector:
    """Writes what permitted collections bring.

    Args:
        tx: Unit of work.
        vault: Sealed fields.
        policy: The version in force.
        known: Handles of the people who are known, kept in step by the caller.
        now: Instant of the batch (microseconds).
    """

    def __init__(self, tx: Transaction, vault: Vault, policy: Policy, known: set[str], now: int) -> None:
        self._tx = tx
        self._vault = vault
        self._policy = policy
        self._known = known
        self._now = now
        self._ahead: NewestKeys = {}
        self._settlers = Settlers(tx, vault.keys, self._ahead, now)

    def prepare(self, weighed: Sequence[Weighed], newcomers: frozenset[str]) -> None:
        """Get the keys of all whom permitted collections will write to; those that are missing are made (key before data)."""
        wanted: dict[str, set[str]] = {}
        fresh = set(newcomers)
        fields = self._policy.fields
        for one in weighed:
            if one.ask.act != "collect" or not one.permitted or one.person == one.held != "":
                continue
            if one.person in self._known or one.person in newcomers:
                handle = one.submission or one.person
                wanted.setdefault(handle, set()).update(fields[name].group for name in one.fields)
            if one.submission:
                fresh.add(one.submission)
        if wanted:
            self._ahead = self._vault.keys_ahead(self._tx, wanted, fresh, self._now)
            self._settlers = Settlers(self._tx, self._vault.keys, self._ahead, self._now)

    def settle(self, one: Weighed, newcomers: frozenset[str]) -> bool:
        """Put a newcomer with those who are added together, when a collection brings nothing but a new profile.

        Returns:
            Whether it was done; False when the collection has to be done by itself.

        Raises:
            InvalidInput: The point takes no such field.
        """
        ask, point = one.ask, self._policy.points.get(one.ask.point)
        if one.person not in newcomers or one.person in self._known or ask.proof or ask.record:
            return False
        if one.denied is not None or (point is not None and not _only_profile(point)):
            return False
        self._check_point(one, point)
        values = {name: ask.values[name] for name in one.fields}
        typed = tuple((self._policy.fields[name], value) for name, value in values.items())
        want = WriteWant(_decided(one), one.person, self._policy.sha256, typed)
        return self._settlers.take(want, identifiers_of(claimed(point, values), self._policy))

    def add_settlers(self) -> None:
        """Add those who were put together, before anything looks for them.

        Raises:
            Conflict: Another process has just added somebody with one of their identifiers.
        """
        self._settlers.add()

    def collect(self, one: Weighed, newcomers: frozenset[str]) -> Collected:
        """Write the values of a collection.

        Raises:
            InvalidInput: The point takes no such field, or a value refers to what was never issued.
            NotFound: There is no such person, record or held submission.
            Conflict: Somebody else, or another record, has an identifier that nobody shares.
        """
        point = self._policy.points.get(one.ask.point)
        if one.ask.proof:
            return self._confirm(one)
        self._check_point(one, point)
        fresh = one.person not in self._known
        if fresh and one.person not in newcomers:
            raise _nobody_there(one)
        values = {name: one.ask.values[name] for name in one.fields}
        if point is not None and point.refers:
            check_references(self._tx, self._vault, self._policy, point, values, one.person)
        if is_held_first(one.ask, self._policy):
            return self._hold(one, point, values)
        if point is not None and point.confirm == "mail":
            self._check_own_mailbox(one, values)
        if fresh:
            self._vault.create_persons(self._tx, [(one.person, self._policy.sha256)], self._now)
        record = self._record(one.ask.record, one.person, point)
        signed = point.signs if point is not None else ()
        self._identify(one.person, claimed(point, values), record, fresh=fresh, signed=signed)
        self._write(_decided(one), one.person, values, record)
        return Collected(one.person, record)

    def _hold(self, one: Weighed, point: Point | None, values: Mapping[str, Any]) -> Collected:
        """Keep a submission until its mailbox confirms it; the answer is the same whoever has the address."""
        assert point is not None, "only a point asks for a confirmation"
        kind, blind = self._mailbox(values, point)
        if one.denied is not None:
            return Collected(one.person, held=True)
        handle = one.submission or one.person
        if point.part == "address":
            self._check_moving(one, kind, blind)
        if waiting_for(self._tx, point.name, kind, blind, self._now) >= _MOST_WAITING:
            return Collected("", held=True)
        self._vault.create_persons(self._tx, [(handle, self._policy.sha256)], self._now, held=True)
        span = read_span(point.confirm_within)
        ends = micros(instant_after(from_micros(self._now), span)) if span else self._now + micros_of(_SPAN)
        ask = one.ask
        hold_submission(
            self._tx,
            Held(handle, point.name, ask.purpose, ask.notice, ask.channel, kind, blind, self._now, ends),
        )
        if one.submission:
            begin_move(self._tx, handle, one.person)
        record = self._record("", handle, point)
        self._write(_decided(one), handle, values, record)
        stage_mail(
            self._tx, CONFIRMATION, person=handle, now=self._now, language=ask.language, point=point.name
        )
        return Collected(one.person, held=True)

    def _check_moving(self, one: Weighed, kind: str, blind: bytes) -> None:
        """Let people ask for another address for themselves only, and for one that they do not have."""
        _check_own(one)
        if self._vault.whose(self._tx, kind, blind) == one.person:
            raise InvalidInput(
                "This is your address already; nothing was changed.", field=kind, mend="Give another one."
            )

    def _check_own_mailbox(self, one: Weighed, values: Mapping[str, Any]) -> None:
        """Refuse a new address of somebody who is signed in: it counts only after its mailbox confirmed it."""
        if one.actor is None or not one.actor.person:
            return
        matching = matching_fields(self._policy)
        pairs = identifiers_of({n: v for n, v in values.items() if n in matching}, self._policy)
        found = self._vault.find_persons(self._tx, pairs) if pairs else {}
        if any(found.get(pair) != one.person for pair in pairs):
            raise Refused(
                "A new mail address counts only after it was confirmed from its mailbox; nothing was stored.",
                clause="I.9",
                field=pairs[0][0],
                mend="Leave it out, or ask for the change by mail.",
            )

    def _mailbox(self, values: Mapping[str, Any], point: Point) -> tuple[str, bytes]:
        matching = matching_fields(self._policy)
        pairs = identifiers_of({n: v for n, v in values.items() if n in matching}, self._policy)
        if not pairs:
            raise InvalidInput(
                "The submission names no mailbox that could confirm it; nothing was stored.",
                clause=point.clause,
                field=next((name for name in point.fields if name in matching), "values"),
                mend="Send the mail address.",
            )
        kind, value = pairs[0]
        return kind, self._vault.keys.blind(kind, value)

    def _confirm(self, one: Weighed) -> Collected:
        """Make a held submission count: as a new person, or as values that the owner of the mailbox lacks."""
        held = held_submission(self._tx, one.held, self._now)
        if held.point != one.ask.point or not spend_proof(self._tx, one.ask.proof):
            raise _no_such_proof()
        point, policy = self._policy.points[held.point], self._policy
        typed = tuple(policy.fields[name] for name in one.fields)
        (values,) = self._vault.read_fields(self._tx, [ReadWant(_decided(one), held.person, typed)])
        spent, record = "", ""
        if one.person == held.person:
            adopt_submission(self._tx, held.person)
            self._identify(one.person, claimed(point, values), "", fresh=True)
        elif point.part == "address":
            self._move(one, held, values)
        else:
            spent = held.person
            begin_erasure(self._tx, spent, self._now)
            record = self._record("", one.person, point)
            there = () if record else held_fields(self._tx, one.person)
            self._write(
                _decided(one), one.person, {n: v for n, v in values.items() if n not in there}, record
            )
        if point.consent:
            consent_again(self._tx, policy, one.person, held.purpose, MAILBOX, self._now)
        return Collected(one.person, record, spent=spent)

    def _move(self, one: Weighed, held: Held, values: Mapping[str, Any]) -> None:
        """Give somebody another address; the list follows it, and the old one is told and then forgotten.

        What stands on the suppression list under the old address stands there under the new one too: an opt-out survives
        (answer 26 of the register). Links that were sent to the old mailbox open nothing any more, and other sessions end.
        """
        _check_own(one)
        decision, who, kind = _decided(one), one.person, held.kind
        field = self._policy.fields[kind]
        (before,) = self._vault.read_fields(self._tx, [ReadWant(decision, who, (field,))])
        pairs = identifiers_of(values, self._policy)
        self._vault.add_identifiers(self._tx, who, pairs, self._policy.fields)
        self._write(decision, who, values, "")
        forget_proofs(self._tx, who)
        forget_proofs(self._tx, held.person)
        close_other_sessions(self._tx, one.ask.key, who)
        until = self._now + micros_of(_TELLING)
        if before:
            self._write(decision, held.person, before, "")
            end_move(self._tx, held.person, until)
            stage_mail(self._tx, MOVED, person=held.person, now=self._now, language=one.ask.language)
        else:
            end_move(self._tx, held.person, self._now)

    def _record(self, named: str, who: str, point: Point | None) -> str:
        """The record that a collection writes to; empty for the profile."""
        if point is not None and named and point.amends:
            return self._amended(named, who, point)
        if point is None or not point.record:
            if named:
                raise InvalidInput(
                    "The point keeps no records; nothing was stored.", field="record", mend="Leave it out."
                )
            return ""
        if named:
            if found_record(self._tx, named, who).kind != point.record:
                raise NotFound(
                    "The person has no such record.", field="record", mend="List the records first."
                )
            change_record(self._tx, named, self._now)
            return named
        made = new_id()
        create_record(self._tx, Record(made, who, point.record, point.name, self._now, self._now))
        return made

    def _amended(self, named: str, who: str, point: Point) -> str:
        """A record whose copy of a value takes the new one."""
        if found_record(self._tx, named, who).kind not in point.amends:
            raise NotFound(
                "The person has no record of a kind that is amended.",
                clause=point.clause,
                field="record",
                mend="List the records first; amends: of the point names the kinds.",
            )
        change_record(self._tx, named, self._now)
        return named

    def _identify(
        self, who: str, values: Mapping[str, Any], record: str, *, fresh: bool, signed: Sequence[str] = ()
    ) -> None:
        """Make somebody findable; a record adds to a known person only what names the thing itself, or signs it."""
        fields = self._policy.fields
        pairs = [
            (name, value)
            for name, value in identifiers_of(values, self._policy)
            if fresh or not record or fields[name].unique
        ]
        within = {name for name, _ in pairs if record and fields[name].unique and name not in signed}
        self._vault.add_identifiers(self._tx, who, pairs, fields, record, within=within, fresh=fresh)

    def _write(self, decision: Decision, who: str, values: Mapping[str, Any], record: str) -> None:
        typed = tuple((self._policy.fields[name], value) for name, value in values.items())
        self._vault.write_fields(
            self._tx, [WriteWant(decision, who, self._policy.sha256, typed, record)], self._now, self._ahead
        )

    def _check_point(self, one: Weighed, point: Point | None) -> None:
        if point is None:
            return
        ask, self_sent = one.ask, one.actor is not None and bool(one.actor.person)
        for name in ask.values:
            if name not in point.fields:
                raise InvalidInput(
                    f"Collection point {ask.point} takes no field {name[:64]!r}; nothing was stored.",
                    clause=point.clause,
                    field=name[:64],
                    mend=f"It takes {', '.join(point.fields)}.",
                )
            if name in point.issued and self_sent:
                raise InvalidInput(
                    f"{name} is issued by us; nothing was stored.",
                    clause=self._policy.fields[name].clause,
                    field=name,
                    mend="Leave it out.",
                )


def _nobody_there(one: Weighed) -> NotFound:
    """The refusal of a collection about somebody who is not there: a handle that nobody has, or whoever was just erased."""
    if one.ask.person:
        return NotFound("No such person is known.", field="person", mend="Leave the handle out to add one.")
    return NotFound("They were erased just now.", mend="Send it again; it is about somebody new then.")


def _only_profile(point: Point) -> bool:
    """Whether what comes in at a point touches nothing but the profile of whom it is about."""
    return not (point.record or point.opens or point.refers) and point.confirm == "none"


def _check_own(one: Weighed) -> None:
    if one.actor is None or one.actor.person != one.person:
        raise Refused(
            "People change their own address only; nothing was stored.", clause="I.4", mend="Sign in first."
        )


def _no_such_proof() -> NotFound:
    return NotFound(
        "This link was used already, or its time is over.", clause="I.9", mend="Fill in the form again."
    )


def micros_of(span: timedelta) -> int:
    """A span in microseconds."""
    return span // timedelta(microseconds=1)


def _decided(one: Weighed) -> Decision:
    if one.decision is None:
        msg = "an undecided act reached the vault"
        raise AssertionError(msg)
    return one.decision
