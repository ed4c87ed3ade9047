"""Web events, wired: the inbox of a folder, its salts, and what is done with events in the background."""

from typing import TYPE_CHECKING

from troth.bootstrap.countries import country_reader
from troth.events import Intake, ReadChoice, Salts, Taken
from troth.events import Request as EventRequest
from troth.gate import Batcher
from troth.kernel import TrothError

if TYPE_CHECKING:
    from troth.bootstrap.runtime import Troth

MAX_REQUESTS = 128
"""Most requests with events in one unit of work; each may hold hundreds."""
MAX_WAITING = 50_000


class Events:
    """Web events of a folder.

    Args:
        troth: The open folder.
    """

    def __init__(self, troth: "Troth") -> None:
        self._folder, self._settings = troth.folder, troth.settings.events
        self._database, self._gate, self._clock = troth.database, troth.gate, troth.clock
        self._keys = troth.vault.keys
        self.salts = Salts(self._keys.keystore, self._clock)

    def intake(self, read_choice: ReadChoice) -> Intake:
        """What takes events in; `read_choice` reads a visitor's choice out of headers."""
        return Intake(
            self._database,
            self._gate,
            self._clock,
            salts=self.salts,
            blind=self._keys.blind,
            read_choice=read_choice,
            country=country_reader(self._folder, self._settings.country_database),
        )

    def batcher(self, read_choice: ReadChoice) -> Batcher[EventRequest, Taken | TrothError]:
        """An asynchronous front for many senders; belongs to the running event loop."""
        return Batcher(self.intake(read_choice), max_batch=MAX_REQUESTS, max_waiting=MAX_WAITING)
