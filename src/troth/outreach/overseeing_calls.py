"""Call lists as staff oversee them: those that are open, by numbers, for whose role the policy has to do with what they serve."""

from collections.abc import Callable
from typing import NamedTuple

from troth.gate import Actor, case_of
from troth.kernel import Clock, Refused, micros
from troth.outreach.call_tables import CallList, call_numbers, ending_lists
from troth.outreach.calls import PHONE, STOP
from troth.outreach.channels import Channel
from troth.outreach.outbox import BOUNCED, FAILED, PLANNED, SENDING, SENT, SKIPPED
from troth.outreach.overseeing import CLAUSE, Place, concerned, read_page, sight
from troth.policy import Policy
from troth.storage import Database, Transaction

SOONEST = Place(0, "")
"""Of the first page of what is listed with the soonest first."""


class CallNumbers(NamedTuple):
    """How many calls of a list stand where; each call counts once.

    Args:
        due: To be made now.
        later: Nobody answered; to be made again later.
        out: Given to the call centre, and not told of yet.
        reached: Over.
        stopped: Over, and they want no more; one who said so after the call was told of counts as reached.
        wrong: The number was somebody else's.
        given_up: Nobody answered often enough, or the time was over.
        left_out: Not to be called, by a clause.
    """

    due: int
    later: int
    out: int
    reached: int
    stopped: int
    wrong: int
    given_up: int
    left_out: int


class OverseenList(NamedTuple):
    """A call list as staff see it.

    Args:
        list: The list.
        kind: Type of its case; empty where that is not known any more.
        numbers: Of its calls.
    """

    list: CallList
    kind: str
    numbers: CallNumbers


class CallOverseeing:
    """Who sees what of call lists.

    Args:
        database: Keeps them.
        actor: Gives who stands behind a key.
        policy: Gives the version in force.
        clock: Tells what is due.
        channel: The channel phone.
    """

    def __init__(
        self,
        *,
        database: Database,
        actor: Callable[[str], Actor],
        policy: Callable[[], Policy],
        clock: Clock,
        channel: Channel,
    ) -> None:
        self._database, self._actor, self._policy = database, actor, policy
        self._clock, self._channel = clock, channel

    def may(self, key: str) -> bool:
        """Whether somebody's role has to do with calls, by the policy in force; nothing is recorded.

        Raises:
            Unauthenticated: The key does not work.
        """
        return concerned(self._policy(), self._channel, self._actor(key), self._clock)

    def lists(
        self, key: str, behind: Place = SOONEST, most: int = 50
    ) -> tuple[list[OverseenList], Place | None]:
        """A page of open lists, the soonest to end first, and where the next page begins; None behind the last.

        Raises:
            Refused: The policy has nothing to do with calls for this role.
        """
        if not self.may(key):
            raise Refused(
                "This role has nothing to do with calls.",
                clause=CLAUSE,
                mend="Ask whoever answers tickets, or the product team.",
            )
        sees = sight(self._policy(), self._channel, self._actor(key), self._clock)
        with self._database.reading() as tx:
            found, following = read_page(
                lambda place, number: ending_lists(tx, place.at, place.id, number),
                lambda one: Place(one.ends_at, one.list),
                lambda one: sees(one.purpose, one.recipient),
                behind,
                most,
            )
            return [self._overseen(tx, one) for one in found], following

    def _overseen(self, tx: Transaction, one: CallList) -> OverseenList:
        known, now = case_of(tx, one.case), micros(self._clock.now())
        return OverseenList(one, known.case_type if known else "", _numbers(tx, one.case, now))


def _numbers(tx: Transaction, case: str, now: int) -> CallNumbers:
    found = call_numbers(tx, case, PHONE, now)

    def of(state: str) -> int:
        return sum(number for named, _, _, number in found if named == state)

    due = sum(ripe for named, _, ripe, _ in found if named == PLANNED)
    stopped = sum(number for named, why, _, number in found if (named, why) == (SENT, STOP))
    return CallNumbers(
        due, of(PLANNED) - due, of(SENDING), of(SENT) - stopped, stopped, of(BOUNCED), of(FAILED), of(SKIPPED)
    )
