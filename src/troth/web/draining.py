"""Reading a request to its end before it is answered, so that its connection stays good for the next one.

Who is refused is often answered before the body has come. The server closes such a connection, and whoever sends the next request
over it, as HTTP clients do (RFC 9112, 9.3), hears nothing. So a short body is read first; where it is long or late, or is held
back until we ask for it (RFC 9110, 10.1.1), the answer says that the connection ends with it.
"""

import asyncio
from contextlib import suppress

from troth.web.asgi import Message, Receive, Scope, Send, announced

MOST = 65_536
"""Bytes of a refused body that are read."""
SECONDS = 2.0
"""How long they are waited for."""


def drained(
    scope: Scope, receive: Receive, send: Send, *, most: int = MOST, seconds: float = SECONDS
) -> tuple[Receive, Send]:
    """A `receive` and a `send` that read what is left of a request before the answer begins.

    Args:
        scope: The request.
        receive: Gives its body.
        send: Takes the answer.
        most: Bytes of the body that are read in all, whoever reads them.
        seconds: How long is waited for what is left.
    """
    names = {bytes(name) for name, _ in scope["headers"]}
    length = announced(scope)
    if not length and b"transfer-encoding" not in names:
        return receive, send
    asked, came, more = b"expect" not in names, 0, True

    async def receiving() -> Message:
        nonlocal asked, came, more
        asked = True
        message = await receive()
        came += len(message.get("body", b""))
        more = bool(message.get("more_body", False)) and came != length
        return message

    async def read_on() -> None:
        while more and came <= most:
            await receiving()

    async def sending(message: Message) -> None:
        if more and message["type"] == "http.response.start":
            if asked and (length or 0) <= most:
                with suppress(TimeoutError):  # the header tells it
                    await asyncio.wait_for(read_on(), seconds)
            if more:
                headers = [*message.get("headers", ()), (b"connection", b"close")]
                message = {**message, "headers": headers}
        await send(message)

    return receiving, sending
