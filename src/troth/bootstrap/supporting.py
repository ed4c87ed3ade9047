"""Mail to the support address, wired: each becomes a ticket, or joins the open one that it answers, if the same person wrote it."""

import re
from base64 import b64encode
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec import structs

from troth.bootstrap.intake import EMAIL, ROLE, intake_ask, intake_key, mail_id_of, point_for
from troth.bootstrap.serving import FILES_LEFT, MOST_FILES, file_field
from troth.collection import DEFAULT_MEDIA, UnfitFile, kept_file
from troth.desk import TICKET, case_of_mails, mail_mark, note_mail, note_step, note_their_mail
from troth.gate import Ask, Outcome, joined_records, stage_mail
from troth.inbound import ForStaff, InboundMail, Received
from troth.kernel import NotFound, Unavailable, is_id, micros
from troth.outreach import address_field
from troth.policy import Point, Policy, mail_id_field
from troth.rights import (
    MatterRow,
    Reading,
    matter_by_case,
    matter_by_number,
    matters_of,
    point_to,
    read_number,
    received_since,
)
from troth.storage import Transaction
from troth.vault import normalised

if TYPE_CHECKING:
    from troth.bootstrap.runtime import Troth

MOST_OF_A_DAY = 20
"""Tickets of one sender within a day; more wait for a person."""
MOST_JOINED = 150
"""Records that join a ticket by mail; what comes after opens a ticket of its own, linked with it."""
_NUMBER = re.compile(r"\b[A-Z]-[0-9A-Z]{4}-[0-9A-Z]{4}\b", re.IGNORECASE)
_OURS = re.compile(r"<([0-9a-f]{32})@[^<>\s]+>")
_DAY = timedelta(days=1)
_LATER = frozenset({"unavailable"})


class _Undone(Exception):
    """Undoes the unit of work: the mail was handled in another, or does not join the ticket that it names."""


class _Files(NamedTuple):
    """The files of a mail that may be kept, and how many may not."""

    kept: Sequence[dict[str, str]]
    left: int


class Support:
    """Handles mail to the support address.

    Args:
        troth: The running parts.
    """

    def __init__(self, troth: "Troth") -> None:
        self._troth = troth

    def handle(self, received: Received) -> None:
        """Make a mail a ticket, or let it join the one that it answers; one that no person wrote opens none.

        Raises:
            ForStaff: Nobody wrote it, its sender wrote too often, or the policy or the form refuses what it says.
            Unavailable: A store takes no work; it is tried again.
        """
        mail = received.mail
        if mail.automatic or mail.bounce is not None or mail.looping:
            raise ForStaff("automatic")
        policy = self._troth.policy()
        try:
            point = point_for(policy, TICKET)
        except NotFound:
            raise ForStaff("no-point") from None
        sender = self._sender(policy, mail)
        if not self._few(sender):
            raise ForStaff("too-often")
        files, named = self._files(policy, received), self._named(mail, sender)
        if named is None or named.ended_at or not self._join(policy, received, named, files):
            self._open(policy, received, point, named, files)

    def _sender(self, policy: Policy, mail: InboundMail) -> str:
        """Handle of whoever has the address that a mail claims to come from; empty for nobody."""
        pair = (address_field(policy), normalised("email", mail.sender))
        with self._troth.database.reading() as tx:
            return self._troth.vault.find_persons(tx, [pair]).get(pair, "")

    def _few(self, person: str) -> bool:
        """Whether little came from somebody within a day."""
        since = micros(self._troth.clock.now() - _DAY)
        with self._troth.database.reading() as tx:
            return not person or received_since(tx, person, since) < MOST_OF_A_DAY

    def _named(self, mail: InboundMail, sender: str) -> MatterRow | None:
        """The ticket that a mail answers: by one of ours that it names, or of the sender's own, else by the number in its subject."""
        known = [found[1] for one in mail.replies_to if (found := _OURS.fullmatch(one)) and is_id(found[1])]
        known += [self._mark(sender, one) for one in mail.replies_to if sender]
        with self._troth.database.reading() as tx:
            row = matter_by_case(tx, case_of_mails(tx, known)) if known else None
            for number in _NUMBER.findall(mail.subject) if row is None else ():
                row = row or matter_by_number(tx, read_number(number))
            return _going_on(tx, row) if row is not None and row.matter == TICKET else None

    def _join(self, policy: Policy, received: Received, row: MatterRow, files: _Files) -> bool:
        """Let a mail join a ticket; False where its sender is not whoever wrote that. The gate finds it out, and tells nobody."""
        point = _thread_point(policy, row)
        with self._troth.database.reading() as tx:
            full = len(joined_records(tx, row.case)) >= MOST_JOINED
        if point is None or full:
            return False
        said = self._said(policy, point, received.mail)
        values = [said, *self._extra(policy, files.kept)]
        asks = [self._joining(policy, received, point, row.case, one) for one in values]
        now = micros(self._troth.clock.now())

        def along(tx: Transaction, outcomes: Sequence[Outcome]) -> None:
            if not outcomes[0].permitted or not received.settle(tx):
                raise _Undone
            note_step(tx, row.case, now, "wrote-again", "", "")
            self._note(tx, received.mail, outcomes[0], now)
            self._tell(tx, outcomes[0].person, row.case, files.left + _refused(outcomes[1:]), now)

        try:
            self._troth.gate.perform_along(asks, along)
        except _Undone:
            return False
        return True

    def _open(
        self, policy: Policy, received: Received, point: Point, named: MatterRow | None, files: _Files
    ) -> None:
        """Open a ticket of its own; where the mail named another, the two are linked for whoever reads it."""
        first, *others = [*self._extra(policy, files.kept), {}][: max(len(files.kept), 1)]
        ask = intake_ask(self._troth, policy, point, received.mail, Reading(TICKET, ""))
        ask = structs.replace(ask, values={**ask.values, **first}, once=received.mail_id)
        now = micros(self._troth.clock.now())

        def opened(tx: Transaction, outcomes: Sequence[Outcome]) -> None:
            done = outcomes[0]
            if done.permitted and named is not None:
                point_to(tx, done.case, named.case)
            if done.permitted:
                self._note(tx, received.mail, done, now)
            if done.permitted and not others and not received.settle(tx):
                raise _Undone
            if done.permitted and not others:
                self._tell(tx, done.person, done.case, files.left, now)

        try:
            (done,) = self._troth.gate.perform_along([ask], opened)
        except _Undone:
            return
        if done.problem is not None:
            if done.problem.code in _LATER:
                raise Unavailable(done.problem.detail, mend="It is tried again.")
            raise ForStaff(done.problem.code)
        if others:
            self._add(policy, received, done, others, files.left)

    def _add(
        self, policy: Policy, received: Received, done: Outcome, others: Sequence[dict[str, Any]], left: int
    ) -> None:
        """Let the other files of a mail join the ticket that it opened."""
        with self._troth.database.reading() as tx:
            row = matter_by_case(tx, done.case)
        point = _thread_point(policy, row) if row is not None else None
        asks = [self._joining(policy, received, point, done.case, one) for one in others] if point else []
        now = micros(self._troth.clock.now())

        def along(tx: Transaction, outcomes: Sequence[Outcome]) -> None:
            if not received.settle(tx):
                raise _Undone
            missing = left + (_refused(outcomes) if asks else len(others))
            self._tell(tx, done.person, done.case, missing, now)

        try:
            if asks:
                self._troth.gate.perform_along(asks, along)
            else:
                with self._troth.database.transaction() as tx:
                    along(tx, ())
        except _Undone:
            return

    def _joining(
        self, policy: Policy, received: Received, point: Point | None, case: str, values: dict[str, Any]
    ) -> Ask:
        """What joins a ticket, in the name of whoever sent the mail."""
        assert point is not None, "only a point that joins a case is asked for"
        return Ask(
            act="collect", purpose=point.purposes[0], key=intake_key(self._troth), channel=EMAIL, point=point.name,
            notice=point.notice or "", case=case, identify={address_field(policy): received.mail.sender}, values=values,
        )  # fmt: skip

    def _files(self, policy: Policy, received: Received) -> _Files:
        """The files of a mail, as far as a form would take them."""
        field, count = file_field(policy), len(received.mail.attachments)
        if field is None:
            return _Files((), count)
        kept = []
        for one in received.files(MOST_FILES):
            data = b64encode(one.content).decode()
            try:
                kept.append(
                    kept_file(one.name, one.type, data, field.media or DEFAULT_MEDIA, field.max_length)
                )
            except UnfitFile:
                continue
        return _Files(kept, count - len(kept))

    def _extra(self, policy: Policy, kept: Sequence[dict[str, str]]) -> list[dict[str, Any]]:
        field = file_field(policy)
        return [{field.name: one} for one in kept] if field is not None else []

    def _said(self, policy: Policy, point: Point, mail: InboundMail) -> dict[str, Any]:
        """What somebody wrote in a mail that joins a ticket, and the Message-ID that their mail program gave to it."""
        known = [policy.fields[name] for name in point.fields]
        text = next(field for field in known if field.type == "text" and not field.mail_id)
        said = {text.name: mail.text.strip()[: text.max_length] or "(empty)"}
        own = mail_id_of(mail)
        return said | ({field.name: own for field in known if field.mail_id} if own else {})

    def _note(self, tx: Transaction, mail: InboundMail, done: Outcome, now: int) -> None:
        """Note where the Message-ID of a mail is kept, so that answers name it, and the next mail that does finds the ticket."""
        own = mail_id_of(mail)
        if own and mail_id_field(self._troth.policy()) and done.person and done.case and done.record:
            note_their_mail(tx, self._mark(done.person, own), done.case, done.record, now)

    def _mark(self, person: str, message_id: str) -> str:
        return mail_mark(self._troth.web_secret, person, message_id)

    def _tell(self, tx: Transaction, person: str, case: str, left: int, now: int) -> None:
        """Tell the sender that files could not be taken, where some could not."""
        if left and person:
            message = stage_mail(tx, FILES_LEFT, person=person, now=now, case=case, count=str(left))
            note_mail(tx, message, case, now)


def _going_on(tx: Transaction, row: MatterRow) -> MatterRow:
    """The open ticket as which a closed one goes on with its person, such as one that was opened again; else itself."""
    if row.ended_at and row.person:
        of_person = [one for one in matters_of(tx, row.person) if one.matter == TICKET]
        about = {row.case}
        for one in reversed(of_person):  # oldest first, so that those that lead on come in their order
            if one.about in about:
                about.add(one.case)
        return next((one for one in of_person if one.case in about and not one.ended_at), row)
    return row


def _thread_point(policy: Policy, row: MatterRow) -> Point | None:
    """The point at which mail joins a ticket; None where the policy has none."""
    kinds = {one.name for one in policy.cases.values() if one.matter == row.matter}
    for point in policy.points.values():
        if point.joins in kinds and EMAIL in point.channels and point.actor == ROLE:
            return point
    return None


def _refused(outcomes: Sequence[Outcome]) -> int:
    return sum(not one.permitted for one in outcomes)
