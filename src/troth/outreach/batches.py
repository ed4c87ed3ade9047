"""Sending the copies of a batch: each decided at its own moment, and decided anew when anybody stopped meanwhile.

A window of planned copies is decided in one unit of work, an act each, and becomes `sending` in the same one. Then the
copies are rendered, a few at a time, and handed over on some connections. Before each hand-over a counter of stops is read: when it moved
since the window was decided, nothing more of the window goes out before it was decided again. So an opt-out that is on
disk holds for the very next message. Nothing rendered is kept.
"""

from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta
from queue import Empty, SimpleQueue
from typing import TypeVar

from troth.gate import Ask, Outcome
from troth.kernel import Clock, InvalidInput, Log, TrothError, Unavailable, micros, raised_at
from troth.outreach.copies import COUNT, Batch, End, Handed, Held
from troth.outreach.formed import form_mail
from troth.outreach.handovers import HandoverFile, Handovers
from troth.outreach.leftovers import UNCERTAIN, LeftCopies
from troth.outreach.model import Deferred, Mail, Mailer, Unanswered, Undeliverable
from troth.outreach.outbox import FAILED, PLANNED, SENDING, SENT, SKIPPED, Outbox, Row
from troth.outreach.service import CHANNEL, MOST_TRIES, deliverable, mail_recipient
from troth.policy import Policy
from troth.storage import Database, Transaction

CONNECTIONS = 4
FIRST_WAIT, LAST_WAIT = timedelta(seconds=30), timedelta(hours=6)
_DOUBLINGS = 12
_GATHER_SECONDS = 0.02
_GROUP = 8
"""Copies that one thread writes before it hands them over: what is done several times in a row takes half the time."""
_DEFERRED = "deferred"
_UNTAKEN = 3
"""Copies in a row that nobody took, after which the rest of a window waits."""
_log = Log("troth.outreach")

Stops = Callable[[Transaction], int]
Made = TypeVar("Made")
Perform = Callable[[Sequence[Ask], Callable[[Transaction, Sequence[Outcome]], None]], list[Outcome]]


class BatchSending:
    """Sends copies of batches.

    Args:
        perform: Performs acts in one unit of work together with something of the caller's own; the gate's `perform_along`.
        policy: Gives the version in force.
        key: Gives the API key in whose name mail is sent.
        database: Where the counter of stops is read.
        outbox: The copies.
        mailer: Carries mail away; it is called on several threads at once.
        clock: Dates the mails.
        handovers: Keep what a server has taken until it is committed.
        sender: Address that mail comes from; empty for the policy's support address.
        recipient: Declared recipient that carries mail; empty for the only one.
        stops: Reads the counter of stops; None where there is none, and each copy is then decided by itself.
        connections: How many copies are handed over at once.
        one_look: Opens a block in which a thread's work reads the policy once; each act is decided as ever.
        ready: Signs a mail before it is handed over; see `OpenMailer.ready`.
    """

    def __init__(
        self,
        *,
        perform: Perform,
        policy: Callable[[], Policy],
        key: Callable[[], str],
        database: Database,
        outbox: Outbox,
        mailer: Mailer,
        clock: Clock,
        handovers: Handovers,
        sender: str = "",
        recipient: str = "",
        stops: Stops | None = None,
        connections: int = CONNECTIONS,
        one_look: Callable[[], AbstractContextManager[None]] = nullcontext,
        ready: Callable[[Mail], Mail] = lambda mail: mail,
    ) -> None:
        self._perform, self._policy, self._key = perform, policy, key
        self._database, self._outbox, self._mailer, self._clock = database, outbox, mailer, clock
        self._sender, self._recipient = sender, recipient
        self._stops, self._handovers = stops, handovers
        self.connections = connections
        self.one_look, self._ready = one_look, ready
        self._pool = ThreadPoolExecutor(connections, thread_name_prefix="troth-mass-mail")

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown()

    def recover(self, batch: Batch) -> int:
        """Deal with copies that a crash left in hand; see `LeftCopies.recover`."""
        left = LeftCopies(self._database, self._outbox, self._handovers)
        return left.recover(batch.case, batch.uncertain)

    def window(
        self, batch: Batch, most: int, going: Callable[[Transaction], bool] = lambda _: True
    ) -> Handed:
        """Send copies that are due, at most so many.

        Args:
            batch: What is sent.
            most: Most copies.
            going: Asked before each hand-over whether the batch still goes on; the rest is given back when not.

        Raises:
            Unavailable: A store takes no work, or the key does not work; what is in hand stays there.
        """
        policy, key, total = self._policy(), self._key(), Handed()
        with self._database.reading() as tx:
            rows = self._outbox.take(tx, batch.case, most if self._stops is not None else 1)
        if not rows:
            return total
        with self._handovers.of(batch.case) as file:
            while rows:
                held, seen, ends = self._decide(batch, policy, rows, key)
                one = _Window(self, batch, policy, held, seen, going, file)
                rows, more, waiting = one.hand_over()
                total = total.then(_counted([*ends, *more], waiting=waiting))
        return total

    def _decide(
        self, batch: Batch, policy: Policy, rows: Sequence[Row], key: str
    ) -> tuple[list[Held], int, list[End]]:
        """Decide some copies; those that may go are in hand from now on, with the counter of stops as it stood."""
        carrier = mail_recipient(policy, self._recipient)
        asks = [self._ask(batch, carrier, row, key) for row in rows]
        held: list[Held] = []
        ends: list[End] = []
        seen = 0

        def along(tx: Transaction, outcomes: Sequence[Outcome]) -> None:
            nonlocal seen
            held.clear()
            ends.clear()
            seen = self._stops(tx) if self._stops is not None else 0
            for row, outcome in zip(rows, outcomes, strict=True):
                self._begin(tx, row, outcome, held, ends)
            batch.look(tx, [one.row for one in held])

        self._perform(asks, along)
        return held, seen, ends

    def _begin(self, tx: Transaction, row: Row, outcome: Outcome, held: list[Held], ends: list[End]) -> None:
        if not outcome.permitted:
            why = _why(outcome)
            if self._outbox.settle(tx, row, SKIPPED, why) is not None:
                ends.append(End(row, SKIPPED, why))
            return
        begun: Row | None = row
        if row.state == PLANNED:
            begun = self._outbox.settle(tx, row, SENDING, tried=1)
        if begun is not None:
            held.append(Held(begun, outcome))

    def _ask(self, batch: Batch, carrier: str, row: Row, key: str) -> Ask:
        return Ask(
            act="send",
            purpose=batch.purpose,
            key=key,
            person=row.person,
            fields=batch.fields,
            recipient=carrier,
            channel=CHANNEL,
            case=batch.case,
            topic=batch.topic,
        )

    def still(self, tx: Transaction, seen: int) -> bool:
        """Whether nobody stopped since the counter stood there."""
        return self._stops is None or self._stops(tx) == seen

    def write(self, batch: Batch, policy: Policy, held: Held) -> Mail | End:
        """Render a copy and sign it; tells how it ended where that cannot be."""
        row = held.row
        to = held.outcome.values.get(batch.fields[0])
        if not isinstance(to, str):
            return End(row, FAILED, "no-address")
        return self._tried(row, lambda: self._ready(self._written(batch, policy, held, to)))

    def deliver(self, batch: Batch, row: Row, mail: Mail, file: HandoverFile) -> End:
        """Hand a copy over; tells how that ended."""

        def carry() -> End | None:
            file.begins(row)
            try:
                self._mailer.send(mail)
            except Unanswered:
                if batch.uncertain == COUNT:
                    return End(row, FAILED, UNCERTAIN)
                raise
            return None

        missed = self._tried(row, carry)
        try:
            if missed is None:
                file.took(row)
            elif missed.why != UNCERTAIN:
                file.refused(row)
        except OSError as error:
            # What is so is committed with the others all the same; only a crash before that leaves the copy uncertain.
            _log.warning("handover_not_noted", message=row.id, error=error.strerror)
        return missed or End(row, SENT)

    def _tried(self, row: Row, work: Callable[[], Made]) -> Made | End:
        """What a work gives, or how the try ended where it came to nothing."""
        try:
            return work()
        except Undeliverable:
            return End(row, FAILED, "undeliverable")
        except Deferred:
            return self._put_off(row, _DEFERRED)
        except Unavailable as error:
            return self._put_off(row, "unavailable", error)
        except InvalidInput as error:
            return End(row, FAILED, error.field or error.code)
        except TrothError as error:
            return self._put_off(row, error.code)
        except Exception as error:  # noqa: BLE001  one copy must not stop the others; it is logged
            _log.error("copy_failed", message=row.id, error=type(error).__name__, where=raised_at(error))
            return self._put_off(row, "unforeseen")

    def _put_off(self, row: Row, why: str, error: Unavailable | None = None) -> End:
        """Plan a copy again; where it is told when, nothing was tried and nothing speaks against the next copies."""
        if error is not None and error.at is not None:
            return End(row, PLANNED, "limited", micros(error.at), -1)
        if row.tries >= MOST_TRIES:
            return End(row, FAILED, "given-up")
        pause = min(FIRST_WAIT * 2 ** min(row.tries - 1, _DOUBLINGS), LAST_WAIT)
        due = self._clock.now() + pause
        if error is not None and error.at is not None:
            due = max(due, error.at)
        return End(row, PLANNED, why, micros(due))

    def _written(self, batch: Batch, policy: Policy, held: Held, to: str) -> Mail:
        row = held.row
        try:
            address = deliverable(to)
        except InvalidInput:
            raise InvalidInput("There is no such address.", field="no-address", mend="Correct it.") from None
        marks = batch.marks(row, to)
        composed = batch.write(row, held.outcome, marks)
        sender = self._sender or policy.front.contact.support
        more = {"Auto-Submitted": "auto-generated"}
        if marks.unsubscribe:
            ways = [one for one in (marks.by_mail, marks.unsubscribe) if one]
            more["List-Unsubscribe"] = ", ".join(f"<{one}>" for one in ways)
            more["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        formed = form_mail(
            composed,
            sender=(policy.front.controller.name, sender),
            to=address,
            message_id=f"{row.id}@{sender.rpartition('@')[2]}",
            at=self._clock.now(),
            more=more,
        )
        return Mail(row.id, row.person, marks.envelope or sender, address, formed, bulk=True)

    def settle(self, ends: Sequence[End]) -> None:
        """Note how tries ended, in one unit of work."""
        with self._database.transaction() as tx:
            for end in ends:
                self._outbox.settle(tx, end.row, end.state, end.why, due=end.due, tried=end.tried)

    def give_back(self, rows: Sequence[Row]) -> None:
        """Plan copies again that were not handed over after all."""
        with self._database.transaction() as tx:
            for row in rows:
                self._outbox.settle(tx, row, PLANNED, tried=-1)

    def start(self, work: Callable[[], None], most: int) -> list[Future[None]]:
        """Let some threads do a work."""
        return [self._pool.submit(work) for _ in range(min(self.connections, most))]

    def looking(self, going: Callable[[Transaction], bool], seen: int) -> str:
        """What stands against the next hand-over: nothing, that the batch was halted, or that somebody stopped."""
        with self._database.reading() as tx:
            if not going(tx):
                return "halted"
            return "" if self.still(tx, seen) else "stopped"


class _Window:
    """Copies of a window that may go out, being handed over."""

    def __init__(
        self,
        sending: BatchSending,
        batch: Batch,
        policy: Policy,
        held: Sequence[Held],
        seen: int,
        going: Callable[[Transaction], bool],
        file: HandoverFile,
    ) -> None:
        self._sending, self._batch, self._policy = sending, batch, policy
        self._seen, self._going, self._file = seen, going, file
        self._left = deque(held)
        self._ends: SimpleQueue[End] = SimpleQueue()
        self._again: deque[Row] = deque()
        self._back: deque[Row] = deque()
        self._untaken = 0

    def hand_over(self) -> tuple[list[Row], list[End], bool]:
        """Hand over; gives the copies to be decided anew, how the others ended, and whether nobody took any more."""
        threads = self._sending.start(self._work, len(self._left))
        ended: list[End] = []
        working = set(threads)
        while working:
            _, working = wait(working, _GATHER_SECONDS)
            ended += self._note()
        for thread in threads:
            thread.result()
        if self._back:
            self._sending.give_back(self._back)
        return list(self._again), ended, self._untaken >= _UNTAKEN

    def _work(self) -> None:
        with self._sending.one_look():
            self._work_on()

    def _work_on(self) -> None:
        while group := self._group():
            written = [self._sending.write(self._batch, self._policy, one) for one in group]
            for one, mail in zip(group, written, strict=True):
                self._carry(one.row, mail)

    def _group(self) -> list[Held]:
        """The next few copies; fewer towards the end, so that all threads end together."""
        most = min(_GROUP, 1 + len(self._left) // (2 * self._sending.connections))
        group: list[Held] = []
        while len(group) < most:
            try:
                group.append(self._left.popleft())
            except IndexError:
                break
        return group

    def _carry(self, row: Row, mail: Mail | End) -> None:
        against = "halted" if self._untaken >= _UNTAKEN else self._sending.looking(self._going, self._seen)
        if against == "halted":
            self._back.append(row)
        elif against:
            self._again.append(row)
        else:
            end = mail if isinstance(mail, End) else self._sending.deliver(self._batch, row, mail, self._file)
            if not end.tried:
                untaken = end.state == PLANNED and end.why != _DEFERRED
                self._untaken = self._untaken + 1 if untaken else 0
            self._ends.put(end)

    def _note(self) -> list[End]:
        """Commit what has ended by now, together."""
        found: list[End] = []
        while True:
            try:
                found.append(self._ends.get_nowait())
            except Empty:
                break
        if found:
            self._sending.settle(found)
        return found


def _counted(ends: Sequence[End], *, waiting: bool) -> Handed:
    states = Counter(end.state for end in ends)
    return Handed(states[SENT], states[SKIPPED], states[FAILED], states[PLANNED], waiting)


def _why(outcome: Outcome) -> str:
    """Why a copy does not go: the clause that denied it, or that nobody is there any more.

    Raises:
        Unavailable: The act could not be weighed; nothing is said of the person.
    """
    problem = outcome.problem
    if problem is None or problem.code == "refused":
        return (problem.clause if problem is not None else "") or "refused"
    if problem.code in ("not-found", "invalid-input"):
        return "unknown-person"
    raise Unavailable("The act of sending could not be performed.", mend="It is tried again.")
