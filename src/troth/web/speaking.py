"""In which language and time zone somebody is spoken to: what they chose, else what the browser accepts, and UTC."""

import re
from functools import cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo, available_timezones

from litestar import Request, Response
from litestar.datastructures import Cookie as SetCookie

from troth.choice import longest_life
from troth.flows import LANGUAGES, Wording, chosen_language, wording
from troth.kernel import InvalidInput, from_micros
from troth.policy import Cookie, Policy
from troth.web.asgi import Scope, header
from troth.web.pages import page
from troth.web.site import Site, site_of
from troth.web.visiting import cookie_of, cookie_that_remembers

DISPLAY = "display"
UTC_NAME = "UTC"
_VALUE = re.compile(r"v1\.([a-z]{2})\.([A-Za-z0-9_+/-]{1,60})")
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip


class Speech(NamedTuple):
    """How somebody is spoken to: the messages of their language, and their time zone."""

    words: Wording
    zone: str

    def day(self, at: int) -> str:
        """The day of an instant (microseconds) where the person is."""
        there = from_micros(at).astimezone(_zone(self.zone))
        month = self.words(_MONTHS[there.month - 1])
        return self.words("{month} {day}, {year}", day=there.day, month=month, year=there.year)

    def when(self, at: int) -> str:
        """An instant (microseconds) where the person is, with the name of the zone."""
        there = from_micros(at).astimezone(_zone(self.zone))
        name = self.zone.replace("_", " ")
        return self.words("{day} at {time} ({zone})", day=self.day(at), time=f"{there:%H:%M}", zone=name)


def speech_of(request: Request[Any, Any, Any]) -> Speech:
    """How whoever sent a request is spoken to."""
    return speech_at(site_of(request).troth.policy(), request.scope)


def speech_at(policy: Policy | None, scope: Scope) -> Speech:
    """How whoever sent a request is spoken to under a policy; None where there is none yet."""
    name = cookie_that_remembers(policy, DISPLAY) if policy is not None else ""
    found = _VALUE.fullmatch(cookie_of(scope, name)) if name else None
    language, zone = (found[1], found[2]) if found else ("", UTC_NAME)
    own = policy.front.languages[:1] if policy is not None else ()
    spoken = chosen_language(header(scope, b"accept-language"), language, *own)
    return Speech(wording(spoken), zone if zone == UTC_NAME or zone in zones() else UTC_NAME)


def language_at(policy: Policy, scope: Scope) -> str:
    """The language in which whoever sent a request is answered."""
    return speech_at(policy, scope).words.language


def shown(request: Request[Any, Any, Any], template: str, **values: Any) -> Response[bytes]:
    """A page in the language of whoever asked for it."""
    speech = speech_of(request)
    return page(site_of(request), template, t=speech.words, speech=speech, **values)


def display_cookie(site: Site, language: str, zone: str) -> SetCookie:
    """The cookie that remembers a choice of language and zone.

    Raises:
        InvalidInput: There is no such language or zone, or the policy declares no such cookie.
    """
    name = cookie_that_remembers(site.troth.policy(), DISPLAY)
    if not name:
        raise InvalidInput(
            "Nothing is remembered here.", clause="I.14", mend="Declare a cookie that remembers display."
        )
    if language not in LANGUAGES:
        raise InvalidInput("There is no such language.", field="language", mend="Choose one of the list.")
    if zone not in zones():
        raise InvalidInput("There is no such time zone.", field="zone", mend="Choose one of the list.")
    declared = next(one for one in site.troth.policy().of(Cookie) if one.remembers == DISPLAY)
    life = longest_life(declared.lifetime)
    age = int(life.total_seconds()) if life else None
    return SetCookie(name, value=f"v1.{language}.{zone}", max_age=age)


@cache
def zones() -> tuple[str, ...]:
    """The time zones that people choose from: UTC, then those of cities."""
    cities = sorted(
        one
        for one in available_timezones()
        if "/" in one and not one.startswith(("Etc/", "posix/", "right/"))
    )
    return (UTC_NAME, *cities)


@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
