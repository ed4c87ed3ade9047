"""Sending the copies of a batch: each decided at its own moment, and decided anew when anybody stopped meanwhile.

A window of planned copies is decided in one unit of work, an act each, and becomes `sending` in the same one. Then the
copies are rendered and handed over on some connections. Before each hand-over a counter of stops is read: when it moved
since the window was decided, nothing more of the window goes out before it was decided again. So an opt-out that is on
disk holds for the very next message. Nothing rendered is kept.
"""

from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from queue import Empty, SimpleQueue
from typing import NamedTuple

from troth.gate import Ask, Outcome
from troth.kernel import Clock, InvalidInput, Log, TrothError, Unavailable, micros, raised_at
from troth.outreach.composing import Composed
from troth.outreach.model import Deferred, Mail, Mailer, Marks, Undeliverable
from troth.outreach.outbox import FAILED, PLANNED, SENDING, SENT, SKIPPED, Outbox, Row
from troth.outreach.service import CHANNEL, MOST_TRIES, deliverable, mail_recipient
from troth.outreach.wire import WIRE
from troth.policy import Policy
from troth.storage import Database, Transaction

AGAIN, COUNT = "again", "count"
"""What becomes of a copy of which nobody knows whether it was taken: sent again under its Message-ID, or counted as failed."""
CONNECTIONS = 4
FIRST_WAIT, LAST_WAIT = timedelta(seconds=30), timedelta(hours=6)
_DOUBLINGS = 12
_GATHER_SECONDS = 0.02
_UNTAKEN = 3
"""Copies in a row that nobody took, after which the rest of a window waits."""
_log = Log("troth.outreach")

Stops = Callable[[Transaction], int]
Perform = Callable[[Sequence[Ask], Callable[[Transaction, Sequence[Outcome]], None]], list[Outcome]]


class Batch(NamedTuple):
    """What is sent to many.

    Args:
        case: Id of the case that it is sent under.
        purpose: Data use that it serves.
        fields: Names of the fields that are read for it, the address first.
        write: Gives subject and body of a copy, from what was read and its marks.
        marks: Gives what a copy bears of its own, from the copy and the person's address.
        topic: Declared topic; empty for none.
        optional: Names of fields that are left out where the policy or the person does not give them.
        uncertain: `AGAIN` or `COUNT`.
    """

    case: str
    purpose: str
    fields: tuple[str, ...]
    write: Callable[[Row, Outcome, Marks], Composed]
    marks: Callable[[Row, str], Marks]
    topic: str = ""
    uncertain: str = AGAIN


class Handed(NamedTuple):
    """What became of a window.

    Args:
        sent: Copies handed over.
        skipped: Copies that the policy denied, or whose person is gone.
        failed: Copies given up.
        put_off: Copies that nobody took yet; they are due again later.
        waiting: Whether nobody took mail, so that it is better to wait.
    """

    sent: int = 0
    skipped: int = 0
    failed: int = 0
    put_off: int = 0
    waiting: bool = False

    def then(self, later: "Handed") -> "Handed":
        """This and what came later, together."""
        return Handed(
            self.sent + later.sent,
            self.skipped + later.skipped,
            self.failed + later.failed,
            self.put_off + later.put_off,
            waiting=later.waiting,
        )


class _Held(NamedTuple):
    """A copy that may go out, with what was read for it."""

    row: Row
    outcome: Outcome


class _End(NamedTuple):
    """How a try ended."""

    row: Row
    state: str
    why: str = ""
    due: int = 0
    tried: int = 0


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
        sender: Address that mail comes from; empty for the policy's support address.
        recipient: Declared recipient that carries mail; empty for the only one.
        stops: Reads the counter of stops; None where there is none, and each copy is then decided by itself.
        connections: How many copies are handed over at once.
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
        sender: str = "",
        recipient: str = "",
        stops: Stops | None = None,
        connections: int = CONNECTIONS,
    ) -> None:
        self._perform, self._policy, self._key = perform, policy, key
        self._database, self._outbox, self._mailer, self._clock = database, outbox, mailer, clock
        self._sender, self._recipient = sender, recipient
        self._stops = stops
        self._connections = connections
        self._pool = ThreadPoolExecutor(connections, thread_name_prefix="troth-mass-mail")

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown()

    def recover(self, batch: Batch) -> int:
        """Deal with copies that a crash left in hand; gives their number. Only for whoever alone sends the batch."""
        with self._database.transaction() as tx:
            left = self._outbox.in_hand(tx, batch.case)
            for row in left:
                if batch.uncertain == COUNT:
                    self._outbox.settle(tx, row, FAILED, "uncertain")
                else:
                    self._outbox.settle(tx, row, PLANNED)
        return len(left)

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
        policy, total = self._policy(), Handed()
        with self._database.reading() as tx:
            rows = self._outbox.take(tx, batch.case, most if self._stops is not None else 1)
        while rows:
            held, seen, ends = self._decide(batch, policy, rows)
            rows, more, waiting = _Window(self, batch, policy, held, seen, going).hand_over()
            total = total.then(_counted([*ends, *more], waiting=waiting))
        return total

    def _decide(
        self, batch: Batch, policy: Policy, rows: Sequence[Row]
    ) -> tuple[list[_Held], int, list[_End]]:
        """Decide some copies; those that may go are in hand from now on, with the counter of stops as it stood."""
        asks = [self._ask(batch, policy, row) for row in rows]
        held: list[_Held] = []
        ends: list[_End] = []
        seen = 0

        def along(tx: Transaction, outcomes: Sequence[Outcome]) -> None:
            nonlocal seen
            held.clear()
            ends.clear()
            seen = self._stops(tx) if self._stops is not None else 0
            for row, outcome in zip(rows, outcomes, strict=True):
                self._begin(tx, row, outcome, held, ends)

        self._perform(asks, along)
        return held, seen, ends

    def _begin(
        self, tx: Transaction, row: Row, outcome: Outcome, held: list[_Held], ends: list[_End]
    ) -> None:
        if not outcome.permitted:
            why = _why(outcome)
            if self._outbox.settle(tx, row, SKIPPED, why) is not None:
                ends.append(_End(row, SKIPPED, why))
            return
        begun: Row | None = row
        if row.state == PLANNED:
            begun = self._outbox.settle(tx, row, SENDING, tried=1)
        if begun is not None:
            held.append(_Held(begun, outcome))

    def _ask(self, batch: Batch, policy: Policy, row: Row) -> Ask:
        return Ask(
            act="send",
            purpose=batch.purpose,
            key=self._key(),
            person=row.person,
            fields=batch.fields,
            recipient=mail_recipient(policy, self._recipient),
            channel=CHANNEL,
            case=batch.case,
        )

    def still(self, tx: Transaction, seen: int) -> bool:
        """Whether nobody stopped since the counter stood there."""
        return self._stops is None or self._stops(tx) == seen

    def deliver(self, batch: Batch, policy: Policy, held: _Held) -> _End:
        """Render a copy and hand it over; tells how that ended."""
        row = held.row
        to = held.outcome.values.get(batch.fields[0])
        if not isinstance(to, str):
            return _End(row, FAILED, "no-address")
        try:
            self._mailer.send(self._written(batch, policy, held, to))
        except Undeliverable:
            return _End(row, FAILED, "undeliverable")
        except Unavailable as error:
            return self._put_off(row, "unavailable", error)
        except InvalidInput as error:
            return _End(row, FAILED, error.field or error.code)
        except TrothError as error:
            return self._put_off(row, error.code)
        except Exception as error:  # noqa: BLE001  one copy must not stop the others; it is logged
            _log.error("copy_failed", message=row.id, error=type(error).__name__, where=raised_at(error))
            return self._put_off(row, "unforeseen")
        return _End(row, SENT)

    def _put_off(self, row: Row, why: str, error: Unavailable | None = None) -> _End:
        """Plan a copy again; where it is told when, nothing was tried and nothing speaks against the next copies."""
        if error is not None and error.at is not None and not isinstance(error, Deferred):
            return _End(row, PLANNED, "limited", micros(error.at), -1)
        if row.tries >= MOST_TRIES:
            return _End(row, FAILED, "given-up")
        pause = min(FIRST_WAIT * 2 ** min(row.tries - 1, _DOUBLINGS), LAST_WAIT)
        due = self._clock.now() + pause
        if error is not None and error.at is not None:
            due = max(due, error.at)
        return _End(row, PLANNED, why, micros(due))

    def _written(self, batch: Batch, policy: Policy, held: _Held, to: str) -> Mail:
        row = held.row
        try:
            address = deliverable(to)
        except InvalidInput:
            raise InvalidInput("There is no such address.", field="no-address", mend="Correct it.") from None
        marks = batch.marks(row, to)
        composed = batch.write(row, held.outcome, marks)
        sender = self._sender or policy.front.contact.support
        message = EmailMessage(policy=WIRE)
        message["From"] = Address(policy.front.controller.name, addr_spec=sender)
        message["To"] = Address(addr_spec=address)
        message["Subject"] = composed.subject
        message["Date"] = format_datetime(self._clock.now())
        message["Message-ID"] = f"<{row.id}@{sender.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"
        if marks.unsubscribe:
            message["List-Unsubscribe"] = f"<{marks.unsubscribe}>"
            message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        message.set_content(composed.text)
        message.add_alternative(composed.html, subtype="html")
        return Mail(row.id, row.person, marks.envelope or sender, address, message, bulk=True)

    def settle(self, ends: Sequence[_End]) -> None:
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
        return [self._pool.submit(work) for _ in range(min(self._connections, most))]

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
        held: Sequence[_Held],
        seen: int,
        going: Callable[[Transaction], bool],
    ) -> None:
        self._sending, self._batch, self._policy, self._seen, self._going = (
            sending,
            batch,
            policy,
            seen,
            going,
        )
        self._left = deque(held)
        self._ends: SimpleQueue[_End] = SimpleQueue()
        self._again: deque[Row] = deque()
        self._back: deque[Row] = deque()
        self._untaken = 0

    def hand_over(self) -> tuple[list[Row], list[_End], bool]:
        """Hand over; gives the copies to be decided anew, how the others ended, and whether nobody took any more."""
        threads = self._sending.start(self._work, len(self._left))
        ended: list[_End] = []
        while not all(thread.done() for thread in threads):
            ended += self._note(_GATHER_SECONDS)
        ended += self._note(0)
        for thread in threads:
            thread.result()
        if self._back:
            self._sending.give_back(self._back)
        return list(self._again), ended, self._untaken >= _UNTAKEN

    def _work(self) -> None:
        while True:
            try:
                one = self._left.popleft()
            except IndexError:
                return
            against = (
                "halted" if self._untaken >= _UNTAKEN else self._sending.looking(self._going, self._seen)
            )
            if against == "halted":
                self._back.append(one.row)
            elif against:
                self._again.append(one.row)
            else:
                end = self._sending.deliver(self._batch, self._policy, one)
                if not end.tried:
                    self._untaken = self._untaken + 1 if end.state == PLANNED else 0
                self._ends.put(end)

    def _note(self, seconds: float) -> list[_End]:
        """Wait so long for a try to end, and commit what has ended by then, together."""
        found: list[_End] = []
        while True:
            try:
                found.append(
                    self._ends.get(timeout=seconds) if seconds and not found else self._ends.get_nowait()
                )
            except Empty:
                break
        if found:
            self._sending.settle(found)
        return found


def _counted(ends: Sequence[_End], *, waiting: bool) -> Handed:
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
