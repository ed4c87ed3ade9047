"""How much mail goes out: limits by domain, the growing days of a new sender, and waiting after a server said later.

Mail that somebody waits for always goes and is counted; mail to many yields to it, and waits where a limit is reached. After
the word of a server both wait.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import BoundedSemaphore, Lock
from typing import NamedTuple

from troth.kernel import Clock, InvalidInput, Unavailable, from_micros, micros
from troth.outreach.counts import DAYS, HELD_BACK, RATE, REFUSED, SENT, UNREACHED, MailCounts
from troth.outreach.model import Deferred, Mail, OpenMailer, Undeliverable

SPANS: Mapping[str, timedelta] = {
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
}
FIRST_PAUSE, LAST_PAUSE = timedelta(seconds=30), timedelta(hours=1)
_OTHERS = "others"
_EVERYBODY = ""
_GONE = 421
_PAUSES = frozenset({_GONE, 450, 451})
"""Replies after which a server wants to be left alone; others speak of one mailbox or one mail."""
_DOUBLINGS, _MOST_PAUSED = 7, 10_000
_WAIT_SECONDS = 60.0
_SHARE, _MOST_IN_HAND = 20, 64
"""Mails are counted beforehand, a twentieth of what is left at once, so that not each takes a commit of its own."""
_DAY = SPANS["day"]


class Rate(NamedTuple):
    """Most mails in a span."""

    most: int
    span: timedelta


class Limits(NamedTuple):
    """How much may go out.

    Args:
        domains: Most mails to a domain, by its name.
        others: Most mails to all other domains together; None for no limit.
        at_once: Most mails to a domain at the same time, by its name.
        warm_up: Most mails a day of a new sender: on the first day on which it sends, the second, and so on; then no limit.
    """

    domains: Mapping[str, Rate] = {}
    others: Rate | None = None
    at_once: Mapping[str, int] = {}
    warm_up: tuple[int, ...] = ()


def read_rate(text: str, field: str) -> Rate:
    """A rate such as `600/hour`.

    Raises:
        InvalidInput: It is none; names the setting.
    """
    count, _, span = text.partition("/")
    if not count.isascii() or not count.isdigit() or int(count) == 0 or span not in SPANS:
        raise InvalidInput(
            f"{text[:64]!r} is no rate.",
            field=field,
            mend=f"Write it like 600/hour; spans are {', '.join(SPANS)}.",
        )
    return Rate(int(count), SPANS[span])


def by_domain(lines: Sequence[str], field: str) -> dict[str, str]:
    """What `DOMAIN=VALUE` lines say of each domain.

    Raises:
        InvalidInput: A line says nothing, or a domain stands twice; names the setting.
    """
    found: dict[str, str] = {}
    for line in lines:
        domain, _, value = (part.strip() for part in line.partition("="))
        if not domain or not value or domain.lower() in found:
            raise InvalidInput(
                f"{line[:64]!r} is not understood, or its domain stands twice.",
                field=field,
                mend="Write each domain once, like example.com=600/hour.",
            )
        found[domain.lower()] = value
    return found


@dataclass
class _InHand:
    """Mails of a span that are counted and have not gone."""

    since: int
    left: int = 0


class Pacing:
    """Keeps to limits.

    Args:
        limits: The limits.
        counts: Counts mails durably.
        clock: Tells the span.
        sender: Domain in whose name is sent, whose days are counted.
    """

    def __init__(self, limits: Limits, counts: MailCounts, clock: Clock, sender: str) -> None:
        self._limits, self._counts, self._clock, self._sender = limits, counts, clock, sender
        self._lock = Lock()
        self._in_hand: dict[str, _InHand] = {}
        self._steps: tuple[int, int] = (-1, 0)
        self._paused: dict[str, tuple[datetime, int]] = {}
        self._places = {name: BoundedSemaphore(most) for name, most in limits.at_once.items()}

    @contextmanager
    def turn(self, mail: Mail) -> Iterator[None]:
        """The turn of a mail.

        Raises:
            Unavailable: It has none now; `at` tells when.
        """
        self._look_at_pauses(mail.domain)
        with ExitStack() as stack:
            place = self._places.get(mail.domain)
            if place is not None:
                if not place.acquire(timeout=_WAIT_SECONDS):
                    raise Unavailable("Too many mails go to one domain at once.", mend="It is tried again.")
                stack.callback(place.release)
            with self._lock:
                self._count(mail)
            yield

    def answered(self, domain: str, reply: int) -> datetime | None:
        """What a server said of a mail: 0 for taken, else its reply code; gives until when it is left alone, if at all."""
        whose = _EVERYBODY if reply == _GONE else domain
        with self._lock:
            if reply not in _PAUSES:
                if not reply:
                    self._paused.pop(domain, None)
                    self._paused.pop(_EVERYBODY, None)
                return None
            now = self._clock.now()
            if len(self._paused) >= _MOST_PAUSED:
                self._paused = {name: one for name, one in self._paused.items() if one[0] > now}
            _, times = self._paused.get(whose, (now, 0))
            until: datetime = now + min(FIRST_PAUSE * 2 ** min(times, _DOUBLINGS), LAST_PAUSE)
            self._paused[whose] = (until, times + 1)
            return until

    def close(self) -> None:
        """Give back what was counted and did not go."""
        with self._lock:
            in_hand, self._in_hand = self._in_hand, {}
        for name, held in in_hand.items():
            if held.left:
                self._counts.give_back(name, held.since, held.left)

    def _look_at_pauses(self, domain: str) -> None:
        now = self._clock.now()
        with self._lock:
            until = max(
                (self._paused[one][0] for one in (domain, _EVERYBODY) if one in self._paused), default=now
            )
        if until > now:
            raise Unavailable(
                "The receiving server asked for a pause.", mend="It is tried again after it.", at=until
            )

    def _count(self, mail: Mail) -> None:
        """Count a mail under each limit; what cannot go for one of them is counted under none."""
        taken: list[_InHand] = []
        for name, rate in self._rates(mail.domain):
            held = self._held(name, rate, least=0 if mail.bulk else 1)
            if not held.left:
                for one in taken:
                    one.left += 1
                raise Unavailable(
                    "As much mail as the settings allow went out.",
                    field="mail.limits",
                    mend="The rest goes when the span is over.",
                    at=from_micros(held.since) + rate.span,
                )
            held.left -= 1
            taken.append(held)

    def _rates(self, domain: str) -> Iterator[tuple[str, Rate]]:
        """The limits that a mail counts under, by the names of their counts."""
        most = self._most_today()
        if most is not None:
            yield f"{DAYS}{self._sender}", Rate(most, _DAY)
        named = self._limits.domains.get(domain)
        rate = named or self._limits.others
        if rate is not None:
            yield f"{RATE}{domain if named else _OTHERS} {rate.span.total_seconds():.0f}", rate

    def _held(self, name: str, rate: Rate, *, least: int) -> _InHand:
        """Mails in hand of the present span; some more are counted where there are none."""
        since = _beginning(self._clock.now(), rate.span)
        held = self._in_hand.get(name)
        if held is None or held.since != since:
            held = self._in_hand[name] = _InHand(since)
        if not held.left:
            wanted = max(1, min(rate.most // _SHARE, _MOST_IN_HAND))
            held.left = self._counts.reserve(name, since, rate.most, wanted, least)
        return held

    def _most_today(self) -> int | None:
        """Mails that a new sender may send today; None when its growing days are over, or none are set."""
        if not self._limits.warm_up:
            return None
        today = _beginning(self._clock.now(), _DAY)
        if self._steps[0] != today:
            self._steps = today, self._counts.spans_before(f"{DAYS}{self._sender}", today)
        step = self._steps[1]
        return self._limits.warm_up[step] if step < len(self._limits.warm_up) else None


class PacedMailer:
    """Hands mails to another mailer at a pace, and counts what becomes of them.

    Args:
        mailer: Carries them.
        pacing: The pace.
        counts: Counts their fates.
    """

    def __init__(self, mailer: OpenMailer, pacing: Pacing, counts: MailCounts) -> None:
        self.mailer = mailer
        self._pacing, self._counts = pacing, counts

    def ready(self, mail: Mail) -> Mail:
        """See `OpenMailer.ready`."""
        return self.mailer.ready(mail)

    def send(self, mail: Mail) -> None:
        """See `Mailer.send`."""
        with ExitStack() as stack:
            try:
                stack.enter_context(self._pacing.turn(mail))
            except Unavailable:
                self._counts.note(HELD_BACK)
                raise
            self._carry(mail)

    def _carry(self, mail: Mail) -> None:
        try:
            self.mailer.send(mail)
        except Deferred as error:
            self._counts.note(f"deferred-{error.reply}")
            error.at = self._pacing.answered(mail.domain, error.reply)
            raise
        except Unavailable:
            self._counts.note(UNREACHED)
            raise
        except Undeliverable:
            self._counts.note(REFUSED)
            raise
        self._pacing.answered(mail.domain, 0)
        self._counts.note(SENT)

    def close(self) -> None:
        """See `OpenMailer.close`."""
        self.mailer.close()
        self._pacing.close()
        self._counts.write()


def _beginning(now: datetime, span: timedelta) -> int:
    """When the present span began (microseconds)."""
    width = span // timedelta(microseconds=1)
    return micros(now) // width * width
