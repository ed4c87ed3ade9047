"""What can be wrong with an event."""

from troth.kernel import InvalidInput


class MalformedEvent(InvalidInput):
    """The body is not of the wire format of its address, or names no declared web site."""

    status = 400
    code = "malformed-event"
