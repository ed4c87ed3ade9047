"""Web events, wired: the inbox of a folder, its salts, and what is done with events in the background."""

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

from troth.bootstrap.countries import country_reader
from troth.events import (
    EventKeeper,
    Intake,
    Lake,
    ReadChoice,
    Salts,
    Visit,
    sites_of,
    visitors_of,
)
from troth.storage import Task, lake_available

if TYPE_CHECKING:
    from troth.bootstrap.runtime import Troth

LAKE_FOLDER = "lake"
_DAILY, _HOURLY = timedelta(days=1), timedelta(hours=1)


class Events:
    """Web events of a folder.

    Args:
        troth: The open folder.
    """

    def __init__(self, troth: "Troth") -> None:
        self._folder, self._settings = troth.folder, troth.settings.events
        self._database, self._gate, self._clock = troth.database, troth.gate, troth.clock
        self._keys = troth.vault.keys
        self._https = troth.settings.web.over_https
        self.salts = Salts(self._keys.keystore, self._clock)
        place = troth.folder / LAKE_FOLDER
        lake = Lake(place / "events") if lake_available() else None
        self.keeper = EventKeeper(
            self._database, lake, self._gate, self._clock, self.salts, place / "events.lock"
        )

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
            try_out=self._settings.try_out,
            https=self._https,
        )

    def forget(self, person: str) -> None:
        """Remove the events of an erased person; may be called again for the same one."""
        self.keeper.erase_subjects([person])

    def erase_visitor(self, key: str, cookie: str) -> int:
        """Erase the events of the bearer of a cookie; see `EventKeeper.erase_visitor`.

        Args:
            key: API key of whoever answers the request.
            cookie: The cookie's value, by which the visitor proves to be himself.

        Raises:
            InvalidInput: It is no value of such a cookie.
        """
        named = sites_of(self._gate.policy()).named
        return self.keeper.erase_visitor(key, visitors_of(self._keys.blind, named, cookie))

    def copy(self, key: str, *, person: str = "", cookie: str = "") -> Iterator[Visit]:
        """The events of a person, or of the bearer of a cookie; see `EventKeeper.copy`.

        Raises:
            InvalidInput: The cookie is no value of the one that tells visitors apart.
        """
        named = sites_of(self._gate.policy()).named
        shown = visitors_of(self._keys.blind, named, cookie) if cookie else ()
        return self.keeper.copy(key, person, shown)

    def tasks(self) -> list[Task]:
        """What is done with events periodically."""
        every = timedelta(seconds=self._settings.fold_seconds)
        return [
            Task("event-fold", every, self._fold, "Fold the inbox of web events into the lake."),
            Task("event-salts", _HOURLY, self._destroy_salts, "Destroy daily salts after 48 hours."),
            Task("event-disposal", _DAILY, self._dispose, "Dispose of web events past their retention."),
            Task("event-tidying", _DAILY, self.keeper.tidy, "Put small files of the lake together."),
        ]

    def _fold(self) -> None:
        self.keeper.fold()

    def _destroy_salts(self) -> None:
        self.salts.destroy_old()

    def _dispose(self) -> None:
        self.keeper.dispose()
