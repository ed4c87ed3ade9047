"""Telling staff what comes due: a mail to those of a role, which names a matter by its number and nobody by anything.

Each mail is a job in the unit of work that notes the reminder or the lateness: promised once, sent after the commit, and sent all
the same when the service stops in between. Whom it reaches is looked up at the moment of sending.
"""

from collections.abc import Callable, Iterable
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from typing import TYPE_CHECKING, NamedTuple

from troth.kernel import InvalidInput, Log, from_micros, micros
from troth.outreach import WIRE, Composer, Mail, Mailer, Template, deliverable, hand_over
from troth.policy import MATTER_EVENTS, Policy
from troth.rights import Duty, MatterRow, matter_by_case, told
from troth.storage import Handler, Job, JobOver, Transaction, stage_job

if TYPE_CHECKING:
    from troth.bootstrap.runtime import Troth

TELL_STAFF = "staff.reminder"
"""Topic of the jobs."""
REMINDER, OVERDUE, CONNECTOR = "staff-reminder", "staff-overdue", "staff-connector"
_PURPOSE = "essential.service.notifications.email"
_GIVES = ("number", "kind", "due", "place", "link")
_log = Log("troth.rights")


class Notice(NamedTuple):
    """What staff are told: by which template, what was due when (microseconds), and in which connector, if in one."""

    template: str
    due: int
    place: str = ""


class Addressees:
    """Whom mail about what comes due can reach, by role.

    Args:
        troth: The running parts; settings and roster are read once.
    """

    def __init__(self, troth: "Troth") -> None:
        self._boxes = [one.partition("=")[::2] for one in troth.settings.staff.mailboxes]
        self._members = [
            (one.role, one.name) for one in troth.roster.members() if not one.disabled_at and "@" in one.name
        ]

    def of(self, role: str) -> list[str]:
        """The mailboxes that the settings name for a role; where none, the sign-in names of its people that are addresses."""
        boxes = [address for named, address in self._boxes if named == role]
        return boxes or [name for named, name in self._members if named == role]


def promise(
    tx: Transaction,
    known: Addressees,
    notice: Notice,
    row: MatterRow,
    roles: Iterable[str],
    now: int,
) -> None:
    """Promise mail about a matter to roles, in the unit of work that notes why.

    Args:
        tx: Unit of work.
        known: Whom it can reach.
        notice: What is told.
        row: The matter.
        roles: Who is told.
        now: Instant (microseconds).
    """
    for role in sorted({*roles}):
        reached = known.of(role)
        if not reached:
            _log.warning("reminder_reaches_nobody", number=row.number, role=role)
        for nth in range(len(reached)):
            body = {"template": notice.template, "case": row.case, "role": role, "nth": str(nth)}
            stage_job(tx, TELL_STAFF, body | {"due": str(notice.due), "place": notice.place}, due=now)


def roles_told(policy: Policy, matter: str) -> list[str]:
    """Roles that the policy has reminded of such a matter; of any matter where it names none for this one."""
    reminded = [rule for rule in policy.requires.values() if rule.remind]
    own = [rule for rule in reminded if MATTER_EVENTS[matter] in rule.on]
    return sorted({rule.remind for rule in own or reminded if rule.remind})


def teller(troth: "Troth") -> Callable[[Transaction, MatterRow, Duty | None], None]:
    """What promises mail about each reminder that fires, and about each matter that became late."""
    known, policy = Addressees(troth), troth.policy()

    def tell(tx: Transaction, row: MatterRow, duty: Duty | None) -> None:
        template = REMINDER if duty is not None else OVERDUE
        roles = [duty.remind] if duty is not None else roles_told(policy, row.matter)
        promise(tx, known, Notice(template, row.due_at), row, roles, micros(troth.clock.now()))

    return tell


def unreached(troth: "Troth") -> list[str]:
    """Roles that the policy has reminded and that no mail would reach."""
    known = Addressees(troth)
    roles = {rule.remind for rule in troth.policy().requires.values() if rule.remind}
    return sorted(role for role in roles if not known.of(role))


def reminding(troth: "Troth", mailer: Mailer) -> Handler:
    """The handler of mails to staff; one about a matter that has ended meanwhile is not sent."""
    composer = Composer(
        Template(name, _PURPOSE, variables=_GIVES, staff=True) for name in (REMINDER, OVERDUE, CONNECTOR)
    )

    def handle(job: Job) -> None:
        body = job.body
        with troth.database.snapshot() as tx:
            row = matter_by_case(tx, body["case"])
        if row is None or (row.ended_at and not body["place"]):
            raise JobOver("no-longer-wanted")
        reached = Addressees(troth).of(body["role"])
        try:
            to = deliverable(reached[int(body["nth"])])
        except (IndexError, InvalidInput):
            raise JobOver("no-address") from None
        variables = _variables(troth, row, body["due"], body["place"])
        composed = composer.compose(body["template"], variables)
        front = troth.policy().front
        sender = troth.settings.mail.sender or front.contact.support
        message = EmailMessage(policy=WIRE)
        message["From"] = Address(front.controller.name, addr_spec=sender)
        message["To"] = Address(addr_spec=to)
        message["Subject"] = composed.subject
        message["Date"] = format_datetime(troth.clock.now())
        message["Message-ID"] = f"<{job.job_id}@{sender.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(composed.text)
        message.add_alternative(composed.html, subtype="html")
        hand_over(mailer, Mail(job.job_id, "staff", sender, to, message), job)

    return handle


def _variables(troth: "Troth", row: MatterRow, due: str, place: str) -> dict[str, str]:
    policy, base = troth.policy(), troth.settings.web.public_url.rstrip("/")
    event = MATTER_EVENTS[row.matter]
    clause = next((rule.clause for rule in policy.requires.values() if event in rule.on), "")
    front = policy.front
    return {
        "company": front.controller.name,
        "address": front.controller.address,
        "policy_link": f"{base}/policy#{clause}",
        "clause": clause,
        "number": row.number,
        "kind": f"{row.matter} ({row.kind})" if row.kind else row.matter,
        "due": told(from_micros(int(due))),
        "place": place,
        "link": f"{base}/console/matters/{row.number}",
    }
