"""Counts of mails that outlast a restart: of a day, of a span at a large provider, and of what became of them.

They hold no address. A domain stands here only where the settings name it; all others count together.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from threading import Lock

from sqlalchemy import and_, bindparam, delete, func, or_, select, update

from troth.kernel import Clock, micros
from troth.outreach.tables import mail_count
from troth.storage import Database, Lookup, Statement, Transaction, Upsert

SENT, REFUSED, UNREACHED, HELD_BACK = "sent", "refused", "unreached", "held-back"
"""What becomes of a mail at the next server; beside them `deferred-NNN` with the reply code."""
DAYS, RATE = "days ", "rate "
"""How the names of counts begin: of the days of a sender, and of the spans of a domain."""
KEEP_DAYS, KEEP_RATES = timedelta(days=400), timedelta(days=2)
_FATE = "fate "
_MOST_UNWRITTEN = 64
# Writing a row first holds it, so that two processes count one after the other.
_TOUCH = Upsert(mail_count, by=("name", "since"), update=("name",))
_READ = Lookup(mail_count, by=("name", "since"), take=("count",))
_ADD = Statement(
    update(mail_count)
    .where(mail_count.c.name == bindparam("which"), mail_count.c.since == bindparam("began"))
    .values(count=mail_count.c.count + bindparam("more"))
)
_SPANS = Statement(
    select(func.count()).where(
        mail_count.c.name == bindparam("which"), mail_count.c.since < bindparam("began")
    )
)
_FATES = Statement(select(mail_count.c.name, mail_count.c.count).where(mail_count.c.since == 0))
_CLEAR = Statement(
    delete(mail_count).where(
        mail_count.c.since > 0,
        or_(
            mail_count.c.since < bindparam("day"),
            and_(mail_count.c.since < bindparam("span"), mail_count.c.name.startswith(RATE)),
        ),
    )
)


class MailCounts:
    """The counts of a folder; any number of threads and processes may count.

    Args:
        database: Keeps them.
        clock: Tells which are old.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock
        self._lock = Lock()
        self._unwritten: Counter[str] = Counter()

    def reserve(self, name: str, since: int, most: int, wanted: int, least: int = 0) -> int:
        """Count some mails of a span before they go, so that a crash counts too many rather than too few.

        Args:
            name: Of the limit.
            since: Beginning of the span (microseconds).
            most: Mails that it may have.
            wanted: Mails to count now, where there is room.
            least: Mails to count even where there is none.

        Returns:
            How many were counted.
        """
        with self._database.transaction() as tx:
            tx.run(_TOUCH, (name, since, 0))
            room = most - int(tx.lookup(_READ, [(name, since)])[name, since][0])
            given = max(min(wanted, room), least)
            if given:
                tx.run(_ADD, {"which": name, "began": since, "more": given})
        return given

    def give_back(self, name: str, since: int, count: int) -> None:
        """Take mails out of the count that did not go."""
        with self._database.transaction() as tx:
            tx.run(_ADD, {"which": name, "began": since, "more": -count})

    def spans_before(self, name: str, since: int) -> int:
        """How many spans before this one had mail."""
        with self._database.reading() as tx:
            row = tx.row(_SPANS, {"which": name, "began": since})
        return int(row[0]) if row else 0

    def note(self, fate: str) -> None:
        """Count what became of a mail; on disk with the next few, when somebody looks, or at the end."""
        with self._lock:
            self._unwritten[fate] += 1
            full = self._unwritten.total() >= _MOST_UNWRITTEN
        if full:
            self.write()

    def note_in(self, tx: Transaction, fate: str, count: int = 1) -> None:
        """Count what became of mails in the unit of work that notes it."""
        tx.run(_TOUCH, (_FATE + fate, 0, 0))
        tx.run(_ADD, {"which": _FATE + fate, "began": 0, "more": count})

    def write(self) -> None:
        """Put what was counted on disk."""
        with self._lock:
            unwritten, self._unwritten = self._unwritten, Counter()
        if unwritten:
            with self._database.transaction() as tx:
                for fate in sorted(unwritten):
                    self.note_in(tx, fate, unwritten[fate])

    def fates(self) -> Mapping[str, int]:
        """How many mails ever came to each end."""
        self.write()
        with self._database.reading() as tx:
            return {name.removeprefix(_FATE): int(count) for name, count in tx.rows(_FATES)}

    def clear(self) -> int:
        """Remove spans that no limit looks at any more; gives their number."""
        with self._database.transaction() as tx:
            now = self._clock.now()
            return tx.run(_CLEAR, {"day": micros(now - KEEP_DAYS), "span": micros(now - KEEP_RATES)})
