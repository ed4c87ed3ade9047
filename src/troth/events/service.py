"""Taking events in: made ready, decided, recorded and kept, many requests in one unit of work."""

from collections.abc import Sequence

from troth.events import inbox
from troth.events.identity import Blind, Salts
from troth.events.model import ReadChoice, Request, Taken
from troth.events.preparing import Country, Group, Prepared, Preparing
from troth.gate import Admission, Arrival, Gate
from troth.kernel import Clock, TrothError, Unauthenticated, Unavailable, micros, new_id
from troth.policy import Policy
from troth.storage import Database, Transaction

_TRIES = 5
_ONE = Taken(1)
"""What became of a request whose only event was kept."""


class _PolicyChanged(Exception):
    """Another version came in force between reading and deciding; the batch starts over."""


class Intake:
    """Takes events in; works for one thread at a time.

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
        self._database, self._gate, self._clock = database, gate, clock
        self._salts, self._blind, self._country = salts, blind, country
        self._read_choice, self._try_out = read_choice, try_out
        self._ready: Preparing | None = None

    def perform(self, requests: Sequence[Request], *, wait: bool = True) -> list[Taken | TrothError]:
        """Take requests in, in one unit of work.

        Args:
            requests: What came in.
            wait: Whether to wait for whoever writes to the database at this moment.

        Returns:
            What became of each, in order: an error where nothing of it could be read or its sender is not known.

        Raises:
            Busy: Somebody else is writing, and `wait` is false; nothing was kept.
            Unavailable: A store takes no work; nothing was kept.
        """
        ready = self._ready or self._renewed()
        for _ in range(_TRIES):
            prepared = list(map(ready.prepare, requests))
            try:
                with self._database.transaction() if wait else self._database.at_once() as tx:
                    return self._commit(tx, ready.policy, prepared)
            except _PolicyChanged:
                ready = self._renewed()
        raise Unavailable("The policy is being changed at this moment.", mend="Send it again.")

    def forget(self) -> None:
        """Forget what was remembered of senders."""
        if self._ready is not None:
            self._ready.forget()

    def _renewed(self) -> Preparing:
        """What makes requests ready under the policy in force now."""
        self._ready = Preparing(
            self._gate.policy(),
            salts=self._salts,
            blind=self._blind,
            read_choice=self._read_choice,
            country=self._country,
            signed_in=self._signed_in,
            try_out=self._try_out,
            https=self._https,
        )
        return self._ready

    def _signed_in(self, key: str) -> str:
        try:
            return self._gate.actor(key).person
        except Unauthenticated:  # a session that is over is nobody's
            return ""

    def _commit(
        self, tx: Transaction, policy: Policy, prepared: Sequence[Prepared | TrothError]
    ) -> list[Taken | TrothError]:
        now = micros(self._clock.now())
        groups = [group for one in prepared if isinstance(one, Prepared) for group in one.groups]
        repeated = _without_repeats(tx, groups)
        counts: dict[Arrival, int] = {}
        for group in groups:
            counts[group.arrival] = counts.get(group.arrival, 0) + len(group.events)
        admitted = self._gate.admit(tx, policy, {one: count for one, count in counts.items() if count}, now)
        if admitted is None:
            raise _PolicyChanged
        batch = _Batch(admitted, repeated)
        results = [batch.take(one) if isinstance(one, Prepared) else one for one in prepared]
        if batch.shapes:
            inbox.keep_body(tx, new_id(), now, batch.body())
            seen = [one for one in batch.seen if one]
            if seen:
                inbox.note_seen(tx, seen, now)
        return results


def _without_repeats(tx: Transaction, groups: Sequence[Group]) -> dict[int, int]:
    """Take out of groups what was seen before, or stands twice among them; gives how many by place of the group."""
    ids = [one for group in groups for one in group.seen if one]
    if not ids:
        return {}
    seen = inbox.repeats(tx, ids)
    repeated: dict[int, int] = {}
    for group in groups:
        left: list[int] = []
        for place, one in enumerate(group.seen):
            if one not in seen:
                left.append(place)
                if one:
                    seen.add(one)
        if len(left) < len(group.seen):
            repeated[id(group)] = len(group.seen) - len(left)
            group.events = [group.events[place] for place in left]
            group.visitors = [group.visitors[place] for place in left]
            group.seen = [group.seen[place] for place in left]
    return repeated


class _Batch:
    """Collects what is kept of a batch."""

    def __init__(self, admitted: dict[Arrival, Admission], repeated: dict[int, int]) -> None:
        self._admitted, self._repeated = admitted, repeated
        self._places: dict[str, int] = {}
        self.shapes: list[bytes] = []
        self.seen: list[bytes] = []
        self._visitors: list[str] = []
        self._persons: list[str] = []
        self._entries: list[int] = []

    def take(self, one: Prepared) -> Taken | TrothError:
        """Keep what was permitted of a request."""
        kept = repeated = denied = 0
        failed: TrothError | None = None
        for group in one.groups:
            repeated += self._repeated.get(id(group), 0) if self._repeated else 0
            if not group.events:
                continue
            admission = self._admitted[group.arrival]
            if admission.error is not None:
                failed = admission.error
            elif admission.permitted:
                kept += len(group.events)
                self._keep(group, admission)
            else:
                denied += len(group.events)
        if failed is not None:
            return failed
        if kept == 1 and not (repeated or denied or one.errors or one.cookie):
            return _ONE
        return Taken(kept, repeated, denied, one.errors, one.cookie if kept else "")

    def body(self) -> inbox.Body:
        """What was kept, packed."""
        ids = [one.hex() for one in self.seen]
        return inbox.packed_body(
            list(self._places), self.shapes, self._visitors, self._persons, self._entries, ids
        )

    def _keep(self, group: Group, admission: Admission) -> None:
        place = self._places.setdefault(admission.entry, len(self._places))
        facts, person = group.facts, ""
        if group.arrival.person:
            person = admission.person
            facts = (*facts[:3], "person" if person else "none", facts[4])
        count = len(group.events)
        if count == 1:
            self.shapes.append(group.events[0].shape(facts))
            self._visitors += group.visitors
            self._persons.append(person)
            self._entries.append(place)
            self.seen += group.seen
            return
        self.shapes += [event.shape(facts) for event in group.events]
        self._visitors += group.visitors
        self._persons += [person] * count
        self._entries += [place] * count
        self.seen += group.seen
