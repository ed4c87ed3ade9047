"""Letters and calls, wired: who prints and who calls, where batches lie, in whose name numbers are handed over."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from troth.adapters import letter_pdf, sealing_to
from troth.bootstrap.bulletins import bulletin_letter
from troth.bootstrap.partners import letter_channel, phone_channel
from troth.bootstrap.speaking import day_in, words_in
from troth.outreach import CallLists, CallOverseeing, Centre, HandedLetters, House, Overseeing
from troth.storage import Task

if TYPE_CHECKING:
    from troth.bootstrap.runtime import Troth

_KEY_FILE = "calls.key"
_MARK = "letter"
_SERVED = (
    "essential.service.choice",
    "essential.service.notifications",
    "marketing.communications.phone",
)
"""What calls are made for, and the choice of whoever says that they shall stop."""
_DAILY, _HOURLY = timedelta(days=1), timedelta(hours=1)


def letters_of(troth: "Troth") -> HandedLetters:
    """Letters, in batches for the print house.

    Raises:
        InvalidInput: The certificate that the settings name is none.
    """
    settings = troth.settings.letters
    _let_bulletins_hear(troth)

    def day(language: str, at: datetime) -> str:
        return day_in(words_in(troth, language), at)

    house = House(
        channel=letter_channel(troth),
        folder=troth.folder / settings.folder,
        layout=settings.layout,
        public_url=troth.settings.web.public_url,
        set_letter=letter_pdf,
        seal=_seal(troth.folder, settings.certificate),
        day=day,
        mark=lambda text: troth.vault.keys.blind(_MARK, text).hex(),
    )
    return HandedLetters(
        database=troth.database,
        perform_along=troth.perform_along,
        actor=troth.gate.actor,
        policy=troth.policy,
        outbox=troth.outbox,
        clock=troth.clock,
        house=house,
        own_text=lambda case: bulletin_letter(troth, case),
    )


def overseeing_of(troth: "Troth") -> Overseeing:
    """Letters, as staff oversee them."""
    return Overseeing(
        database=troth.database,
        actor=troth.gate.actor,
        policy=troth.policy,
        clock=troth.clock,
        outbox=troth.outbox,
        letters=lambda: troth.letters,
        channel=letter_channel(troth),
    )


def overseeing_calls_of(troth: "Troth") -> CallOverseeing:
    """Call lists, as staff oversee them."""
    return CallOverseeing(
        database=troth.database,
        actor=troth.gate.actor,
        policy=troth.policy,
        clock=troth.clock,
        channel=phone_channel(troth),
    )


def calls_of(troth: "Troth") -> CallLists:
    """Calls, pulled by the call centre."""
    settings = troth.settings.calls
    _let_bulletins_hear(troth)

    def key() -> str:
        role = troth.settings.mail.role
        return troth.service_keys.key(
            _KEY_FILE, name="handing over of numbers", role=role, purposes=_SERVED, cases=("*",)
        )

    return CallLists(
        database=troth.database,
        perform_along=troth.perform_along,
        actor=troth.gate.actor,
        policy=troth.policy,
        outbox=troth.outbox,
        clock=troth.clock,
        centre=Centre(phone_channel(troth), settings.keep_days, key),
        own_text=lambda case: bulletin_letter(troth, case),
    )


def _let_bulletins_hear(troth: "Troth") -> None:
    """Build what takes bulletins on, which then hears at once of a letter or a call that did not arrive, also from a command."""
    assert troth.delivering is not None


def lettering_tasks(troth: "Troth") -> list[Task]:
    """What is done with letters and calls periodically."""

    def purge() -> None:
        troth.letters.sweep()
        troth.letters.purge(troth.clock.now() - timedelta(days=troth.settings.letters.keep_days))

    def expire() -> None:
        troth.calls.expire()

    return [
        Task("letters", _DAILY, purge, "Remove batches of letters that nobody fetched in time."),
        Task("calls", _HOURLY, expire, "Close call lists whose time is over."),
    ]


def _seal(folder: Path, certificate: str) -> Callable[[bytes], bytes] | None:
    return sealing_to(folder / certificate) if certificate else None
