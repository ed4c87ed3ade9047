"""The form cookie: guards forms against forged submissions and remembers the answer of the age screen for one visit.

Its value is `v1.<random>.<state>.<instant>.<MAC>`, where the state is `n` (nothing was asked), `p` (passed) or `r` (refused).
It holds no date of birth, and nobody can turn one state into another: the MAC (HMAC-SHA256) covers all of it. A form repeats a
token made from its random part (signed double submit, OWASP Cross-Site Request Forgery Prevention).
"""

import base64
import hashlib
import hmac
import secrets
from datetime import timedelta
from functools import lru_cache
from typing import NamedTuple

from troth.choice import cookie_values
from troth.kernel import Clock
from troth.policy import Cookie, Policy, read_span
from troth.web.asgi import Scope, header
from troth.web.origins import own_origin

PASSED_FOR = timedelta(hours=1)
"""How long a passed age screen counts."""
_LONGEST = timedelta(days=1)
_VERSION = "v1"
_PARTS = 5
_NONCE_BYTES = 16
_MAC_BYTES = 16
FRESH, PASSED, REFUSED = "n", "p", "r"
_STATES = frozenset({FRESH, PASSED, REFUSED})


class Mark(NamedTuple):
    """What the form cookie says: a random part, a state, and the second in which it was made."""

    nonce: str
    state: str
    made: int


class Marks:
    """Makes and reads form cookies.

    Args:
        secret: Signs them.
        clock: Dates them.
        public_url: The address that people see; where it is https, browsers send the cookie over https only.
    """

    def __init__(self, secret: bytes, clock: Clock, public_url: str) -> None:
        self._secret = secret
        self._clock = clock
        self._public_url = public_url
        self._secure = public_url.startswith("https://")

    def fresh(self, state: str = FRESH) -> Mark:
        """A new mark in a state."""
        return Mark(secrets.token_urlsafe(_NONCE_BYTES), state, self._now())

    def read(self, policy: Policy, scope: Scope) -> Mark | None:
        """The mark that a request carries; None when it carries none that holds."""
        cookie = form_cookie(policy)
        if cookie is None:
            return None
        value = _cookie_value(scope, cookie.wire_name)
        parts = value.split(".")
        if len(parts) != _PARTS or parts[0] != _VERSION or parts[2] not in _STATES:
            return None
        if not hmac.compare_digest(self._mac("cookie", ".".join(parts[:-1])).encode(), parts[-1].encode()):
            return None
        mark = Mark(parts[1], parts[2], int(parts[3]))  # what was signed is a number
        age = self._now() - mark.made
        if age >= _lifetime(cookie).total_seconds() or (age < 0 and mark.state != REFUSED):
            return None
        if mark.state == PASSED and age >= PASSED_FOR.total_seconds():
            return None
        return mark

    def set_cookie(self, policy: Policy, mark: Mark) -> dict[str, str]:
        """The header that hands a mark to the browser, for as long as its session lasts; none where none is declared."""
        cookie = form_cookie(policy)
        if cookie is None:
            return {}
        body = f"{_VERSION}.{mark.nonce}.{mark.state}.{mark.made}"
        parts = [f"{cookie.wire_name}={body}.{self._mac('cookie', body)}", "Path=/"]
        parts += ["HttpOnly"] if cookie.http_only else []
        parts += [f"SameSite={cookie.same_site.capitalize()}"]
        parts += ["Secure"] if self._secure else []
        return {"Set-Cookie": "; ".join(parts)}

    def token(self, mark: Mark) -> str:
        """What a form repeats of a mark."""
        return self._mac("token", mark.nonce)

    def vouched(self, policy: Policy, scope: Scope, mark: Mark | None, token: str) -> bool:
        """Whether a submission was meant by the visitor: its page is one of ours, or it repeats the cookie's token.

        Browsers say of each request from where it comes (`Sec-Fetch-Site`, W3C Fetch Metadata; `Origin`, Fetch standard),
        so that a form on another host of this site, or on a declared site of the company, needs no token.
        """
        if header(scope, b"sec-fetch-site") in {"same-origin", "same-site"}:
            return True
        if own_origin(policy, self._public_url, scope):
            return True
        return mark is not None and hmac.compare_digest(self.token(mark).encode(), token.encode())

    def _mac(self, use: str, text: str) -> str:
        made = hmac.new(self._secret, f"form-{use}\0{text}".encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(made[:_MAC_BYTES]).decode().rstrip("=")

    def _now(self) -> int:
        return int(self._clock.now().timestamp())


@lru_cache(maxsize=16)
def form_cookie(policy: Policy) -> Cookie | None:
    """The declared cookie that guards forms; None where the policy declares none."""
    return next((one for one in policy.of(Cookie) if one.remembers == "form" and one.essential), None)


def _cookie_value(scope: Scope, name: str) -> str:
    """The value of a cookie; empty where there is none, or where two differ, as when somebody planted one."""
    found = {
        value for key, text in scope["headers"] if key == b"cookie" for value in cookie_values(text, name)
    }
    return found.pop() if len(found) == 1 else ""


def _lifetime(cookie: Cookie) -> timedelta:
    span = read_span(cookie.lifetime)
    if span is None or span.unit != "hours":
        return _LONGEST
    return timedelta(hours=span.count)
