"""Forms in the reader's language: Troth's own words in them, and what is told to be wrong. What the policy says stays as it is."""

from collections.abc import Iterable

from troth.collection import Control, Form
from troth.flows import SOURCE, Wording

LABELS = (
    "What it is for",
    "Street and number",
    "Address, second line",
    "Postal code",
    "Town or city",
    "State or region",
    "Country",
    "Amount",
    "Currency",
    "With a point, such as 49.90.",
    "Three letters, such as EUR.",
    "Article",
    "Name",
    "Quantity",
)
"""Labels and hints that are not the policy's."""
FAULTS = (
    "is missing.",
    "is not text.",
    "is longer than {most} characters.",
    "is longer than {most} bytes.",
    "holds a control character.",
    "has no letter.",
    "is not a mail address.",
    "is not a telephone number.",
    "is not a date of the calendar.",
    "is not a serial.",
    "is not a country.",
    "is not a currency.",
    "is not an amount of this currency.",
    "is not a list of order lines.",
    "is not a quantity.",
    "is not a list of choices.",
    "is none of the choices.",
    "is not a token.",
    "is neither true nor false.",
    "is not a whole number.",
    "is not an object.",
    "has a member that is not known.",
    "is not a file.",
    "has data that is not base64.",
    "is an empty file.",
    "is not of a kind that is taken here.",
    "is not what it claims to be.",
    "holds a payment card number.",
    "holds what is not JSON.",
    "is too large.",
    "is issued by us.",
    "was sent twice.",
    "has too many lines.",
    "is longer than {most} characters; nothing was stored.",
    "holds {kinds}; nothing was stored.",
    "This {what} was never issued; nothing was stored.",
    "This is your address already; nothing was changed.",
    "Somebody else has this {what} already; nothing was stored.",
    "This {what} cannot be put here; nothing was stored.",
    "Another record has this {what} already; nothing was stored.",
    "A new mail address counts only after it was confirmed from its mailbox; nothing was stored.",
    "The submission names no mailbox that could confirm it; nothing was stored.",
    "The submission names no purpose.",
)
"""What is wrong with something that was filled in, without the name of its field."""
MENDS = (
    "Send text.",
    "Shorten it.",
    "Remove it.",
    "Send the name as the person writes it.",
    "Write it like ann@example.com.",
    "Write it with the country's code, like +1 202 555 0143.",
    "Write it like 2015-04-16.",
    "Use letters, digits and single dashes between them.",
    "Use the ISO 3166-1 code of two letters, such as DE.",
    "Use the ISO 4217 code of three letters, such as EUR.",
    'Write it as text, such as "12", with a point and at most {decimals} decimals.',
    "Send a list of 1 to {most} lines.",
    "Send a whole number from 1 to {most}.",
    "Send a list of {choices}.",
    "Use one of {choices}.",
    "Send text of 1 to {most} characters.",
    "Send the token as it was given.",
    "Send true or false, without quotes.",
    "Send a number without decimals, at most {most}.",
    "Choose a file with something in it.",
    "Send a smaller file.",
    "Send an object with {members}.",
    "Send an object with name, media and data as text.",
    "Send only {members}.",
    "Send {members}.",
    "Send text, numbers, true, false, null, lists and objects.",
    "Encode the bytes as RFC 4648 says, section 4.",
    "Send at most {most} values, nested {deep} deep.",
    "Remove it from the file.",
    "Send one of {kinds}.",
    "Send it under its own media type.",
    "Send it once.",
    "Send at most {most}.",
    "Remove it; payments are taken by the card processor, which gives a token.",
    "Leave it out; only the holder of an API key sends it.",
    "Please remove it.",
    "Please remove it, or tick that you want to keep it.",
    "Give another one.",
    "Check it, or ask support.",
    "Check it letter by letter, or ask support.",
    "Leave it out.",
    "Send the mail address.",
    "Leave it out, or ask for the change by mail.",
)
"""How it is mended."""
FOUND = (
    "a payment card number",
    "a link that holds personal data",
    "an e-mail address",
    "a bank account number",
    "an identity number",
    "a network address",
    "a postal address",
    "a telephone number",
)
"""Kinds of personal data that are found in texts."""


def in_words(form: Form, words: Wording) -> Form:
    """A form with Troth's own words in a language."""
    if words.language == SOURCE:
        return form
    return form._replace(controls=_controls(form.controls, words))


def found_in_words(words: Wording, kinds: Iterable[str]) -> tuple[str, ...]:
    """Kinds of personal data, as people call one of them, in a language."""
    return tuple(words(one) for one in kinds)


def fault_in_words(words: Wording, what: str) -> str:
    """What is wrong, without the name of its field, in a language."""
    told = words.retold(what, FAULTS)
    return _kinds(words, told)


def mend_in_words(words: Wording, mend: str) -> str:
    """How it is mended, in a language."""
    return words.retold(mend, MENDS)


def _kinds(words: Wording, told: str) -> str:
    """A sentence with the kinds of personal data that it names in a language."""
    for one in FOUND:
        told = told.replace(one, words(one))
    return told


def _controls(controls: Iterable[Control], words: Wording) -> tuple[Control, ...]:
    return tuple(
        one._replace(
            label=words(one.label) if one.ours else one.label,
            hint=words(one.hint) if one.ours and one.hint else one.hint,
            parts=_controls(one.parts, words),
        )
        for one in controls
    )
