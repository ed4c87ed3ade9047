"""A company's own site behind Troth's cookie guard: it sets every declared cookie, one undeclared, and asks for too much."""

import os

import troth
from troth.policy import Cookie
from troth.web import CookieGuard

HELD = troth.open(os.environ["TROTH_DATA"], sequencer=False)
ROGUE = "rogue=1f0c9a; Path=/; Max-Age=63072000"


async def site(scope: dict[str, object], receive: object, send: object) -> None:
    """Answer everything with all the cookies."""
    lines = [ROGUE]
    lines += [
        f"{one.wire_name}=x{number}; Path=/; Max-Age=63072000; SameSite=None"
        for number, one in enumerate(HELD.policy().of(Cookie))
    ]
    headers = [(b"content-type", b"text/plain"), *((b"Set-Cookie", line.encode()) for line in lines)]
    await send({"type": "http.response.start", "status": 200, "headers": headers})  # type: ignore[operator]
    await send({"type": "http.response.body", "body": b"a page"})  # type: ignore[operator]


app = CookieGuard(site, policy=HELD.policy, clock=HELD.clock)
