"""Letters as staff oversee them: by numbers, for whose role the policy has to do with what they serve.

To see a batch, a role may give orders about what its letters serve, or hand them to the print house, by some rule of the policy
in force. To note something of it, its holder also works on cases of that kind, as for handing the batch over.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, TypeVar

from troth.gate import Actor, case_of, note_matter
from troth.kernel import Clock, NotFound, Refused, micros
from troth.outreach.channels import Channel, needed
from troth.outreach.handing import HandedLetters
from troth.outreach.letter_counts import LETTER, letter_counts
from troth.outreach.letter_tables import (
    LetterBatch,
    batch_of,
    batches_behind,
    batches_under,
)
from troth.outreach.outbox import Outbox
from troth.policy import Act, Policy
from troth.storage import Database, Transaction

CLAUSE = "II.20"
_INSTRUCT = "instruct"
_T = TypeVar("_T")
_LAST = 2**62
_CHUNK, _MOST_READ = 200, 2_000


class Place(NamedTuple):
    """Behind which row a page begins: its instant (microseconds) and its id."""

    at: int
    id: str


FIRST = Place(_LAST, "")
"""Of the first page of what is listed with the newest first."""


class OverseenBatch(NamedTuple):
    """A batch of letters as staff see it.

    Args:
        batch: The batch.
        kind: Type of its case; empty where that is not known any more.
        counts: How many letters under its case are in each state, whichever batch they lay in; see `letter_counts`.
        acts: Whether whoever looks may note something of it.
    """

    batch: LetterBatch
    kind: str
    counts: Mapping[str, int]
    acts: bool


class Overseeing:
    """Who sees what of letters.

    Args:
        database: Keeps them.
        actor: Gives who stands behind a key.
        policy: Gives the version in force.
        clock: Dates what is noted.
        outbox: The messages.
        letters: Gives the batches.
        channel: The channel letter.
    """

    def __init__(
        self,
        *,
        database: Database,
        actor: Callable[[str], Actor],
        policy: Callable[[], Policy],
        clock: Clock,
        outbox: Outbox,
        letters: Callable[[], HandedLetters],
        channel: Channel,
    ) -> None:
        self._database, self._actor, self._policy, self._clock = database, actor, policy, clock
        self._outbox, self._letters, self._channel = outbox, letters, channel

    def may(self, key: str) -> bool:
        """Whether somebody's role has to do with letters, by the policy in force; nothing is recorded.

        Raises:
            Unauthenticated: The key does not work.
        """
        return concerned(self._policy(), self._channel, self._actor(key), self._clock)

    def check_may(self, key: str) -> None:
        """Refuse a key whose role has nothing to do with letters.

        Raises:
            Unauthenticated: It does not work.
            Refused: The policy has nothing to do with them for this role.
        """
        if not self.may(key):
            raise Refused(
                "This role has nothing to do with letters.",
                clause=CLAUSE,
                mend="Ask whoever answers tickets, or the product team.",
            )

    def batches(
        self, key: str, behind: Place = FIRST, most: int = 50
    ) -> tuple[list[OverseenBatch], Place | None]:
        """A page of batches, the newest first, and where the next page begins; None behind the last.

        Raises:
            Refused: The policy has nothing to do with letters for this role.
        """
        self.check_may(key)
        actor, sees = self._actor(key), self._sight(key)
        with self._database.reading() as tx:
            found, following = read_page(
                lambda place, number: batches_behind(tx, place.at, place.id, number),
                lambda one: Place(one.made_at, one.batch),
                sees,
                behind,
                most,
            )
            return self._overseen(tx, actor, found), following

    def batch(self, key: str, which: str) -> OverseenBatch:
        """One batch.

        Raises:
            NotFound: There is none that this role has to do with.
        """
        actor, sees = self._actor(key), self._sight(key)
        with self._database.reading() as tx:
            found = batch_of(tx, which)
            if found is None or not sees(found):
                raise NotFound("There is no such batch.", field="batch", mend="See /console/letters.")
            return self._overseen(tx, actor, [found])[0]

    def delivered(self, key: str, which: str) -> LetterBatch:
        """Note that the print house has a batch, as `HandedLetters.delivered`, and who noted it.

        Raises:
            NotFound: There is none that this role has to do with.
            Refused: Whoever it is does not work on cases of its kind.
            Conflict: It is not made, or its file is gone.
        """
        seen = self.batch(key, which)
        _check_acts(seen.kind, acts=seen.acts)
        return self._letters().delivered(
            which, lambda tx: self._note(tx, key, seen.batch.case, "letters-delivered", {"batch": which})
        )

    def discard(self, key: str, which: str) -> LetterBatch:
        """Throw away a batch that nobody has, as `HandedLetters.discard`, which notes who did it.

        Raises:
            NotFound: There is none that this role has to do with.
            Refused: Whoever it is does not work on cases of its kind.
            Conflict: It is being made, the print house has it, or it is gone.
        """
        seen = self.batch(key, which)
        _check_acts(seen.kind, acts=seen.acts)
        return self._letters().discard(key, which)

    def returned(self, key: str, signs: Sequence[str]) -> int:
        """Note letters that came back, all or none, as `HandedLetters.returned`, and who noted it; gives how many.

        Args:
            key: Of whom it is who notes it.
            signs: What stands on them as our reference.

        Raises:
            NotFound: One is no letter that went out, came back before, or is of a case that this role has nothing to do with.
        """
        self.check_may(key)
        cases = Counter(self._case_of_letter(key, one) for one in dict.fromkeys(signs))

        def along(tx: Transaction) -> None:
            for case, number in cases.items():
                self._note(tx, key, case, "letters-returned", {"letters": str(number)})

        return self._letters().returned(signs, along)

    def _case_of_letter(self, key: str, sign: str) -> str:
        actor, sees = self._actor(key), self._sight(key)
        row = self._outbox.message(sign)
        with self._database.reading() as tx:
            under = batches_under(tx, row.batch) if row is not None and row.channel == LETTER else []
            mine = [one for one in under if sees(one)]
            if row is None or not mine or not self._overseen(tx, actor, mine[:1])[0].acts:
                raise NotFound(
                    f"No letter that is out, and that is yours to note, has the reference {sign[:40]}.",
                    field="reference",
                    mend="Copy it from the letter; a colleague who works on such cases may know it.",
                )
        return row.batch

    def _sight(self, key: str) -> Callable[[LetterBatch], bool]:
        """Tells of a batch whether the holder of a key sees it."""
        sees = sight(self._policy(), self._channel, self._actor(key), self._clock)
        return lambda one: sees(one.purpose, one.recipient)

    def _overseen(self, tx: Transaction, actor: Actor, found: Sequence[LetterBatch]) -> list[OverseenBatch]:
        policy, now = self._policy(), micros(self._clock.now())
        counts = {case: letter_counts(tx, policy, case, now) for case in {one.case for one in found}}
        kinds = {case: known.case_type if (known := case_of(tx, case)) else "" for case in counts}
        return [
            OverseenBatch(one, kinds[one.case], counts[one.case], _acts(actor, kinds[one.case]))
            for one in found
        ]

    def _note(self, tx: Transaction, key: str, case: str, what: str, more: Mapping[str, str]) -> None:
        now, who = micros(self._clock.now()), self._actor(key).key_id
        note_matter(
            tx, self._policy(), case=case, what=what, clause=CLAUSE, now=now, more={"key": who, **more}
        )


def has_to_do(policy: Policy, channel: Channel, actor: Actor, purpose: str, clock: Clock) -> bool:
    """Whether some rule lets somebody give orders about a purpose, or hand people's data to the channel's company for it."""
    if not actor.may_serve(purpose):
        return False
    on = clock.now().date().isoformat()
    if policy.conceivable(Act(_INSTRUCT, actor.role, purpose, (), on=on)):
        return True
    declared = any(one.type == channel.type for one in policy.fields.values())
    return declared and needed(policy, channel, actor, purpose, clock).possible


def sight(policy: Policy, channel: Channel, actor: Actor, clock: Clock) -> Callable[[str, str], bool]:
    """Tells of a purpose, and of the company that is given data for it, whether somebody has to do with them; asked once of each."""
    known: dict[tuple[str, str], bool] = {}

    def sees(purpose: str, recipient: str) -> bool:
        if (purpose, recipient) not in known:
            known[purpose, recipient] = has_to_do(
                policy, channel._replace(recipient=recipient), actor, purpose, clock
            )
        return known[purpose, recipient]

    return sees


def concerned(policy: Policy, channel: Channel, actor: Actor, clock: Clock) -> bool:
    """Whether somebody has to do with anything that a company with this channel is given data for."""
    return any(
        has_to_do(policy, channel._replace(recipient=one.name), actor, purpose, clock)
        for one in policy.recipients.values()
        if channel.name in one.channels
        for purpose in one.purposes
    )


def read_page(
    after: Callable[[Place, int], Sequence[_T]],
    place: Callable[[_T], Place],
    sees: Callable[[_T], bool],
    behind: Place,
    most: int,
) -> tuple[list[_T], Place | None]:
    """A page of what somebody sees, and where the next one begins, also where much was passed over; None behind the last.

    Args:
        after: Reads rows behind a place, at most so many.
        place: Where a row is.
        sees: Whether somebody sees it.
        behind: Where the page begins.
        most: Most rows of it.
    """
    found: list[_T] = []
    for _ in range(_MOST_READ // _CHUNK):
        rows = after(behind, _CHUNK)
        for one in rows:
            if sees(one):
                if len(found) == most:
                    return found, behind
                found.append(one)
            behind = place(one)
        if len(rows) < _CHUNK:
            return found, None
    return found, behind


def _acts(actor: Actor, kind: str) -> bool:
    return bool(kind) and actor.may_cite(kind)


def _check_acts(kind: str, *, acts: bool) -> None:
    if not acts:
        raise Refused(
            "You do not work on cases of this kind.",
            clause="IV.2",
            field="case",
            mend=f"Somebody who works on cases of the kind {kind or 'it had'} does it.",
        )
