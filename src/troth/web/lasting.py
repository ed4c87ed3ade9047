"""What serves beside the requests, from the first to the last: ASGI's lifespan protocol."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack

from troth.web.asgi import Receive, Send


class Life:
    """Begins and ends the parts of an application.

    Args:
        begin: Called in this order before the first request.
        end: Called in this order after the last one, each also when another failed.
    """

    def __init__(
        self, begin: Sequence[Callable[[], None]], end: Sequence[Callable[[], Awaitable[None]]]
    ) -> None:
        self._begin, self._end = begin, end

    async def __call__(self, receive: Receive, send: Send) -> None:
        """Follow one life; what fails is told to the server and raised."""
        step = "startup"
        try:
            await receive()
            async with AsyncExitStack() as parts:
                for end in reversed(self._end):
                    parts.push_async_callback(end)
                for begin in self._begin:
                    begin()
                await send({"type": "lifespan.startup.complete"})
                step = "shutdown"
                await receive()
        except Exception as error:
            await send({"type": f"lifespan.{step}.failed", "message": str(error)})
            raise
        await send({"type": "lifespan.shutdown.complete"})
