"""Making requests ready: who sent them, and their events cleaned.

Much of this is the same from one request to the next: a visitor's headers, the same page seen by many. What was found out is
remembered for some minutes, in memory only and within bounds, because finding it out costs more than the rest together.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec

from troth.events import inbox
from troth.events.agents import agent_of
from troth.events.cleaning import name_of, page_of, props_of, referrer_of
from troth.events.cookies import cookie_value, remembering, set_cookie
from troth.events.errors import MalformedEvent
from troth.events.identity import Blind, Salts, cookie_visitor, daily_visitor, is_cookie, new_cookie
from troth.events.model import (
    CHANNEL,
    Choice,
    Read,
    ReadChoice,
    Request,
    Sender,
    Sent,
    Shape,
    sites_of,
)
from troth.gate import Arrival
from troth.kernel import InvalidInput, NotFound, TrothError, is_id
from troth.policy import Policy, Website

MOST_SENDERS = 8_192
MOST_EVENTS = 8_192
MOST_BODIES = 4_096
"""How much is remembered; what is more begins anew."""
_SHORT_BODY = 1_500
"""Longest body that is remembered, in bytes."""
Country = Callable[[str], str]
"""The country (ISO 3166-1) of a network address; empty when it is not known."""
SignedIn = Callable[[str], str]
"""The handle of the person whose session a key is; empty for nobody's."""
_Facts = tuple[str, str, int, str, str]
"""What a request says about all its events: country, device, robot, identity, wire format."""


class Cleaned(msgspec.Struct, gc=False, weakref=False):
    """An event as it would be kept, without whose it is; whoever sends the same page shares it."""

    site: Website
    words: tuple[str, str, str, str, str]
    shapes: dict[_Facts, bytes]

    def shape(self, facts: _Facts) -> bytes:
        """What is kept of it with the facts of its request, as one piece."""
        found = self.shapes.get(facts)
        if found is None:
            country, device, robot, identity, source = facts
            shape = Shape(*self.words, country, device, robot, identity, source)
            found = self.shapes[facts] = inbox.encode_shape(shape)
        return found


class Group(msgspec.Struct, gc=False, weakref=False):
    """Events of one request that are alike in all that decides: those of one site.

    Args:
        arrival: What the gate decides about.
        facts: What the request says about all of them.
        events: The events.
        visitors: By what each visitor is told apart.
        seen: Digests by which each is known again; empty where the client gave no id.
    """

    arrival: Arrival
    facts: _Facts
    events: list[Cleaned]
    visitors: list[str]
    seen: list[bytes]


class Prepared(NamedTuple):
    """A request made ready: its events, errors by place, and a cookie to leave when something of it is kept."""

    groups: Sequence[Group]
    errors: tuple[tuple[int, TrothError], ...]
    cookie: str


class _Known:
    """What a sender's headers say under a policy, with what follows from that alone."""

    __slots__ = ("arrivals", "choice", "cookie", "country", "device", "digests", "ready", "robot", "session")

    def __init__(self, choice: Choice, cookie: str, session: str, about: tuple[str, str, int]) -> None:
        self.choice = choice
        self.cookie = cookie if is_cookie(cookie) else ""
        self.session = session
        self.country, self.device, self.robot = about
        self.arrivals: dict[tuple[str, str, str], Arrival] = {}
        self.digests: dict[tuple[str, bytes], str] = {}
        self.ready: dict[tuple[str, str], tuple[Arrival, _Facts, str]] = {}


class Preparing:
    """Makes requests ready under one policy version; belongs to one thread at a time.

    Args:
        policy: The version.
        salts: The daily salts.
        blind: Keyed digests of visitors' cookies.
        read_choice: Reads a visitor's choice out of headers.
        country: Knows countries of network addresses.
        signed_in: Knows whose a session is.
        try_out: Name of the web site whose pages may lie on this machine; empty for none.
        https: Whether visitors see the site over https, where the session's cookie has a prefix.
    """

    def __init__(
        self,
        policy: Policy,
        *,
        salts: Salts,
        blind: Blind,
        read_choice: ReadChoice,
        country: Country,
        signed_in: SignedIn,
        try_out: str,
        https: bool,
    ) -> None:
        self.policy, self.sites = policy, sites_of(policy)
        self._salts, self._blind, self._country = salts, blind, country
        self._read_choice, self._signed_in, self._try_out = read_choice, signed_in, try_out
        visitor, session = remembering(policy, "visitor"), remembering(policy, "session")
        self._visitor_cookie = visitor
        self._visitor_name = visitor.wire_name if visitor is not None else ""
        self._session_name = session.name_over(https=https) if session is not None else ""
        self._senders: dict[Sender, _Known] = {}
        self._events: dict[tuple[str, str, str, str, bytes], Cleaned] = {}
        self._bodies: dict[tuple[Read, bytes], tuple[Sequence[Sent], Sequence[Cleaned]]] = {}

    def forget(self) -> None:
        """Forget what was found out about senders and pages."""
        self._senders.clear()
        self._events.clear()
        self._bodies.clear()

    def prepare(self, request: Request) -> Prepared | TrothError:
        """A request made ready; an error where nothing of it can be read."""
        if self.sites.point is None:
            return NotFound("The policy declares no point that takes web events.", clause="I.1")
        known = self._senders.get(request.sender) or self._know(request.sender)
        met = self._bodies.get((request.read, request.body))
        if met is not None:
            sent: Sequence[Sent | TrothError] = met[0]
            group = None if known.session else _met(known, request, met[1])
            if group is not None:
                return Prepared((group,), (), "")
        else:
            try:
                sent = request.read(request.body, self.sites)
            except TrothError as error:
                return error
        taking = _Taking(self, request, known)
        errors: tuple[tuple[int, TrothError], ...] = ()
        for place, one in enumerate(sent):
            try:
                if isinstance(one, TrothError):
                    raise one
                taking.take(one)
            except TrothError as error:
                errors = (*errors, (place, error))
        groups = taking.groups
        if request.sender.key and not groups:  # whose key is not looked at is told nothing of his events
            return errors[0][1] if errors else MalformedEvent("The request holds no event.")
        if met is None and not errors and len(request.body) <= _SHORT_BODY:
            self._meet(request, sent)
        return Prepared(groups, errors, self._cookie(taking.fresh) if taking.fresh else "")

    def clean(self, sent: Sent) -> Cleaned:
        """An event as it would be kept.

        Raises:
            TrothError: It cannot be kept, whatever the policy says.
        """
        site, sites = sent.site, self.sites
        key = (site.name, sent.name, sent.url, sent.referrer, sent.props)
        found = self._events.get(key)
        if found is None:
            words = (
                site.name,
                name_of(sent) if sites.takes("event") else "",
                page_of(sent, on_this_machine=bool(site.name) and site.name == self._try_out),
                referrer_of(sent) if sites.takes("referrer") else "",
                props_of(sent) if sites.takes("properties") else "",
            )
            if len(self._events) >= MOST_EVENTS:
                self._events.clear()
            found = self._events[key] = Cleaned(site, words, {})
        return found

    def _meet(self, request: Request, sent: Sequence[Sent | TrothError]) -> None:
        """Remember a body in which nothing tells one visitor from another."""
        plain = [one for one in sent if isinstance(one, Sent)]
        if any(one.event_id or one.subject or one.visitor for one in plain):
            return
        if len(self._bodies) >= MOST_BODIES:
            self._bodies.clear()
        self._bodies[request.read, request.body] = (plain, [self.clean(one) for one in plain])

    def _know(self, sender: Sender) -> _Known:
        """What headers say, read once for the requests of a visitor."""
        takes = self.sites.takes
        device, robot = agent_of(sender.agent)
        country = self._country(sender.address) if takes("country") and sender.address else ""
        cookie = cookie_value(sender.headers, self._visitor_name) if self._visitor_name else ""
        session = cookie_value(sender.headers, self._session_name) if self._session_name else ""
        about = (country, device if takes("device") else "", robot if takes("robot") else 0)
        if len(self._senders) >= MOST_SENDERS:
            self._senders.clear()
        known = _Known(self._read_choice(self.policy, sender.headers), cookie, session, about)
        self._senders[sender] = known
        return known

    def _cookie(self, value: str) -> str:
        """The header that leaves the cookie of a new visitor."""
        return set_cookie(self._visitor_cookie, value) if self._visitor_cookie is not None else ""


def _met(known: _Known, request: Request, events: Sequence[Cleaned]) -> Group | None:
    """An event that was met before, of a visitor who was met before; None for all others."""
    if len(events) != 1 or request.pixel:
        return None
    ready = known.ready.get((events[0].site.name, request.source))
    if ready is None:
        return None
    arrival, facts, visitor = ready
    return Group(arrival, facts, [events[0]], [visitor], [b""])


class _Taking:
    """Makes the events of one request ready."""

    __slots__ = ("_by_site", "_known", "_made", "_preparing", "_request", "_session", "fresh")

    def __init__(self, preparing: Preparing, request: Request, known: _Known) -> None:
        self._preparing, self._request, self._known = preparing, request, known
        self._by_site: dict[tuple[str, str], Group] = {}
        self._made: dict[tuple[str, str], str] = {}
        self._session: str | None = None if known.session else ""
        self.fresh = ""

    @property
    def groups(self) -> Sequence[Group]:
        """The events by site and by who is signed in."""
        return list(self._by_site.values())

    def take(self, sent: Sent) -> None:
        """Add an event.

        Raises:
            TrothError: It cannot be kept, whatever the policy says.
        """
        site = sent.site
        person = self._person(sent)
        event = self._preparing.clean(sent)
        group = self._by_site.get((site.name, person))
        if group is None:
            known = self._known
            facts = (known.country, known.device, known.robot, site.identity, self._request.source)
            group = Group(self._arrival(site, person), facts, [], [], [])
            self._by_site[site.name, person] = group
            if self._lasts(site, person):
                known.ready[site.name, facts[4]] = (group.arrival, facts, self._visitor(sent))
        group.events.append(event)
        group.visitors.append("" if person else self._visitor(sent))
        group.seen.append(inbox.seen_id(site.name, sent.event_id) if sent.event_id else b"")

    def _lasts(self, site: Website, person: str) -> bool:
        """Whether all that is said about the visitor's events at a site follows from the headers, for more than a day."""
        request = self._request
        if person or request.pixel or request.sender.key or self._known.session:
            return False
        return site.identity == "none" or (site.identity == "cookie" and bool(self._known.cookie))

    def _arrival(self, site: Website, person: str) -> Arrival:
        pixel = self._request.pixel
        key = (site.name, person, pixel)
        found = self._known.arrivals.get(key)
        if found is None:
            found = self._made_arrival(site, person)
            if not person:  # who is signed in is not remembered beside what the headers say
                self._known.arrivals[key] = found
        return found

    def _made_arrival(self, site: Website, person: str) -> Arrival:
        sites, sender, choice = self._preparing.sites, self._request.sender, self._known.choice
        point = sites.point
        if point is None:
            msg = "events without a point were not refused"
            raise AssertionError(msg)
        pixel = sites.pixels.get(self._request.pixel) if self._request.pixel else None
        purpose = pixel.purposes[0] if pixel else point.purposes[0]
        asked_here = site.choice == "here" and not sender.key
        allowed = choice.allows(purpose) if asked_here else True
        apart = site.identity != "none" or person
        return Arrival(
            "collect",
            purpose,
            tuple(name for part, name in sites.fields.items() if apart or part != "visitor"),
            point.name,
            CHANNEL,
            sender.key,
            (pixel.actor or "") if pixel else "",
            person,
            consented=allowed,
            opted_out=bool(choice.signal) and not (allowed and asked_here),
            informed=choice.made or not asked_here,
        )

    def _person(self, sent: Sent) -> str:
        """Who the visitor is, by his session or by a handle that a sender with a key gives.

        Raises:
            InvalidInput: The client attached a name of its own.
        """
        subject = sent.subject
        if subject and self._request.sender.key and is_id(subject):
            return subject
        if subject:
            raise InvalidInput(
                "A name is attached to a visitor who is known by none; nothing was stored.",
                clause=sent.site.clause,
                field="id",
                mend="Leave it out; a server may give the handle of a signed-in person.",
            )
        if self._session is None:
            self._session = self._preparing._signed_in(self._known.session)
        return self._session

    def _visitor(self, sent: Sent) -> str:
        site = sent.site
        if site.identity == "none" or not self._preparing.sites.takes("visitor"):
            return ""
        given = sent.visitor if self._request.sender.key else ""
        found = self._made.get((site.name, given))
        if found is None:
            found = self._made[site.name, given] = self._told_apart(site, given)
        return found

    def _told_apart(self, site: Website, given: str) -> str:
        sender, known, preparing = self._request.sender, self._known, self._preparing
        if site.identity == "daily":
            if not sender.address:
                return ""
            salt = preparing._salts.current()
            return self._digest(
                (site.name, salt),
                lambda: daily_visitor(salt, site.name, site.domain, sender.address, sender.agent),
            )
        blind = preparing._blind
        if sender.key:
            return cookie_visitor(blind, site.name, given) if given else ""
        cookie = known.cookie
        if not cookie:
            cookie = self.fresh = self.fresh or new_cookie()
            return cookie_visitor(blind, site.name, cookie)
        return self._digest((site.name, b""), lambda: cookie_visitor(blind, site.name, cookie))

    def _digest(self, key: tuple[str, bytes], make: Callable[[], str]) -> str:
        found = self._known.digests.get(key)
        if found is None:
            found = self._known.digests[key] = make()
        return found
