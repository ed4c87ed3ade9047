"""Sending a promised mail: the gate decides and records, and after its commit the mail goes out."""

import re
from collections.abc import Callable, Sequence
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from functools import lru_cache
from typing import Any, NamedTuple

from troth.gate import Ask, Outcome, matching_fields
from troth.kernel import Clock, InvalidInput, NotFound, Unavailable
from troth.outreach.composing import Composed, Composer
from troth.outreach.model import Mail, Mailer, Template, Undeliverable
from troth.outreach.phrases import greeting
from troth.outreach.wire import WIRE
from troth.policy import Policy, mail_id_field
from troth.storage import Job, JobOver

CHANNEL = "email"
MOST_TRIES = 30
"""Tries before a mail is given up: with waits of at most six hours, five days."""
_OWN = ("template", "purpose", "language")
_PROCESSOR = "processor"
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
"""What stands before the @ of most addresses (RFC 5322, dot-atom); of any other the library judges the whole."""
_LOCAL, _WHOLE = 64, 254
_MAIL_ID = re.compile(r"<[!-;=?-~]{1,250}>")


class From(NamedTuple):
    """Where mail comes from: address (empty: the policy's support address), recipient that carries it, public address."""

    address: str
    recipient: str
    public_url: str


class Sending:
    """Handles jobs that promise a mail.

    Args:
        perform: Performs acts; the gate's, or what shares its commits.
        policy: Gives the version in force.
        key: Gives the API key in whose name mail is sent, for the version in force.
        composer: The templates.
        mailer: Carries mail away.
        clock: Dates the mails.
        sender: Where mail comes from.
    """

    def __init__(
        self,
        *,
        perform: Callable[[Sequence[Ask]], list[Outcome]],
        policy: Callable[[], Policy],
        key: Callable[[], str],
        composer: Composer,
        mailer: Mailer,
        clock: Clock,
        sender: From,
    ) -> None:
        self._perform = perform
        self._policy = policy
        self._key = key
        self._composer = composer
        self._mailer = mailer
        self._clock = clock
        self._from = sender

    def __call__(self, job: Job) -> None:
        """Send the mail that a job promises.

        Raises:
            JobOver: It was refused by the policy, or can never be sent.
            Unavailable: Not now; the job is to be tried again.
        """
        template = self._template(job)
        policy = self._policy()
        address = address_field(policy) if template.to is None else template.to(policy)
        if not address:
            raise JobOver("no-address")
        shown = {kind: _field_of(policy, kind) for kind in template.reads}
        shown |= template.writes(policy) if template.writes is not None else {}
        theirs = self._theirs(job, template, policy)
        outcome = self._decided(
            job, template, policy, (address, *(name for name in shown.values() if name)), theirs
        )
        values = _joined(outcome) if template.records is not None else outcome.values
        to = values.get(address)
        if not isinstance(to, str):
            raise JobOver("no-address")
        variables = self._variables(policy, outcome)
        for kind, name in shown.items():
            variables[kind] = str(values.get(name, ""))
        language = self._language(job, policy, template)
        variables["greeting"] = greeting(language, variables.get("name", ""))
        if template.fresh is not None:
            variables.update(template.fresh(job.person, job.body))
        self._hand_over(
            job,
            policy,
            template,
            to,
            self._composer.compose(template.name, {**_handles(job), **variables}, language),
            _marks(outcome, mail_id_field(policy), theirs),
        )

    def _template(self, job: Job) -> Template:
        try:
            template = self._composer.template(job.body.get("template", ""))
        except NotFound:
            raise JobOver("unknown-template") from None
        asked = job.body.get("purpose") or template.purpose
        if asked != template.purpose and not asked.startswith(template.purpose + "."):
            raise JobOver("another-purpose")
        if template.instead is not None:
            return self._composer.template(template.instead(job.person, job.body))
        return template

    def _theirs(self, job: Job, template: Template, policy: Policy) -> tuple[str, ...]:
        """The records of the person's own mails that a mail answers, where the policy has a field for their Message-IDs."""
        known = template.theirs is not None and template.records is not None and mail_id_field(policy)
        return template.theirs(job.person, job.body) if known and template.theirs is not None else ()

    def _decided(
        self, job: Job, template: Template, policy: Policy, fields: tuple[str, ...], theirs: tuple[str, ...]
    ) -> Outcome:
        """The act of sending, permitted and recorded."""
        records = template.records(job.person, job.body) if template.records is not None else ()
        ask = Ask(
            act="send",
            purpose=job.body.get("purpose") or template.purpose,
            key=self._key(),
            person=job.person,
            fields=(*fields, mail_id_field(policy)) if theirs else fields,
            recipient=mail_recipient(policy, self._from.recipient),
            channel=CHANNEL,
            case=job.body.get("case", ""),
            record=template.record(job.person, job.body) if template.record is not None else "",
            records=tuple(dict.fromkeys((*records, *theirs))),
        )
        (outcome,) = self._perform([ask])
        if outcome.permitted:
            return outcome
        problem = outcome.problem
        code = problem.code if problem is not None else "refused"
        if code in ("refused", "not-found", "invalid-input"):
            raise JobOver({"not-found": "unknown-person"}.get(code, code))
        raise Unavailable("The act of sending could not be performed.", mend="It is tried again.")

    def _language(self, job: Job, policy: Policy, template: Template) -> str:
        """The language of whom the mail is for, else that of the policy, as far as the template has it."""
        asked = job.body.get("language", "")
        wanted = template.language(job.person, job.body) if template.language is not None else asked
        return self._composer.spoken(template.name, (wanted, *policy.front.languages[:1]))

    def _variables(self, policy: Policy, outcome: Outcome) -> dict[str, str]:
        front, base = policy.front, self._from.public_url.rstrip("/")
        clause = outcome.clauses[0] if outcome.clauses else ""
        return {
            "company": front.controller.name,
            "address": front.controller.address,
            "privacy": front.contact.privacy,
            "support": front.contact.support,
            "contact_link": front.contact.page,
            "policy_link": f"{base}/policy#{clause}",
            "clause": clause,
        }

    def _hand_over(
        self, job: Job, policy: Policy, template: Template, to: str, composed: Composed, theirs: Sequence[str]
    ) -> None:
        own = template.sender(policy) if template.sender is not None else ""
        sender = own or self._from.address or policy.front.contact.support
        message = EmailMessage(policy=WIRE)
        message["From"] = Address(policy.front.controller.name, addr_spec=sender)
        try:
            message["To"] = Address(addr_spec=deliverable(to))
        except (InvalidInput, ValueError):
            raise JobOver("no-address") from None
        message["Subject"] = composed.subject
        message["Date"] = format_datetime(self._clock.now())
        message["Message-ID"] = message_id(job.job_id, sender)
        thread = template.thread(job.person, job.body) if template.thread is not None else ()
        before = [message_id(one, sender) for one in thread if one < job.job_id]
        named = list(dict.fromkeys((*theirs[:1], *before, *theirs[1:])))
        if named:  # what it answers is what the person wrote last (RFC 5322, section 3.6.4)
            message["In-Reply-To"] = theirs[-1] if theirs else named[-1]
            message["References"] = " ".join(named)
        if not template.written:
            message["Auto-Submitted"] = "auto-generated"
        message.set_content(composed.text)
        message.add_alternative(composed.html, subtype="html")
        hand_over(self._mailer, Mail(job.job_id, job.person, sender, deliverable(to), message), job)


def message_id(job: str, sender: str) -> str:
    """The Message-ID of the mail that a job sends from an address; the same at each try."""
    return f"<{job}@{sender.rpartition('@')[2]}>"


def _joined(outcome: Outcome) -> dict[str, Any]:
    """The values of several records as one; of a field that stands in more than one, that of the first record."""
    found: dict[str, Any] = {}
    for held in outcome.values.values():
        for name, kept in held.items():
            found.setdefault(name, kept["value"])
    return found


def _marks(outcome: Outcome, field: str, records: Sequence[str]) -> list[str]:
    """The Message-IDs that some of the records hold, in their order, those that may stand in a header."""
    kept = [outcome.values.get(one, {}).get(field, {}).get("value") for one in records]
    return [one for one in kept if isinstance(one, str) and _MAIL_ID.fullmatch(one)]


def _handles(job: Job) -> dict[str, str]:
    """What a job names beside its template."""
    return {name: value for name, value in job.body.items() if name not in _OWN}


def hand_over(mailer: Mailer, mail: Mail, job: Job) -> None:
    """Hand the mail of a job over.

    Raises:
        JobOver: It is refused for good, or was tried too often.
        Unavailable: Not now; the job is to be tried again.
    """
    try:
        mailer.send(mail)
    except Undeliverable:
        raise JobOver("undeliverable") from None
    except Unavailable:
        if job.attempts >= MOST_TRIES:
            raise JobOver("given-up") from None
        raise


def mail_recipient(policy: Policy, chosen: str = "") -> str:
    """The declared recipient that carries mail: the one chosen, else the only processor with the channel email.

    Raises:
        InvalidInput: There is none, or several and none is chosen.
    """
    if chosen:
        return chosen
    found = [
        one.name for one in policy.recipients.values() if one.role == _PROCESSOR and CHANNEL in one.channels
    ]
    if len(found) != 1:
        raise InvalidInput(
            f"The policy declares {len(found)} processors with the channel email.",
            field="mail.recipient",
            mend="Name the one that carries mail in the setting mail.recipient.",
        )
    return found[0]


def address_field(policy: Policy) -> str:
    """Name of the field that mail goes to: the e-mail address that people are found by.

    Raises:
        InvalidInput: The policy declares none.
    """
    matching = matching_fields(policy)
    for name in policy.fields:
        if name in matching:
            return name
    raise InvalidInput(
        "The policy declares no e-mail address that people are found by.",
        mend="Declare a field of type email with `identifier: true`.",
    )


def deliverable(address: str) -> str:
    """An address with its domain in ASCII, as every mail server takes it.

    Raises:
        InvalidInput: It is none, or its part before the @ is not ASCII.
    """
    local, _, domain = address.rpartition("@")
    known = _plain_domain(domain) if _ATOMS.fullmatch(local) else ""
    found = f"{local}@{known}" if known and len(local) <= _LOCAL else ""
    if not found or len(found) > _WHOLE:
        found = _validated(address)
    if not found:
        raise InvalidInput("There is no mail address that every server takes.", mend="Correct it.")
    return found


@lru_cache(maxsize=4_096)
def _plain_domain(domain: str) -> str:
    """A domain in ASCII, or an empty text; most people of a mailing share a few."""
    return _validated(f"a@{domain}").removeprefix("a@")


def _validated(address: str) -> str:
    from email_validator import EmailNotValidError, validate_email

    try:
        return validate_email(address, check_deliverability=False).ascii_email or ""
    except EmailNotValidError:
        return ""


def _field_of(policy: Policy, kind: str) -> str:
    """Name of the first field of a type, or an empty text."""
    return next((name for name, field in policy.fields.items() if field.type == kind), "")
