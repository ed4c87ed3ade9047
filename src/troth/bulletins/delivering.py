"""Delivering a bulletin to its end: owners are looked for, mail is sent, and whom it does not reach gets a letter or a call.

Every step may be repeated: a page of owners is planned in the unit of work that looked at them, a copy moves on from the state
in which it was taken, and what follows a copy that came back is planned once. So a step that a crash cut short is taken anew.
One process takes a step at a time: another would take copies that are being handed over for what a crash left.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import timedelta
from itertools import pairwise
from typing import NamedTuple

from troth.bulletins import keeping
from troth.bulletins.model import (
    CHANNELS,
    CLAUSE,
    DONE,
    ENDS,
    RUNNING,
    STOPPED,
    TOLD,
    Bulletin,
    Copy,
    standing,
    stopped,
)
from troth.bulletins.promotion import find_promotion, rules_broken
from troth.bulletins.service import STEP, PerformAlong, bulletin_case, purpose_of
from troth.gate import (
    APPROVED,
    MAX_RECORDS,
    PROMOTIONAL,
    Ask,
    Outcome,
    case_facts,
    case_is_live,
    note_case_fact,
    note_matter,
    possible_owners,
    read_values,
    withdraw_case_fact,
)
from troth.kernel import Clock, Refused, micros, new_id
from troth.outreach import Batch, BatchSending, LeftCopies, Outbox, Row
from troth.policy import Policy, crucial_reason, owner_fields, read_release, read_versions, versions_owned
from troth.storage import Database, Job, Transaction, is_promised, stage_job

ALL = "-"
"""Stands for the last handle once every owner was looked for."""
PAGE, WINDOW, FALLEN = 500, 200, 500
LEASE, _LATER = timedelta(minutes=5), timedelta(seconds=10)
"""How long a step may be in one process's hands; and when another one looks again."""


class Progress(NamedTuple):
    """How far delivery is: owners in all, by end, by channel that is waited for, and by channel that told them.

    Args:
        owners: Owners found.
        ends: How many by end: told, unreachable, not-concerned, gone.
        waits: How many wait, by channel.
        told: How many were told, by channel.
        bounced: Mails that came back.
    """

    owners: int
    ends: Mapping[str, int]
    waits: Mapping[str, int]
    told: Mapping[str, int]
    bounced: int

    @property
    def open(self) -> int:
        """Owners who have no end yet."""
        return self.owners - sum(self.ends.values())


class Delivering:
    """Takes running bulletins to their end.

    Args:
        database: Keeps them.
        perform: Performs acts together with something of its own in one unit of work; the gate's.
        policy: Gives the version in force.
        clock: Dates every step.
        key: Gives the API key in whose name owners are looked for and written to.
        outbox: The copies.
        sending: Opens what sends mail.
        batch: Gives what is sent of a bulletin.
        left: Deals with copies that were in hand when a bulletin was stopped.
    """

    def __init__(
        self,
        *,
        database: Database,
        perform: PerformAlong,
        policy: Callable[[], Policy],
        clock: Clock,
        key: Callable[[], str],
        outbox: Outbox,
        sending: Callable[[], AbstractContextManager[BatchSending]],
        batch: Callable[[Bulletin], Batch],
        left: LeftCopies,
    ) -> None:
        self._database, self._perform, self._policy, self._clock = database, perform, policy, clock
        self._key, self._outbox, self._sending, self._batch = key, outbox, sending, batch
        self._left = left
        self._me = new_id()
        outbox.listen(self._heard)

    def __call__(self, job: Job) -> None:
        """Take one step, and promise the next where there is one."""
        case = job.body.get("case", "")
        due = self.step(case)
        if due is not None:
            with self._database.transaction() as tx:
                self._promise(tx, case, due)

    def resume(self) -> None:
        """Promise a step of everything that is under way, for what waited on letters, calls or a process that died."""
        with self._database.transaction() as tx:
            for case in keeping.running_bulletins(tx):
                self._promise(tx, case, micros(self._clock.now()))

    def _promise(self, tx: Transaction, case: str, due: int) -> None:
        """Promise a step, unless one is promised already; one that is under way may be past what there is to do now."""
        body = {"case": case}
        if not is_promised(tx, STEP, body, by=due, now=micros(self._clock.now())):
            stage_job(tx, STEP, body, due=due)

    def step(self, case: str) -> int | None:
        """Take a bulletin one step on; gives when the next is due (microseconds), None where nothing is to be done now."""
        policy, now = self._policy(), self._clock.now()
        with self._database.transaction() as tx:
            was = keeping.bulletin_of(tx, case)
            if was.state not in (RUNNING, DONE, STOPPED):
                return None
            if was.state != STOPPED and self._halted(tx, was, policy):
                return None
            unended = keeping.take_step(tx, case, self._me, micros(now), micros(now + LEASE))
        if unended is None:
            return micros(now + _LATER)
        if was.state == STOPPED:
            due = None
            self._left.end(case, STOPPED)
        else:
            due = self._step(was, recovering=bool(unended))
        with self._database.transaction() as tx:
            keeping.end_step(tx, case, self._me)
        return due

    def _step(self, was: Bulletin, *, recovering: bool) -> int | None:
        case = was.case
        if was.planned_to != ALL:
            self._plan(was)
            return micros(self._clock.now())
        batch = self._batch(was)
        with self._sending() as sending:
            if recovering:
                sending.recover(batch)
            handed = sending.window(batch, WINDOW, self._going(case))
        if self._follow(case) or (handed.sent or handed.skipped or handed.failed):
            return micros(self._clock.now())
        return self._rest(case)

    def going_on(self, case: str) -> Bulletin | None:
        """A bulletin whose text may go out now, on whatever channel; None where the case is none.

        Raises:
            Refused: It may not: it was not approved and started, or it was stopped, just now where something has come in its way.
        """
        policy = self._policy()
        with self._database.transaction() as tx:
            if not keeping.is_bulletin(tx, case):
                return None
            one = keeping.bulletin_of(tx, case)
            going = one.state in (RUNNING, DONE) and not self._halted(tx, one, policy)
        if not going:
            raise Refused(
                "Nothing may go out of this bulletin.",
                clause=CLAUSE,
                mend="It goes out once it is approved and started; the ledger tells why one was halted (`bulletin-halted`).",
            )
        return one

    def progress(self, case: str) -> Progress:
        """How far a bulletin is, by counts."""
        told, waits = dict.fromkeys(CHANNELS, 0), dict.fromkeys(CHANNELS, 0)
        ends = dict.fromkeys(ENDS, 0)
        owners = bounced = 0
        for (channel, state, why), number in self._outbox.by_channel(case).items():
            owners += number if channel == CHANNELS[0] else 0
            bounced += number if state == "bounced" else 0
            found = standing([Copy(channel, state, why)])
            if found.waits:
                waits[channel] += number
            elif found.end:
                ends[found.end] += number
                told[channel] += number if found.end == TOLD else 0
        return Progress(owners, ends, waits, told, bounced)

    def _halted(self, tx: Transaction, was: Bulletin, policy: Policy) -> bool:
        """Stop a bulletin that may not go on: weighed anew before every step, by the policy and the rules of now."""
        now = micros(self._clock.now())
        broken = rules_broken(find_promotion(was.texts))
        if broken:
            note_case_fact(tx, was.case, PROMOTIONAL, " ".join(broken), now)
        why = "promotion" if broken else self._hindrance(tx, was, policy, now)
        if not why or was.state == DONE:
            return bool(why)
        keeping.change_bulletin(tx, was, stopped(was, now))
        withdraw_case_fact(tx, was.case, APPROVED)
        self._outbox.end(tx, was.case, why)
        self._promise(tx, was.case, now)
        note_matter(
            tx, policy, case=was.case, what="bulletin-halted", clause=CLAUSE, now=now, more={"why": why}
        )
        return True

    def _hindrance(self, tx: Transaction, was: Bulletin, policy: Policy, now: int) -> str:
        day = self._clock.now().date().isoformat()
        if crucial_reason(policy, was.product, was.reason, day) is None:
            return "reason"
        if not case_is_live(tx, was.case, policy, now):
            return "case-over"
        return (
            "" if case_facts(tx, [was.case]).get(was.case, {}).get(APPROVED) == was.digest else "unapproved"
        )

    def _plan(self, was: Bulletin) -> None:
        """Look at the next people who have bought or registered something, and plan mail to the owners among them."""
        policy = self._policy()
        found, last = possible_owners(self._database, policy, was.planned_to, PAGE)
        fields, purpose, key = owner_fields(policy), purpose_of(bulletin_case(policy)), self._key()
        people = list(found)
        asks = [
            Ask(
                act="use", purpose=purpose, key=key, person=who, fields=fields, case=was.case,
                records=tuple(sorted(found[who])[-MAX_RECORDS:]),
            )
            for who in people
        ]  # fmt: skip
        versions = read_versions(was.versions)

        def along(tx: Transaction, outcomes: Sequence[Outcome]) -> None:
            owners, unknown = [], 0
            for who, outcome in zip(people, outcomes, strict=True):
                if not outcome.permitted:
                    continue
                told = versions_owned(policy, was.product, read_values(outcome.values), found[who])
                if any(versions.hold(one) for one in told):
                    owners.append(who)
                else:
                    unknown += bool(told) and all(read_release(one) is None for one in told)
            now = was._replace(planned_to=last or ALL, unknown=was.unknown + unknown)
            if keeping.change_bulletin(tx, was, now):
                self._outbox.plan(tx, was.case, owners, CHANNELS[0])

        if asks:
            self._perform(asks, along)
        else:
            with self._database.transaction() as tx:
                along(tx, ())

    def _follow(self, case: str) -> int:
        """Plan the next channel for whoever the one before did not reach; gives how many."""
        planned = 0
        for channel, behind in pairwise(CHANNELS):
            after = ""
            while True:
                with self._database.transaction() as tx:
                    fallen = self._outbox.fallen(tx, case, channel, behind, FALLEN, after)
                    found = [one for one in fallen if standing([Copy(one.channel, one.state, one.why)]).tries]
                    planned += self._outbox.plan(tx, case, [one.person for one in found], behind)
                if len(fallen) < FALLEN:
                    break
                after = fallen[-1].id
        return planned

    def _rest(self, case: str) -> int | None:
        """Note whether every owner has an end; gives when the next copy is due, where one is."""
        done, policy = not self.progress(case).open, self._policy()
        with self._database.transaction() as tx:
            was = keeping.bulletin_of(tx, case)
            now = micros(self._clock.now())
            if done and was.state == RUNNING:
                keeping.change_bulletin(tx, was, was._replace(state=DONE, ended_at=now))
                note_matter(tx, policy, case=case, what="bulletin-done", clause=CLAUSE, now=now)
            elif not done and was.state == DONE:
                keeping.change_bulletin(tx, was, was._replace(state=RUNNING, ended_at=0))
            due = self._outbox.next_due(tx, case, CHANNELS[0])
        return None if due is None or done else max(due, now)

    def _going(self, case: str) -> Callable[[Transaction], bool]:
        def going(tx: Transaction) -> bool:
            now = micros(self._clock.now())
            return keeping.bulletin_of(tx, case).state != STOPPED and keeping.has_step(
                tx, case, self._me, now
            )

        return going

    def _heard(self, tx: Transaction, row: Row) -> None:
        """Take the next step when a copy of a bulletin came back."""
        if keeping.is_bulletin(tx, row.batch):
            self._promise(tx, row.batch, micros(self._clock.now()))
