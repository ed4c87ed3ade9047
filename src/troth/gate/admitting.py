"""Admitting: deciding and recording for acts that come in great numbers and are alike in all that decides.

A page view is not an act of its own in the ledger: acts of one unit of work that are alike in everything a rule can see
are decided once and recorded once, with their number. What is admitted is kept by the caller in the same unit of work, so
that decision, record and data commit together or not at all.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from troth.gate.access import Actor, actors, covers
from troth.gate.facts import categories_of
from troth.gate.recording import Words, known_word
from troth.kernel import TrothError, Unauthenticated, from_micros, new_id
from troth.ledger import Entry, encode_entry, stage
from troth.policy import Act, Decision, Policy
from troth.storage import Transaction
from troth.vault import PersonState, Vault


class Arrival(NamedTuple):
    """What acts have in common that are alike in all that decides.

    Args:
        act: Kind of act.
        purpose: Data use that it serves.
        fields: Names of the fields that it touches.
        point: Declared collection point; empty where nothing is collected.
        channel: Channel that it came through.
        key: API key of who acts; empty for a visitor at a public point, and for Troth itself.
        role: Role that acts when there is no key; empty for the point's own.
        person: Handle of the person concerned, when he is signed in.
        consented: Whether the visitor's choice allows the purpose, as Troth read it or as the key's holder answers for.
        opted_out: Whether the browser says no and was not overruled knowingly.
        informed: Whether the notice of the point was shown.
        verified: Whether who asks has proved that the data are about him.
        data: Data categories, where no declared field stands for them: those of telemetry.
        facts: What the caller has established about an installation and its report; see `ESTABLISHED`.
        order: What is ordered, in a word of the caller's own; empty for none.
        about: Random handle of what it is about and nobody is singled out by; empty for none.
    """

    act: str
    purpose: str
    fields: tuple[str, ...]
    point: str = ""
    channel: str = ""
    key: str = ""
    role: str = ""
    person: str = ""
    consented: bool = False
    opted_out: bool = False
    informed: bool = False
    verified: bool = False
    data: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()
    order: str = ""
    about: str = ""


ESTABLISHED = frozenset({"installation.opted-in", "installation.supported", "report.valid"})
"""The facts that an arrival may bring along; every other is the gate's to find out."""


class Admission(NamedTuple):
    """What became of an arrival.

    Args:
        permitted: Whether the acts may be done.
        entry: Id of the ledger entry that tells of them together; empty when `error` is set.
        clauses: Clauses that decided.
        person: Handle of the person concerned; empty when nobody has it any more.
        error: Why they could not be weighed.
    """

    permitted: bool
    entry: str = ""
    clauses: tuple[str, ...] = ()
    person: str = ""
    error: TrothError | None = None


class Admitting:
    """Decides and records in a unit of work of the caller.

    Args:
        tx: Unit of work.
        vault: Knows what people said.
        policy: The version in force.
        words: The words that may stand in the ledger.
        now: Instant (microseconds).
    """

    def __init__(self, tx: Transaction, vault: Vault, policy: Policy, words: Words, now: int) -> None:
        self._tx, self._vault, self._policy, self._words, self._now = tx, vault, policy, words, now
        self._on = from_micros(now).date().isoformat()

    def admit(self, arrivals: Mapping[Arrival, int]) -> dict[Arrival, Admission]:
        """Decide each arrival and stage one ledger entry for it, with the number of its acts.

        Raises:
            InvalidInput: A field is not declared.
        """
        keys = {arrival.key for arrival in arrivals if arrival.key}
        known = actors(self._tx, keys, self._now) if keys else {}
        handles = {arrival.person for arrival in arrivals if arrival.person}
        people = self._vault.people(self._tx, handles) if handles else {}
        found: dict[Arrival, Admission] = {}
        entries: list[tuple[str, str, bytes]] = []
        for arrival, count in arrivals.items():
            actor = known[arrival.key] if arrival.key else self._own(arrival)
            if isinstance(actor, TrothError):
                found[arrival] = Admission(False, error=actor)  # noqa: FBT003  a named tuple's first member
                continue
            person = arrival.person if arrival.person in people else ""
            decision = self._decide(arrival, actor, people.get(person))
            entry = new_id()
            entries.append((entry, person, self._entry(entry, arrival, actor, decision, person, count)))
            found[arrival] = Admission(decision.permitted, entry, decision.clauses, person)
        stage(self._tx, entries)
        return found

    def _own(self, arrival: Arrival) -> Actor | TrothError:
        """Who acts where no key is given: the role of a public point, or Troth itself in a role of its own."""
        point = self._policy.points.get(arrival.point)
        if arrival.point and (point is None or not point.public):
            return Unauthenticated(
                "This collection point is not open to visitors.",
                mend="Send an API key that may collect there.",
            )
        role = arrival.role or (point.actor if point is not None else "")
        return Actor("", "", role, (arrival.purpose,), ())

    def _decide(self, arrival: Arrival, actor: Actor, state: PersonState | None) -> Decision:
        facts = set(self._facts(arrival, actor))
        for stance, purpose in state.stances if state is not None else ():
            if covers(purpose, arrival.purpose):
                facts.add(f"person.{stance}")
        return self._policy.decide(
            Act(
                arrival.act,
                actor.role,
                arrival.purpose,
                self._data(arrival),
                "",
                arrival.channel,
                tuple(sorted(facts)),
                self._on,
            )
        )

    def _facts(self, arrival: Arrival, actor: Actor) -> Iterable[str]:
        granted = actor.may_serve(arrival.purpose)
        if granted:
            yield "purpose.granted"
        if arrival.consented and granted:
            yield "person.consented"
        if arrival.opted_out:
            yield "signal.opt-out"
        if arrival.verified:
            yield "person.verified"
        yield from ESTABLISHED.intersection(arrival.facts)
        point = self._policy.points.get(arrival.point)
        if point is not None and arrival.channel in point.channels:
            yield "point.declared"
            if arrival.informed:
                yield "notice.shown"

    def _data(self, arrival: Arrival) -> tuple[str, ...]:
        named = categories_of(arrival.fields, self._policy)
        return tuple(sorted({*named, *arrival.data})) if arrival.data else named

    def _entry(
        self, entry: str, arrival: Arrival, actor: Actor, decision: Decision, person: str, count: int
    ) -> bytes:
        told = {"count": str(count), "order": arrival.order, "about": arrival.about}
        return encode_entry(
            Entry(
                id=entry,
                at=self._now,
                act=arrival.act,
                effect=decision.effect,
                clauses=decision.clauses,
                policy=decision.policy,
                actor=actor.role,
                key=actor.key_id,
                person=person,
                purpose=known_word(arrival.purpose, self._words.purposes),
                data=self._data(arrival),
                fields=arrival.fields,
                channel=known_word(arrival.channel, self._words.channels),
                detail={name: text for name, text in told.items() if text},
            )
        )
