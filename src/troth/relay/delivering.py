"""Delivering a message: decided again, then a mail whose headers are made from nothing."""

from collections.abc import Callable
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from troth.gate import Ask
from troth.kernel import Unavailable, micros
from troth.policy import Policy
from troth.relay.aliases import alias_between
from troth.relay.passing import Passing
from troth.storage import Job, JobOver

CHANNEL = "email"
_WIRE = SMTP.clone(cte_type="7bit")
_SUBJECT = "Message from another user"
_FOOT = """

--------
Another user of {company} wrote this; answer this mail to answer them. Neither of you sees the other's address. You get it
because you switched on that users may write to you (clause {clause} of our privacy policy: {base}/policy#{clause}).
Block the sender, report the message or switch it off: {base}/relay
"""

Carry = Callable[[Job, str, str, EmailMessage], None]
"""Hands a mail over, given its job, the sender and the address of the envelope, and the mail."""


class Delivering:
    """Handles jobs that promise a message.

    Args:
        passing: Knows relay and aliases.
        carry: Hands mails over.
        recipient: Gives the declared recipient that carries mail.
        public_url: Address that people see.
    """

    def __init__(
        self, passing: Passing, carry: Carry, recipient: Callable[[Policy], str], public_url: str
    ) -> None:
        self._passing, self._carry, self._recipient = passing, carry, recipient
        self._base = public_url.rstrip("/")

    def __call__(self, job: Job) -> None:
        """Send the message that a job promises.

        Raises:
            JobOver: It was refused meanwhile, or can never be sent.
            Unavailable: Not now; the job is to be tried again.
        """
        passing, relay = self._passing, self._passing.relay()
        with passing.database.snapshot() as tx:
            reply_to = alias_between(tx, job.body["sender"], job.person, micros(passing.clock.now()))
        if reply_to is None:
            raise JobOver("too-late")
        field = passing.address_field()
        shown = tuple(name for name in (relay.text, relay.subject) if name)
        common = Ask(
            act="send",
            purpose=relay.purpose,
            key=passing.key(),
            person=job.person,
            sender=job.body["sender"],
            recipient=self._recipient(passing.policy()),
            channel=CHANNEL,
        )
        values = self._read(common, (field,), "") | self._read(common, shown, job.body["record"])
        if not values.get(field) or not values.get(relay.text):
            raise JobOver("no-address")
        alias = f"{reply_to.alias}@{passing.domain()}"
        message = self._message(job, alias, str(values.get(relay.subject, "")), str(values[relay.text]))
        self._carry(job, alias, str(values[field]), message)

    def _read(self, common: Ask, fields: tuple[str, ...], record: str) -> dict[str, object]:
        from msgspec.structs import replace

        (outcome,) = self._passing.perform([replace(common, fields=fields, record=record)])
        if outcome.permitted:
            return dict(outcome.values)
        code = outcome.problem.code if outcome.problem is not None else "refused"
        if code in {"refused", "not-found", "invalid-input"}:
            raise JobOver(code)
        raise Unavailable("The message could not be read.", mend="It is tried again.")

    def _message(self, job: Job, alias: str, subject: str, text: str) -> EmailMessage:
        """The mail without its To, which is set where it is handed over."""
        policy = self._passing.policy()
        company = policy.front.controller.name
        message = EmailMessage(policy=_WIRE)
        message["From"] = Address(f"A user of {company}", addr_spec=alias)
        message["Subject"] = subject or _SUBJECT
        message["Date"] = format_datetime(self._passing.clock.now())
        message["Message-ID"] = f"<{job.job_id}@{self._passing.domain()}>"
        clause = self._passing.relay().clause
        message.set_content(text + _FOOT.format(company=company, clause=clause, base=self._base))
        return message
