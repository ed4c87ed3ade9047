"""The gate: the one door to personal data. Decide, act, record, in one unit of work."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress

from troth.gate.access import Actor, actor_of, actors
from troth.gate.admitting import Admission, Admitting, Arrival
from troth.gate.analysing import Analysis
from troth.gate.choosing import AlongChosen, Choosing, Chosen, Holds
from troth.gate.counting import (
    Conclude,
    Count,
    Counting,
    Inquiry,
    Sufficient,
    Take,
    look_at_figures,
    refusal,
    weigh_question,
)
from troth.gate.doing import Doer
from troth.gate.failing import begun_only, problem_outcome
from troth.gate.form import CheckValues, malformed
from troth.gate.glancing import Glance
from troth.gate.model import Ask, Outcome, erases, erases_wholly
from troth.gate.moving import begin_moves
from troth.gate.newcomers import PersonAppeared, concerned
from troth.gate.opening import Follower
from troth.gate.passing import passed_on
from troth.gate.promising import stage_erased
from troth.gate.proofs import clear_proofs, forget_proofs
from troth.gate.publication import PolicyShelf
from troth.gate.recording import Words
from troth.gate.rehearsing import rehearsed
from troth.gate.repeating import clear_once, done_once, keep_once, repeats
from troth.gate.scanning import Scan, looked_through
from troth.gate.sessions import clear_sessions, close_sessions
from troth.gate.tallying import Seen, Sheets, TakeMany, Tallying
from troth.gate.weighing import Scales
from troth.kernel import Clock, InvalidInput, TrothError, Unavailable, micros, new_id
from troth.ledger import Entry, encode_entry, stage
from troth.policy import Act, Explanation, Policy
from troth.storage import Database, GaveWay, KeyTaken, Scratch, Transaction, forget_jobs
from troth.vault import (
    Vault,
    begin_erasure,
    begun_erasures,
    end_keys,
    expired_submissions,
    finish_erasure,
)

_TRIES = 5
_ERASED_AT_ONCE = 500

Along = Callable[[Transaction, Sequence[Outcome]], None]
"""What a caller does of its own in a batch's unit of work."""


class Gate:
    """Performs acts on personal data as the policy in force decides them.

    A batch is one unit of work: state, ledger entries and outgoing jobs of all its acts commit together, and an
    outcome is given only after they did. A ledger that cannot be written therefore refuses the act.

    Args:
        database: The data database.
        vault: People and their sealed fields.
        clock: Dates every act.
        check_values: Refuses values that must never be collected; None where callers are trusted with that.
        messages: Names of the mail templates that a send may name.
        follow: Adds rows of a room above to a case that is being opened, in the same unit of work.
        scan: Looks through free text for personal data; None where nobody does.
    """

    def __init__(
        self,
        database: Database,
        vault: Vault,
        clock: Clock,
        check_values: CheckValues | None = None,
        messages: Collection[str] = (),
        follow: Follower | None = None,
        scan: Scan | None = None,
    ) -> None:
        self._scan = scan
        self._follow = follow
        self._check_values = check_values
        self._messages = messages
        self._database = database
        self._vault = vault
        self._clock = clock
        self._shelf = PolicyShelf()
        self._glance = Glance()
        self._words: dict[str, Words] = {}
        self._unfinished: set[str] = set()
        self._outdated: dict[tuple[str, str], int] = {}
        self._sheets = Sheets()

    def perform(self, asks: Sequence[Ask]) -> list[Outcome]:
        """Perform acts in one unit of work.

        Args:
            asks: The acts; a single one is a batch of one.

        Returns:
            An outcome for each act, in order. A denial, an unknown person or malformed input is an outcome too.

        Raises:
            Unavailable: A store takes no work; nothing of the batch was done.
        """
        return self.perform_along(asks, None)

    def perform_along(self, asks: Sequence[Ask], along: Along | None) -> list[Outcome]:
        """Perform acts in one unit of work together with something of the caller's own.

        Args:
            asks: The acts.
            along: Given the unit of work and the outcomes once everything is done and before the commit; what it raises
                undoes all. It may be called again when the batch has to start over.

        Raises:
            Unavailable: A store takes no work; nothing of the batch was done.
        """
        if not asks:
            return []
        asks, faults = self._examined(asks)
        if faults:
            return self._perform_formed(asks, faults, along)
        if any(ask.once for ask in asks):
            return self._perform_once(asks, along)
        return self._perform_all(asks, along)

    def _perform_all(self, asks: Sequence[Ask], along: Along | None) -> list[Outcome]:
        # Whoever asked was told of a failure; each further act tries again.
        with suppress(Unavailable):
            self._finish_begun()
        for left in reversed(range(_TRIES)):
            outcomes = None
            # Others wrote at once; the last try does each act by itself, and tells what stays in its way.
            with suppress(PersonAppeared, *((GaveWay, KeyTaken) if left else ())):
                outcomes = self._commit(asks, along, again=left > 0)
            if outcomes is not None:
                return self._finish_erasures(asks, outcomes)
            with suppress(Unavailable):
                self.resume_erasures()
        raise Unavailable("People of this batch are being added by others at once.", mend="Send it again.")

    def _perform_once(self, asks: Sequence[Ask], along: Along | None) -> list[Outcome]:
        """Perform a batch without the collections that were done before; what stands in it twice is done once."""
        with self._database.snapshot() as tx:
            told = repeats(tx, asks)
        return done_once(asks, told, lambda some: self._perform_all(some, along), self.perform)

    def _examined(self, asks: Sequence[Ask]) -> tuple[Sequence[Ask], dict[int, InvalidInput]]:
        """A batch, with what was found in its free text, and what is wrong with it by place, before any store sees it."""
        faults = malformed(asks, self._check_values, self._messages)
        if self._scan is None or all(ask.act != "collect" for ask in asks):
            return asks, faults
        asks, refused = looked_through(asks, self.policy(), self._scan, faults)
        return asks, faults | refused

    def policy(self) -> Policy:
        """The policy version in force.

        Raises:
            Unavailable: None was posted yet.
        """
        return self._glance.policy(self._read_policy)

    def actor(self, key: str) -> Actor:
        """Who stands behind an API key.

        Raises:
            Unauthenticated: The key is unknown, revoked or expired.
        """
        return self._glance.actor(key, self._read_actor)

    def one_look(self) -> AbstractContextManager[None]:
        """A block of the service's own work in which `policy` and `actor` are read once; acts in it are decided as ever."""
        return self._glance.kept()

    def _read_policy(self) -> Policy:
        with self._database.reading() as tx:
            return self._shelf.in_force(tx)

    def _read_actor(self, key: str) -> Actor:
        with self._database.reading() as tx:
            return actor_of(tx, key, micros(self._clock.now()))

    def explain(self, act: Act) -> Explanation:
        """How the version in force weighs an act in the abstract; touches nobody and records nothing."""
        return self.policy().explain(act)

    def count(self, inquiry: Inquiry, take: Take, sufficient: Sufficient, conclude: Conclude) -> Count:
        """Count people, each decided by the policy; see `Counting.count`."""
        counting = Counting(self._database, self._vault, self._shelf, self._clock, inquiry)
        return counting.count(take, sufficient, conclude)

    def tally(self, inquiry: Inquiry, take: TakeMany, sufficient: Sufficient, seen: Seen) -> Count:
        """Count everybody, each decided by the policy, by what this process keeps of spans; see `Tallying.tally`."""
        tallying = Tallying(self._database, self._vault, self._shelf, self._clock, inquiry)
        return tallying.tally(self._sheets, take, sufficient, seen)

    def choose(self, inquiry: Inquiry, after: str, holds: Holds, along: AlongChosen) -> Chosen:
        """Choose people for a mailing, a page of them; see `Choosing.page`."""
        return Choosing(self._database, self._vault, self._shelf, self._clock, inquiry).page(
            after, holds, along
        )

    def analysis(self, inquiry: Inquiry) -> Analysis:
        """An analysis with added noise, begun: its question is decided and recorded; see `Analysis`."""
        found = Analysis(self._database, self._vault, self._shelf, self._clock, inquiry)
        found.begin()
        return found

    def question(self, inquiry: Inquiry, along: Callable[[Transaction], None]) -> None:
        """Decide and record whether a question that counts people may be asked; nobody is looked at.

        Args:
            inquiry: The question.
            along: Done in the same unit of work when it may.

        Raises:
            Unauthenticated: The key does not work.
            Refused: The policy denies it.
        """
        with self._database.transaction() as tx:
            _, _, decision = weigh_question(tx, self._shelf, inquiry, micros(self._clock.now()))
            if decision.permitted:
                along(tx)
        if not decision.permitted:
            raise refusal(decision)

    def look(self, inquiry: Inquiry) -> str:
        """Decide and record a look at figures that were released before; gives the ledger entry.

        Raises:
            Unauthenticated: The key does not work.
            Refused: The policy denies it.
        """
        with self._database.transaction() as tx:
            decision, entry = look_at_figures(tx, self._shelf, inquiry, micros(self._clock.now()))
        if not decision.permitted:
            raise refusal(decision)
        return entry

    def admit(
        self, tx: Transaction, policy: Policy, arrivals: Mapping[Arrival, int], now: int
    ) -> dict[Arrival, Admission] | None:
        """Decide and record acts that are alike in all that decides, in a unit of work of the caller.

        The caller keeps what is permitted in the same unit of work, and nothing else.

        Args:
            tx: Unit of work.
            policy: The version that the caller made the arrivals by.
            arrivals: What came in, each with the number of its acts.
            now: Instant (microseconds).

        Returns:
            What became of each; None when another version is in force by now, and the caller must start over.
        """
        in_force = self._shelf.in_force(tx)
        if in_force is not policy:
            return None
        return Admitting(tx, self._vault, policy, self._words_of(policy), now).admit(arrivals)

    def resume_erasures(self) -> int:
        """Finish erasures that a crash left half done; gives the number finished by this call."""
        with self._database.reading() as tx:
            begun = begun_erasures(tx)
        return sum(
            self._finish_erasure(begun[start : start + _ERASED_AT_ONCE])
            for start in range(0, len(begun), _ERASED_AT_ONCE)
        )

    def expire_held(self) -> int:
        """Erase the submissions whose time for a confirmation is over; gives their number (clause I.9)."""
        erased = 0
        while True:
            with self._database.transaction() as tx:
                now = micros(self._clock.now())
                over = expired_submissions(tx, now)
                for submission in over:
                    begin_erasure(tx, submission, now)
            if not over:
                return erased
            erased += self._finish_erasure(over)

    def clear_credentials(self) -> int:
        """Remove the sessions and proofs whose time is over; gives their number."""
        with self._database.transaction() as tx:
            now = micros(self._clock.now())
            return clear_sessions(tx, now) + clear_proofs(tx, now) + clear_once(tx, now)

    def _commit(self, asks: Sequence[Ask], along: Along | None, *, again: bool) -> list[Outcome]:
        with self._database.transaction() as tx:
            now = micros(self._clock.now())
            scales = Scales(tx, self._vault, self._shelf, now)
            people = concerned(tx, self._vault, scales.policy, asks, now)
            weighed = scales.weigh(asks, people.persons, people.proven)
            words = self._words_of(scales.policy)
            doer = Doer(tx, self._vault, scales, words, now, self._follow, again=again)
            outcomes = doer.do(weighed, people.newcomers, people.waiting)
            keep_once(tx, asks, outcomes, now)
            if along is not None:
                with self._glance.within(scales.policy):
                    along(tx, outcomes)
        self._outdated.update(doer.outdated)
        self._unfinished.update(doer.discarded)
        return outcomes

    def pass_on(self, asks: Sequence[Ask]) -> list[Outcome]:
        """Decide and record acts by which values go out that an earlier act read and put by; nothing is read.

        Args:
            asks: The acts, each about a person by handle, who may be erased by now.

        Raises:
            Unavailable: A store takes no work.
        """
        with self._database.transaction() as tx:
            words = self._words_of(self._shelf.in_force(tx))
            return passed_on(tx, self._vault, self._shelf, words, asks, micros(self._clock.now()))

    def rehearse(self, asks: Sequence[Ask], seen: Scratch) -> list[Outcome]:
        """Decide collections and store nothing of them; that they were tried is on record.

        Args:
            asks: The collections.
            seen: What earlier batches of the same run brought, so that a value twice in it is found.
        """
        asks, faults = self._examined(asks)
        formed = [ask for number, ask in enumerate(asks) if number not in faults]
        with self._database.transaction() as tx:
            done = iter(rehearsed(tx, self._vault, self._shelf, formed, micros(self._clock.now()), seen))
        return [
            next(done) if number not in faults else problem_outcome(faults[number])
            for number in range(len(asks))
        ]

    def _perform_formed(
        self, asks: Sequence[Ask], faults: Mapping[int, TrothError], along: Along | None
    ) -> list[Outcome]:
        """Perform a batch without its malformed acts, so that nothing of those comes near a store."""
        with self._database.snapshot() as tx:  # before the others are done: afterwards nothing may fail
            self._shelf.in_force(tx)
            found = actors(tx, {asks[number].key for number in faults}, micros(self._clock.now()))
        formed = [ask for number, ask in enumerate(asks) if number not in faults]

        def whole(done: Iterable[Outcome]) -> list[Outcome]:
            others = iter(done)
            outcomes = []
            for number, ask in enumerate(asks):
                fault, actor = faults.get(number), found.get(ask.key)
                if fault is None:
                    outcomes.append(next(others))
                else:
                    outcomes.append(problem_outcome(actor if isinstance(actor, TrothError) else fault))
            return outcomes

        if formed:
            done = self.perform_along(
                formed, None if along is None else lambda tx, some: along(tx, whole(some))
            )
            return whole(done)
        if along is not None:
            with self._database.transaction() as tx:
                along(tx, whole(()))
        return whole(())

    def _words_of(self, policy: Policy) -> Words:
        found = self._words.get(policy.sha256)
        if found is None:
            found = self._words[policy.sha256] = Words.of(policy)
        return found

    def _finish_erasures(self, asks: Sequence[Ask], outcomes: list[Outcome]) -> list[Outcome]:
        """Finish the erasures that were just committed to; if they cannot be yet, that is told and kept for later."""
        begun = [number for number, ask in enumerate(asks) if erases(ask) and outcomes[number].permitted]
        if not begun:
            with suppress(Unavailable):
                self._finish_begun()
            return outcomes
        self._unfinished.update(
            outcomes[number].person
            for number in begun
            if outcomes[number].person
            and erases_wholly(asks[number])
            and "kept" not in outcomes[number].values
        )
        try:
            self._finish_begun()
        except Unavailable as error:
            for number in begun:
                outcomes[number] = begun_only(outcomes[number], error)
        return outcomes

    def _finish_begun(self) -> None:
        """Finish every erasure that this gate has begun, of people and of single fields."""
        persons, groups = sorted(self._unfinished), dict(self._outdated)
        if persons:
            self._finish_erasure(persons)
            self._unfinished.difference_update(persons)
        if groups:
            self.end_keys(groups)
            for group, at in groups.items():
                if self._outdated.get(group) == at:
                    del self._outdated[group]

    def end_keys(self, groups: Mapping[tuple[str, str], int]) -> None:
        """Destroy the keys of key groups (person, group) from which fields were erased at an instant (microseconds).

        Raises:
            Corrupt: A value that stays does not open; its key is kept.
            Unavailable: A store takes no work; repeat it.
        """
        end_keys(self._database, self._vault.keys, groups, micros(self._clock.now()))
        self._sheets.forget_persons({who for who, _ in groups})

    def _finish_erasure(self, persons: Sequence[str]) -> int:
        """Keys first, then rows: a crash in between leaves only what nobody can read, and is resumed at start."""
        persons = [*persons, *begin_moves(self._database, self._clock, persons)]
        self._vault.keys.destroy(persons)
        self._sheets.forget_persons(persons)
        entries = []
        with self._database.transaction() as tx:
            now = micros(self._clock.now())
            for person in persons:
                if not finish_erasure(tx, person, now):
                    continue
                forget_jobs(tx, person)
                stage_erased(tx, person, now)
                close_sessions(tx, person)
                forget_proofs(tx, person)
                entry_id = new_id()
                body = encode_entry(Entry(id=entry_id, at=now, act="erased", effect="permit", person=person))
                entries.append((entry_id, person, body))
            stage(tx, entries)
        return len(entries)
