"""What a web event is: as a client sends it, as its sender is known, and as it is kept. Pure."""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple, Protocol

import msgspec

from troth.kernel import TrothError
from troth.policy import Pixel, Point, Policy, Website

Scalar = str | int | float | bool | None
PAGE_VIEW = "pageview"
CHANNEL = "web"


class Choice(Protocol):
    """What a visitor chose, as far as events ask."""

    @property
    def made(self) -> bool:
        """Whether a choice was made, at a place that shows the notice."""

    @property
    def signal(self) -> str:
        """How the browser says no; empty where it does not."""

    def allows(self, purpose: str) -> bool:
        """Whether a purpose is switched on; against the browser's signal, whether knowingly."""


Headers = tuple[tuple[bytes, bytes], ...]
ReadChoice = Callable[[Policy, Headers], Choice]


class Sender(NamedTuple):
    """Who sent a request, as its headers tell; never kept.

    Args:
        address: Network address of the visitor.
        agent: User agent.
        headers: The headers that a choice is read from: `cookie`, `sec-gpc`, `dnt`.
        key: API key of a sender that is a server; empty for a browser.
    """

    address: str
    agent: str
    headers: Headers = ()
    key: str = ""


class Sent(NamedTuple):
    """One event as a client sent it.

    Args:
        site: The declared web site that it names.
        name: What happened.
        url: Address of the page.
        referrer: Address of the page before.
        props: Further words about it, as JSON.
        event_id: What tells a repeat from a new event; empty when the client gave nothing of the kind.
        subject: A name that the client attached to the visitor.
        visitor: An id that the client made for the visitor.
    """

    site: Website
    name: str
    url: str
    referrer: str = ""
    props: bytes = b""
    event_id: str = ""
    subject: str = ""
    visitor: str = ""


Read = Callable[[bytes, "Sites"], Sequence[Sent | TrothError]]
"""Reads the events of a body."""


class Request(NamedTuple):
    """One request with events.

    Args:
        sender: Who sent it.
        body: Its events, as they were sent.
        read: Reads them, given the web sites of the policy in force; always gives the same for the same.
        source: The wire format.
        pixel: Path of the declared pixel that was asked for; empty for everything else.
    """

    sender: Sender
    body: bytes
    read: Read
    source: str
    pixel: str = ""


class Taken(NamedTuple):
    """What became of a request: events kept, repeated, denied; the errors of its events by place; a cookie to leave."""

    kept: int = 0
    repeated: int = 0
    denied: int = 0
    errors: tuple[tuple[int, TrothError], ...] = ()
    cookie: str = ""


class Row(NamedTuple):
    """One event as it is kept; empty texts stand for what is not known or not taken.

    Args:
        site: Name of the web site.
        name: What happened.
        page: Host and path of the page, with declared campaign parameters.
        referrer: Host and path of the page before.
        props: Further words, as JSON.
        visitor: Keyed digest that tells visitors apart; empty where they are not told apart.
        person: Handle of the person who was signed in.
        country: ISO 3166-1 code.
        device: desktop, phone, tablet or other.
        robot: 1 when a crawler came.
        identity: How the visitor is told apart: none, daily, cookie or person.
        source: The wire format.
        entry: Place of the decision in the list of the batch.
        event_id: Digest of the client's id of the event; empty when it gave none.
    """

    site: str
    name: str
    page: str
    referrer: str = ""
    props: str = ""
    visitor: str = ""
    person: str = ""
    country: str = ""
    device: str = ""
    robot: int = 0
    identity: str = "none"
    source: str = ""
    entry: int = 0
    event_id: str = ""


class Shape(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """What events of one page, one class of device and one country have in common; the same words as in `Row`."""

    site: str
    name: str
    page: str
    referrer: str
    props: str
    country: str
    device: str
    robot: int
    identity: str
    source: str


class Sites:
    """The web sites of a policy version, found by what the wire formats call them, and the point of their events.

    Args:
        policy: The version.
    """

    def __init__(self, policy: Policy) -> None:
        sites = policy.of(Website)
        self.point: Point | None = next((point for point in policy.points.values() if point.events), None)
        self.pixels: Mapping[str, Pixel] = {pixel.path: pixel for pixel in policy.of(Pixel)}
        self.fields: Mapping[str, str] = {}
        if self.point is not None:
            parts = {name: policy.fields[name].part for name in self.point.fields}
            self.fields = {part: name for name, part in parts.items() if part}
        self.named: Mapping[str, Website] = {site.name: site for site in sites}
        self._hosts = {host: site for site in sites for host in (site.domain, *site.hosts)}
        self._umami = {site.umami: site for site in sites if site.umami}
        self._matomo = {str(site.matomo): site for site in sites if site.matomo}

    def by_domain(self, domain: str) -> Website | None:
        """The site that a domain or its own name calls."""
        return self._hosts.get(domain) or self.named.get(domain)

    def by_umami(self, website: str) -> Website | None:
        """The site of an Umami website id."""
        return self._umami.get(website)

    def by_matomo(self, idsite: str) -> Website | None:
        """The site of a Matomo idsite."""
        return self._matomo.get(idsite)

    def of_host(self, host: str) -> Website | None:
        """The site that a host name lies in: its own entry, else the nearest domain above it."""
        while host:
            found = self._hosts.get(host)
            if found is not None:
                return found
            host = host.partition(".")[2]
        return None

    def takes(self, part: str) -> bool:
        """Whether the point takes a part of an event; what it does not take is not kept."""
        return part in self.fields


@lru_cache(maxsize=8)
def sites_of(policy: Policy) -> Sites:
    """The web sites of a version."""
    return Sites(policy)
