"""The gate: the one door to personal data. Decide, act, record, in one unit of work."""

from collections.abc import Sequence

from troth.gate.access import Actor, actors
from troth.gate.doing import Doer
from troth.gate.model import Ask, Outcome, Problem
from troth.gate.newcomers import Newcomers, PersonAppeared, prepare_newcomers
from troth.gate.publication import PolicyShelf
from troth.gate.recording import Words
from troth.gate.weighing import Scales
from troth.kernel import Clock, TrothError, Unauthenticated, Unavailable, micros, new_id
from troth.ledger import Entry, encode_entry, stage
from troth.policy import Act, Explanation, Policy
from troth.storage import Database, forget_jobs
from troth.vault import Vault, begun_erasures, finish_erasure

_TRIES = 5


class Gate:
    """Performs acts on personal data as the policy in force decides them.

    A batch is one unit of work: state, ledger entries and outgoing jobs of all its acts commit together, and an
    outcome is given only after they did. A ledger that cannot be written therefore refuses the act.

    Args:
        database: The data database.
        vault: People and their sealed fields.
        clock: Dates every act.
    """

    def __init__(self, database: Database, vault: Vault, clock: Clock) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock
        self._shelf = PolicyShelf()
        self._words: dict[str, Words] = {}

    def perform(self, asks: Sequence[Ask]) -> list[Outcome]:
        """Perform acts in one unit of work.

        Args:
            asks: The acts; a single one is a batch of one.

        Returns:
            An outcome for each act, in order. A denial, an unknown person or malformed input is an outcome too.

        Raises:
            Unavailable: A store takes no work; nothing of the batch was done.
        """
        if not asks:
            return []
        for _ in range(_TRIES):
            newcomers = prepare_newcomers(self._database, self._vault, self._shelf, self._clock, asks)
            try:
                outcomes = self._commit(asks, newcomers)
            except PersonAppeared:
                continue
            self._finish_erasures(asks, outcomes)
            return outcomes
        raise Unavailable("People of this batch are being added by others at once.", mend="Send it again.")

    def policy(self) -> Policy:
        """The policy version in force.

        Raises:
            Unavailable: None was posted yet.
        """
        with self._database.snapshot() as tx:
            return self._shelf.in_force(tx, micros(self._clock.now()))

    def actor(self, key: str) -> Actor:
        """Who stands behind an API key.

        Raises:
            Unauthenticated: The key is unknown, revoked or expired.
        """
        with self._database.snapshot() as tx:
            found = actors(tx, (key,), micros(self._clock.now()))[key]
        if isinstance(found, Unauthenticated):
            raise found
        return found

    def explain(self, act: Act) -> Explanation:
        """How the version in force weighs an act in the abstract; touches nobody and records nothing."""
        return self.policy().explain(act)

    def resume_erasures(self) -> int:
        """Finish erasures that a crash left half done; gives their number."""
        resumed = 0
        with self._database.snapshot() as tx:
            begun = begun_erasures(tx)
        for person in begun:
            self._finish_erasure(person)
            resumed += 1
        return resumed

    def _commit(self, asks: Sequence[Ask], newcomers: Newcomers) -> list[Outcome]:
        with self._database.transaction() as tx:
            now = micros(self._clock.now())
            scales = Scales(tx, self._vault, self._shelf, now)
            persons = newcomers.persons(tx, self._vault, scales.policy, asks)
            weighed = scales.weigh(asks, persons)
            return Doer(tx, self._vault, scales, self._words_of(scales.policy), now).do(
                weighed, newcomers.handles
            )

    def _words_of(self, policy: Policy) -> Words:
        found = self._words.get(policy.sha256)
        if found is None:
            found = self._words[policy.sha256] = Words.of(policy)
        return found

    def _finish_erasures(self, asks: Sequence[Ask], outcomes: list[Outcome]) -> None:
        for number, ask in enumerate(asks):
            outcome = outcomes[number]
            if ask.act == "erase" and outcome.permitted:
                self._finish_erasure(outcome.person)

    def _finish_erasure(self, person: str) -> None:
        """Keys first, then rows: a crash in between leaves only what nobody can read, and is resumed at start."""
        self._vault.keys.destroy([person])
        with self._database.transaction() as tx:
            now = micros(self._clock.now())
            finish_erasure(tx, person, now)
            forget_jobs(tx, person)
            entry_id = new_id()
            body = encode_entry(Entry(id=entry_id, at=now, act="erased", effect="permit", person=person))
            stage(tx, [(entry_id, person, body)])


def problem_outcome(error: TrothError) -> Outcome:
    """The outcome of an act that failed before it could be weighed."""
    return Outcome(effect="deny", problem=Problem.of(error), clauses=(error.clause,) if error.clause else ())
