"""Links of messages that were followed: a number by day, where the visitor's choice allows it, and nothing else."""

from collections.abc import Mapping

from sqlalchemy import bindparam, func, select, update

from troth.campaigns.tables import message_click
from troth.events import Choice, sites_of
from troth.gate import Arrival, Gate
from troth.kernel import Clock, InvalidInput, NotFound, Unavailable, micros
from troth.outreach import COUNTED, Message, Messages, counted_links
from troth.policy import Policy
from troth.storage import Database, Statement, Upsert

_TRIES = 5
_PAGE, _CHANNEL = "page", "web"
_C = message_click.c
# Writing a row first holds it, so that two processes count one after the other.
_TOUCH = Upsert(message_click, by=("version", "link", "day"), update=("version",))
_ADD = Statement(
    update(message_click)
    .where(_C.version == bindparam("which"), _C.link == bindparam("place"), _C.day == bindparam("on"))
    .values(count=_C.count + 1)
)
_SUMS = Statement(
    select(_C.link, func.sum(_C.count)).where(_C.version == bindparam("which")).group_by(_C.link)
)


class Clicks:
    """The links of messages, and how often they were followed.

    Args:
        database: Keeps the numbers.
        gate: Decides and records.
        clock: Tells the day.
        messages: The kept messages; nothing else is led to.
    """

    def __init__(self, database: Database, gate: Gate, clock: Clock, messages: Messages) -> None:
        self._database, self._gate, self._clock, self._messages = database, gate, clock, messages

    def target(self, version: str, link: int) -> str:
        """Where a link of a kept message leads.

        Raises:
            NotFound: No such version is kept, it counts no links, or has not so many.
        """
        message = self._messages.version(version)
        links = counted_links(message.bodies) if message.clicks == COUNTED else ()
        if not 1 <= link <= len(links):
            raise NotFound("No message has this link.", mend="Use the link as it stands in the message.")
        return links[link - 1]

    def follow(self, version: str, link: int, choice: Choice) -> bool:
        """Count that a link was followed, where the visitor's choice allows it and the policy permits it; gives whether.

        Without a choice that allows it nothing is asked, recorded or kept.

        Raises:
            Unavailable: The store takes no work; nothing was kept.
        """
        for _ in range(_TRIES):
            policy = self._gate.policy()
            arrival = _arrival(policy, choice)
            if arrival is None:
                return False
            now = self._clock.now()
            with self._database.transaction() as tx:
                admitted = self._gate.admit(tx, policy, {arrival: 1}, micros(now))
                if admitted is not None:
                    permitted = admitted[arrival].permitted
                    if permitted:
                        day = now.date().isoformat()
                        tx.run(_TOUCH, (version, link, day, 0))
                        tx.run(_ADD, {"which": version, "place": link, "on": day})
                    return permitted
        raise Unavailable("The policy is being changed at this moment.", mend="Follow the link again.")

    def followed(self, message: Message, version: str, cohort: int | None) -> dict[str, int | None]:
        """How often each link of a message was followed; None for fewer than the cohort, and where there is none.

        Empty where none is counted.
        """
        if message.clicks != COUNTED:
            return {}
        with self._database.reading() as tx:
            sums: Mapping[int, int] = {int(row[0]): int(row[1]) for row in tx.rows(_SUMS, {"which": version})}
        return {
            link: sums[number] if cohort is not None and sums.get(number, 0) >= cohort else None
            for number, link in enumerate(counted_links(message.bodies), 1)
        }


def check_counting(policy: Policy, message: Message) -> None:
    """Refuse a message that asks to count where the policy declares no point for it.

    Raises:
        InvalidInput: It does.
    """
    if message.clicks == COUNTED and _arrival_of(policy) is None:
        raise InvalidInput(
            "The policy declares no point at which following a link could be counted.",
            field="clicks",
            mend="Leave `clicks` out, or declare a point with `events: true` that takes the address of a page.",
        )


def _arrival(policy: Policy, choice: Choice) -> Arrival | None:
    """What the gate decides about; None where the choice does not allow it."""
    asked = _arrival_of(policy)
    if asked is None or not choice.made or not choice.allows(asked.purpose):
        return None
    return asked._replace(consented=True, informed=True)


def _arrival_of(policy: Policy) -> Arrival | None:
    """The act of learning that an address was asked for, at the declared point of the web events and with nothing else of it."""
    sites = sites_of(policy)
    field = sites.fields.get(_PAGE)
    if sites.point is None or field is None:
        return None
    return Arrival("collect", sites.point.purposes[0], (field,), sites.point.name, _CHANNEL)
