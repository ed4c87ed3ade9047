"""Mail that comes back, is complained of, or asks to stop what a message was about, wired (clauses I.5, II.14 and II.15).

Whoever has got a message from us knows the addresses that it names, and nobody else can make them: a report that names none of
them does nothing. What a report says beside that is not believed further than it harms nobody but whoever got the message.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from troth.bootstrap.intake import intake_key, stop_ask
from troth.gate import OPTING_OUT, RETURNING, UNDELIVERABLE, Ask, Outcome, mailbox_hash
from troth.inbound import Bounce, Complaint, ForStaff, InboundMail, Received, Route
from troth.kernel import InvalidInput, Log, Unavailable, is_id, micros
from troth.outreach import Row
from troth.preferences import Stop, declared, stage_noted, takes, topic_named
from troth.storage import Transaction

if TYPE_CHECKING:
    from troth.bootstrap.runtime import Troth

COMPLAINTS = "complaints"
"""Local part of the address that mailbox providers send complaints to."""
_FULL = ("5.2.2", "5.2.3", "5.3", "5.4", "5.5", "5.6", "5.7")
"""Failures for good that are none of the address: a full mailbox, a large mail, a server, content and policy (RFC 3463)."""
_PRAISE = "not-spam"
_log = Log("troth.inbound")


class _HandledBefore(Exception):
    """Undoes the unit of work: the mail was handled in another."""


class Returned:
    """Handles reports about messages of ours, and mail that stops what they were about.

    Args:
        troth: The running parts.
    """

    def __init__(self, troth: "Troth") -> None:
        self._troth = troth

    def report(self, received: Received) -> None:
        """A mail to the envelope sender of a message: a delivery report, a complaint, or what is none.

        Raises:
            ForStaff: A person wrote it.
            Unavailable: A store takes no work; it is tried again.
        """
        mail, row = received.mail, self._row(received.recipient)
        if mail.complaint is not None:
            self._complained(received, row, mail.complaint)
        elif mail.bounce is not None and row is not None:
            self._came_back(received, row, mail.bounce)
        elif mail.bounce is None and not mail.automatic:
            raise ForStaff("no-report")

    def complaint(self, received: Received) -> None:
        """A mail to the address for complaints.

        Raises:
            ForStaff: It is no report of a complaint.
            Unavailable: A store takes no work; it is tried again.
        """
        told = received.mail.complaint
        if told is None:
            raise ForStaff("no-report")
        self._complained(received, self._row(told.sender), told)

    def stop(self, received: Received) -> None:
        """A mail to the address that stops what a message was about, by whichever address it comes.

        It is confirmed to whoever got the message, but where no person wrote it: nobody answers a program (RFC 3834).

        Raises:
            ForStaff: Nobody wrote it, or nothing tells who it is about.
            Unavailable: A store takes no work; it is tried again.
        """
        mail, row = received.mail, self._row(received.recipient)
        if mail.bounce is not None or mail.complaint is not None or mail.looping:
            raise ForStaff("automatic")
        if row is not None and is_id(row.person):
            policy = self._troth.policy()
            topic = topic_named(policy, mail.subject, self._troth.campaigns.topic(row.batch))
            topic, channel = declared(policy, topic, row.channel)
            ask = self._stop(row.person, channel, mail, topic=topic)
        elif mail.sender and not mail.automatic:
            ask = stop_ask(self._troth, mail)
        else:
            raise ForStaff("automatic")
        self._do(received, [ask], confirmed=not mail.automatic)

    def _row(self, address: str) -> Row | None:
        """The message that an address of ours names, where we made the address."""
        message = self._troth.envelopes.message(address)
        row = self._troth.outbox.message(message) if message else None
        if row is None:
            _log.info("report_about_nothing")
        return row

    def _came_back(self, received: Received, row: Row, bounce: Bounce) -> None:
        if bounce.action != "failed":
            return  # it is still being tried, or arrived
        dead = bounce.hard and not bounce.status.startswith(_FULL) and self._theirs(row, bounce.recipient)
        troth = self._troth
        with troth.database.transaction() as tx:
            troth.outbox.note_bounce(tx, row.id, hard=dead)
            often = is_id(row.person) and troth.preferences.came_back(tx, row.person, row.id)
        if (dead or often) and is_id(row.person):
            ask = Ask(
                act="instruct",
                purpose=RETURNING,
                key=intake_key(troth),
                order=UNDELIVERABLE,
                person=row.person,
                hashed=self._hash_of(row.person),
            )
            self._do(received, [ask])

    def _theirs(self, row: Row, address: str) -> bool:
        """Whether a report is about the address that the person has now; where it names none, it is taken to be.

        A mail that was forwarded comes back from elsewhere, and somebody may have another address by now.
        """
        if not address:
            return True
        try:
            return self._troth.preferences.hashed(address) == self._hash_of(row.person)
        except InvalidInput:
            return False

    def _hash_of(self, person: str) -> str:
        with self._troth.database.snapshot() as tx:
            return mailbox_hash(tx, self._troth.policy(), person)

    def _complained(self, received: Received, row: Row | None, told: Complaint) -> None:
        """Whoever calls a message spam wants none: everything stops, at once."""
        said = self._said(told.unsubscribe)
        if told.kind == _PRAISE or (row is None and said is None):
            return
        troth, asks = self._troth, []
        message = row.id if row is not None else said.message if said is not None else ""
        if row is not None and is_id(row.person):
            asks.append(self._stop(row.person, "", received.mail))
        if said is not None:
            asks.append(self._stop(said.person, "", received.mail, said.hashed))
        with troth.database.transaction() as tx:
            troth.outbox.note_complaint(tx, message)
        if asks:
            self._do(received, asks)

    def _said(self, unsubscribe: str) -> Stop | None:
        """What the link to stop of a message says that a complaint repeats."""
        base = f"<{self._troth.settings.web.public_url.rstrip('/')}/stop/"
        start = unsubscribe.find(base)
        if start < 0:
            return None
        try:
            return self._troth.stop_tokens.read(unsubscribe[start + len(base) :].partition(">")[0])
        except InvalidInput:
            return None

    def _stop(self, person: str, channel: str, mail: InboundMail, hashed: str = "", topic: str = "") -> Ask:
        return Ask(
            act="instruct",
            purpose=OPTING_OUT,
            key=intake_key(self._troth),
            order="stop-topic",
            person=person,
            hashed=hashed,
            topic=topic,
            channel=channel,
            language=mail.language,
        )

    def _do(self, received: Received, asks: Sequence[Ask], *, confirmed: bool = False) -> None:
        """Do orders once, in the unit of work that also says that the mail is handled; where it is so, whoever is meant is told by mail."""

        def along(tx: Transaction, outcomes: Sequence[Outcome]) -> None:
            if not all(one.permitted for one in outcomes):
                return
            if not received.settle(tx):
                raise _HandledBefore
            self._troth.preferences.count(tx, outcomes)
            if confirmed and outcomes[0].person:
                stage_noted(tx, asks[0], outcomes[0], outcomes[0].person, micros(self._troth.clock.now()))

        try:
            outcomes = self._troth.gate.perform_along(asks, along)
        except _HandledBefore:
            return
        for outcome in outcomes:
            if outcome.problem is not None:
                if outcome.problem.code == Unavailable.code:
                    raise Unavailable(outcome.problem.detail, mend="It is tried again.")
                raise ForStaff(outcome.problem.code)


def returning_routes(troth: "Troth") -> list[Route]:
    """Where reports go, and mail that stops what a message was about."""
    from troth.bootstrap.receiving import by_mail, mail_domain

    domain, handling, arrival = mail_domain(troth), Returned(troth), by_mail("request")
    bounces, stops = takes("bounce"), takes("stop")
    return [
        Route("returned", lambda local, at: at == domain and bounces(local), arrival, handling.report),
        Route("stop", lambda local, at: at == domain and stops(local), arrival, handling.stop),
        Route(
            "complaints", lambda local, at: (local, at) == (COMPLAINTS, domain), arrival, handling.complaint
        ),
    ]
