"""Limits hold over restarts and processes; mail that somebody waits for is counted and goes; a server that says later is left alone."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from threading import Barrier, Event, Lock

import pytest

from troth.kernel import InvalidInput, SettableClock, Unavailable
from troth.outreach import (
    Deferred,
    Limits,
    Mail,
    MailCounts,
    PacedMailer,
    Pacing,
    Rate,
    Undeliverable,
    by_domain,
    read_rate,
)
from troth.storage import Database

NOON = datetime(2026, 1, 5, 12, 0, 7, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
BIG = "big.example"


def to(domain: str, *, bulk: bool = True) -> Mail:
    """A mail to a domain."""
    return Mail("1" * 32, "a" * 32, "support@example.com", f"ann@{domain}", EmailMessage(), bulk)


class Carrier:
    """Keeps what it carries; something happens at each."""

    def __init__(self) -> None:
        self.carried: list[str] = []
        self.before: Callable[[Mail], None] = lambda _: None

    def ready(self, mail: Mail) -> Mail:
        """Nothing is signed."""
        return mail

    def send(self, mail: Mail) -> None:
        """Carry."""
        self.before(mail)
        self.carried.append(mail.domain)

    def close(self) -> None:
        """Nothing is open."""


class Sender:
    """Somebody who sends."""

    def __init__(self, database: Database, limits: Limits, clock: SettableClock | None = None) -> None:
        self.database, self.limits = database, limits
        self.clock = clock or SettableClock(NOON)
        self.begin()

    def begin(self) -> None:
        """Begin anew, as after a crash: what was in memory is gone."""
        self.carrier, self.counts = Carrier(), MailCounts(self.database, self.clock)
        pacing = Pacing(self.limits, self.counts, self.clock, "example.com")
        self.mailer = PacedMailer(self.carrier, pacing, self.counts)

    def sent(self, domain: str, count: int, *, bulk: bool = True) -> int:
        """How many of so many mails go."""
        before = len(self.carrier.carried)
        for _ in range(count):
            try:
                self.mailer.send(to(domain, bulk=bulk))
            except Unavailable as error:
                self.until = error.at
        return len(self.carrier.carried) - before

    until: datetime | None = None


def test_a_domain_gets_no_more_than_its_rate(database: Database) -> None:
    """The rest waits until the span is over, and is told so; other domains count together under a limit of their own."""
    limits = Limits({BIG: Rate(10, MINUTE)}, Rate(3, HOUR))
    sender = Sender(database, limits)
    assert sender.sent(BIG, 12) == 10
    assert sender.until == NOON.replace(minute=1, second=0)
    assert [sender.sent("one.example", 2), sender.sent("two.example", 2)] == [2, 1]
    assert sender.until == NOON.replace(hour=13, minute=0, second=0)
    sender.clock.set(NOON.replace(minute=1, second=0))
    assert [sender.sent(BIG, 12), sender.sent("two.example", 1)] == [10, 0]


def test_a_restart_forgets_no_mail_of_the_day(database: Database) -> None:
    """After a crash a day may have fewer mails than its most, never more; after an orderly end as many."""
    sender = Sender(database, Limits(warm_up=(100,)))
    assert sender.sent(BIG, 43) == 43
    sender.begin()
    crashed = sender.sent(BIG, 100)
    assert 100 - 43 - 5 <= crashed <= 100 - 43
    sender = Sender(database, Limits(warm_up=(100, 100)), SettableClock(NOON + DAY))
    assert sender.sent(BIG, 43) == 43
    sender.mailer.close()
    sender.begin()
    assert sender.sent(BIG, 100) == 57


def test_a_new_senders_days_grow(database: Database) -> None:
    """Each day on which mail goes may have the next number of the plan; a day without counts for nothing; then all goes."""
    sender = Sender(database, Limits(warm_up=(2, 5)))
    went = []
    for days in (0, 1, 4, 5):
        sender.clock.set(NOON + days * DAY)
        if days != 1:
            sender.begin()
            went.append(sender.sent(BIG, 9))
    assert went == [2, 5, 9]


def test_mail_that_somebody_waits_for_goes(database: Database) -> None:
    """It is counted, so that mail to many has less; a limit never holds it back."""
    sender = Sender(database, Limits({BIG: Rate(10, MINUTE)}, warm_up=(12,)))
    assert sender.sent(BIG, 6, bulk=False) == 6
    assert sender.sent(BIG, 10) == 4
    assert sender.sent(BIG, 20, bulk=False) == 20
    assert sender.sent("other.example", 1) == 0, "the day is full"


def test_several_processes_share_a_limit(database: Database) -> None:
    """Senders over one database together keep to it, whatever their threads do."""
    senders = [Sender(database, Limits({BIG: Rate(50, DAY)})) for _ in range(2)]
    start = Barrier(4)

    def send(sender: Sender) -> int:
        start.wait(60)
        went = 0
        for _ in range(30):
            try:
                sender.mailer.send(to(BIG))
                went += 1
            except Unavailable:
                continue
        return went

    with ThreadPoolExecutor(4) as threads:
        went = sum(threads.map(send, [*senders, *senders]))
    assert went == 50


@pytest.mark.parametrize(("reply", "others_wait"), [(421, True), (450, False), (451, False)])
def test_a_server_that_says_later_is_left_alone(database: Database, reply: int, *, others_wait: bool) -> None:
    """The domain waits, longer each time; after 421 everybody; a mail that was taken ends it."""
    sender = Sender(database, Limits())

    def later(_: Mail) -> None:
        raise Deferred("Later.", reply)

    sender.carrier.before = later
    pauses = []
    for _ in range(3):
        with pytest.raises(Deferred) as caught:
            sender.mailer.send(to(BIG, bulk=False))
        assert caught.value.at is not None
        pauses.append(caught.value.at - sender.clock.now())
        with pytest.raises(Unavailable) as waiting:
            sender.mailer.send(to(BIG, bulk=False))
        assert not isinstance(waiting.value, Deferred)
        assert waiting.value.at == caught.value.at
        sender.clock.set(caught.value.at)
    assert pauses == [timedelta(seconds=30), timedelta(seconds=60), timedelta(seconds=120)]
    with pytest.raises(Deferred):
        sender.mailer.send(to(BIG))
    sender.carrier.before = lambda _: None
    assert sender.sent("other.example", 1) == (0 if others_wait else 1)
    sender.clock.advance(timedelta(seconds=240))
    assert sender.sent(BIG, 1) == 1
    assert sender.sent("other.example", 1) == 1


def test_one_full_mailbox_holds_nobody_else_up(database: Database) -> None:
    """452 speaks of one mailbox."""
    sender = Sender(database, Limits())

    def full(_: Mail) -> None:
        raise Deferred("Full.", 452)

    sender.carrier.before = full
    with pytest.raises(Deferred) as caught:
        sender.mailer.send(to(BIG))
    assert caught.value.at is None
    sender.carrier.before = lambda _: None
    assert sender.sent(BIG, 1) == 1


def test_a_domain_gets_so_many_at_once(database: Database) -> None:
    """Two at most are on the way to it; mail to others passes them."""
    sender = Sender(database, Limits(at_once={BIG: 2}))
    lock, most, now, two, three, go = Lock(), 0, 0, Event(), Event(), Event()

    def count(mail: Mail) -> None:
        nonlocal most, now
        if mail.domain != BIG:
            three.set()
            return
        with lock:
            now += 1
            most = max(most, now)
            if now == 2:
                two.set()
        go.wait(60)
        with lock:
            now -= 1

    sender.carrier.before = count
    with ThreadPoolExecutor(5) as threads:
        ways = [threads.submit(sender.mailer.send, to(BIG)) for _ in range(4)]
        ways.append(threads.submit(sender.mailer.send, to("other.example")))
        assert two.wait(60)
        assert three.wait(60)
        go.set()
        for one in ways:
            one.result()
    assert most == 2
    assert sorted(sender.carrier.carried) == [BIG] * 4 + ["other.example"]


def test_fates_are_counted_and_outlast_the_process(database: Database) -> None:
    """What became of mails is counted by class, without an address or a domain."""
    sender = Sender(database, Limits({BIG: Rate(3, DAY)}))

    def happen(errors: Sequence[Exception]) -> None:
        left = list(errors)

        def next_of(_: Mail) -> None:
            raise left.pop(0)

        sender.carrier.before = next_of

    sender.sent(BIG, 1)
    happen([Deferred("Full.", 452), Undeliverable("No.", 550), Unavailable("Nobody.")])
    sender.sent(BIG, 1)
    with pytest.raises(Undeliverable):
        sender.mailer.send(to("small.example"))
    sender.sent("small.example", 1)
    sender.carrier.before = lambda _: None
    sender.sent(BIG, 2)
    with sender.database.transaction() as tx:
        sender.counts.note_in(tx, "complained")
    expected = {"sent": 2, "deferred-452": 1, "refused": 1, "unreached": 1, "held-back": 1, "complained": 1}
    assert sender.counts.fates() == expected
    sender.begin()
    assert sender.counts.fates() == expected


def test_old_spans_are_removed(database: Database) -> None:
    """Counts go when no limit looks at them; the days of a sender and the fates stay."""
    sender = Sender(database, Limits({BIG: Rate(3, MINUTE)}, warm_up=(5, 7)))
    sender.sent(BIG, 3)
    sender.clock.advance(3 * DAY)
    assert sender.counts.clear() == 1
    sender.mailer.close()
    sender.begin()
    assert sender.sent("small.example", 9) == 7, "the first day still counts"
    sender.clock.advance(401 * DAY)
    assert sender.counts.clear() == 2
    assert sender.counts.fates() == {"sent": 10, "held-back": 2}


@pytest.mark.parametrize(
    "text", ["", "10", "0/hour", "-1/hour", "10/week", "x/hour", "1.5/hour", "10/", "²/hour"]
)
def test_what_is_no_rate_is_refused(text: str) -> None:
    """The message names the setting."""
    with pytest.raises(InvalidInput) as caught:
        read_rate(text, "mail.limits.others")
    assert caught.value.field == "mail.limits.others"


@pytest.mark.parametrize("lines", [["example.com"], ["=5"], ["example.com="], ["a.example=1", "A.example=2"]])
def test_what_names_no_domain_once_is_refused(lines: list[str]) -> None:
    """The message names the setting."""
    with pytest.raises(InvalidInput) as caught:
        by_domain(lines, "mail.limits.domains")
    assert caught.value.field == "mail.limits.domains"


def test_settings_are_read() -> None:
    """A rate has a number and a span; names of domains are the same in whatever case they are written."""
    assert read_rate("600/hour", "f") == Rate(600, HOUR)
    assert by_domain([" Big.example = 600/hour "], "f") == {BIG: "600/hour"}
