"""What people hear of: shown, stopped and taken up again, through the gate."""

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import timedelta

from sqlalchemy import bindparam, delete, func, select

from troth.gate import OPTING_OUT, Ask, Outcome, is_stopped, matching_fields, stage_mail
from troth.kernel import Clock, InvalidInput, NotFound, Refused, Unavailable, micros
from troth.policy import Policy
from troth.preferences.model import CENTRE, How, Stop, Wish, declared
from troth.preferences.tables import soft_bounce
from troth.storage import Database, Statement, Transaction, Upsert

NOTED = "opt-out-noted"
"""Mail template: that a stop is kept."""
SOFT_MESSAGES = 4
"""So many messages that came back for now make an address count as undeliverable..."""
SOFT_SPAN = timedelta(days=7)
"""...where the first and the last of them lie at least so far apart..."""
SOFT_WITHIN = timedelta(days=30)
"""...within so long."""
_MICROSECOND = timedelta(microseconds=1)
_s = soft_bounce.c
_NOTE = Upsert(soft_bounce, by=("person", "message"))
_COUNT = Statement(
    select(func.count(), func.min(_s.at), func.max(_s.at)).where(
        _s.person == bindparam("who"), _s.at > bindparam("since")
    )
)
_FORGET = Statement(delete(soft_bounce).where(_s.person == bindparam("who")))
_OLD = Statement(delete(soft_bounce).where(_s.at <= bindparam("before")))
PerformAlong = Callable[[Sequence[Ask], Callable[[Transaction, Sequence[Outcome]], None]], list[Outcome]]


class Preferences:
    """What people hear of.

    Args:
        database: Where it is kept.
        clock: Dates it.
        policy: Gives the version in force.
        perform_along: Performs acts together with rows of ours; the gate's.
        key: Gives the API key in whose name the service's own pages act.
        blind: Gives the keyed hash of an identifier, by its kind and its value in the form in which it is looked up.
        count: Counts a stop, in its unit of work; None where nobody counts.
    """

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        policy: Callable[[], Policy],
        perform_along: PerformAlong,
        key: Callable[[], str],
        blind: Callable[[str, str], bytes],
        count: Callable[[Transaction], None] | None = None,
    ) -> None:
        self._database, self._clock, self._policy = database, clock, policy
        self._perform_along, self._key, self._blind = perform_along, key, blind
        self._count = count

    def hashed(self, address: str) -> str:
        """The keyed hash of a mail address, as links to stop carry it."""
        kind = mail_field(self._policy())
        return f"{kind}:{self._blind(kind, address).hex()}"

    def of(self, stop: Stop) -> tuple[bool, list[Wish]]:
        """Whether somebody is known behind a link, and every topic on each channel with whether they hear of it."""
        policy = self._policy()
        (outcome,) = self._order([self._ask("show-stops", stop)])
        on = {tuple(one) for one in outcome.values["on"]}
        wishes = [
            Wish(topic, channel, (topic.name, channel) in on)
            for topic in policy.topics.values()
            for channel in topic.channels
        ]
        return bool(outcome.values["known"]), wishes

    def stop(self, stop: Stop, how: How, *, everything: bool = False, language: str = "") -> Outcome:
        """Stop what a link is about, at once; stopping it again changes nothing.

        Args:
            stop: What the link says.
            how: By which way it reached us.
            everything: Whether everything is meant instead.
            language: Of the page or mail by which it reached us (BCP 47); empty for the policy's.
        """
        topic, channel = ("", "") if everything else declared(self._policy(), stop.topic, stop.channel)
        ask = self._ask("stop-topic", stop, topic, channel, language)
        return self._order([ask], "" if how in _SHOWN else stop.person)[0]

    def stop_address(
        self,
        identify: dict[str, str],
        *,
        key: str = "",
        topic: str = "",
        channel: str = "",
        language: str = "",
    ) -> Outcome:
        """Stop everything, or a topic or a channel, for whoever has an identifier, known or not; nobody has to prove anything.

        Args:
            identify: The identifier, by the name of its field.
            key: Of the member of staff or the service that notes it; empty for the pages' own.
            topic: A declared topic; empty for every one.
            channel: A channel; empty for every one.
            language: In which it is acknowledged (BCP 47); empty for the policy's.
        """
        ask = Ask(
            act="instruct", purpose=OPTING_OUT, key=key or self._key(), order="stop-topic",
            identify=identify, topic=topic, channel=channel, language=language,
        )  # fmt: skip
        return self._order([ask], None)[0]

    def change(self, stop: Stop, wanted: Collection[str]) -> None:
        """Set what somebody hears of, by the names of their wishes; only a fresh link takes topics up again."""
        _, wishes = self.of(stop)
        up = [one for one in wishes if one.name in wanted and not one.on] if stop.fresh else []
        down = [one for one in wishes if one.name not in wanted and one.on]
        asks = [self._ask("resume-topic", stop, one.topic.name, one.channel) for one in up]
        asks += [self._ask("stop-topic", stop, one.topic.name, one.channel) for one in down]
        if asks:
            self._order(asks)

    def stopped(self, tx: Transaction, person: str, topic: str, channel: str) -> bool:
        """Whether a person (handle) stopped a topic on a channel, or everything."""
        return is_stopped(tx, person, topic, channel)

    def count(self, tx: Transaction, outcomes: Iterable[Outcome]) -> None:
        """Count the stops among what was ordered, as far as they are new, in the unit of work that keeps them."""
        for outcome in outcomes:
            if self._count is not None and outcome.permitted and outcome.values.get("new"):
                self._count(tx)

    def came_back(self, tx: Transaction, person: str, message: str) -> bool:
        """Note that a message came back for now; tells whether the address counts as undeliverable from now on.

        It does once 4 different messages came back within 30 days, the first and the last at least 7 days apart.
        """
        now = micros(self._clock.now())
        tx.run(_NOTE, (person, message, now))
        row = tx.row(_COUNT, {"who": person, "since": now - SOFT_WITHIN // _MICROSECOND})
        number, first, last = row if row is not None else (0, 0, 0)
        return int(number) >= SOFT_MESSAGES and int(last) - int(first) >= SOFT_SPAN // _MICROSECOND

    def forget(self, person: str) -> None:
        """Forget what is kept of a person outside the vault; stops stay, under keyed hashes."""
        with self._database.transaction() as tx:
            tx.run(_FORGET, {"who": person})

    def tidy(self) -> None:
        """Forget mail that came back longer ago than counts."""
        before = micros(self._clock.now() - SOFT_WITHIN)
        with self._database.transaction() as tx:
            tx.run(_OLD, {"before": before})

    def _ask(self, order: str, stop: Stop, topic: str = "", channel: str = "", language: str = "") -> Ask:
        return Ask(
            act="instruct", purpose=OPTING_OUT, key=self._key(), order=order, person=stop.person,
            hashed=stop.hashed, topic=topic, channel=channel, language=language,
        )  # fmt: skip

    def _order(self, asks: Sequence[Ask], told: str | None = "") -> list[Outcome]:
        """Do orders, and promise whoever is told of a new stop a mail; None for whoever the orders turn out to be about."""

        def along(tx: Transaction, outcomes: Sequence[Outcome]) -> None:
            self.count(tx, outcomes)
            person = outcomes[0].person if told is None else told
            if person and outcomes[0].permitted:
                stage_noted(tx, asks[0], outcomes[0], person, micros(self._clock.now()))

        outcomes = self._perform_along(asks, along)
        _check(outcomes)
        return outcomes


def stage_noted(tx: Transaction, ask: Ask, outcome: Outcome, person: str, now: int) -> None:
    """Promise a mail that confirms a stop, once: one that was kept before is confirmed no second time.

    Args:
        tx: Unit of work of the stop.
        ask: The order.
        outcome: What became of it.
        person: Handle of whom the mail goes to.
        now: Instant (microseconds).
    """
    if outcome.values.get("new"):
        stage_mail(
            tx, NOTED, person=person, now=now, language=ask.language, topic=ask.topic, channel=ask.channel
        )


_SHOWN = frozenset({"one-click", "page", "centre"})
"""Ways at whose end a page, or the mail program's own, says that it worked."""


def mail_field(policy: Policy) -> str:
    """Name of the field of the mail address that people are found by.

    Raises:
        InvalidInput: The policy declares none.
    """
    matching = matching_fields(policy)
    found = next((name for name in policy.fields if name in matching), "")
    if not found:
        raise InvalidInput(
            "The policy declares no mail address that people are found by.", mend="Declare one."
        )
    return found


def link_of(person: str, hashed: str, now: int) -> Stop:
    """What a link says that somebody has asked for."""
    return Stop(CENTRE, person, "", "", "", "", hashed, now)


def _check(outcomes: Iterable[Outcome]) -> None:
    for outcome in outcomes:
        problem = outcome.problem
        if problem is None:
            continue
        kinds = {one.code: one for one in (InvalidInput, NotFound, Unavailable)}
        kind = kinds.get(problem.code, Refused)
        raise kind(problem.detail, clause=problem.clause, field=problem.field, mend=problem.mend)
