"""Taking events in: read, cleaned, decided, recorded and kept, many requests in one unit of work."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from troth.events import inbox
from troth.events.agents import agent_of
from troth.events.cleaning import name_of, page_of, props_of, referrer_of
from troth.events.cookies import cookie_value, remembering, set_cookie
from troth.events.errors import MalformedEvent
from troth.events.identity import Blind, Salts, cookie_visitor, daily_visitor, is_cookie, new_cookie
from troth.events.model import (
    CHANNEL,
    Choice,
    Headers,
    ReadChoice,
    Request,
    Row,
    Sender,
    Sent,
    Sites,
    Taken,
    sites_of,
)
from troth.gate import Admission, Arrival, Gate
from troth.kernel import (
    Clock,
    InvalidInput,
    NotFound,
    TrothError,
    Unauthenticated,
    Unavailable,
    is_id,
    micros,
    new_id,
)
from troth.policy import Policy, Website
from troth.storage import Database, Transaction

_TRIES = 5
_PERSON, _ENTRY, _IDENTITY, _VISITOR = 6, 12, 10, 5
"""Places in a row, as `Row` orders them."""
Country = Callable[[str], str]
"""The country (ISO 3166-1) of a network address; empty when it is not known."""


class _Event(NamedTuple):
    """An event on its way into a batch: its place in the request, its arrival, its row and the digest of its id."""

    place: int
    arrival: Arrival
    row: list[Any]
    seen: bytes


class _Prepared(NamedTuple):
    """A request made ready: events, errors by place, and a cookie to leave when something of it is kept."""

    events: list[_Event]
    errors: list[tuple[int, TrothError]]
    cookie: str


class _Known:
    """What a visitor's headers say under a policy, with what follows from that alone at each site."""

    __slots__ = ("arrivals", "choice", "cookie", "digests", "session")

    def __init__(self, choice: Choice, cookie: str, session: str) -> None:
        self.choice = choice
        self.cookie = cookie if is_cookie(cookie) else ""
        self.session = session
        self.arrivals: dict[tuple[str, str, str, str], Arrival] = {}
        self.digests: dict[str, str] = {}


class _PolicyChanged(Exception):
    """Another version came in force between reading and deciding; the batch starts over."""


class Intake:
    """Takes events in; belongs to one worker thread.

    Args:
        database: Holds the inbox.
        gate: Decides and records.
        clock: Dates every batch.
        salts: The daily salts.
        blind: Keyed digests of visitors' cookies.
        read_choice: Reads a visitor's choice out of headers.
        country: Knows countries of network addresses.
        try_out: Name of the web site whose pages may lie on this machine; empty for none.
        https: Whether visitors see the site over https, where the session's cookie has a prefix.
    """

    def __init__(
        self,
        database: Database,
        gate: Gate,
        clock: Clock,
        *,
        salts: Salts,
        blind: Blind,
        read_choice: ReadChoice,
        country: Country,
        try_out: str = "",
        https: bool = False,
    ) -> None:
        self._https = https
        self._try_out = try_out
        self._database, self._gate, self._clock = database, gate, clock
        self._salts, self._blind, self._country = salts, blind, country
        self._read_choice = read_choice
        self._known = lru_cache(maxsize=4_096)(self._know)

    def perform(self, requests: Sequence[Request]) -> list[Taken | TrothError]:
        """Take requests in, in one unit of work.

        Returns:
            What became of each, in order: an error where nothing of it could be read or its sender is not known.

        Raises:
            Unavailable: A store takes no work; nothing was kept.
        """
        for _ in range(_TRIES):
            policy = self._gate.policy()
            sites = sites_of(policy)
            prepared = [self._prepare(request, policy, sites) for request in requests]
            try:
                with self._database.transaction() as tx:
                    return self._commit(tx, policy, prepared)
            except _PolicyChanged:
                continue
        raise Unavailable("The policy is being changed at this moment.", mend="Send it again.")

    def _know(self, policy: Policy, headers: Headers) -> "_Known":
        """What headers say, read once for all requests of a visitor."""
        visitor, session = remembering(policy, "visitor"), remembering(policy, "session")
        return _Known(
            self._read_choice(policy, headers),
            cookie_value(headers, visitor.wire_name) if visitor is not None else "",
            cookie_value(headers, session.name_over(https=self._https)) if session is not None else "",
        )

    def _prepare(self, request: Request, policy: Policy, sites: Sites) -> _Prepared | TrothError:
        if sites.point is None:
            return NotFound("The policy declares no point that takes web events.", clause="I.1")
        try:
            sent = request.read(sites)
        except TrothError as error:
            return error
        taking = _Taking(self, request, policy, sites)
        events: list[_Event] = []
        errors: list[tuple[int, TrothError]] = []
        for place, one in enumerate(sent):
            if isinstance(one, TrothError):
                errors.append((place, one))
                continue
            try:
                events.append(taking.event(place, one))
            except TrothError as error:
                errors.append((place, error))
        if request.sender.key and not events:  # whose key is not looked at is told nothing of his events
            return errors[0][1] if errors else MalformedEvent("The request holds no event.")
        return _Prepared(events, errors, taking.cookie)

    def _commit(
        self, tx: Transaction, policy: Policy, prepared: Sequence[_Prepared | TrothError]
    ) -> list[Taken | TrothError]:
        now = micros(self._clock.now())
        counts: dict[Arrival, int] = {}
        ids = [
            event.seen for one in prepared if isinstance(one, _Prepared) for event in one.events if event.seen
        ]
        seen = inbox.repeats(tx, ids) if ids else set()
        again: set[int] = set()
        for one in prepared:
            for event in one.events if isinstance(one, _Prepared) else ():
                if event.seen:
                    if event.seen in seen:
                        again.add(id(event))
                        continue
                    seen.add(event.seen)
                counts[event.arrival] = counts.get(event.arrival, 0) + 1
        admitted = self._gate.admit(tx, policy, counts, now)
        if admitted is None:
            raise _PolicyChanged
        batch = _Batch(admitted, again)
        results: list[Taken | TrothError] = [
            batch.take(one) if isinstance(one, _Prepared) else one for one in prepared
        ]
        if batch.rows:
            inbox.keep(tx, new_id(), now, batch.entries, [Row(*one) for one in batch.rows])
            if batch.seen:
                inbox.note_seen(tx, batch.seen, now)
        return results


class _Batch:
    """Collects what is kept of a batch."""

    def __init__(self, admitted: dict[Arrival, Admission], again: set[int]) -> None:
        self._admitted, self._again = admitted, again
        self._places: dict[str, int] = {}
        self.entries: list[str] = []
        self.rows: list[Any] = []
        self.seen: list[bytes] = []

    def take(self, one: _Prepared) -> Taken | TrothError:
        """Keep what was permitted of a request."""
        kept = repeated = denied = 0
        failed: TrothError | None = None
        for event in one.events:
            if id(event) in self._again:
                repeated += 1
                continue
            admission = self._admitted[event.arrival]
            if admission.error is not None:
                failed = admission.error
            elif admission.permitted:
                kept += 1
                self._keep(event, admission)
            else:
                denied += 1
        if failed is not None:
            return failed
        return Taken(kept, repeated, denied, tuple(one.errors), one.cookie if kept else "")

    def _keep(self, event: _Event, admission: Admission) -> None:
        place = self._places.get(admission.entry)
        if place is None:
            place = self._places[admission.entry] = len(self.entries)
            self.entries.append(admission.entry)
        row = event.row
        row[_ENTRY] = place
        if event.arrival.person:
            row[_PERSON] = admission.person
            row[_IDENTITY] = "person" if admission.person else "none"
        self.rows.append(row)
        if event.seen:
            self.seen.append(event.seen)


class _Taking:
    """Makes the events of one request ready."""

    def __init__(self, intake: Intake, request: Request, policy: Policy, sites: Sites) -> None:
        self._intake, self._request, self._policy, self._sites = intake, request, policy, sites
        self._sender: Sender = request.sender
        self._known: _Known = intake._known(policy, request.sender.headers)
        self._device, self._robot = agent_of(self._sender.agent)
        takes = sites.takes
        self._device = self._device if takes("device") else ""
        self._robot = self._robot if takes("robot") else 0
        address = self._sender.address
        self._place = intake._country(address) if takes("country") and address else ""
        self._visitors: dict[str, str] = {}
        self._fresh = ""
        self._session: str | None = None

    @property
    def cookie(self) -> str:
        """The header that leaves the cookie of a new visitor; empty where there is no new one."""
        declared = remembering(self._policy, "visitor")
        return set_cookie(declared, self._fresh) if self._fresh and declared is not None else ""

    def event(self, place: int, sent: Sent) -> _Event:
        """One event as it would be kept.

        Raises:
            TrothError: It cannot be kept, whatever the policy says.
        """
        site, sites = sent.site, self._sites
        person = self._person(sent)
        row = [
            site.name,
            name_of(sent) if sites.takes("event") else "",
            page_of(sent, on_this_machine=bool(site.name) and site.name == self._intake._try_out),
            referrer_of(sent) if sites.takes("referrer") else "",
            props_of(sent) if sites.takes("properties") else "",
            "" if person else self._visitor(sent),
            "",
            self._place,
            self._device,
            self._robot,
            site.identity,
            self._request.source,
            0,
            "",
        ]
        seen = b""
        if sent.event_id:
            seen = inbox.seen_id(site.name, sent.event_id)
            row[-1] = seen.hex()
        key = (site.name, person, self._sender.key, self._request.pixel)
        arrival = self._known.arrivals.get(key)
        if arrival is None:
            arrival = self._known.arrivals[key] = self._arrival(site, person)
        return _Event(place, arrival, row, seen)

    def _arrival(self, site: Website, person: str) -> Arrival:
        point, sender, choice = self._sites.point, self._sender, self._known.choice
        if point is None:
            msg = "events without a point were not refused"
            raise AssertionError(msg)
        pixel = self._sites.pixels.get(self._request.pixel) if self._request.pixel else None
        purpose = pixel.purposes[0] if pixel else point.purposes[0]
        asked_here = site.choice == "here" and not sender.key
        allowed = choice.allows(purpose) if asked_here else True
        fields = self._sites.fields
        apart = site.identity != "none" or person
        return Arrival(
            "collect",
            purpose,
            tuple(name for part, name in fields.items() if apart or part != "visitor"),
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
        if subject and self._sender.key and is_id(subject):
            return subject
        if subject:
            raise InvalidInput(
                "A name is attached to a visitor who is known by none; nothing was stored.",
                clause=sent.site.clause,
                field="id",
                mend="Leave it out; a server may give the handle of a signed-in person.",
            )
        return self._signed_in()

    def _signed_in(self) -> str:
        """Handle of whoever the session cookie names; a session that is over is nobody's."""
        if self._session is None:
            key = self._known.session
            try:
                self._session = self._intake._gate.actor(key).person if key else ""
            except Unauthenticated:
                self._session = ""
        return self._session

    def _visitor(self, sent: Sent) -> str:
        site = sent.site
        if site.identity == "none" or not self._sites.takes("visitor"):
            return ""
        given = sent.visitor if self._sender.key else ""
        found = self._visitors.get(site.name + given)
        if found is None:
            found = self._visitors[site.name + given] = self._told_apart(site, given)
        return found

    def _told_apart(self, site: Website, given: str) -> str:
        sender, intake = self._sender, self._intake
        if site.identity == "daily":
            if not sender.address:
                return ""
            salt = intake._salts.current()
            return daily_visitor(salt, site.name, site.domain, sender.address, sender.agent)
        if sender.key:
            return cookie_visitor(intake._blind, site.name, given) if given else ""
        cookie = self._known.cookie
        if not cookie:
            cookie = self._fresh = self._fresh or new_cookie()
            return cookie_visitor(intake._blind, site.name, cookie)
        found = self._known.digests.get(site.name)
        if found is None:
            found = self._known.digests[site.name] = cookie_visitor(intake._blind, site.name, cookie)
        return found
