"""The first half of a batch: who asks, about whom, with which facts, and what the policy answers."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from msgspec import structs

from troth.gate import access, cases
from troth.gate.access import Actor, covers
from troth.gate.case_facts import OWNED, Particulars, case_facts, message_facts, wanted_of
from troth.gate.facts import allowed_fields, categories_of, check_identifiers, facts_of, joins
from troth.gate.form import (
    CHILD_ORDERS,
    CHOICE_ORDERS,
    FINDING_ORDERS,
    HOLD_ORDERS,
    LIST_ORDERS,
    PARENT_ORDERS,
    RECORD_ORDERS,
    STOP_ORDERS,
    WORK_ORDERS,
)
from troth.gate.holds import hold_facts, touches_slots
from troth.gate.listed import listed_facts
from troth.gate.model import Ask
from troth.gate.newcomers import is_held_first
from troth.gate.owning import owns_product
from troth.gate.proofs import CONFIRM, SIGN_IN, VERIFY, Proof
from troth.gate.publication import PolicyShelf
from troth.kernel import InvalidInput, NotFound, Refused, TrothError, from_micros
from troth.policy import Act, Decision, Point, Policy, owner_fields
from troth.storage import Transaction
from troth.vault import PersonState, Vault, blocked_pairs, held_names, restricted_above

READING = frozenset({"use", "send", "disclose", "analyse"})
CHOICES = "user.privacy_preferences"
"""The data category that orders on stances, purposes and suppressions touch."""
EVERYTHING = "user"
"""The data category that legal holds touch."""
CHILDREN = "user.childrens"
"""The data category that orders about children touch."""
WORKER = "user.account.username"
"""The data category that staff touch who begin to work: their own name."""
_OBJECTED = "objected"
_IMPORT = "import"
DEVICE = "user.device"
"""The data category of what a session tells of the device that it was opened on."""


class Weighed(NamedTuple):
    """An act with everything the gate knows of it; `decision` is None when it could not even be weighed.

    `denied` is the decision against a submission that is answered as if it waited for its mailbox; `submission` the handle
    prepared for one in the name of somebody who is known.
    """

    ask: Ask
    person: str
    actor: Actor | None = None
    act: Act | None = None
    decision: Decision | None = None
    fields: tuple[str, ...] = ()
    withheld: tuple[str, ...] = ()
    error: TrothError | None = None
    held: str = ""
    denied: Decision | None = None
    submission: str = ""

    @property
    def permitted(self) -> bool:
        """Whether the act may be done."""
        return self.decision is not None and self.decision.permitted


class Scales:
    """Weighs the acts of one batch inside one unit of work.

    Args:
        tx: Unit of work.
        vault: Knows what people said and under which version their data stands.
        shelf: Policy versions.
        now: Instant of the batch (microseconds).
    """

    def __init__(self, tx: Transaction, vault: Vault, shelf: PolicyShelf, now: int) -> None:
        self._tx = tx
        self._vault = vault
        self._shelf = shelf
        self._now = now
        self._on = from_micros(now).date().isoformat()
        self.policy: Policy
        self.policy, self._standing = shelf.head(tx)
        self.rules = shelf.list_rules(self.policy)
        self.people: dict[str, PersonState] = {}
        self._noted: Mapping[str, Particulars] = {}

    def weigh(
        self, asks: Sequence[Ask], persons: Sequence[str], proven: Mapping[str, Proof] | None = None
    ) -> list[Weighed]:
        """Weigh acts.

        Args:
            asks: The acts.
            persons: The handle made out for each, or an empty text.
            proven: What the secrets from mailboxes prove.
        """
        tx = self._tx
        actors = access.actors(tx, {ask.key for ask in asks}, self._now)
        cited = {ask.case for ask in asks if ask.case}
        found = cases.live_cases(tx, list(cited), self.policy.cases, self._now) if cited else {}
        self._noted = self._noted_of(asks, found)
        several = {ask.case for ask in asks if ask.case and (ask.record or ask.records)}
        found = cases.with_joined(tx, found, several) if several else found
        restricted: Collection[str] = ()
        if self._standing.restricted:
            restricted = restricted_above(tx, {ask.purpose for ask in asks})
        self.people.update(self._vault.people(tx, {person for person in persons if person}))
        asks = [_with_record(ask, found.get(ask.case), self.policy) for ask in asks]
        versions = self._versions(asks, persons)
        proven = proven or {}
        listed = self._listed(asks, persons)
        weighed = []
        for number, (ask, person) in enumerate(zip(asks, persons, strict=True)):
            actor = actors[ask.key]
            try:
                if isinstance(actor, TrothError):
                    raise actor
                check_identifiers(ask.identify, self.policy)
                held = self._confirmed(ask, proven.get(ask.proof) if proven else None)
                self._check_reach(ask, actor, person, held)
                closed = ask.purpose in restricted
                facts = self._facts(ask, actor, found.get(ask.case), person, held, closed=closed)
                if ask.case in self._noted and actor.may_cite(found[ask.case].case_type):
                    facts = self._with_message(ask, actor, person, facts, listed.get(number, ()))
                told = tuple(sorted({*facts, *listed[number]})) if number in listed else facts
                one = self._decide(ask, actor, person, told, versions, held)
                if told != facts and not one.permitted:
                    one = self._quietly(one, actor, facts, versions)
                weighed.append(one)
            except TrothError as error:
                weighed.append(Weighed(ask, person, error=error))
        return weighed

    def _facts(
        self, ask: Ask, actor: Actor, case: cases.Case | None, person: str, held: str, *, closed: bool
    ) -> tuple[str, ...]:
        """The facts of an act but those of the lists; `closed` tells that its purpose is restricted for everybody."""
        state = self.people.get(person)
        stances = state.stances if state is not None else ()
        if closed:
            stances = (*stances, ("restricted", ask.purpose))
        if _consents(ask, self.policy):
            stances = tuple(one for one in stances if one[0] != _OBJECTED)
        facts = facts_of(ask, actor, case, stances, person, self.policy)
        if state is not None and (state.kept or touches_slots(self.policy, ask)):
            more = hold_facts(self._tx, self.policy, ask, person, self._now, kept=state.kept)
            facts = tuple(sorted({*facts, *more}))
        if not ask.proof:
            return facts
        # What is held passed the age screen before it was held.
        proven = {"person.confirmed", "age.passed"} if held else {"person.confirmed"}
        return tuple(sorted({*facts, *proven}))

    def _noted_of(self, asks: Sequence[Ask], found: Mapping[str, cases.Case]) -> Mapping[str, Particulars]:
        """What was noted of the live cases under which messages are sent."""
        rules = self._shelf.list_rules(self.policy)
        cited = {ask.case for ask in asks if ask.case in found and rules.by_message.hold(ask)}
        return case_facts(self._tx, cited) if cited else {}

    def _with_message(
        self, ask: Ask, actor: Actor, person: str, facts: tuple[str, ...], listed: Collection[str]
    ) -> tuple[str, ...]:
        """Facts with those about the message of the case cited.

        Whether the person owns the product is looked up only where that could permit the act, and under a decision of its own:
        to use what tells of it. Whoever is sent the message learns none of that.
        """
        noted = self._noted[ask.case]
        if not self._shelf.list_rules(self.policy).by_message.hold(ask):
            return facts
        facts = tuple(sorted({*facts, *message_facts(noted, self.policy, self._on)}))
        wanted = wanted_of(noted)
        if wanted is None or person not in self.people or ask.order:
            return facts
        told = tuple(sorted({*facts, OWNED}))
        seen = tuple(sorted({*told, *listed}))
        look = structs.replace(ask, act="use", recipient="", channel="")
        looking = self._permitted(look, actor, person, facts, owner_fields(self.policy))
        if looking is None or self._permitted(ask, actor, person, seen, ask.fields) is None:
            return facts
        owns = owns_product(self._tx, self._vault, self.policy, looking, person, wanted)
        return told if owns else facts

    def _permitted(
        self, ask: Ask, actor: Actor, person: str, facts: tuple[str, ...], names: tuple[str, ...]
    ) -> Decision | None:
        """The decision on an act with some facts, where it is permitted by every version that counts; else None."""
        decision, act = self._weigh_fields(ask, actor, facts, names)
        if decision.permitted:
            decision = self._under_older(act, decision, {self.people[person].policy})
        return decision if decision.permitted else None

    def _listed(self, asks: Sequence[Ask], persons: Sequence[str]) -> Mapping[int, set[str]]:
        """What the lists tell of each act (by its place): suppression, childhood, and whom people blocked."""
        rules = self._shelf.list_rules(self.policy)
        found = dict(
            listed_facts(self._tx, self._vault, self.policy, rules, self._standing, asks, persons, self._now)
        )
        for number, told in found.items():
            if _consents(asks[number], self.policy):
                told.discard(f"person.{_OBJECTED}")
        written = {n: (persons[n], ask.sender) for n, ask in enumerate(asks) if ask.sender}
        if written:
            blocked = blocked_pairs(self._tx, set(written.values()))
            for number, pair in written.items():
                if pair in blocked:
                    found[number] = {*found.get(number, ()), "person.blocked"}
        return found

    def _quietly(
        self,
        denied: Weighed,
        actor: Actor,
        facts: tuple[str, ...],
        versions: Mapping[tuple[str, str, str], str],
    ) -> Weighed:
        """A submission that only the suppression list stands against, answered as for everybody (clause I.4).

        Whoever asks need not have the mailbox, and must not learn that its address is listed. What an import brings is told.
        """
        ask = denied.ask
        if ask.channel == _IMPORT or not is_held_first(ask, self.policy):
            return denied
        without = self._decide(ask, actor, denied.person, facts, versions, denied.held)
        return without._replace(denied=denied.decision) if without.permitted else denied

    def _confirmed(self, ask: Ask, proof: Proof | None) -> str:
        """The held submission that a secret from a mailbox confirms, if it confirms one.

        Raises:
            NotFound: The secret proves nothing, or something else than the act needs.
        """
        if not ask.proof:
            return ""
        wanted = (
            CONFIRM
            if ask.act == "collect"
            else VERIFY
            if ask.order == "verify-case" or ask.act == "use"
            else SIGN_IN
        )
        if proof is None or proof.use != wanted:
            raise NotFound(
                "This link was used already, or its time is over.",
                field="proof",
                mend="Ask for a new one.",
            )
        return proof.person if proof.use == CONFIRM else ""

    def _check_reach(self, ask: Ask, actor: Actor, person: str, held: str) -> None:
        """Let nobody act on somebody else in their own name, nor on a held submission as if it were a person.

        Raises:
            Refused: Somebody who is signed in acts on another person.
            NotFound: The handle is that of a submission that waits for its confirmation.
        """
        if actor.person and person and person != actor.person:
            raise Refused(
                "People act on their own information only.", clause="IV.2", mend="Leave the person out."
            )
        state = self.people.get(person)
        if state is not None and state.held and not held and not _may_touch_held(ask):
            raise NotFound(
                "No such person is known.", field="person", mend="Check the handle or the identifier."
            )

    def _versions(self, asks: Sequence[Ask], persons: Sequence[str]) -> Mapping[tuple[str, str, str], str]:
        """The version under which fields were collected, of people who have not agreed to the one in force."""
        wanted = [
            (person, field, record)
            for ask, person in zip(asks, persons, strict=True)
            if ask.act in READING
            and person in self.people
            and self.people[person].policy != self.policy.sha256
            for field in ask.fields
            for record in ask.records or (ask.record,)
        ]
        return self._vault.versions(self._tx, wanted) if wanted else {}

    def _decide(
        self,
        ask: Ask,
        actor: Actor,
        person: str,
        facts: tuple[str, ...],
        versions: Mapping[tuple[str, str, str], str],
        held: str,
    ) -> Weighed:
        names = tuple(ask.values) if ask.act == "collect" else ask.fields
        if ask.act == "collect" and ask.proof:
            names = held_names(self._tx, held)
        decision, act = self._weigh_fields(ask, actor, facts, names)
        if ask.partial and not decision.permitted and decision.allowed:
            permitted, withheld = allowed_fields(names, decision.allowed, self.policy)
            decision, act = self._weigh_fields(ask, actor, facts, tuple(permitted))
            names, left_out = tuple(permitted), tuple(withheld)
        else:
            left_out = ()
        if decision.permitted and ask.act in READING and person in self.people:
            places = ask.records or (ask.record,)
            older = {versions.get((person, name, record), "") for name in names for record in places}
            older = older or {self.people[person].policy}
            decision = self._under_older(act, decision, older)
        return Weighed(ask, person, actor, act, decision, names, left_out, held=held)

    def _weigh_fields(
        self, ask: Ask, actor: Actor, facts: tuple[str, ...], names: tuple[str, ...]
    ) -> tuple[Decision, Act]:
        data = _ordered(ask, self.policy) if ask.order else categories_of(names, self.policy)
        act = Act(ask.act, actor.role, ask.purpose, data, ask.recipient, ask.channel, facts, self._on)
        return self.policy.decide(act), act

    def _under_older(self, act: Act, decision: Decision, older: set[str]) -> Decision:
        """Data keeps the promises of the version it was collected under: an older version may deny, never widen."""
        for sha256 in sorted(older - {"", self.policy.sha256}):
            earlier = self._shelf.version(self._tx, sha256).decide(act)
            if not earlier.permitted:
                return earlier
        return decision


def _consents(ask: Ask, policy: Policy) -> bool:
    """Whether a collection asks its mailbox for consent, or is that: an objection is no answer to it, the mailbox gives one."""
    point = policy.points.get(ask.point)
    if point is None or not point.consent:
        return False
    return is_held_first(ask, policy) or (ask.act == "collect" and bool(ask.proof))


def _with_record(ask: Ask, case: cases.Case | None, policy: Policy) -> Ask:
    """An act under a case about one record is about that record, unless it names another or makes one of its own."""
    if case is None or not case.record or ask.record or ask.records or joins(ask, policy):
        return ask
    return structs.replace(ask, record=case.record)


def _may_touch_held(ask: Ask) -> bool:
    """What may be done with a submission that waits: write to its mailbox, and throw it away."""
    return ask.act in {"send", "erase"} or ask.order == "issue-proof"


def _kind_fields(ask: Ask, policy: Policy) -> list[str]:
    """Every field that stands in records of the kind asked for."""
    points: list[Point] = [point for point in policy.points.values() if point.record == ask.kind]
    if not ask.kind or not points:
        kinds = sorted({point.record for point in policy.points.values() if point.record})
        raise InvalidInput(
            "The policy declares no such kind of record.",
            field="kind",
            mend=f"Use one of {', '.join(kinds)}.",
        )
    return [name for point in points for name in point.fields]


def _ordered(ask: Ask, policy: Policy) -> tuple[str, ...]:
    """The data categories that an order touches: to look into the suppression list is to look at the identifier too."""
    if ask.order in CHOICE_ORDERS or ask.order == "suppress":
        return (CHOICES,)
    if ask.order in RECORD_ORDERS:
        return categories_of(_kind_fields(ask, policy), policy)
    if ask.order in FINDING_ORDERS:
        return categories_of(ask.identify, policy)
    if ask.order in LIST_ORDERS or ask.order in STOP_ORDERS:
        return tuple(sorted({CHOICES, *categories_of(ask.identify, policy)}))
    if ask.order == "list-sessions" or (ask.order == "open-session" and ask.device):
        return (DEVICE,)
    if ask.order in HOLD_ORDERS:
        return (EVERYTHING,)
    if ask.order in WORK_ORDERS:
        return (WORKER,)
    if ask.order in PARENT_ORDERS:
        return (CHILDREN, CHOICES)
    return (CHILDREN,) if ask.order in CHILD_ORDERS else ()


def may_open(case_type: str, role: str, policy: Policy) -> str:
    """Empty when a role may open cases of a type, else the id of the clause that declares the type.

    Raises:
        InvalidInput: The policy declares no such type.
    """
    declared = policy.cases.get(case_type)
    if declared is None:
        raise InvalidInput(
            f"The policy declares no case {case_type[:64]!r}.",
            field="case_type",
            mend=f"Use one of {', '.join(sorted(policy.cases))}.",
        )
    return "" if any(covers(opener, role) for opener in declared.opened_by) else declared.clause
