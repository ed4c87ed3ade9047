"""What a connector knows of its work: identifiers, by a decision of the policy, and what was begun and done."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from troth.bootstrap.connector_files import ConnectorSettings
from troth.connectors import (
    Change,
    Identity,
    Run,
    Wrong,
    add_run,
    note_done,
    note_found,
    note_parcels,
    note_sent,
    run_by_message,
    run_of,
)
from troth.flows import CORRECT, CORRECTIONS, Correction, Work, corrections, given_corrections
from troth.gate import Ask, Outcome, note_matter
from troth.kernel import NotFound, Refused, Unavailable, from_micros, micros, new_id
from troth.policy import Policy, read_span
from troth.rights import DONE, WAITING, add_receipts, items_of
from troth.vault import forget_parcels, keep_parcel, opened_parcel, prepare_parcels

if TYPE_CHECKING:
    from troth.bootstrap.runtime import Troth

_MESSAGE = "msg_"
STARTS: Mapping[str, str] = {"erase": "person.erased", "correct": "record.corrected"}
"""The event of the policy's duties that begins a recipient's part, by kind of request."""


class _PutBy(msgspec.Struct, frozen=True):
    """What lies sealed of a correction until a database has it: who it is about, and old and new value by field."""

    identity: dict[str, list[str]]
    values: dict[str, tuple[Any, Any]]


class ConnectorMemory:
    """One connector's identifiers and memory; see `Memory`.

    Args:
        troth: The running service.
        name: Name of the connector.
        settings: Its settings.
    """

    def __init__(self, troth: "Troth", name: str, settings: ConnectorSettings) -> None:
        self._troth = troth
        self._name = name
        self._settings = settings

    def identity(self, work: Work) -> Identity:
        """See `Memory.identity`."""
        run = self.run(work.case)
        if run is not None and run.identity:
            with self._troth.database.snapshot() as tx:
                sealed = opened_parcel(tx, self._troth.vault.keys, run.identity)
            return self._passed_on(work, msgspec.json.decode(sealed, type=dict[str, list[str]]))
        return self._from_gate(work)

    def _from_gate(self, work: Work) -> Identity:
        named = self._settings.fields(self._troth.policy())
        if not work.person:
            return {}
        fields = tuple(dict.fromkeys(named.values()))
        (outcome,) = self._troth.perform([self._ask(work, fields)])
        if outcome.problem is not None and outcome.problem.code == NotFound.code:
            return {}
        _check(outcome)
        return {
            kind: [str(outcome.values[field])] for kind, field in named.items() if outcome.values.get(field)
        }

    def _passed_on(self, work: Work, identity: Identity) -> Identity:
        """What was put by, as far as the policy still lets the recipient have it: each telling is an act of its own.

        Our own databases are told nothing; the act by which what names the person was read stands for the work there.

        Raises:
            Refused: The policy does not name the recipient any more, its contract has ended, or nothing may go to it.
        """
        named = self._settings.fields(self._troth.policy())
        if not self._settings.recipient:
            return identity
        fields = tuple(dict.fromkeys(named[kind] for kind in identity if kind in named))
        (outcome,) = self._troth.gate.pass_on([self._ask(work, fields)])
        _check(outcome)
        return {
            kind: values
            for kind, values in identity.items()
            if kind in named and named[kind] not in outcome.withheld
        }

    def _ask(self, work: Work, fields: tuple[str, ...]) -> Ask:
        """The act by which what is in some fields of the person reaches this place."""
        recipient = self._settings.recipient
        return Ask(
            act="disclose" if recipient else "use",
            purpose=work.purpose,
            key=work.key,
            person=work.person,
            case=work.case,
            fields=fields,
            recipient=recipient,
            channel="api" if recipient else "",
            partial=True,
        )

    def corrected(self, work: Work) -> Mapping[str, object]:
        """See `Memory.corrected`."""
        if work.kind != CORRECT or not self._settings.recipient:
            return {}
        fields = self._corrected(work)
        if not fields:
            return {}
        (outcome,) = self._troth.perform([self._ask(work, fields)])
        if outcome.problem is not None and outcome.problem.code == Unavailable.code:
            raise Unavailable(outcome.problem.detail, mend=outcome.problem.mend)
        return dict(outcome.values) if outcome.permitted else {}

    def _corrected(self, work: Work) -> tuple[str, ...]:
        """The fields that were corrected here.

        Raises:
            Unavailable: That is not done yet.
        """
        known = corrections(self._troth.policy())
        with self._troth.database.snapshot() as tx:
            items = [item for item in items_of(tx, work.case) if item.store == CORRECTIONS]
        ours = [item for item in items if item.target in known]
        if any(item.state == WAITING for item in ours):
            raise Unavailable("The correction itself comes first.", mend="It goes on by itself.")
        return tuple(dict.fromkeys(known[item.target] for item in ours if item.state == DONE))

    def wrong(self, work: Work) -> Sequence[Wrong]:
        """See `Memory.wrong`."""
        policy = self._troth.policy()
        known = corrections(policy)
        given = given_corrections(self._troth.gate.perform_along, policy, work)
        return [_wrong(policy, known[name]) for name in given]

    def changes(self, work: Work) -> tuple[Identity, Mapping[Wrong, Change | None]]:
        """See `Memory.changes`."""
        done = self._corrected(work)
        run = self.run(work.case)
        if run is None or not run.identity:
            return {}, {}
        try:
            with self._troth.database.snapshot() as tx:
                sealed = opened_parcel(tx, self._troth.vault.keys, run.identity)
        except NotFound:  # its key was destroyed just now, with the person
            return {}, {}
        put = msgspec.json.decode(sealed, type=_PutBy)
        policy = self._troth.policy()
        return put.identity, {
            _wrong(policy, name): Change(*values) if name in done else None
            for name, values in put.values.items()
            if name in policy.fields
        }

    def put_by_change(self, work: Work, read: Callable[[], Mapping[str, Correction]]) -> None:
        """Seal who a correction is about and what stood there: once it is done here, nothing else tells what to look for.

        Args:
            work: The request.
            read: Gives old and new value by field.

        Raises:
            Unavailable: The key store takes no work; nothing may be corrected before.
        """
        run = self.run(work.case)
        if run is not None and (run.identity or run.done_at):
            return
        identity = {kind: list(values) for kind, values in self._from_gate(work).items()}
        values = {name: (one.old, one.new) for name, one in read().items()}
        self._keep_by(run or self.begin(work), msgspec.json.encode(_PutBy(identity, values)))

    def put_by(self, work: Work, identity: Identity) -> None:
        """See `Memory.put_by`."""
        run = self.run(work.case) or self.begin(work)
        if run.identity or run.done_at:
            return
        self._keep_by(run, msgspec.json.encode(identity))

    def _keep_by(self, run: Run, content: bytes) -> None:
        parcel = self._sealed(content)
        with self._troth.database.transaction() as tx:
            note_parcels(tx, run, identity=parcel, answer=run.answer)

    def run(self, case: str) -> Run | None:
        """See `Memory.run`."""
        with self._troth.database.reading() as tx:
            run = run_of(tx, case, self._name)
        if run is not None and run.done_at and run.identity:
            self._forget_identity(run)  # whoever noted its end was stopped right behind
            return run._replace(identity="")
        return run

    def by_message(self, message: str) -> Run | None:
        """See `Memory.by_message`."""
        with self._troth.database.reading() as tx:
            run = run_by_message(tx, message)
        return run if run is not None and run.store == self._name else None

    def begin(self, work: Work, digests: Sequence[bytes] | None = None) -> Run:
        """See `Memory.begin`."""
        now = micros(self._troth.clock.now())
        begun = Run(
            case=work.case,
            store=self._name,
            person=work.person,
            message=_MESSAGE + new_id(),
            begun_at=now,
            due_at=_due(self._troth.policy(), work.kind, now),
        )
        with self._troth.database.transaction() as tx:
            add_run(tx, begun)
            if digests:
                note_found(tx, begun, digests)
            run = run_of(tx, work.case, self._name)
        assert run is not None, "just added"
        return run

    def sent(self, run: Run, *, received: bool) -> None:
        """See `Memory.sent`."""
        now = micros(self._troth.clock.now())
        with self._troth.database.transaction() as tx:
            note_sent(tx, run, sent=now, received=now if received else 0)

    def finish(self, run: Run, result: str, words: Mapping[str, str], data: bytes = b"") -> None:
        """See `Memory.finish`."""
        troth = self._troth
        now = micros(troth.clock.now())
        answer = self._sealed(data) if data else ""
        with troth.database.transaction() as tx:
            if note_done(tx, run, result, words, now, answer):
                entry = note_matter(
                    tx, troth.policy(), case=run.case, what=f"{result} in {self._name}", clause="", now=now
                )
                add_receipts(tx, run.case, [entry])
            done = run_of(tx, run.case, self._name)
        if (
            done is not None and done.identity
        ):  # the end is noted first: without its key, nobody could find out
            self._forget_identity(done)

    def _forget_identity(self, run: Run) -> None:
        troth = self._troth
        troth.vault.keys.destroy([run.identity])
        with troth.database.transaction() as tx:
            note_parcels(tx, run, identity="", answer=run.answer)
            forget_parcels(tx, [run.identity], micros(troth.clock.now()))

    def copied(self, work: Work) -> None:
        """See `Memory.copied`."""
        now = micros(self._troth.clock.now())
        with self._troth.database.transaction() as tx:
            note_matter(
                tx, self._troth.policy(), case=work.case, what=f"read in {self._name}", clause="", now=now
            )

    def answer(self, run: Run) -> bytes:
        """See `Memory.answer`."""
        if not run.answer:
            return b""
        with self._troth.database.snapshot() as tx:
            return opened_parcel(tx, self._troth.vault.keys, run.answer)

    def _sealed(self, content: bytes) -> str:
        """A new parcel with some content."""
        troth, parcel = self._troth, new_id()
        now = micros(troth.clock.now())
        prepare_parcels(troth.vault.keys, [parcel], now)
        with troth.database.transaction() as tx:
            keep_parcel(tx, troth.vault.keys, parcel, content, now)
        return parcel


def _check(outcome: Outcome) -> None:
    """Raise what stands against an act.

    Raises:
        Refused: The policy.
        Unavailable: A store takes no work.
    """
    problem = outcome.problem
    if problem is not None and problem.code == Unavailable.code:
        raise Unavailable(problem.detail, mend=problem.mend)
    if not outcome.permitted:
        clause = problem.clause if problem is not None else next(iter(outcome.clauses), "")
        raise Refused(problem.detail if problem is not None else outcome.explanation, clause=clause)


def _wrong(policy: Policy, name: str) -> Wrong:
    """A field that was wrong, and whether its category tells it from every other field."""
    field = policy.fields[name]
    alike = [one for one in policy.fields.values() if one.category == field.category]
    return Wrong(name, field.title or name.replace("_", " "), field.category, alone=len(alike) == 1)


def _due(policy: Policy, kind: str, now: int) -> int:
    """By when a recipient's part must be done: the strictest duty that its event starts; 0 for none."""
    event = STARTS.get(kind)
    spans = [
        read_span(rule.within)
        for rule in policy.requires.values()
        if event is not None and event in rule.on and rule.within
    ]
    instants = [
        micros(from_micros(now) + timedelta(hours=one.count)) for one in spans if one and one.unit == "hours"
    ]
    return min(instants, default=0)
