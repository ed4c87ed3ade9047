"""The companies that print letters and call people for us, as the settings choose them among those that the policy declares."""

from typing import TYPE_CHECKING

from troth.outreach import Channel

if TYPE_CHECKING:
    from troth.bootstrap.runtime import Troth


def letter_channel(troth: "Troth") -> Channel:
    """The channel letter, with the print house that is chosen."""
    return Channel("letter", "address", troth.settings.letters.recipient, "letters.recipient")


def phone_channel(troth: "Troth") -> Channel:
    """The channel phone, with the call centre that is chosen."""
    return Channel("phone", "phone", troth.settings.calls.recipient, "calls.recipient")


def partner_for(troth: "Troth", channel: str) -> Channel | None:
    """The channel of a name, where another company serves it; None where none does, as for mail."""
    found = (letter_channel(troth), phone_channel(troth))
    return next((one for one in found if one.name == channel), None)
