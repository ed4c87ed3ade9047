"""Campaigns and the company's own messages, wired: what a copy reads, says and bears, and in whose name it goes."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from troth.bootstrap.mailing import handovers_of, left_copies_of
from troth.bootstrap.partners import partner_for
from troth.bootstrap.preferring import ways_out
from troth.campaigns import PLANNING_ACT, Campaign, Campaigns, Clicks, Runner, check_counting
from troth.gate import Outcome, said_since, stops_seen
from troth.kernel import InvalidInput, Refused, from_micros
from troth.outreach import (
    DISCLOSE,
    Batch,
    BatchSending,
    Composed,
    Marks,
    Message,
    Messages,
    Row,
    Sender,
    Written,
    address_field,
    asked_on,
    check_counted,
    check_topic,
    compile_message,
    compose,
    greeting,
    is_marketing,
    led_over,
    mail_recipient,
    may_show,
    named_by,
    text_of_message,
    written_in,
)
from troth.policy import Act, Policy
from troth.storage import Transaction

if TYPE_CHECKING:
    from troth.bootstrap.runtime import Troth

_KEY_FILE = "mass-mail.key"
_CONSENTED = "consented"
_SPOKEN = "language"
"""What browsers fill a field with that holds the language in which somebody is written to (HTML, section 4.10.18.7)."""


class Shown(NamedTuple):
    """What a copy is written of: the field of the address, of the language, of the name; empty where there is none."""

    address: str
    language: str
    name: str


def compile_texts(troth: "Troth", texts: list[Written], policy: Policy | None = None) -> Message:
    """Compile the texts of a message against a policy; the one in force where none is given.

    Raises:
        InvalidInput: See `compile_message`.
    """
    held_to = policy or troth.policy()
    made = compile_message(texts, held_to, sender_of(troth, held_to, texts[0].head.channel))
    if partner_for(troth, made.channel) is not None:
        if made.topic:
            check_topic(held_to, made.channel, made.purpose, made.topic)
        for language in made.languages:
            text_of_message(made, held_to, language)
    elif made.reasons:
        raise InvalidInput(
            f"Message {made.name} gives a reason, which only a letter and a call say.",
            field="reason",
            mend="Leave it out; a mail says by itself why somebody gets it.",
        )
    if made.clicks:
        check_counted(made.name, made.bodies)
        check_counting(held_to, made)
    return made


def sender_of(troth: "Troth", policy: Policy, channel: str) -> Sender:
    """Who sends the company's messages today, or hands people over to whoever prints or calls."""
    mail, day = troth.settings.mail, troth.clock.now().date().isoformat()
    partner = partner_for(troth, channel)
    if partner is not None:
        return Sender(mail.role, partner.recipient_of(policy), day, DISCLOSE)
    return Sender(mail.role, mail_recipient(policy, mail.recipient), day)


def checked(troth: "Troth", message: Message) -> Message:
    """Compile a kept message once more, against the version in force.

    Raises:
        InvalidInput: It names what its purpose may not send any more.
    """
    return compile_texts(troth, message.texts)


def check_choosing(troth: "Troth", message: Message, attributes: Sequence[str]) -> None:
    """Refuse a message for which nobody may be chosen by some fields, whatever people said; it would wait for ever.

    Raises:
        Refused: The policy permits it to nobody.
    """
    policy, day = troth.policy(), troth.clock.now().date().isoformat()
    data = tuple(sorted({policy.fields[name].category for name in attributes}))
    act = Act(PLANNING_ACT, troth.settings.mail.role, message.purpose, data, "", message.channel, (), day)
    if policy.conceivable(act):
        return
    decision = policy.decide(act)
    raise Refused(
        f"Nobody may be chosen for message {message.name}, which serves {message.purpose}: {decision.explanation}",
        clause=next(iter(decision.clauses), ""),
        field="message",
        mend="Send a message of a purpose for which the policy lets people be chosen; `troth policy explain` shows every clause.",
    )


def messages_of(troth: "Troth") -> Messages:
    """The company's own messages."""
    return Messages(troth.database, troth.clock)


def campaigns_of(troth: "Troth") -> Campaigns:
    """Campaigns: drafted, started, stopped, told of."""
    return Campaigns(
        troth.database,
        troth.gate,
        troth.clock,
        outbox=troth.outbox,
        audiences=troth.audiences,
        messages=troth.messages,
        check=lambda message: checked(troth, message),
        check_choosing=lambda message, fields: check_choosing(troth, message, fields),
        clicks=Clicks(troth.database, troth.gate, troth.clock, troth.messages),
        left=left_copies_of(troth),
    )


def counting_place(troth: "Troth") -> str:
    """Where the counted links of messages begin."""
    return f"{troth.settings.web.public_url.rstrip('/')}/go"


def mass_key(troth: "Troth") -> str:
    """The key in whose name mass mail is chosen and sent: for the purposes of the company's messages, and no other."""
    purposes = sorted({one.message.purpose for one in troth.messages.newest()})
    return troth.service_keys.key(
        _KEY_FILE, name="mass mail", role=troth.settings.mail.role, purposes=purposes, cases=("*",)
    )


def sending_of(troth: "Troth") -> BatchSending:
    """What sends windows of copies."""
    mail = troth.settings.mail
    return BatchSending(
        perform=troth.perform_along,
        policy=troth.policy,
        key=lambda: mass_key(troth),
        database=troth.database,
        outbox=troth.outbox,
        mailer=troth.mailer,
        clock=troth.clock,
        handovers=handovers_of(troth),
        sender=mail.sender,
        recipient=mail.recipient,
        stops=stops_seen,
        connections=mail.connections,
        one_look=troth.gate.one_look,
        ready=troth.mailer.ready,
    )


def runner_of(troth: "Troth") -> Runner:
    """What runs campaigns."""
    writer = CopyWriter(troth)
    return Runner(
        troth.database,
        troth.gate,
        troth.clock,
        outbox=troth.outbox,
        audiences=troth.audiences,
        messages=troth.messages,
        sending=lambda: sending_of(troth),
        batch=writer.batch,
        key=lambda: mass_key(troth),
        left=left_copies_of(troth),
    )


class CopyWriter:
    """Writes the copies of the company's messages.

    Args:
        troth: The running parts.
    """

    def __init__(self, troth: "Troth") -> None:
        self._troth = troth

    def batch(self, campaign: Campaign) -> Batch:
        """What a campaign sends."""
        troth = self._troth
        policy = troth.policy()
        message = led_over(troth.messages.version(campaign.plan.template), counting_place(troth))
        shown = self.shown(message, policy)
        fields = (shown.address, *(one for one in (shown.language, *message.fields) if one))
        since: dict[str, int] = {}

        def look(tx: Transaction, rows: Sequence[Row]) -> None:
            since.clear()
            since.update(said_since(tx, [one.person for one in rows], message.purpose, _CONSENTED))

        def write(row: Row, outcome: Outcome, marks: Marks) -> Composed:
            clause = outcome.clauses[0] if outcome.clauses else ""
            asked = since.get(row.person, 0)
            return self.written(message, policy, outcome.values, marks, clause, asked, shown)

        def marks(row: Row, address: str) -> Marks:
            return self.marks(message, row, address)

        return Batch(
            campaign.case,
            message.purpose,
            tuple(dict.fromkeys(fields)),
            write,
            marks,
            message.topic,
            uncertain=troth.settings.campaigns.uncertain,
            look=look,
        )

    def shown(self, message: Message, policy: Policy) -> Shown:
        """The fields of address, language and name; the language only where the policy lets it be sent along."""
        spoken = next((name for name, field in policy.fields.items() if field.autocomplete == _SPOKEN), "")
        if spoken and not (
            len(message.languages) > 1
            and may_show(
                policy.fields[spoken].category,
                message,
                policy,
                sender_of(self._troth, policy, message.channel),
            ).permitted
        ):
            spoken = ""
        return Shown(address_field(policy), spoken, next(iter(named_by(policy)), ""))

    def written(
        self,
        message: Message,
        policy: Policy,
        values: Mapping[str, object],
        marks: Marks,
        clause: str,
        since: int = 0,
        of: Shown | None = None,
    ) -> Composed:
        """A copy: what the author wrote, and the end that every one has; `since` (microseconds) is when it was asked for, 0 for unknown."""
        shown = of or self.shown(message, policy)
        language = written_in(message, str(values.get(shown.language, "")))
        front, base = policy.front, self._troth.settings.web.public_url.rstrip("/")
        given = {name: str(value) for name, value in values.items() if name in message.fields}
        constant = {
            "company": front.controller.name,
            "address": front.controller.address,
            "privacy": front.contact.privacy,
            "support": front.contact.support,
            "contact_link": front.contact.page,
            "policy_link": f"{base}/policy#{clause}",
            "clause": clause,
        }
        asked = from_micros(since).date().isoformat() if since else ""
        given |= {
            "reason": marks.reason or asked_on(language, asked),
            "greeting": greeting(language, given.get(shown.name, "")),
        }
        if marks.unsubscribe:
            given |= {"unsubscribe_link": marks.unsubscribe, "preferences_link": marks.preferences}
        return compose(message, language, given, constant)

    def marks(self, message: Message, row: Row, address: str) -> Marks:
        """What a copy bears of its own."""
        ways = ways_out(
            self._troth,
            person=row.person,
            address=address,
            purpose=message.purpose,
            topic=message.topic,
            message=row.id,
        )
        if not is_marketing(message.purpose):
            return Marks("", "", ways.envelope, "")
        return Marks(ways.unsubscribe, ways.preferences, ways.envelope, "", ways.by_mail)
