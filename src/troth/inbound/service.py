"""The inbox: a mail is on disk, sealed, before it is accepted; a job reads it and gives it to its handler."""

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import msgspec
from sqlalchemy import bindparam, delete, func, insert, select, update

from troth.gate import Admission, Arrival, Gate, Parcels
from troth.inbound.model import parted_address
from troth.inbound.reading import files_of, headers_of, read_mail
from troth.inbound.routing import ForStaff, Received, Route
from troth.inbound.tables import mail_inbox
from troth.kernel import Clock, Log, NotFound, Refused, TrothError, Unavailable, from_micros, micros, new_id
from troth.storage import Database, Job, JobOver, Lookup, Statement, Transaction, stage_job

RECEIVED = "mail.received"
"""Topic of a mail that was accepted; body: its id."""
WAITING, STAFF = "waiting", "staff"
MOST_TRIES = 30
"""Tries of a handler before a person must look: with waits of at most six hours, five days."""
_TRIES = 5
_AT_ONCE = 500
_i = mail_inbox.c
_ADD = Statement(insert(mail_inbox))
_READ = Lookup(mail_inbox, by=("mail_id",), take=("route", "state", "reason", "size", "arrived_at"))
_GO = Statement(delete(mail_inbox).where(_i.mail_id == bindparam("which")))
_TO_STAFF = Statement(
    update(mail_inbox)
    .where(_i.mail_id == bindparam("which"), _i.state == WAITING)
    .values(state=STAFF, reason=bindparam("why"))
)
_OF_STATE = Statement(
    select(_i.mail_id, _i.route, _i.state, _i.reason, _i.size, _i.arrived_at)
    .where(_i.state == bindparam("kind"))
    .order_by(_i.arrived_at, _i.mail_id)
    .limit(bindparam("most"))
)
_BEFORE = Statement(
    select(_i.mail_id)
    .where(_i.arrived_at < bindparam("before"))
    .order_by(_i.arrived_at, _i.mail_id)
    .limit(bindparam("most"))
)
_COUNT = Statement(select(_i.state, func.count()).group_by(_i.state))
_log = Log("troth.inbound")


Routes = Callable[[], Sequence[Route]]


class Kept(NamedTuple):
    """A mail in the inbox, without what it says. Instant in microseconds; size in bytes."""

    mail_id: str
    route: str
    state: str
    reason: str
    size: int
    arrived_at: int


Along = Callable[[Transaction], None]


class _Content(msgspec.Struct, array_like=True, frozen=True):
    """What a parcel holds: format, sender and recipient of the envelope, the mail, and why whoever took it was in doubt."""

    format: int
    sender: str
    recipient: str
    raw: bytes
    doubt: str = ""


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Content).decode


class Inbox:
    """Mail that arrived and is not handled yet.

    Args:
        database: Where it is kept.
        gate: Decides whether it may be kept, and records it.
        parcels: Seal it.
        clock: Dates it.
        routes: Gives which address leads to which handler; the first that takes an address is meant.
    """

    def __init__(
        self, database: Database, gate: Gate, parcels: Parcels, clock: Clock, routes: Routes
    ) -> None:
        self._database, self._gate, self._parcels, self._clock = database, gate, parcels, clock
        self._routes = routes

    def route(self, address: str) -> Route | None:
        """Where mail to an address goes; None when we take none for it. Goes by form, not by whom we know."""
        parted = parted_address(address)
        if parted is None:
            return None
        return next((one for one in self._routes() if one.takes(*parted)), None)

    def keep(
        self,
        sender: str,
        recipients: Sequence[str],
        raw: bytes,
        *,
        doubt: str = "",
        along: Along | None = None,
    ) -> list[str]:
        """Put a mail on disk, once for each recipient; when this returns, it will be handled.

        Args:
            sender: Of the envelope; empty for reports.
            recipients: Addresses of ours.
            raw: The mail.
            doubt: Why a person must look at it whatever it says, a static word; empty for no such reason.
            along: Does more in the same unit of work; when it raises, nothing was kept.

        Returns:
            The ids under which it is kept.

        Raises:
            NotFound: We take no mail for an address; nothing was kept.
            Refused: The policy lets none be kept; nothing was.
            Unavailable: A store takes no work; nothing was kept.
        """
        routed = {one.lower(): self.route(one) for one in recipients}
        made = {one: (new_id(), route) for one, route in routed.items() if route is not None}
        if len(made) != len(routed) or not made:
            raise NotFound("No such mailbox is here.", field="recipient", mend="Check the address.")
        now = micros(self._clock.now())
        ids = [mail_id for mail_id, _ in made.values()]
        self._parcels.prepare(ids, now)
        try:
            self._keep(made, _Content(1, sender, "", raw, doubt), now, along)
        except BaseException:
            self._parcels.destroy(ids)
            raise
        return ids

    def _keep(
        self, made: dict[str, tuple[str, Route]], content: _Content, now: int, along: Along | None
    ) -> None:
        for _ in range(_TRIES):
            policy = self._gate.policy()
            arrivals = {one: route.arrival(policy) for one, (_, route) in made.items()}
            with self._database.transaction() as tx:
                admitted = self._gate.admit(tx, policy, Counter(arrivals.values()), now)
                if admitted is None:  # another version was posted meanwhile
                    continue
                if all(one.permitted for one in admitted.values()):
                    for recipient, (mail_id, route) in made.items():
                        sealed = _encode(msgspec.structs.replace(content, recipient=recipient))
                        self._parcels.keep(tx, admitted[arrivals[recipient]], mail_id, sealed, now)
                        tx.run(_ADD, (mail_id, route.name, WAITING, "", len(content.raw), now))
                        stage_job(tx, RECEIVED, {"mail": mail_id}, due=now)
                    if along is not None:
                        along(tx)
                    return
            raise _refusal(admitted)
        raise Unavailable("The policy is being changed.", mend="Send it again.")

    def __call__(self, job: Job) -> None:
        """Give a mail to its handler, then destroy it.

        Raises:
            JobOver: It was handled before, or a person must look at it.
            TrothError: Not now; the job is to be tried again.
        """
        mail_id = job.body["mail"]
        with self._database.snapshot() as tx:
            row = tx.lookup(_READ, [(mail_id,)]).get((mail_id,))
        if row is None:
            self._destroy([mail_id])
            raise JobOver("handled-before")
        if row[1] != WAITING:
            raise JobOver("for-staff")
        try:
            self._hand_on(mail_id, row[0], row[4])
        except ForStaff as told:
            self._to_staff(mail_id, told.reason)
            raise JobOver("for-staff") from None
        except (TrothError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
            if job.attempts < MOST_TRIES:
                raise
            self._to_staff(mail_id, "given-up")
            raise JobOver("for-staff") from None
        self._destroy([mail_id])

    def kept(self, state: str = STAFF, most: int = 100) -> list[Kept]:
        """What waits for its handler (`waiting`) or for a person (`staff`), oldest first."""
        with self._database.snapshot() as tx:
            return [Kept(*row) for row in tx.rows(_OF_STATE, {"kind": state, "most": most})]

    def counts(self, tx: Transaction) -> dict[str, int]:
        """How many mails are kept, by state."""
        return {state: int(count) for state, count in tx.rows(_COUNT)}

    def for_staff(self, mail_id: str) -> Received:
        """A mail that waits for a person, for a handler whose own act of use was permitted.

        Raises:
            NotFound: None with this id waits for a person.
        """
        with self._database.snapshot() as tx:
            row = tx.lookup(_READ, [(mail_id,)]).get((mail_id,))
        if row is None or row[1] != STAFF:
            raise NotFound("No mail with this id waits for a person.", field="mail", mend="See the list.")
        return self._received(mail_id, row[0], row[4])[0]

    def route_of(self, mail_id: str) -> str:
        """Name of the route by which a mail came that waits for a person.

        Raises:
            NotFound: None with this id waits for a person.
        """
        with self._database.snapshot() as tx:
            row = tx.lookup(_READ, [(mail_id,)]).get((mail_id,))
        if row is None or row[1] != STAFF:
            raise NotFound("No mail with this id waits for a person.", field="mail", mend="See the list.")
        return str(row[0])

    def opened(self, mail_id: str) -> tuple[Received, list[tuple[str, str]]]:
        """A mail that waits for a person with its headers, for a handler whose own act of use was permitted.

        Raises:
            NotFound: None with this id waits for a person.
        """
        received = self.for_staff(mail_id)
        with self._database.snapshot() as tx:
            raw = _decode(self._parcels.opened(tx, mail_id)).raw
        return received, headers_of(raw)

    def settle(self, tx: Transaction, mail_id: str) -> bool:
        """Note in a unit of work that a person has dealt with a mail; False when somebody did before. It is destroyed after."""
        stage_job(tx, RECEIVED, {"mail": mail_id}, due=micros(self._clock.now()))
        return self._settling(mail_id)(tx)

    def destroy(self, mail_id: str) -> None:
        """Destroy a mail that was handled by a person."""
        self._destroy([mail_id])

    def dispose(self, before: int) -> int:
        """Destroy mail that arrived before an instant (microseconds), handled or not; gives its number."""
        gone = 0
        while True:
            with self._database.snapshot() as tx:
                old = [row[0] for row in tx.rows(_BEFORE, {"before": before, "most": _AT_ONCE})]
            if not old:
                return gone
            self._destroy(old)
            gone += len(old)

    def _hand_on(self, mail_id: str, route_name: str, arrived_at: int) -> None:
        received, route = self._received(mail_id, route_name, arrived_at)
        if received.mail.malformed:
            if route.unread is not None:
                route.unread(received)
            raise ForStaff(received.mail.malformed)
        route.handle(received)

    def _received(self, mail_id: str, route_name: str, arrived_at: int) -> tuple[Received, Route]:
        route = next((one for one in self._routes() if one.name == route_name), None)
        if route is None:
            raise ForStaff("no-reader")
        try:
            with self._database.snapshot() as tx:
                content = _decode(self._parcels.opened(tx, mail_id))
        except NotFound:
            self._destroy([mail_id])
            raise JobOver("destroyed") from None
        mail = read_mail(content.raw)
        if not content.sender and not mail.automatic:
            mail = mail._replace(automatic="null-sender")
        if content.doubt and not mail.automatic:
            mail = mail._replace(malformed=mail.malformed or content.doubt)
        arrived = from_micros(arrived_at)
        settle, leave = self._settling(mail_id), self._leaving(mail_id)
        files = partial(files_of, content.raw)
        return Received(
            mail_id, content.recipient, content.sender, arrived, mail, settle, leave, files
        ), route

    def _settling(self, mail_id: str) -> Callable[[Transaction], bool]:
        return lambda tx: tx.run(_GO, {"which": mail_id}) == 1

    def _leaving(self, mail_id: str) -> Callable[[Transaction, str], bool]:
        return lambda tx, why: tx.run(_TO_STAFF, {"which": mail_id, "why": why}) == 1

    def _to_staff(self, mail_id: str, reason: str) -> None:
        with self._database.transaction() as tx:
            tx.run(_TO_STAFF, {"which": mail_id, "why": reason})
        _log.warning("mail_for_staff", mail=mail_id, reason=reason)

    def _destroy(self, ids: list[str]) -> None:
        """Keys first, then rows: a crash in between leaves only what nobody can read."""
        self._parcels.destroy(ids)
        with self._database.transaction() as tx:
            self._parcels.forget(tx, ids, micros(self._clock.now()))
            tx.run_many(_GO, [{"which": one} for one in ids])


def _refusal(admitted: dict[Arrival, Admission]) -> TrothError:
    for one in admitted.values():
        if one.error is not None:
            return one.error
        if not one.permitted:
            clause = one.clauses[0] if one.clauses else ""
            return Refused(
                "The policy does not let this mail be kept.", clause=clause, mend="Use the web form."
            )
    msg = "nothing was refused"
    raise AssertionError(msg)
