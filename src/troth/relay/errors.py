"""Errors of the relay."""

from troth.kernel import TrothError


class TooMany(TrothError):
    """Somebody has sent as much as anybody may in a day; nothing was passed on."""

    status = 429
    code = "too-many-attempts"
