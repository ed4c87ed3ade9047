"""A mailbox that is looked into: each mail goes to the inbox once, whatever breaks in between.

That a mail was taken is noted in the unit of work that keeps it, so a crash before the mailbox is told takes nothing twice.
Where the mailbox numbers its mails anew, what was taken is known again by a keyed hash of the whole mail, which is kept for as
long as the mail may still lie there.
"""

import hashlib
import hmac
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from sqlalchemy import bindparam, delete, func, insert, select, update

from troth.inbound.reading import envelope_of
from troth.inbound.service import Inbox
from troth.inbound.tables import mail_folder, mail_taken
from troth.kernel import Clock, Conflict, Log, Refused, TrothError, Unavailable, from_micros, micros
from troth.storage import Database, Lookup, Statement, Transaction, Upsert

MOST_AT_ONCE = 100
"""Mails taken in one look."""
KEEP = timedelta(days=90)
"""How long it is known which mails were taken, at least; those that lie in the mailbox longer are known for longer."""
SWEPT = timedelta(days=1)
"""How often the mailbox is asked which of those mails it still has."""
LONGEST_WAIT = timedelta(hours=1)
_OVERLAP = timedelta(days=2)
_DOUBLINGS = 12
TAKEN, AGAIN, LEFT = "taken", "again", "left"
NO_RECIPIENT, TOO_LARGE = "no-recipient", "too-large"
_COLUMNS = ("validity", "next_uid", "new_from", "since", "looked_at", "failures", "not_before")
_STATE = Lookup(mail_folder, by=("place",), take=_COLUMNS)
_SAVE = Upsert(mail_folder, by=("place",), update=_COLUMNS)
_t = mail_taken.c
_NOTED = Lookup(mail_taken, by=("place", "validity", "uid"), take=("outcome",))
_NOTE = Statement(insert(mail_taken))
_HERE = (_t.place == bindparam("where"), _t.validity == bindparam("valid"))
_SAME = Statement(
    select(_t.uid).where(_t.place == bindparam("where"), _t.digest == bindparam("hashed")).limit(1)
)
_UNMARKED = Statement(select(_t.uid, _t.outcome).where(*_HERE, _t.marked == 0).order_by(_t.uid))
_MARKED = Statement(update(mail_taken).where(*_HERE, _t.uid == bindparam("which")).values(marked=1))
_KNOWN = Statement(select(_t.uid, _t.taken_at).where(*_HERE))
_FORGET = Statement(delete(mail_taken).where(*_HERE, _t.uid == bindparam("which")))
_FORGET_EARLIER = Statement(
    delete(mail_taken).where(
        _t.place == bindparam("where"), _t.validity != bindparam("valid"), _t.taken_at < bindparam("before")
    )
)
_LEFT = Statement(
    select(func.count()).where(_t.place == bindparam("where"), _t.outcome == LEFT).select_from(mail_taken)
)
_log = Log("troth.inbound")


class Fetched(NamedTuple):
    """A mail out of a mailbox: its bytes, and whether they are all of it."""

    raw: bytes
    whole: bool


class Wanted(NamedTuple):
    """Which mails of a mailbox are asked for.

    Args:
        first: The lowest UID.
        new_from: The UID from which on each is wanted; below it those that nobody has read.
        since: Below `new_from` also those that came in on this day or later; None for no others.
    """

    first: int
    new_from: int
    since: datetime | None


class OpenMailbox(Protocol):
    """A folder of a mailbox, with a connection (RFC 9051). Each method raises `Unavailable` when the server is gone."""

    @property
    def validity(self) -> int:
        """Its UIDVALIDITY; another one means that UIDs mean other mails."""

    @property
    def next_uid(self) -> int:
        """The UID of the next mail to come in."""

    def uids(self, wanted: Wanted) -> list[int]:
        """UIDs of the mails that are asked for, ascending."""

    def fetch(self, uid: int, most: int) -> Fetched | None:
        """A mail, its beginning when it has more bytes than asked for; None when the server does not give it."""

    def mark(self, uids: Sequence[int], *, left: bool) -> None:
        """Mark mails as taken, or as left for a person; what is gone meanwhile is passed over."""


class Mailbox(Protocol):
    """A folder of a mailbox on a server."""

    @property
    def place(self) -> str:
        """Stands for server, user and folder in the database, and names nobody."""

    @property
    def name(self) -> str:
        """Server and folder, for people."""

    def opened(self) -> AbstractContextManager[OpenMailbox]:
        """A connection to it.

        Raises:
            Unavailable: The server cannot be reached or trusted, or does not let us in.
        """


class _Stand(NamedTuple):
    """Where the reading of a mailbox stands; see the table."""

    validity: int = 0
    next_uid: int = 1
    new_from: int = 1
    since: int = 0
    looked_at: int = 0
    failures: int = 0
    not_before: int = 0


class _TakenBefore(Exception):
    """Undoes the unit of work: the mail is in the inbox already, or was."""


class Poller:
    """Takes the mails of a mailbox into the inbox.

    Args:
        inbox: Keeps them.
        database: Where it is noted which were taken.
        clock: Dates it.
        mailbox: Where they lie.
        most: Largest mail, in bytes; of a larger one only the beginning is taken, for a person.
        every: Span between two looks; doubled with each failure, up to an hour.
        otherwise: Gives the address of ours for a mail that names none, which goes to a person.
        secret: Key of the hashes by which mails are known again.
    """

    def __init__(
        self,
        inbox: Inbox,
        database: Database,
        clock: Clock,
        mailbox: Mailbox,
        *,
        most: int,
        every: timedelta,
        otherwise: Callable[[], str],
        secret: bytes,
    ) -> None:
        self._inbox, self._database, self._clock, self._mailbox = inbox, database, clock, mailbox
        self._most, self._every, self._otherwise, self._secret = most, every, otherwise, secret
        self._swept: datetime | None = None

    def look(self) -> int:
        """Take what is new; gives the number of mails taken. A server that is away is asked again later."""
        stand, now = self._stand(), self._clock.now()
        if now < from_micros(stand.not_before) <= now + LONGEST_WAIT:
            return 0
        took: list[int] = []
        try:
            with self._mailbox.opened() as box:
                stand = self._placed(box, stand)
                self._round(box, stand, took)
        except TrothError as error:
            self._put_off(stand, error, progress=bool(took))
        return len(took)

    def check(self) -> int:
        """Try the mailbox; gives how many mails were left there for a person.

        Raises:
            Unavailable: The server cannot be reached or trusted, or does not let us in.
        """
        with self._mailbox.opened(), self._database.snapshot() as tx:
            ((count,),) = tx.rows(_LEFT, {"where": self._mailbox.place})
            return int(count)

    def _round(self, box: OpenMailbox, stand: _Stand, took: list[int]) -> None:
        since = from_micros(stand.since) if stand.since else None
        listed = box.uids(Wanted(stand.next_uid, stand.new_from, since))
        keys = [(self._mailbox.place, stand.validity, uid) for uid in listed]
        noted = self._database.lookup(_NOTED, keys)
        fresh = [key[2] for key in keys if key not in noted]
        stuck = fresh[MOST_AT_ONCE:]
        for uid in fresh[:MOST_AT_ONCE]:
            (took if self._take(box, uid) else stuck).append(uid)
        self._mark(box)
        self._forget_gone(box, stand)
        following = min(stuck, default=max((uid + 1 for uid in listed), default=stand.next_uid))
        if stand.failures:
            _log.info("mailbox_reached")
        self._save(stand._replace(next_uid=following, looked_at=self._now(), failures=0, not_before=0))

    def _placed(self, box: OpenMailbox, stand: _Stand) -> _Stand:
        """Where the reading stands, begun anew where UIDs mean other mails than before."""
        if stand.validity == box.validity:
            return stand
        since = 0
        if stand.looked_at:
            _log.warning("mailbox_numbered_anew")
            since = micros(from_micros(stand.looked_at) - _OVERLAP)
        begun = stand._replace(
            validity=box.validity,
            next_uid=1,
            new_from=box.next_uid,
            since=since,
            looked_at=stand.looked_at or self._now(),
        )
        self._save(begun)
        return begun

    def _take(self, box: OpenMailbox, uid: int) -> bool:
        """Take one mail, or leave it for a person; False when the server does not give it."""
        fetched = box.fetch(uid, self._most)
        if fetched is None:
            _log.warning("mail_not_given", uid=uid)
            return False
        envelope = envelope_of(fetched.raw)
        recipients = self._ours(envelope.recipients)
        doubt = TOO_LARGE if not fetched.whole else "" if recipients else NO_RECIPIENT
        digest = hmac.new(self._secret, b"troth mail taken\0" + fetched.raw, hashlib.sha256).hexdigest()
        row = (self._mailbox.place, box.validity, uid, digest)

        def along(tx: Transaction) -> None:
            if tx.row(_SAME, {"where": self._mailbox.place, "hashed": digest}) is not None:
                raise _TakenBefore
            tx.run(_NOTE, (*row, TAKEN if fetched.whole else LEFT, 0, self._now()))

        try:
            self._inbox.keep(
                envelope.sender, recipients or [self._otherwise()], fetched.raw, doubt=doubt, along=along
            )
        except _TakenBefore:
            self._note((*row, AGAIN, 0, self._now()))
        except Refused as error:
            _log.warning("mail_left_in_mailbox", uid=uid, clause=error.clause)
            self._note((*row, LEFT, 0, self._now()))
        except (Unavailable, Conflict):
            raise
        except (
            TrothError
        ) as error:  # of this mail's address alone, such as a point that the policy does not declare
            _log.warning("mail_not_taken", uid=uid, error=error.code)
            return False
        return True

    def _ours(self, groups: Sequence[Sequence[str]]) -> list[str]:
        """Which of our addresses a mail is for: the first header that names any decides; one address for each handler."""
        for group in groups:
            found = {route.name: one for one in reversed(group) if (route := self._inbox.route(one))}
            if found:
                return list(found.values())
        return []

    def _mark(self, box: OpenMailbox) -> None:
        """Tell the mailbox what was noted, also by a process that died before it could."""
        here = {"where": self._mailbox.place, "valid": box.validity}
        with self._database.snapshot() as tx:
            rows = tx.rows(_UNMARKED, here)
        for left in (False, True):
            uids = [uid for uid, outcome in rows if (outcome == LEFT) is left]
            if uids:
                box.mark(uids, left=left)
                with self._database.transaction() as tx:
                    tx.run_many(_MARKED, [{**here, "which": uid} for uid in uids])

    def _note(self, row: tuple[str, int, int, str, str, int, int]) -> None:
        with self._database.transaction() as tx:
            tx.run(_NOTE, row)

    def _put_off(self, stand: _Stand, error: TrothError, *, progress: bool) -> None:
        failures = 0 if progress else stand.failures + 1
        wait = min(self._every * 2 ** min(failures, _DOUBLINGS), LONGEST_WAIT)
        _log.warning("mailbox_put_off", error=error.code, what=error.what, seconds=int(wait.total_seconds()))
        self._save(stand._replace(failures=failures, not_before=micros(self._clock.now() + wait)))

    def _stand(self) -> _Stand:
        key = (self._mailbox.place,)
        found = self._database.lookup(_STATE, [key]).get(key)
        return _Stand() if found is None else _Stand(*found)

    def _save(self, stand: _Stand) -> None:
        with self._database.transaction() as tx:
            tx.run(_SAVE, (self._mailbox.place, *stand))

    def _forget_gone(self, box: OpenMailbox, stand: _Stand) -> None:
        """Forget mails that were taken long ago and are in the mailbox no more.

        Which of an earlier numbering are still there is not known; they go once each mail in the mailbox is known by its number.
        """
        now = self._clock.now()
        if self._swept is not None and now < self._swept + SWEPT:
            return
        here = {"where": self._mailbox.place, "valid": box.validity}
        before = micros(now - KEEP)
        with self._database.snapshot() as tx:
            known: dict[int, int] = dict(tx.rows(_KNOWN, here))
        there = set(box.uids(Wanted(1, 1, None)))
        gone = [uid for uid, at in known.items() if at < before and uid < stand.next_uid and uid not in there]
        with self._database.transaction() as tx:
            tx.run_many(_FORGET, [{**here, "which": uid} for uid in gone])
            if there <= known.keys():
                tx.run(_FORGET_EARLIER, {**here, "before": before})
        self._swept = now

    def _now(self) -> int:
        return micros(self._clock.now())
