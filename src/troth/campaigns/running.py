"""Running campaigns: people are chosen page by page, then copies go out window by window.

Each campaign is in the hands of one runner at a time, by a lease that it renews; a runner that was killed loses it when it runs
out. Everything that is done commits with the note of how far it is, so that another goes on from there.
"""

from collections.abc import Callable
from datetime import timedelta
from functools import cached_property
from threading import Event, Thread

from troth.campaigns import keeping
from troth.campaigns.model import OVER, Campaign, Waits, moved
from troth.campaigns.service import close
from troth.campaigns.settling import LEASE, Settling
from troth.gate import Chosen, Gate, Inquiry, note_matter
from troth.kernel import Clock, Log, TrothError, Unavailable, micros, new_id, raised_at
from troth.outreach import (
    Audiences,
    Batch,
    BatchSending,
    Handed,
    LeftCopies,
    Messages,
    Outbox,
)
from troth.storage import Database, Transaction

LOOK_SECONDS = 1.0
WINDOW = 100
"""Copies decided in one unit of work."""
PLANNING_ACT = "use"
_HOUR = timedelta(hours=1)
_REST, _LONGEST_REST = timedelta(seconds=10), timedelta(minutes=10)
_DOUBLINGS = 6
_UNTAKEN = Unavailable(
    "Nobody takes the mail.", mend="It is tried again by itself; `troth doctor` tries the mail server."
)
_log = Log("troth.campaigns")


class Runner:
    """Runs the campaigns of a folder, in a thread of its own once it was started.

    Args:
        database: Keeps them.
        gate: Chooses people.
        clock: Tells what is due.
        outbox: The copies.
        audiences: Whom they go to.
        messages: What they send.
        sending: Gives what sends windows of copies; asked when the first campaign runs.
        batch: Makes of a campaign what is sent.
        key: Gives the API key in whose name people are chosen.
        left: Deals with copies that a campaign left in hand which is over.
    """

    def __init__(
        self,
        database: Database,
        gate: Gate,
        clock: Clock,
        *,
        outbox: Outbox,
        audiences: Audiences,
        messages: Messages,
        sending: Callable[[], BatchSending],
        batch: Callable[[Campaign], Batch],
        key: Callable[[], str],
        left: LeftCopies,
    ) -> None:
        self._database, self._gate, self._clock = database, gate, clock
        self._outbox, self._audiences, self._messages = outbox, audiences, messages
        self._open, self._batch, self._key = sending, batch, key
        self._me = new_id()
        self._settling = Settling(database, clock, left, self._me)
        self._rest: dict[str, int] = {}
        self._failed: set[str] = set()
        self._denied: dict[str, int] = {}
        self._stopping = Event()
        self._thread: Thread | None = None

    @cached_property
    def _sending(self) -> BatchSending:
        return self._open()

    def start(self) -> None:
        """Begin to look for campaigns that are due."""
        self._thread = Thread(target=self._run, name="troth-campaigns", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finish the copies that are being handed over, and end the thread."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
        with self._database.transaction() as tx:
            keeping.release(tx, self._me)
        if "_sending" in self.__dict__:
            self._sending.close()

    def run_due(self) -> int:
        """Do everything that is due now; gives the number of pages and windows."""
        done = 0
        while self.step():
            done += 1
        return done

    def step(self) -> bool:
        """A page or a window of each campaign that is due, and the end of each that is over; False when there was nothing to do."""
        now = micros(self._clock.now())
        with self._database.reading() as tx:
            found, over = keeping.due(tx, now), keeping.unsettled(tx, WINDOW)
        worked = False
        for one in found:
            if self._stopping.is_set():
                return False
            if one.state == "scheduled" and self._denied.pop(one.case, 0):
                self._rest.pop(one.case, None)  # whoever lets it go on wants it tried now
            if self._rest.get(one.case, 0) <= now:
                worked = self._step(one) or worked
        for case, state in over:
            if self._rest.get(case, 0) <= now:
                worked = self._settle(case, state) or worked
        return worked

    def _settle(self, case: str, state: str) -> bool:
        """Settle a campaign that is over; looked at again after a while where another process may have it in hand."""
        try:
            settled = self._settling.settle(case, state)
        except Unavailable:
            settled = False
        if not settled:
            self._leave(case)
        return settled

    def _step(self, one: Campaign) -> bool:
        try:
            if not self._take(one.case):
                return False
            if one.state == "scheduled":
                return self._begin(one)
            if _past(one, micros(self._clock.now())):
                return self._finish(one, "over")
            if not one.planned:
                return self._choose(one)
            return self._send(one)
        except Unavailable:
            self._leave(one.case)
            return False
        except TrothError as error:
            # What the policy denies as a whole stays for a person: nothing is sent, and the campaign tells that it waits.
            _log.error("campaign_waits", campaign=one.case, code=error.code, clause=error.clause)
            self._tell(one, error)
            tries = self._denied[one.case] = self._denied.get(one.case, 0) + 1
            self._leave(one.case, min(_REST * 2 ** min(tries - 1, _DOUBLINGS), _LONGEST_REST))
            return False

    def _take(self, case: str) -> bool:
        """Take or keep a campaign; copies that somebody else left in hand are dealt with first."""
        now = micros(self._clock.now())
        with self._database.transaction() as tx:
            before = keeping.lease(tx, case, self._me, now, now + LEASE // timedelta(microseconds=1))
            one = keeping.read(tx, case)
        if before is None or one.state in OVER:
            return False
        if one.planned and not _past(one, now) and (before != self._me or case in self._failed):
            left = self._sending.recover(self._batch(one))
            if left:
                _log.warning("copies_recovered", campaign=case, copies=left)
        self._failed.discard(case)
        return True

    def _leave(self, case: str, rest: timedelta = _REST) -> None:
        """Let a campaign rest a while after something failed; what is in hand is dealt with before it goes on."""
        self._rest[case] = micros(self._clock.now() + rest)
        self._failed.add(case)

    def _tell(self, one: Campaign, error: TrothError | None) -> None:
        """Let a campaign tell why it does not go on, since when; None where it does."""
        waits = None
        if error is not None:
            since = one.waits.since if one.waits is not None else micros(self._clock.now())
            waits = Waits(since, error.code, error.what, error.clause, error.field, error.mend)
        else:
            self._denied.pop(one.case, None)
        if waits != one.waits:
            with self._database.transaction() as tx:
                keeping.note_waits(tx, one, waits)

    def _begin(self, one: Campaign) -> bool:
        with self._database.transaction() as tx:
            now = micros(self._clock.now())
            return keeping.move(tx, one, moved(one.state, "begin"), began=one.began_at or now)

    def _choose(self, one: Campaign) -> bool:
        """Choose a page of people into the outbox; a page that another has done is not done again."""
        choice = self._audiences.choice(one.plan.audience)
        message = self._messages.version(one.plan.template)
        inquiry = Inquiry(
            self._key(),
            message.purpose,
            choice.attributes,
            everybody=True,
            barred=choice.barred,
            words={"audience": one.plan.audience, "case": one.case},
            topic=message.topic,
            channel=message.channel,
            act=PLANNING_ACT,
        )

        def along(tx: Transaction, chosen: Chosen) -> None:
            if not keeping.runs(tx, one.case, self._me, micros(self._clock.now())):
                raise Unavailable("The campaign was halted meanwhile.", mend="It goes on when it is resumed.")
            self._outbox.plan(tx, one.case, chosen.persons, message.channel)
            if not keeping.note_planned(
                tx, one, upto=chosen.last, looked=chosen.looked, left_out=chosen.left_out
            ):
                raise Unavailable("Another process chooses people for it.", mend="It goes on by itself.")

        self._gate.choose(inquiry, one.cursor, choice.holds, along)
        if one.waits:
            self._tell(one, None)
        return True

    def _send(self, one: Campaign) -> bool:
        def going(tx: Transaction) -> bool:
            now = micros(self._clock.now())
            return not self._stopping.is_set() and keeping.runs(tx, one.case, self._me, now)

        rate = one.plan.per_hour
        most = WINDOW if not rate else max(1, min(WINDOW, rate // 3_600))
        handed = self._sending.window(self._batch(one), most, going)
        with self._database.reading() as tx:
            due = self._outbox.next_due(tx, one.case)
            left = self._outbox.in_hand(tx, one.case)
        if handed.waiting:
            self._tell(one, _UNTAKEN)
        elif one.waits and (
            one.waits.code != _UNTAKEN.code or handed.sent or handed.skipped or handed.failed
        ):
            self._tell(one, None)
        if due is None and not left:
            return self._finish(one, "")
        if any(handed):
            self._pace(one, handed)
            return not self._stopping.is_set()
        if due is not None:
            self._rest[one.case] = due
        return False

    def _pace(self, one: Campaign, handed: Handed) -> None:
        """Let a campaign rest as its rate asks, or for a while when nobody takes mail."""
        now = self._clock.now()
        if handed.waiting:
            self._rest[one.case] = micros(now + _REST)
        elif one.plan.per_hour:
            self._rest[one.case] = micros(now + _HOUR * handed.sent / one.plan.per_hour)

    def _finish(self, one: Campaign, why: str) -> bool:
        now = micros(self._clock.now())
        with self._database.transaction() as tx:
            if not keeping.move(tx, one, moved(one.state, "finish"), ended=now):
                return False
            close(tx, self._outbox, one.case, why, now)
            policy = self._gate.policy()
            note_matter(tx, policy, case=one.case, what="campaign-finish", clause="", now=now)
        return True

    def _run(self) -> None:
        while not self._stopping.is_set():
            worked = False
            try:
                worked = self.step()
            except Exception as error:  # noqa: BLE001  nobody above a thread could catch; it is logged and tried again
                _log.error("campaigns_failed", error=type(error).__name__, where=raised_at(error))
            if not worked:
                self._stopping.wait(LOOK_SECONDS)


def _past(one: Campaign, now: int) -> bool:
    """Whether the end of a campaign has come, so that nothing of it is planned again."""
    return 0 < one.plan.ends_at <= now
