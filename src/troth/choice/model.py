"""What a visitor chose, as it stands in the headers of a request. Pure; holds no identifier.

The choice cookie's value is `v1.<date>.<purposes allowed>.<purposes allowed knowingly against the browser's signal>`.
Purposes are joined by `+`; dots inside them are percent-encoded. Nothing in it tells one visitor from another who chose
the same on the same day.
"""

from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote, unquote

from troth.policy import Cookie, Policy

VERSION = "v1"
MAX_VALUE = 4_000
"""Longest value of the choice cookie, in characters; browsers keep 4,096 bytes of a cookie."""
_PARTS = 4
_ASKED_BY = ("cookie", "pixel", "storage", "slot")
"""Kinds of declared things that wait for a choice unless they are essential."""
Headers = Iterable[tuple[bytes, bytes]]


class Choice(NamedTuple):
    """What a visitor chose.

    Args:
        made: Whether a choice was made.
        signal: How the browser says no: `gpc` (Global Privacy Control), `dnt` (Do Not Track), or empty.
        on: The day of the choice (ISO 8601, UTC); empty when none was made.
        allowed: Offered purposes that are switched on.
        knowingly: Those of them that were switched on against the browser's signal.
    """

    made: bool = False
    signal: str = ""
    on: str = ""
    allowed: frozenset[str] = frozenset()
    knowingly: frozenset[str] = frozenset()

    def allows(self, purpose: str) -> bool:
        """Whether a purpose is switched on; where the browser says no, whether it was switched on knowingly.

        A purpose that is switched on covers those below it.
        """
        switched = self.knowingly if self.signal else self.allowed
        return purpose in switched or any(purpose.startswith(f"{one}.") for one in switched)

    def without(self, refused: Iterable[str]) -> "Choice":
        """This choice with purposes switched off, such as those that a person objects to."""
        off = frozenset(refused)
        return self._replace(allowed=self.allowed - off, knowingly=self.knowingly - off)


def read_choice(policy: Policy, headers: Headers) -> Choice:
    """The choice that a request carries.

    Of repeated `Sec-GPC` headers any `1` counts, and nothing but `1` does (GPC, section 3.2); `DNT: 1` means the same. A
    cookie that is missing, malformed or there twice with two meanings is no choice. Purposes that the policy does not
    offer are left out.

    Args:
        policy: The policy in force, which declares the cookie and what it may allow.
        headers: Names in lower case, and values, as ASGI gives them.
    """
    name = choice_cookie(policy)
    control = track = False
    found = set()
    for key, value in headers:
        if key == b"sec-gpc":
            control = control or value.strip() == b"1"
        elif key == b"dnt":
            track = track or value.strip() == b"1"
        elif key == b"cookie" and name:
            found.update(cookie_values(value, name))
    signal = "gpc" if control else "dnt" if track else ""
    chosen = _read(found.pop(), offered_purposes(policy)) if len(found) == 1 else None
    return chosen._replace(signal=signal) if chosen else Choice(signal=signal)


def choice_value(policy: Policy, *, on: date, allowed: Iterable[str], knowingly: Iterable[str] = ()) -> str:
    """The value of the choice cookie.

    Args:
        policy: The policy in force; purposes that it does not offer are left out.
        on: The day of the choice.
        allowed: Purposes switched on.
        knowingly: Purposes switched on against the browser's signal; they are allowed too.
    """
    offered = offered_purposes(policy)
    against = [purpose for purpose in offered if purpose in set(knowingly)]
    switched = set(allowed) | set(against)
    return ".".join(
        (VERSION, on.isoformat(), _joined(one for one in offered if one in switched), _joined(against))
    )


def cookie_values(header: bytes, name: str) -> list[str]:
    """The values of a cookie in one `Cookie` header (RFC 6265, section 4.2)."""
    found = []
    for part in header.decode("latin-1").split(";"):
        key, _, value = part.partition("=")
        if key.strip() == name:
            found.append(value.strip().strip('"'))
    return found


def cookie_for(policy: Policy, part: str) -> Cookie | None:
    """The cookie that plays a part, such as `choice` or `session`; None where the policy declares none."""
    return next((one for one in policy.of(Cookie) if one.remembers == part), None)


@lru_cache(maxsize=16)
def choice_cookie(policy: Policy) -> str:
    """The name of the cookie that remembers the choice; empty where the policy declares none."""
    found = cookie_for(policy, "choice")
    return found.wire_name if found is not None else ""


@lru_cache(maxsize=16)
def offered_purposes(policy: Policy) -> tuple[str, ...]:
    """The purposes that visitors choose about, sorted: all those of cookies, pixels, storage and content that can wait."""
    found: set[str] = set()
    for kind in _ASKED_BY:
        for thing in policy.things.get(kind, {}).values():
            if not getattr(thing, "essential", False):
                found.update(getattr(thing, "purposes", ()))
    return tuple(sorted(found))


def _joined(purposes: Iterable[str]) -> str:
    return "+".join(quote(purpose, safe="").replace(".", "%2E") for purpose in purposes)


def _read(value: str, offered: tuple[str, ...]) -> Choice | None:
    """The choice that a cookie's value holds; None for what is no choice."""
    parts = value.split(".")
    if len(value) > MAX_VALUE or len(parts) != _PARTS or parts[0] != VERSION:
        return None
    try:
        day = date.fromisoformat(parts[1])
    except ValueError:
        return None
    if day.isoformat() != parts[1]:  # other forms of ISO 8601 are not ours
        return None
    allowed, knowingly = (
        frozenset(map(unquote, part.split("+"))).intersection(offered) for part in parts[2:]
    )
    return Choice(made=True, on=parts[1], allowed=allowed | knowingly, knowingly=knowingly)
