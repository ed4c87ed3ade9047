"""Places of an erasure beside the vault: rooms that forget a person by handle, and what lawfully stays."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from troth.flows.answering import Done, Part, Work
from troth.kernel import NotFound
from troth.rights import Item

ERASE = "erase"
_CLAUSE = "III.2"


class ForgettingStore:
    """A room that removes what concerns a person, known by handle only; doing so again harms nothing.

    Args:
        name: Of the place.
        what: What lies there, in plain words.
        forget: Removes what concerns a person, given the handle.
    """

    def __init__(self, name: str, what: str, forget: Callable[[str], None]) -> None:
        self.name = name
        self._what = what
        self._forget = forget

    def plan(self, work: Work) -> Sequence[Item]:
        """One item for everything there."""
        if work.kind != ERASE or not work.person:
            return ()
        return (Item(work.case, 0, self.name, self._what, "person", ERASE, _CLAUSE),)

    def carry_out(self, work: Work, item: Item) -> Done:  # noqa: ARG002  the port's
        """Remove it.

        Raises:
            Unavailable: A store takes no work.
        """
        self._forget(work.person)
        return Done("done", same_again=True)

    def copy(self, work: Work) -> Iterator[Part]:  # noqa: ARG002  the port's
        """What is there is given out by the room itself."""
        return iter(())


class Stays(NamedTuple):
    """Something that stays although everything is erased, because it leads to nobody or nobody can read it."""

    store: str
    what: str
    reason: str
    until: int = 0


class StayingStore:
    """What lawfully stays after an erasure, told and never touched.

    Args:
        name: Of the place.
        stays: What stays there, at the moment it is asked.
    """

    def __init__(self, name: str, stays: Callable[[], Sequence[Stays]]) -> None:
        self.name = name
        self._stays = stays

    def plan(self, work: Work) -> Sequence[Item]:
        """One item for each thing, with the reason and the end; nothing is left to do about it."""
        if work.kind != ERASE or not work.person:
            return ()
        return [
            Item(work.case, 0, self.name, one.what, "", "keep", one.reason, one.until)
            for one in self._stays()
        ]

    def carry_out(self, work: Work, item: Item) -> Done:  # noqa: ARG002  the port's
        """It stays."""
        return Done("kept", until=item.until, same_again=True)

    def copy(self, work: Work) -> Iterator[Part]:  # noqa: ARG002  the port's
        """Nothing that leads to anybody."""
        return iter(())


class ClosingStore:
    """The last mail of an erasure, sent while the address is still known.

    Args:
        send: Sends it, given the work and how often it was tried; gives a word where it cannot be.
    """

    name = "closing"

    def __init__(self, send: Callable[[Work, int], str]) -> None:
        self._send = send

    def plan(self, work: Work) -> Sequence[Item]:
        """One item, in front of all others."""
        if work.kind != ERASE or not work.person:
            return ()
        what = "a last mail to you, with the link to your certificate"
        return (Item(work.case, 0, self.name, what, "mail", "tell", _CLAUSE),)

    def carry_out(self, work: Work, item: Item) -> Done:
        """Send it; sent again after a crash, it is the same mail.

        Raises:
            Unavailable: The mail server takes none now.
        """
        try:
            return Done("done", self._send(work, item.tries + 1))
        except NotFound:
            return Done("done", "no address")

    def copy(self, work: Work) -> Iterator[Part]:  # noqa: ARG002  the port's
        """Nothing."""
        return iter(())
