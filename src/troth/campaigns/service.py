"""Drafting, starting, pausing and stopping campaigns; each step is decided by the policy and recorded."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from troth.campaigns import keeping
from troth.campaigns.clicking import Clicks
from troth.campaigns.model import NEXT, OVER, Campaign, Plan, moved
from troth.campaigns.settling import Settling
from troth.gate import Ask, Gate, Outcome, Seen, end_case, note_matter, unwatched
from troth.kernel import Clock, Conflict, InvalidInput, NotFound, Refused, Unauthenticated, micros, new_id
from troth.outreach import Audiences, LeftCopies, Message, Messages, Outbox, Size
from troth.policy import Act, Audience, Policy
from troth.storage import Database, Transaction

CASE = "campaign"
PURPOSE = "marketing.communications"
"""Data use for which campaigns are opened."""
MOST_SHOWN = 200
LONGEST_NAME = 100
MOST_PER_HOUR = 10_000_000
_HOUR = 3_600
_YEARS = range(2000, 3000)


class Progress(NamedTuple):
    """How far a campaign is: counts only.

    Args:
        campaign: It.
        message: The version of the message that it sends.
        counts: Copies by state.
        skipped: Copies skipped or failed, by reason: a clause or a word.
        at: The instant (microseconds).
        clicks: By link, how often it was followed; None for fewer than the cohort. Empty where none is counted.
    """

    campaign: Campaign
    message: Message
    counts: Mapping[str, int]
    skipped: Mapping[str, int]
    at: int
    clicks: Mapping[str, int | None] = {}

    @property
    def total(self) -> int:
        """Copies planned in all."""
        return sum(self.counts.values())

    @property
    def left(self) -> int:
        """Copies that were not decided yet."""
        return self.counts["planned"] + self.counts["sending"]


class Campaigns:
    """The campaigns of a folder.

    Args:
        database: Keeps them.
        gate: Decides and records.
        clock: Dates them.
        outbox: Their copies.
        audiences: Whom they may go to.
        messages: What they send.
        check: Compiles a kept message against the policy in force once more; raises what it finds.
        check_choosing: Raises where nobody may be chosen for a message by some fields, whatever people said.
        clicks: How often their links were followed.
        left: Deals with copies that were in hand when a campaign ended.
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
        check: Callable[[Message], object],
        check_choosing: Callable[[Message, Sequence[str]], None],
        clicks: Clicks,
        left: LeftCopies,
    ) -> None:
        self._database, self._gate, self._clock = database, gate, clock
        self.clicks = clicks
        self._settling = Settling(database, clock, left, new_id())
        self._outbox, self.audiences, self._messages, self._check = outbox, audiences, messages, check
        self._check_choosing = check_choosing

    def draft(
        self,
        key: str,
        *,
        name: str,
        message: str,
        expression: str,
        of: str = "",
        starts: datetime | None = None,
        ends: datetime | None = None,
        per_hour: int = 0,
    ) -> Campaign:
        """Draft a campaign: its audience is built and its case opened; nothing is sent.

        Args:
            key: API key of who asks.
            name: What its makers call it.
            message: Name of a message, or the start of a version's digest.
            expression: Who is in the audience.
            of: The declared audience; empty for the only one.
            starts: When it may begin; None for at once.
            ends: When what is left is not sent any more; None for the end of its case.
            per_hour: Most messages an hour; 0 for as fast as it goes.

        Raises:
            InvalidInput: Something of it is refused; nothing was kept.
            NotFound: There is no such message or audience.
            Unauthenticated: The key does not work.
            Refused: The policy denies it.
        """
        found = self._messages.named(message)
        _check_plan(name, per_hour)
        _check_span(starts, ends, self._clock.now())
        self._check(found.message)
        self._check_choosing(found.message, self.audiences.attributes(expression, of))
        kept = self.audiences.create(key, name, expression, of)
        plan = Plan(
            name.strip(),
            found.digest,
            kept.audience,
            micros(starts) if starts else 0,
            micros(ends) if ends else 0,
            per_hour,
        )
        return self.campaign(self._opened(key, plan))

    def _opened(self, key: str, plan: Plan) -> str:
        """Open the case of a plan and keep both together; gives its id."""
        ask = Ask(act="instruct", order="open-case", case_type=CASE, purpose=PURPOSE, key=key)

        def along(tx: Transaction, outcomes: Sequence[Outcome]) -> None:
            if outcomes[0].permitted:
                keeping.add(tx, outcomes[0].case, plan, micros(self._clock.now()))

        (outcome,) = self._gate.perform_along([ask], along)
        _check_done(outcome)
        return outcome.case

    def count(self, key: str, case: str, seen: Seen = unwatched) -> Size:
        """Count the audience of a campaign; nobody is listed. `seen` is told how many of how many parts are read."""
        return self.audiences.count(self.campaign(case).plan.audience, key, seen)

    def start(self, key: str, case: str) -> Campaign:
        """Let a draft go, at once or when its start comes.

        Raises:
            Conflict: It was started before, or its end has passed.
            InvalidInput: Its message does not compile any more.
            Unauthenticated: The key does not work.
            Refused: The policy denies it.
        """
        plan = self.campaign(case).plan
        if 0 < plan.ends_at <= micros(self._clock.now()):
            raise Conflict(
                "The end of the campaign has passed; nothing of it would be sent.",
                field="ends",
                mend="Draft another one with a later end.",
            )
        self._check(self._messages.version(plan.template))
        return self._step(key, case, "start")

    def pause(self, key: str, case: str) -> Campaign:
        """Let a campaign rest; the very next message is not sent."""
        return self._step(key, case, "pause")

    def resume(self, key: str, case: str) -> Campaign:
        """Let a campaign go on."""
        return self._step(key, case, "resume")

    def stop(self, key: str, case: str) -> Campaign:
        """End a campaign; the very next message is not sent, and its case is closed."""
        return self._step(key, case, "stop")

    def campaign(self, case: str) -> Campaign:
        """A campaign by its case.

        Raises:
            NotFound: There is none.
        """
        with self._database.reading() as tx:
            return keeping.read(tx, case)

    def topic(self, case: str) -> str:
        """The topic of what is sent under a case; empty where it is no campaign's, or its message names none."""
        try:
            return self._messages.version(self.campaign(case).plan.template).topic
        except NotFound:
            return ""

    def campaigns(self) -> list[Campaign]:
        """The newest campaigns."""
        with self._database.reading() as tx:
            return keeping.newest(tx, MOST_SHOWN)

    def progress(self, case: str) -> Progress:
        """How far a campaign is.

        Raises:
            NotFound: There is none.
        """
        one = self.campaign(case)
        counts = self._outbox.counts(case)
        why: dict[str, int] = {}
        for (state, reason), number in self._outbox.reasons(case).items():
            if state in ("skipped", "failed"):
                why[reason or state] = why.get(reason or state, 0) + number
        now = micros(self._clock.now())
        message = self._messages.version(one.plan.template)
        clicks = self.clicks.followed(message, one.plan.template, self._cohort(one)) if message.clicks else {}
        return Progress(one, message, counts, dict(sorted(why.items())), now, clicks)

    def _cohort(self, one: Campaign) -> int | None:
        """The smallest number shown of a campaign; None where the policy declares its audience no more."""
        declared = self.audiences.kept(one.plan.audience).declared
        frame = next((frame for frame in self._gate.policy().of(Audience) if frame.name == declared), None)
        return frame.cohort if frame is not None else None

    def may(self, key: str) -> bool:
        """Whether a key may handle campaigns, by the policy in force."""
        try:
            self._decided(key)
        except (Refused, Unauthenticated):
            return False
        return True

    def check_may(self, key: str) -> None:
        """Refuse a key that may not handle campaigns.

        Raises:
            Unauthenticated: It does not work.
            Refused: The policy denies it.
        """
        self._decided(key)

    def possible(self, one: Campaign) -> list[str]:
        """The steps that somebody can take with a campaign."""
        return [step for step in ("start", "pause", "resume", "stop") if (one.state, step) in NEXT]

    def note(self, key: str, what: str, more: Mapping[str, str]) -> None:
        """Decide and record something that whoever handles campaigns does beside them.

        Raises:
            Unauthenticated: The key does not work.
            Refused: The policy denies it.
        """
        policy, clause, who = self._decided(key)
        now = micros(self._clock.now())
        with self._database.transaction() as tx:
            note_matter(tx, policy, case="", what=what, clause=clause, now=now, more={"key": who, **more})

    def _step(self, key: str, case: str, step: str) -> Campaign:
        policy, clause, who = self._decided(key)
        one = self.campaign(case)
        state = moved(one.state, step)
        now = micros(self._clock.now())
        with self._database.transaction() as tx:
            ended = now if state in OVER else 0
            if not keeping.move(tx, one, state, ended=ended):
                raise Conflict(
                    "Somebody else moved the campaign meanwhile.", field="state", mend="Look again."
                )
            note_matter(
                tx, policy, case=case, what=f"campaign-{step}", clause=clause, now=now, more={"key": who}
            )
            if state in OVER:
                close(tx, self._outbox, case, step, now)
        if state in OVER:
            self._settling.settle(
                case, state
            )  # where another process has it in hand, that one's next look does it
        return self.campaign(case)

    def _decided(self, key: str) -> tuple[Policy, str, str]:
        """The policy, the clause that lets whoever has the key handle campaigns, and the id of the key.

        Raises:
            Unauthenticated: The key does not work.
            Refused: The policy denies it.
        """
        policy, actor = self._gate.policy(), self._gate.actor(key)
        facts = ("purpose.granted",) if actor.may_serve(PURPOSE) else ()
        today = self._clock.now().date().isoformat()
        decision = policy.decide(Act("instruct", actor.role, PURPOSE, (), facts=facts, on=today))
        declared = policy.cases.get(CASE)
        opens = declared is not None and any(
            actor.role == one or actor.role.startswith(f"{one}.") for one in declared.opened_by
        )
        if not decision.permitted or not opens:
            raise Refused(
                decision.explanation if not decision.permitted else f"{actor.role} opens no campaigns.",
                clause=next(iter(decision.clauses), ""),
                mend="Use the key of a role that the policy lets open campaigns.",
            )
        return policy, next(iter(decision.clauses), ""), actor.key_id


def close(tx: Transaction, outbox: Outbox, case: str, why: str, now: int) -> None:
    """Skip what was not sent, and close the case."""
    outbox.end(tx, case, {"stop": "stopped"}.get(why, why))
    end_case(tx, case, now)


def _check_plan(name: str, per_hour: int) -> None:
    if not name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
        raise InvalidInput(
            "The campaign has no fitting name.",
            field="name",
            mend=f"Give one line of at most {LONGEST_NAME} characters.",
        )
    if not 0 <= per_hour <= MOST_PER_HOUR:
        raise InvalidInput(
            "That is no number of messages an hour.",
            field="rate",
            mend=f"Write at most {MOST_PER_HOUR // _HOUR}/s or {MOST_PER_HOUR}/h; leave it out for as fast as it goes.",
        )


def _check_span(starts: datetime | None, ends: datetime | None, now: datetime) -> None:
    for name, at in (("starts", starts), ("ends", ends)):
        if at is not None and at.year not in _YEARS:
            raise InvalidInput(
                "That is no year in which anything is sent.", field=name, mend="Give an instant from 2000 on."
            )
    if starts is not None and starts < now:
        raise InvalidInput(
            "The start of the campaign has passed.",
            field="starts",
            mend="Give a later one, or leave it out for at once.",
        )
    if ends is not None and ends <= max(starts or now, now):
        what = "before it starts" if ends > now else "before now"
        raise InvalidInput(f"The campaign ends {what}.", field="ends", mend="Give a later end.")


def _check_done(outcome: Outcome) -> None:
    problem = outcome.problem
    if problem is not None:
        raise Refused(problem.detail, clause=problem.clause, field=problem.field, mend=problem.mend)


def read_rate(text: str) -> int:
    """Messages an hour of a text such as `10/s` or `600/h`; 0 for an empty one.

    Raises:
        InvalidInput: It is none.
    """
    if not text.strip():
        return 0
    number, _, unit = text.strip().partition("/")
    if not number.isdecimal() or unit not in ("s", "h") or not int(number):
        raise InvalidInput("That is no rate.", field="rate", mend="Write it as 10/s or 600/h.")
    return int(number) * (_HOUR if unit == "s" else 1)
