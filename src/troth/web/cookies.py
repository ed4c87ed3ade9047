"""Every response's cookies held to the policy, here and on a company's own site: `CookieGuard`."""

import asyncio
from collections.abc import Callable

from troth.choice import Choice, declared_cookies, guard_cookie, read_choice
from troth.kernel import Clock, Log, SystemClock
from troth.policy import Policy
from troth.web.asgi import App, Message, Receive, Scope, Send

_log = Log("troth.cookies")
Headers = list[tuple[bytes, bytes]]
Stripped = Callable[[str], None]
"""Told the reason for which a cookie was not sent."""


class CookieGuard:
    """ASGI middleware that lets only declared cookies pass, and those that wait only after the visitor's choice.

    A cookie that a browser sends though its choice does not allow it is taken back with the answer: an answer that was under
    way when the choice was withdrawn may have left it there.

    Put it in front of any ASGI site: `app = CookieGuard(app, policy=troth.open("data").policy)`.

    Args:
        app: The site.
        policy: Gives the policy in force; asked only when a request carries a cookie or a response sets one.
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
            if message["type"] == "http.response.start":
                given = list(message.get("headers", ()))
                sets = any(bytes(name).lower() == b"set-cookie" for name, _ in given)
                if sets or any(name == b"cookie" for name, _ in scope["headers"]):
                    policy = self._policy() if self._at_once else await asyncio.to_thread(self._policy)
                    held = self._held(policy, scope, given) if sets else given
                    message = {**message, "headers": held + self._taken_back(policy, scope, held)}
            await send(message)

        return sending

    def _taken_back(self, policy: Policy, scope: Scope, headers: Headers) -> Headers:
        """Headers that end the cookies of a request which its own choice does not allow; none on what others are shown too."""
        sent = {
            part.partition(b"=")[0].strip().decode("latin-1")
            for name, value in scope["headers"]
            if name == b"cookie"
            for part in value.split(b";")
        }
        set_already = {
            value.partition(b"=")[0].decode("latin-1")
            for name, value in headers
            if name.lower() == b"set-cookie"
        }
        kept = b",".join(value for name, value in headers if name.lower() == b"cache-control").lower()
        known = declared_cookies(policy, https=self._secure(scope))
        waiting = sorted(name for name in (sent & set(known)) - set_already if not known[name].essential)
        if not waiting or b"public" in kept or b"s-maxage" in kept:
            return []
        choice = read_choice(policy, scope["headers"])
        refused = [name for name in waiting if not any(map(choice.allows, known[name].purposes))]
        ends = [
            (b"set-cookie", self._ended(policy, scope, name, choice).encode("latin-1")) for name in refused
        ]
        return ends if kept or not ends else [*ends, (b"cache-control", b"private")]

    def _ended(self, policy: Policy, scope: Scope, name: str, choice: Choice) -> str:
        line, secure = f"{name}=; Path=/; Max-Age=0", self._secure(scope)
        return guard_cookie(policy, line, lambda: choice, self._clock.now(), secure=secure).value

    def _secure(self, scope: Scope) -> bool:
        return scope.get("scheme") == "https" if self._https is None else self._https

    def _held(self, policy: Policy, scope: Scope, headers: Headers) -> Headers:
        secure, now = self._secure(scope), self._clock.now()

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
