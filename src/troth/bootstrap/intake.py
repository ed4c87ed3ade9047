"""Mail to the privacy address, wired: each becomes a request or a dispute with a number, whoever wrote it (clause III.4)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from troth.collection import card_numbers
from troth.gate import OPTING_OUT, Ask, Outcome
from troth.inbound import ForStaff, InboundMail, Received
from troth.kernel import Log, NotFound, Unavailable
from troth.policy import CaseType, Permit, Point, Policy
from troth.preferences import mail_field
from troth.rights import Matter, Reading, read_asking
from troth.storage import Transaction

if TYPE_CHECKING:
    from troth.bootstrap.runtime import Troth

EMAIL = "email"
ROLE = "service.intake"
OPT_OUT = "object"
"""The kind of request that a mail with the published subject makes, or one with words to that end."""
_log = Log("troth.inbound")
_LATER = frozenset({"unavailable"})


class _HandledBefore(Exception):
    """Undoes the unit of work: the mail was handled in another."""


def intake_key(troth: "Troth") -> str:
    """The key in whose name mail is taken in, with the purposes that the policy permits its role."""
    purposes = {
        purpose
        for rule in troth.policy().rules.values()
        if isinstance(rule, Permit) and ROLE in rule.actors
        for purpose in rule.purposes
    }
    if not purposes:
        raise NotFound(f"The policy permits {ROLE} nothing.", field="role", mend="Permit it to take mail in.")
    return troth.service_keys.key(
        "intake.key", name="mail that comes in", role=ROLE, purposes=sorted(purposes), cases=("*",)
    )


class Intake:
    """Handles mail to the privacy address.

    Args:
        troth: The running parts.
    """

    def __init__(self, troth: "Troth") -> None:
        self._troth = troth

    def handle(self, received: Received) -> None:
        """Make a mail a request or a dispute; one that no person wrote is left to a person.

        Raises:
            ForStaff: Nobody wrote it, or the policy or the form refuses what it says.
            Unavailable: A store takes no work; it is tried again.
        """
        mail = received.mail
        if mail.automatic or mail.bounce is not None or mail.complaint is not None or mail.looping:
            raise ForStaff("automatic")
        policy = self._troth.policy()
        reading = read_asking(mail.subject, mail.text, policy.front.contact.optout_subject)
        try:
            point = point_for(policy, reading.matter)
        except NotFound:
            raise ForStaff("no-point") from None
        ask = intake_ask(self._troth, policy, point, mail, reading)
        stops = [stop_ask(self._troth, mail)] if reading.kind == OPT_OUT and mail.sender else []
        self._perform([ask, *stops], received, keep="attachments" if mail.attachments else "")

    def unread(self, received: Received) -> None:
        """Open a case for a mail that cannot be read whole; a person reads it.

        Raises:
            Unavailable: A store takes no work; it is tried again.
        """
        case = self._case(self._troth.policy(), "request")
        ask = Ask(
            act="instruct",
            purpose=case.purpose or "",
            key=intake_key(self._troth),
            channel=EMAIL,
            order="open-case",
            case_type=case.name,
            reason=received.mail.malformed,
            language=received.mail.language,
        )
        self._perform([ask], received, keep=received.mail.malformed)

    def _perform(self, asks: Sequence[Ask], received: Received, keep: str) -> None:
        """Do it once, the first act deciding, in the unit of work that also says that the mail is handled, or left to a person with a case."""

        def along(tx: Transaction, outcomes: Sequence[Outcome]) -> None:
            if not outcomes[0].permitted:
                return
            if not (received.leave(tx, keep) if keep else received.settle(tx)):
                raise _HandledBefore
            self._troth.preferences.count(tx, outcomes[1:])

        try:
            outcome, *more = self._troth.gate.perform_along(asks, along)
        except _HandledBefore:
            return
        if any(one.problem is not None for one in more):
            _log.error("stop_not_kept", mail=received.mail_id)
        if outcome.problem is not None:
            if outcome.problem.code in _LATER:
                raise Unavailable(outcome.problem.detail, mend="It is tried again.")
            raise ForStaff(outcome.problem.code)
        if keep:
            raise ForStaff(keep)

    def _case(self, policy: Policy, matter: Matter) -> CaseType:
        for case in policy.cases.values():
            if case.matter == matter and case.purpose:
                return case
        raise ForStaff("no-case")


def point_for(policy: Policy, matter: Matter) -> Point:
    """The point at which mail becomes a matter.

    Raises:
        NotFound: The policy has none.
    """
    found = [
        point
        for point in policy.points.values()
        if EMAIL in point.channels
        and (case := policy.cases.get(point.opens or "")) is not None
        and case.matter == matter
    ]
    if found:  # one that mail alone comes to asks for nothing that only a page can ask
        return next((point for point in found if point.actor == ROLE), found[0])
    raise NotFound("No point of the policy takes such mail.", field="point", mend="Declare one.")


def intake_ask(troth: "Troth", policy: Policy, point: Point, mail: InboundMail, reading: Reading) -> Ask:
    """The collection by which a mail becomes a matter."""
    return Ask(
        act="collect",
        purpose=point.purposes[0],
        key=intake_key(troth),
        channel=EMAIL,
        point=point.name,
        notice=point.notice or "",
        values=_values(policy, point, mail, reading),
        language=mail.language,
    )


def stop_ask(troth: "Troth", mail: InboundMail) -> Ask:
    """The order that stops every announcement to whoever wrote, known or not; it counts before anybody looks at the request."""
    return Ask(
        act="instruct",
        purpose=OPTING_OUT,
        key=intake_key(troth),
        channel="",
        order="stop-topic",
        identify={mail_field(troth.policy()): mail.sender},
        language=mail.language,
    )


def mail_id_of(mail: InboundMail) -> str:
    """The Message-ID of a mail; empty where it looks like a number of a payment card, which no door lets in."""
    return "" if card_numbers(mail.message_id) else mail.message_id


def _values(policy: Policy, point: Point, mail: InboundMail, reading: Reading) -> dict[str, Any]:
    """What a mail gives of the fields of a point, each found by its declared type."""
    values: dict[str, Any] = {}
    for name, need in point.fields.items():
        field = policy.fields[name]
        if field.asks:
            values[name] = reading.kind
        elif field.type == "email" and field.identifier and (mail.reply_to or mail.sender):
            values[name] = mail.sender or mail.reply_to
        elif field.type == "name" and mail.sender_name:
            values[name] = mail.sender_name[: field.max_length]
        elif field.mail_id:
            values[name] = mail_id_of(mail)
        elif field.type == "text" and need == "required":
            values[name] = f"{mail.subject}\n\n{mail.text}".strip()[: field.max_length] or "(empty)"
    return {name: value for name, value in values.items() if value}
