"""The people of the console, wired."""

import os
from datetime import timedelta
from importlib.util import find_spec
from typing import TYPE_CHECKING

from troth.accounts import Ceremonies, Passwords
from troth.adapters import Provider
from troth.bootstrap.accounting import challenges_of, party_of
from troth.kernel import InvalidInput, micros
from troth.ledger import deeds
from troth.staff import Codes, CompanySignIn, Limits, Review, Roster, Staff, StaffPasskeys, review
from troth.storage import Task

if TYPE_CHECKING:
    from troth.bootstrap.runtime import Troth

_DAILY = timedelta(days=1)
SECRET_VARIABLE = "TROTH_OIDC_SECRET"  # noqa: S105  the name of a variable


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


def company_of(troth: "Troth") -> CompanySignIn:
    """Who came back from the company's provider."""
    settings = troth.settings.staff.company
    return CompanySignIn(
        database=troth.database,
        clock=troth.clock,
        challenges=challenges_of(troth),
        secret=troth.web_secret,
        policy=troth.policy,
        groups=settings.groups,
        create=settings.create,
    )


def provider_of(troth: "Troth") -> Provider | None:
    """The company's own OpenID provider; None where none is set.

    Raises:
        InvalidInput: The extra that it needs is not installed.
    """
    settings = troth.settings.staff.company
    if not settings.issuer:
        return None
    if find_spec("joserfc") is None or find_spec("authlib") is None:
        raise InvalidInput(
            "A provider is set, but what asks it is not installed.",
            field="staff.company.issuer",
            mend="Install troth[oidc].",
        )
    file = troth.folder / "keys" / "oidc.txt"
    secret = os.environ.get(SECRET_VARIABLE) or (
        file.read_text(encoding="utf-8").strip() if file.is_file() else ""
    )
    return Provider(
        issuer=settings.issuer,
        client_id=settings.client_id,
        secret=secret,
        claim=settings.claim,
        private=settings.private,
        clock=troth.clock,
    )


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
    """Who can do what, who did what since the day on which a span until now began, and what was never used."""
    now = troth.clock.now()
    since = (now - span).replace(hour=0, minute=0, second=0, microsecond=0)
    troth.flush_ledger()
    with troth.database.snapshot() as tx:
        done = deeds(tx, micros(since))
    return review(troth.policy(), troth.roster.members(), troth.key_records(), done, since, micros(now))


def staff_task(troth: "Troth") -> Task:
    """Forgets who was shut out long ago."""

    def clear() -> None:
        troth.roster.clear(timedelta(days=troth.settings.staff.keep_days))

    return Task(
        "staff", _DAILY, clear, "Forget staff who were shut out long ago, and their sessions that are over."
    )
