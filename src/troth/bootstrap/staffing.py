"""The people of the console, wired."""

from datetime import timedelta
from typing import TYPE_CHECKING

from troth.accounts import Ceremonies, Passwords
from troth.bootstrap.accounting import challenges_of, party_of
from troth.kernel import micros
from troth.ledger import deeds
from troth.staff import Codes, Limits, Review, Roster, Staff, StaffPasskeys, review
from troth.storage import Task

if TYPE_CHECKING:
    from troth.bootstrap.runtime import Troth

_DAILY = timedelta(days=1)


def staff_of(troth: "Troth") -> Staff:
    """Signing in at the console, and sessions."""
    settings = troth.settings.staff
    limits = Limits(timedelta(minutes=settings.idle_minutes), timedelta(hours=settings.session_hours))
    return Staff(
        database=troth.database,
        perform=troth.gate.perform_along,
        actor=troth.gate.actor,
        policy=troth.policy,
        clock=troth.clock,
        codes=Codes(troth.web_secret),
        passwords=Passwords(),
        limits=limits,
    )


def staff_passkeys_of(troth: "Troth") -> StaffPasskeys:
    """Passkeys of staff, for the host of the public address."""
    ceremonies = Ceremonies(party_of(troth), challenges_of(troth), sure=True)
    return StaffPasskeys(troth.database, troth.clock, ceremonies)


def roster_of(troth: "Troth") -> Roster:
    """Who works at the console."""
    return Roster(
        database=troth.database,
        policy=troth.policy,
        clock=troth.clock,
        codes=Codes(troth.web_secret),
        passwords=Passwords(),
    )


def access_review(troth: "Troth", span: timedelta) -> Review:
    """Who can do what, who did what within a span until now, and what was never used."""
    now = troth.clock.now()
    troth.flush_ledger()
    with troth.database.snapshot() as tx:
        done = deeds(tx, micros(now - span))
    return review(troth.policy(), troth.roster.members(), troth.key_records(), done, now - span, micros(now))


def staff_task(troth: "Troth") -> Task:
    """Forgets who was shut out long ago."""

    def clear() -> None:
        troth.roster.clear(timedelta(days=troth.settings.staff.keep_days))

    return Task(
        "staff", _DAILY, clear, "Forget staff who were shut out long ago, and their sessions that are over."
    )
