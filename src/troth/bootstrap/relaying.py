"""The relay between users, wired: in whose name it acts, what carries its mail, which addresses lead to it."""

from datetime import timedelta
from email.message import EmailMessage
from typing import TYPE_CHECKING

from troth.gate import Arrival
from troth.inbound import Route
from troth.kernel import InvalidInput, NotFound
from troth.outreach import Mail, Mailer, deliverable, hand_over, mail_recipient
from troth.policy import Policy
from troth.relay import DISPOSAL, Answers, Delivering, Passing, Relays, is_alias, relay_of
from troth.storage import Job, JobOver, Task

if TYPE_CHECKING:
    from troth.bootstrap.runtime import Troth

ROLE = "service.relay"
_INTAKE = "service.intake"
_DISPOSAL_ROLE = "service.disposal"
_DAILY = timedelta(days=1)


def relays_of(troth: "Troth") -> Relays:
    """What people do with the relay."""
    from troth.bootstrap.receiving import mail_domain

    passing = Passing(
        database=troth.database,
        clock=troth.clock,
        policy=troth.policy,
        perform=troth.perform,
        perform_along=troth.gate.perform_along,
        key=lambda: _key(troth, "relay.key", ROLE, "relay between users"),
        domain=lambda: mail_domain(troth),
    )
    return Relays(passing)


def relay_route(troth: "Troth") -> Route | None:
    """Where mail to aliases goes; None where the policy declares no relay."""
    from troth.bootstrap.receiving import EMAIL, mail_domain

    relay = relay_of(troth.policy())
    if relay is None:
        return None
    domain = mail_domain(troth)

    def arrival(policy: Policy) -> Arrival:
        found = relay_of(policy)
        if found is None:
            raise NotFound("There is no relay here.", mend="Declare a point with an alias and a message.")
        fields = tuple(name for name in (found.alias, found.text, found.subject) if name)
        key = _key(troth, "intake.key", _INTAKE, "mail that comes in for the relay")
        return Arrival("collect", found.purpose, fields, point=found.point.name, channel=EMAIL, key=key)

    handle = Answers(troth.relays.passing)
    return Route("relay", lambda local, at: at == domain and is_alias(local), arrival, handle)


def relay_delivering(troth: "Troth", mailer: Mailer) -> Delivering:
    """The handler of messages that are to go out."""
    settings = troth.settings

    def carry(job: Job, sender: str, address: str, message: EmailMessage) -> None:
        try:
            to = deliverable(address)
        except InvalidInput:
            raise JobOver("no-address") from None
        message["To"] = to
        hand_over(mailer, Mail(job.job_id, job.person, sender, to, message), job)

    return Delivering(
        troth.relays.passing,
        carry,
        lambda policy: mail_recipient(policy, settings.mail.recipient),
        settings.web.public_url,
    )


def relay_tasks(troth: "Troth") -> list[Task]:
    """What is done with the relay periodically."""

    def tidy() -> None:
        policy = troth.policy()
        if relay_of(policy) is None or _DISPOSAL_ROLE not in policy.roles:
            return
        key = troth.service_keys.key(
            "disposal.key", name="disposal", role=_DISPOSAL_ROLE, purposes=(DISPOSAL,)
        )
        troth.relays.tidy(key)

    return [Task("relay", _DAILY, tidy, "End aliases and erase relayed messages after three months.")]


def _key(troth: "Troth", file: str, role: str, name: str) -> str:
    relay = relay_of(troth.policy())
    purposes = (relay.purpose,) if relay is not None else ()
    return troth.service_keys.key(file, name=name, role=role, purposes=purposes)
