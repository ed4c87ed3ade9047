"""Reading a request to its end before it is answered, so that its connection stays good for the next one, and none waits for ever.

Who is refused is often answered before the body has come. The server closes such a connection, and whoever sends the next request
over it, as HTTP clients do (RFC 9112, 9.3), hears nothing. So a short body is read first; where it is long or late, or is held
back until we ask for it (RFC 9110, 10.1.1), the answer says that the connection ends with it.

A body that trickles in holds a connection, of which a server has only so many: after a while it is refused.
"""

import asyncio
from contextlib import suppress

from troth.web.asgi import Message, Receive, Scope, Send, announced
from troth.web.problems import MalformedBody

MOST = 65_536
"""Bytes of a refused body that are read."""
SECONDS = 2.0
"""How long they are waited for."""
BODY_SECONDS = 30.0
"""How long a body may take that is to be handled."""


class Draining:
    """One request that has a body, read to its end before the answer begins.

    Args:
        receive: Gives its body.
        send: Takes the answer.
        length: Its announced length (bytes); None where it is not announced.
        held_back: Whether it comes only once it is asked for.
        most: Bytes that are read of a refused one.
        seconds: How long is waited for what is left of a refused one.
        body_seconds: How long the body may take in all.
    """

    def __init__(
        self,
        receive: Receive,
        send: Send,
        length: int | None,
        *,
        held_back: bool,
        most: int = MOST,
        seconds: float = SECONDS,
        body_seconds: float = BODY_SECONDS,
    ) -> None:
        self._receive, self._send = receive, send
        self._length, self._most = length, most
        self._seconds, self._until = seconds, asyncio.get_running_loop().time() + body_seconds
        self._wanted = not held_back and (length or 0) <= most
        self._came, self._more = 0, True

    async def receive(self) -> Message:
        """The next piece of the body.

        Raises:
            MalformedBody: It takes too long.
        """
        self._wanted = (self._length or 0) <= self._most
        try:
            async with asyncio.timeout_at(self._until):
                message = await self._receive()
        except TimeoutError:
            self._wanted = False
            raise MalformedBody(
                "The body did not come in time.",
                field="body",
                mend=f"Send it within {BODY_SECONDS:.0f} seconds.",
            ) from None
        self._came += len(message.get("body", b""))
        self._more = bool(message.get("more_body", False)) and self._came != self._length
        return message

    async def send(self, message: Message) -> None:
        """Send a part of the answer."""
        if self._more and message["type"] == "http.response.start":
            if self._wanted:
                with suppress(TimeoutError):  # the header tells it
                    await asyncio.wait_for(self._read_on(), self._seconds)
            if self._more:
                headers = [*message.get("headers", ()), (b"connection", b"close")]
                message = {**message, "headers": headers}
        await self._send(message)

    async def _read_on(self) -> None:
        while self._more and self._came <= self._most:
            await self.receive()


def drained(scope: Scope, receive: Receive, send: Send) -> tuple[Receive, Send]:
    """A `receive` and a `send` by which a request is read to its end before the answer begins."""
    names = {bytes(name) for name, _ in scope["headers"]}
    length = announced(scope)
    if not length and b"transfer-encoding" not in names:
        return receive, send
    one = Draining(receive, send, length, held_back=b"expect" in names)
    return one.receive, one.send
