"""Every response's cookies held to the policy, here and on a company's own site: `CookieGuard`."""

import asyncio
from collections.abc import Callable

from troth.choice import Choice, guard_cookie, read_choice
from troth.kernel import Clock, Log, SystemClock
from troth.policy import Policy
from troth.web.asgi import App, Message, Receive, Scope, Send

_log = Log("troth.cookies")
Stripped = Callable[[str], None]
"""Told the reason for which a cookie was not sent."""


class CookieGuard:
    """ASGI middleware that lets only declared cookies pass, and those that wait only after the visitor's choice.

    Put it in front of any ASGI site: `app = CookieGuard(app, policy=troth.open("data").policy)`.

    Args:
        app: The site.
        policy: Gives the policy in force; asked only when a response sets a cookie.
        clock: Tells the present instant; None for the machine's clock.
        https: Whether visitors see the site over https; None asks each request's own scheme.
        stripped: Told the reason of each cookie that was not sent.
        at_once: Whether `policy` answers so soon that no thread is woken for it, as it does on SQLite.
    """

    def __init__(
        self,
        app: App,
        *,
        policy: Callable[[], Policy],
        clock: Clock | None = None,
        https: bool | None = None,
        stripped: Stripped | None = None,
        at_once: bool = False,
    ) -> None:
        self._app = app
        self._at_once = at_once
        self._policy = policy
        self._clock = clock or SystemClock()
        self._https = https
        self._stripped = stripped

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] == "http":
            send = self.over(scope, send)
        await self._app(scope, receive, send)

    def over(self, scope: Scope, send: Send) -> Send:
        """A `send` whose responses to one request set only the cookies that may be set."""

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start" and any(
                bytes(name).lower() == b"set-cookie" for name, _ in message.get("headers", ())
            ):
                policy = self._policy() if self._at_once else await asyncio.to_thread(self._policy)
                message = {**message, "headers": self._held(policy, scope, message["headers"])}
            await send(message)

        return sending

    def _held(
        self, policy: Policy, scope: Scope, headers: list[tuple[bytes, bytes]]
    ) -> list[tuple[bytes, bytes]]:
        secure = scope.get("scheme") == "https" if self._https is None else self._https
        now = self._clock.now()

        def choice() -> Choice:
            return read_choice(policy, scope["headers"])

        kept = []
        for name, value in headers:
            if bytes(name).lower() != b"set-cookie":
                kept.append((name, value))
                continue
            guarded = guard_cookie(policy, bytes(value).decode("latin-1"), choice, now, secure=secure)
            if guarded.value:
                kept.append((name, guarded.value.encode("latin-1")))
                continue
            _log.warning("cookie_not_sent", cookie=guarded.name, reason=guarded.reason)
            if self._stripped is not None:
                self._stripped(guarded.reason)
        return kept
