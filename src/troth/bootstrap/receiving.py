"""Inbound mail, wired: which address leads to which handler, and what listens. A room that takes mail adds its routes here."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

from troth.adapters import Limits, mail_listener
from troth.bootstrap.intake import Intake
from troth.bootstrap.relaying import relay_route
from troth.bootstrap.returning import returning_routes
from troth.bootstrap.supporting import Support
from troth.gate import Arrival, Parcels
from troth.inbound import Inbox, Route, for_staff, parted_address
from troth.kernel import NotFound, micros
from troth.policy import Policy
from troth.storage import Task

if TYPE_CHECKING:
    from troth.bootstrap.runtime import Troth

EMAIL = "email"
INTAKE = "service.intake"
"""The role that takes in what people write to us on their own."""
_POSTMASTER = "postmaster"
_HOURLY = timedelta(hours=1)


def mail_routes(troth: "Troth") -> list[Route]:
    """Every address that takes mail; the first route that takes an address is meant."""
    contact, intake, relay = troth.policy().front.contact, Intake(troth), relay_route(troth)
    return [
        Route("privacy", published(contact.privacy), by_mail("request"), intake.handle, intake.unread),
        Route("support", published(contact.support), by_mail("ticket"), Support(troth).handle),
        Route("postmaster", _postmaster(troth), by_mail("ticket"), for_staff),
        *returning_routes(troth),
        *([relay] if relay is not None else []),
    ]


def published(address: str) -> Callable[[str, str], bool]:
    """Takes mail to one address that the policy publishes."""
    wanted = parted_address(address)
    return lambda local, domain: (local, domain) == wanted


def _postmaster(troth: "Troth") -> Callable[[str, str], bool]:
    """Takes mail to whoever answers for a mail domain of ours (RFC 5321, section 4.5.1)."""
    ours = {mail_domain(troth)}
    for address in (troth.policy().front.contact.privacy, troth.policy().front.contact.support):
        ours.add((parted_address(address) or ("", ""))[1])
    return lambda local, domain: local == _POSTMASTER and domain in ours


def mail_domain(troth: "Troth") -> str:
    """Domain of the aliases under which users reach each other."""
    settled = troth.settings.mail.inbound.domain
    return (settled or troth.policy().front.contact.support.rpartition("@")[2]).lower()


def by_mail(record: str) -> Callable[[Policy], Arrival]:
    """The collection under which mail is kept: at the public point that makes records of a kind and takes mail.

    Args:
        record: Kind of record, such as `ticket`; where no point makes it, the first public point that takes mail is meant.

    Raises:
        NotFound: Of what it gives: the policy declares no such point.
    """

    def arrival(policy: Policy) -> Arrival:
        open_ones = [point for point in policy.points.values() if point.public and EMAIL in point.channels]
        if not open_ones:
            raise NotFound(
                "The policy declares no public collection point that takes mail.",
                field="mail.inbound.listen",
                mend="Declare one with the channel email, or listen for no mail.",
            )
        point = next((one for one in open_ones if one.record == record), open_ones[0])
        required = tuple(name for name, kind in point.fields.items() if kind == "required")
        return Arrival("collect", point.purposes[0], required, point=point.name, channel=EMAIL, role=INTAKE)

    return arrival


def inbox_of(troth: "Troth") -> Inbox:
    """The inbox of a folder."""
    return Inbox(troth.database, troth.gate, Parcels(troth.vault), troth.clock, lambda: mail_routes(troth))


def inbox_tasks(troth: "Troth", inbox: Inbox) -> list[Task]:
    """What is done with the inbox periodically."""
    keep = timedelta(days=troth.settings.mail.inbound.keep_days)

    def dispose() -> None:
        inbox.dispose(micros(troth.clock.now() - keep))

    return [Task("mail-inbox", _HOURLY, dispose, "Destroy inbound mail that nobody handled in time.")]


@asynccontextmanager
async def mail_coming_in(troth: "Troth") -> AsyncIterator[None]:
    """Listen for mail while the block runs, where the settings say so.

    Raises:
        InvalidInput: The place to listen at is none, or taken.
    """
    settled = troth.settings.mail.inbound
    if not settled.listen:
        yield
        return
    limits = Limits(
        settled.max_bytes, settled.max_recipients, settled.max_connections, settled.timeout_seconds
    )
    listener = mail_listener(troth.inbox, settled.listen, mail_domain(troth), limits)
    await listener.start()
    try:
        yield
    finally:
        await listener.stop()
