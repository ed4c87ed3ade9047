"""Which cookies may reach a browser: those that the policy declares, once the visitor's choice allows them. Pure."""

from collections.abc import Callable
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import NamedTuple

from troth.choice.model import Choice
from troth.policy import HOST_PREFIX, Cookie, Policy, read_span

UNDECLARED, UNCHOSEN, MALFORMED = "undeclared", "not-chosen", "malformed"
_SAME_SITE = {"strict": "Strict", "lax": "Lax", "none": "None"}
_HOURS_A_MONTH = 28 * 24
"""A declared month is at least so long, so that no cookie outlives its month."""


class Guarded(NamedTuple):
    """A `Set-Cookie` header as it may be sent.

    Args:
        value: The header's value; empty when it must not be sent.
        reason: Why not: `undeclared`, `not-chosen` or `malformed`.
        name: Declared name of the cookie; empty for one that the policy does not declare.
    """

    value: str
    reason: str = ""
    name: str = ""


def guard_cookie(
    policy: Policy, header: str, choice: Callable[[], Choice], now: datetime, *, secure: bool
) -> Guarded:
    """A `Set-Cookie` header (RFC 6265, section 4.1) as the policy allows it.

    A cookie that is not declared is not sent, nor one that waits for a choice which does not allow it. Taking a declared
    cookie back is always allowed. `Secure`, `SameSite` and `HttpOnly` are as declared, the lifetime is at most the declared.

    Args:
        policy: The policy in force.
        header: The header's value.
        choice: What the visitor chose; asked only where it matters.
        now: The present instant; an `Expires` is measured from it.
        secure: Whether the site is served over https.
    """
    pair, *attributes = header.split(";")
    name, equals, value = (part.strip() for part in pair.partition("="))
    if not (equals and name):
        return Guarded("", MALFORMED)
    cookie = declared_cookies(policy, https=secure).get(name)
    if cookie is None:
        return Guarded("", UNDECLARED)
    given = dict(_attribute(one) for one in attributes)
    if name.startswith(HOST_PREFIX):
        given |= {"path": "/", "domain": ""}  # or browsers would not take it
    seconds = _lifetime(given, now)
    taken_back = seconds is not None and seconds <= 0
    if not (taken_back or cookie.essential or any(map(choice().allows, cookie.purposes))):
        return Guarded("", UNCHOSEN, cookie.name)
    parts = [f"{name}={value}"]
    parts += [f"{key.title()}={given[key]}" for key in ("path", "domain") if given.get(key)]
    parts += _aged(cookie, seconds)
    parts += ["HttpOnly"] if cookie.http_only or "httponly" in given else []
    parts += ["Secure"] if secure or "secure" in given else []
    parts.append(f"SameSite={_SAME_SITE[cookie.same_site]}")
    parts += ["Partitioned"] if "partitioned" in given else []
    return Guarded("; ".join(parts), name=cookie.name)


@lru_cache(maxsize=16)
def declared_cookies(policy: Policy, *, https: bool = False) -> dict[str, Cookie]:
    """The declared cookies by their names in the browser; over https also by those with the prefix `__Host-`."""
    found = {cookie.wire_name: cookie for cookie in policy.of(Cookie)}
    return found | {cookie.name_over(https=https): cookie for cookie in policy.of(Cookie)}


def longest_life(lifetime: str) -> timedelta | None:
    """The longest life of a declared lifetime; None for what ends with the browser's session."""
    span = read_span(lifetime)
    if span is None:
        return None
    hours = {"hours": 1, "business days": 24, "months": _HOURS_A_MONTH}[span.unit] * span.count
    return timedelta(hours=hours)


def _aged(cookie: Cookie, seconds: int | None) -> list[str]:
    longest = longest_life(cookie.lifetime)
    if seconds is None or (longest is None and seconds > 0):
        return []
    most = seconds if longest is None else min(seconds, int(longest.total_seconds()))
    return [f"Max-Age={max(most, 0)}"]


def _attribute(text: str) -> tuple[str, str]:
    key, _, value = text.partition("=")
    return key.strip().lower(), value.strip()


def _lifetime(given: dict[str, str], now: datetime) -> int | None:
    """Seconds that the cookie would live; None for the browser's session. Max-Age goes before Expires (RFC 6265)."""
    age = given.get("max-age", "")
    if age.removeprefix("-").isascii() and age.removeprefix("-").isdigit():
        return int(age[:12])
    try:
        until = parsedate_to_datetime(given.get("expires", ""))
    except (ValueError, TypeError):
        return None
    return int((until.replace(tzinfo=until.tzinfo or now.tzinfo) - now).total_seconds())
