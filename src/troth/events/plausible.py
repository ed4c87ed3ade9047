"""Plausible's wire format: `POST /api/event` with short or long names; one event, or a list of them. Pure."""

import msgspec

from troth.events.errors import MalformedEvent
from troth.events.model import PAGE_VIEW, Sent, Sites
from troth.kernel import TrothError

MAX_EVENTS = 1_000
_ENGAGEMENT = "engagement"
"""How far a page was scrolled and how long it was open, told when it is left; nothing of it is taken."""
_MEND = "Send the JSON of Plausible's events API; docs/events.md shows it."


_NONE = msgspec.Raw(b"null")


class Event(msgspec.Struct, gc=False):
    """An event with its short and long names; whatever else a client sends is left out."""

    n: str | None = None
    name: str | None = None
    u: str | None = None
    url: str | None = None
    d: str | None = None
    domain: str | None = None
    r: str | None = None
    referrer: str | None = None
    p: msgspec.Raw = _NONE
    m: msgspec.Raw = _NONE
    props: msgspec.Raw = _NONE
    id: str | None = None


_ONE = msgspec.json.Decoder(Event)
_MANY = msgspec.json.Decoder(list[Event])
_EMPTY = frozenset({b"null", b"{}", b'""'})


def read_plausible(body: bytes, sites: Sites) -> list[Sent | TrothError]:
    """The events of a body; an event for several domains counts once at each.

    Raises:
        MalformedEvent: The body is not of this format.
    """
    try:
        events = _MANY.decode(body) if body[:64].lstrip()[:1] == b"[" else [_ONE.decode(body)]
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedEvent("The body is no event; nothing was stored.", mend=_MEND) from error
    if len(events) > MAX_EVENTS:
        raise MalformedEvent(f"The body has more than {MAX_EVENTS} events.", mend="Split it.")
    found: list[Sent | TrothError] = []
    for event in events:
        if (event.n or event.name) == _ENGAGEMENT:
            continue
        domains = event.d or event.domain or ""
        if "," not in domains:
            found.append(_sent(event, domains, sites))
        else:
            found += [_sent(event, one.strip(), sites) for one in domains.split(",")[:10]]
    return found


def _sent(event: Event, domain: str, sites: Sites) -> Sent | TrothError:
    site = sites.by_domain(domain)
    if site is None:
        return MalformedEvent(
            "The event names no web site that the policy declares; nothing was stored.",
            field="domain",
            clause="I.1",
            mend="Declare the site with `declare: website`, or correct its domain.",
        )
    return Sent(
        site,
        event.n or event.name or PAGE_VIEW,
        event.u or event.url or "",
        event.r or event.referrer or "",
        _props(event),
        event.id or "",
    )


def _props(event: Event) -> bytes:
    """The properties as they were sent: JSON."""
    for given in (event.p, event.props, event.m):
        found = bytes(given)
        if found not in _EMPTY:
            return found
    return b""
