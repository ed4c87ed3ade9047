"""The company's own messages as they would look: a mail, a letter as text and as PDF, a call; and a mail sent to a colleague."""

from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from html import escape
from typing import TYPE_CHECKING, Any

from troth.adapters import letter_pdf
from troth.bootstrap.campaigning import CopyWriter, counting_place, sender_of
from troth.bootstrap.partners import partner_for
from troth.bootstrap.speaking import day_in, words_in
from troth.kernel import InvalidInput, new_id
from troth.outreach import (
    WIRE,
    Composed,
    Frame,
    LetterText,
    Mail,
    Marks,
    Message,
    asked_on,
    deliverable,
    filled,
    is_marketing,
    layout_for,
    led_over,
    letter_document,
    letter_variables,
    may_show,
    named_by,
    text_of_message,
    written_in,
)
from troth.policy import Policy

if TYPE_CHECKING:
    from troth.bootstrap.runtime import Troth

_LETTER = "letter"
_SIGN = "«ID»"


def preview_message(
    troth: "Troth", message: Message, language: str = "", policy: Policy | None = None
) -> Composed:
    """A message as it would look: fields by their titles, links that lead nowhere.

    A letter is its text with what stands around it, a call what the call centre is given; their HTML is that text.

    Raises:
        InvalidInput: It is not written in the language. Of a letter or a call: see `text_of_message`.
    """
    wanted = language or message.languages[0]
    if written_in(message, wanted).partition("-")[0] != wanted.partition("-")[0].lower():
        raise InvalidInput(
            f"Message {message.name} has no text in {wanted[:35]}.",
            field="language",
            mend=f"Use one of {', '.join(message.languages)}.",
        )
    if partner_for(troth, message.channel) is not None:
        return _handed(troth, message, language, policy or troth.policy())
    held_to, writer = policy or troth.policy(), CopyWriter(troth)
    shown = writer.shown(message, held_to)
    values = {name: f"«{held_to.fields[name].title}»" for name in message.fields}
    values |= {shown.language: wanted} if shown.language else {}
    place = "https://example.com/preview"
    stoppable = is_marketing(message.purpose)
    marks = (
        Marks(place, place, "", asked_on(written_in(message, wanted), "2026-01-05"))
        if stoppable
        else Marks("", "", "", message.reasons.get(written_in(message, wanted), ""))
    )
    single = led_over(message, counting_place(troth)).only(written_in(message, wanted))
    return writer.written(single, held_to, values, marks, "II.13")


def preview_pdf(troth: "Troth", message: Message, language: str = "") -> bytes:
    """A letter as the print house would be given it, with the titles of fields in place of name and address.

    Raises:
        InvalidInput: The message is none for letters, or see `text_of_message`.
        Unavailable: The extra `pdf` is not installed.
    """
    if message.channel != _LETTER:
        raise InvalidInput(
            f"Message {message.name} is for the channel {message.channel}, not for letters.",
            field="pdf",
            mend="Leave --pdf out.",
        )
    policy = troth.policy()
    content, _ = letter_pdf(_document(troth, message, text_of_message(message, policy, language), policy))
    return content


def _handed(troth: "Troth", message: Message, language: str, policy: Policy) -> Composed:
    """What is handed to a print house or a call centre, as text."""
    text = text_of_message(message, policy, language)
    name, field, _ = _of_person(troth, message, policy)
    given = letter_variables(policy, name, text.language)
    subject, body = " ".join(filled(text.subject, given).split()), filled(text.body, given).strip()
    if message.channel == _LETTER:
        letter = _document(troth, message, text, policy)
        words = letter["words"]
        head = [letter["sender"], "", *letter["address"], ""]
        facts = [f"{words['date']}: {letter['date']}", f"{words['sign']}: {_SIGN}", "", subject, ""]
        shown = "\n".join([*head, *facts, body, "", *letter["foot"]])
    else:
        shown = f"{name}\n{field}\n\n{body}\n\nIf they ask why: because {filled(text.reason, given)}."
    return Composed(subject, f"{shown}\n", f"<pre>{escape(shown)}</pre>\n")


def _document(troth: "Troth", message: Message, text: LetterText, policy: Policy) -> dict[str, Any]:
    """The letter as it is set, to somebody who has the titles of the fields for a name and an address."""
    name, address, clause = _of_person(troth, message, policy)
    now, house = troth.clock.now(), sender_of(troth, policy, message.channel).recipient
    if house not in policy.recipients:
        raise InvalidInput(
            f"The policy declares no recipient {house[:64]}.",
            field="letters.recipient",
            mend="Name a declared print house in the setting letters.recipient.",
        )
    frame = Frame(
        policy,
        house,
        troth.settings.letters.layout or layout_for(policy.front.controller.country),
        troth.settings.web.public_url.rstrip("/"),
        now,
        day_in(words_in(troth, text.language), now),
        announcing=is_marketing(message.purpose),
        text=text,
    )
    return letter_document(frame, _SIGN, name, {"line1": address}, clause)


def _of_person(troth: "Troth", message: Message, policy: Policy) -> tuple[str, str, str]:
    """What stands for a name and for an address or a number, and the clause by which that may be handed over; empty for none."""
    channel, by = partner_for(troth, message.channel), sender_of(troth, policy, message.channel)
    fields = [one for one in policy.fields.values() if channel is not None and one.type == channel.type]
    decisions = [may_show(one.category, message, policy, by) for one in fields]
    at = next((number for number, one in enumerate(decisions) if one.permitted), 0)
    clauses = decisions[at].clauses if decisions and decisions[at].permitted else ()
    named = [f"«{policy.fields[one].title}»" for one in named_by(policy)]
    return "".join(named), f"«{fields[at].title}»" if fields else "", "".join(clauses[:1])


def send_test(troth: "Troth", key: str, message: Message, address: str, language: str = "") -> str:
    """Send a message as it would look to somebody who works here; gives the Message-ID's left part.

    Raises:
        Refused: Whoever has the key may not handle campaigns.
        InvalidInput: Nobody who works here has the address.
        Unavailable: Nobody takes mail now.
    """
    troth.campaigns.note(key, "message-tested", {"message": message.digest})
    known = {one.name for one in troth.roster.members() if not one.disabled_at}
    known |= {one.partition("=")[2] for one in troth.settings.staff.mailboxes}
    if address not in known:
        raise InvalidInput(
            "Nobody who works here has this address.",
            field="to",
            mend="Give the sign-in name of a member of staff that is an address, or a mailbox of the setting staff.mailboxes.",
        )
    composed, number = preview_message(troth, message, language), new_id()
    sender = troth.settings.mail.sender or troth.policy().front.contact.support
    mail = EmailMessage(policy=WIRE)
    mail["From"] = Address(troth.policy().front.controller.name, addr_spec=sender)
    mail["To"] = Address(addr_spec=deliverable(address))
    mail["Subject"] = f"[test] {composed.subject}"
    mail["Date"] = format_datetime(troth.clock.now())
    mail["Message-ID"] = f"<{number}@{sender.rpartition('@')[2]}>"
    mail.set_content(composed.text)
    mail.add_alternative(composed.html, subtype="html")
    troth.mailer.send(Mail(number, new_id(), sender, deliverable(address), mail))
    return number
