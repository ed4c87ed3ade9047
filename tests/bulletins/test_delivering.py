"""Delivery of a bulletin: to the end of every owner, taken up after a crash, and halted by what changes meanwhile."""

import email
import email.policy
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.gate.conftest import Company
from tests.support.policies import REFERENCE
from troth.adapters import FolderMailer
from troth.bulletins import STEP, Bulletins, Delivering, Draft, Text, bulletin_case, promotion, purpose_of
from troth.bulletins.delivering import ALL, LEASE
from troth.bulletins.model import Bulletin
from troth.gate import PROMOTIONAL, issue_key, note_case_fact
from troth.kernel import InvalidInput, Refused, SettableClock, micros, new_id
from troth.outreach import Batch, BatchSending, Composed, Handovers, LeftCopies, Mail, Marks, Outbox
from troth.storage import Database, JobWorker, waiting_jobs

ABOUT = ("example-sensor", ">=5.0, <5.2.1", "security-fault")
SAID = {"en": Text("Fault", "{greeting}\n\nInstall 5.2.1.\n")}


class Carrier(NamedTuple):
    """Carries mails to the folder; something may happen before each."""

    folder: FolderMailer
    before: Callable[[Mail], None]

    def send(self, mail: Mail) -> None:
        """Hand over."""
        self.before(mail)
        self.folder.send(mail)


class House(Company):
    """A company with owners, a product team, and a mail folder."""

    def __init__(self, database: Database, keystore: Database, clock: SettableClock, folder: Path) -> None:
        super().__init__(database, keystore, clock, folder)
        self.mails = folder / "mail"
        self.publish(REFERENCE.read_bytes())
        self.purpose = purpose_of(bulletin_case(self.gate.policy()))
        self.outbox = Outbox(database, clock)
        self.delivering = self.begun()
        self.bulletins = Bulletins(
            database=database,
            perform=self.gate.perform_along,
            actor=self.gate.actor,
            policy=self.gate.policy,
            clock=clock,
        )

    def begun(self, before: Callable[[Mail], None] = lambda _: None) -> Delivering:
        """What a process that has just begun delivers with; something may happen before each mail."""
        key = self.key("service.mailer")

        @contextmanager
        def sending() -> Iterator[BatchSending]:
            one = BatchSending(
                perform=self.gate.perform_along,
                policy=self.gate.policy,
                key=lambda: key,
                database=self.database,
                outbox=self.outbox,
                mailer=Carrier(FolderMailer(self.mails), before),
                clock=self.clock,
                handovers=Handovers(self.mails.with_name("handovers")),
                stops=lambda _: 0,
            )
            yield one
            one.close()

        def batch(one: Bulletin) -> Batch:
            return Batch(
                one.case,
                self.purpose,
                ("email",),
                lambda _, __, ___: Composed("Fault", "Install it.", "<p>Install it.</p>"),
                lambda _, __: Marks("", "", "", ""),
            )

        return Delivering(
            database=self.database,
            perform=self.gate.perform_along,
            policy=self.gate.policy,
            clock=self.clock,
            key=lambda: key,
            outbox=self.outbox,
            sending=sending,
            batch=batch,
            left=LeftCopies(self.database, self.outbox, Handovers(self.mails.with_name("handovers"))),
        )

    def member(self, role: str = "staff.product") -> str:
        """A key of a new member of staff."""
        with self.database.transaction() as tx:
            key, _ = issue_key(
                tx, name=role, role=role, purposes=["*"], cases=["*"], now=self.clock.now(), holder=new_id()
            )
        return key

    def own(self, number: int, version: str = "5.1") -> str:
        """An owner, taken over from an earlier system; gives the handle."""
        values = {"email": f"person{number}@example.com", "product": "Sensor", "product_version": version}
        outcome = self.act(
            "collect", "service.import", "essential.service.product_registration", point="import", channel="import",
            notice=str(self.gate.policy().points["import"].notice), values=values,
        )  # fmt: skip
        assert outcome.permitted, outcome
        return outcome.person

    def under_way(self) -> str:
        """A bulletin that was started; gives its case."""
        ann = self.member()
        made = self.bulletins.write(ann, Draft(*ABOUT, SAID))
        self.bulletins.approve(self.member("staff.privacy"), made.case, made.digest)
        return self.bulletins.start(ann, made.case).case

    def run(self, case: str) -> str:
        """Step until nothing is to be done now; gives the state."""
        while (due := self.delivering.step(case)) is not None and due <= int(
            self.clock.now().timestamp() * 1_000_000
        ):
            pass
        return self.bulletins.show(self.member(), case).state

    def lose(self, case: str, channel: str, state: str, why: str) -> None:
        """Let what waits on a channel come to nothing, as whoever writes letters or calls notes it."""
        with self.database.transaction() as tx:
            for row in self.outbox.take(tx, case, 10, channel):
                self.outbox.settle(tx, row, state, why)

    def ids(self) -> list[str]:
        """Message-IDs in the mail folder."""
        read = [
            email.message_from_bytes(one.read_bytes(), policy=email.policy.default)
            for one in self.mails.glob("*.eml")
        ]
        return sorted(str(one["Message-ID"]) for one in read)


@pytest.fixture
def house(database: Database, keystore: Database, clock: SettableClock, tmp_path: Path) -> House:
    """A company with a product team."""
    return House(database, keystore, clock, tmp_path)


def test_a_late_bounce_opens_it_again_until_the_owner_has_an_end(house: House) -> None:
    """Done after the mails; a mail that comes back leads to a letter, that to a call, and that to `unreachable`."""
    for number, version in enumerate(("5.1", "v5.2", "5.2.1", "", "4.9")):
        house.own(number, version or "unknown")
    case = house.under_way()
    assert house.run(case) == "done"
    assert (
        house.delivering.progress(case).told["email"],
        house.bulletins.show(house.member(), case).unknown,
    ) == (2, 1)
    with house.database.transaction() as tx:
        house.outbox.note_bounce(tx, house.ids()[0][1:].partition("@")[0], hard=True)
    assert house.run(case) == "running"
    assert house.delivering.progress(case).waits["letter"] == 1
    house.lose(case, "letter", "skipped", "no-address")
    assert house.run(case) == "running"
    house.lose(case, "phone", "skipped", "no-number")
    assert house.run(case) == "done"
    stood = house.delivering.progress(case)
    assert (stood.owners, stood.open, stood.ends["told"], stood.ends["unreachable"], stood.bounced) == (
        2,
        0,
        1,
        1,
        1,
    )


def test_letters_that_were_taken_back_open_it_again(house: House) -> None:
    """A letter that counted as sent and never left here is no end of delivery, also where the bulletin was done."""
    house.own(0)
    case = house.under_way()
    assert house.run(case) == "done"
    with house.database.transaction() as tx:
        house.outbox.note_bounce(tx, house.ids()[0][1:].partition("@")[0], hard=True)
    assert house.run(case) == "running"
    with house.database.transaction() as tx:
        (letter,) = house.outbox.take(tx, case, 10, "letter")
        letter = house.outbox.settle(tx, letter, "sending") or letter
        letter = house.outbox.settle(tx, letter, "sent") or letter
    assert house.run(case) == "done"
    runner = JobWorker(house.database, house.clock, {STEP: house.delivering})
    runner.run_due()
    with house.database.transaction() as tx:
        house.outbox.take_back(tx, letter, "planned", "again")
    runner.run_due()
    stood = house.delivering.progress(case)
    assert (house.bulletins.show(house.member(), case).state, stood.waits["letter"]) == ("running", 1)


def _crash(_: Mail) -> None:
    raise KeyboardInterrupt


def test_what_a_crash_left_in_hand_is_sent_again_as_the_same_mail(house: House) -> None:
    """A copy that was in hand goes out once the dead process's time is over, under its own Message-ID: at least once."""
    house.own(1)
    case = house.under_way()
    house.delivering = house.begun(_crash)
    with pytest.raises(KeyboardInterrupt):
        house.run(case)
    with house.database.reading() as tx:
        (row,) = house.outbox.in_hand(tx, case)
    house.delivering = house.begun()
    assert house.run(case) == "running"
    assert house.ids() == []
    house.clock.advance(LEASE)
    assert house.run(case) == "done"
    assert [one.partition("@")[0][1:] for one in house.ids()] == [row.id]


def test_a_bulletin_that_is_stopped_after_a_crash_leaves_nothing_in_hand(house: House) -> None:
    """Once the dead process's time is over its copies have an end, what waited is skipped, and the file of handed-over ids is gone."""
    house.own(1)
    house.own(2)
    case = house.under_way()
    crashed: list[str] = []

    def crash(mail: Mail) -> None:
        crashed.append(mail.id)
        raise KeyboardInterrupt

    house.delivering = house.begun(crash)
    with pytest.raises(KeyboardInterrupt):
        house.run(case)
    left = house.mails.with_name("handovers") / case
    assert crashed[0] in left.read_text(encoding="utf-8")
    house.delivering = house.begun()
    worker = JobWorker(house.database, house.clock, {STEP: house.delivering})
    worker.run_due()
    house.bulletins.stop(house.member(), case)
    worker.run_due()
    with house.database.reading() as tx:
        assert house.outbox.in_hand(tx, case), "the dead process may still be at work, for all we know"
    house.clock.advance(LEASE)
    worker.run_due()
    ended = {("failed", "uncertain"): len(crashed), ("skipped", "stopped"): 2 - len(crashed)}
    assert house.outbox.reasons(case) == {why: number for why, number in ended.items() if number}
    assert not left.exists()
    assert house.ids() == []


def test_two_processes_take_no_step_of_a_bulletin_at_once(house: House) -> None:
    """While one hands mails over, another that has just begun sends nothing, and takes none for left by a crash."""
    house.own(1)
    house.own(2)
    case = house.under_way()
    sent: list[str] = []

    def meanwhile(mail: Mail) -> None:
        sent.append(mail.id)
        if len(sent) == 1:
            later = house.begun(lambda one: sent.append(one.id)).step(case)
            assert later is not None
            assert later > micros(house.clock.now())

    house.delivering = house.begun(meanwhile)
    assert house.run(case) == "done"
    assert len(sent) == len(set(sent)) == 2


def test_what_a_failure_left_in_hand_is_dealt_with_by_the_next_step(house: House) -> None:
    """Not only by the next process: a store that took no work for a moment keeps no owner waiting."""
    house.own(1)
    case = house.under_way()
    failed: list[str] = []

    def fail(mail: Mail) -> None:
        if not failed:
            failed.append(mail.id)
            raise KeyboardInterrupt

    house.delivering = house.begun(fail)
    with pytest.raises(KeyboardInterrupt):
        house.run(case)
    assert house.run(case) == "done"
    assert len(house.ids()) == 1


def test_bounces_promise_one_step_for_all_of_them(house: House) -> None:
    """However many mails come back at once, one step takes up what follows; another is promised for what comes later."""
    for number in range(4):
        house.own(number)
    case = house.under_way()
    assert house.run(case) == "done"

    def promised() -> int:
        with house.database.reading() as tx:
            return waiting_jobs(tx).get(STEP, (0, 0))[0]

    assert promised() == 1
    with house.database.transaction() as tx:
        for one in house.ids():
            house.outbox.note_bounce(tx, one.partition("@")[0][1:], hard=True)
    assert promised() == 1
    under_way: list[dict[str, str]] = []
    runner = JobWorker(house.database, house.clock, {STEP: lambda job: under_way.append(job.body)})
    assert runner.run_due() == 1
    assert under_way == [{"case": case}]
    assert promised() == 0
    assert house.run(case) == "running"
    house.delivering.resume()
    house.delivering.resume()
    assert promised() == 1


def test_what_changes_meanwhile_is_weighed_before_each_step(house: House) -> None:
    """A reason that is struck from the list, and a case whose time is over, halt what is under way: nothing more goes out."""
    house.own(1)
    case = house.under_way()
    text = REFERENCE.read_bytes()
    house.publish(text.replace(b"crucial: [security-fault, safety-recall,", b"crucial: [safety-recall,"))
    assert house.run(case) == "stopped"
    house.publish(text + b"\n")
    late = house.under_way()
    house.clock.set(house.clock.now().replace(year=house.clock.now().year + 1))
    assert house.run(late) == "stopped"
    assert house.ids() == []
    halted = [one.detail["why"] for one in house.entries() if one.detail.get("what") == "bulletin-halted"]
    assert halted == ["reason", "case-over"]


def test_a_text_that_a_later_rule_finds_to_advertise_goes_no_further(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rules of the moment count, not those under which it was approved: it is halted before the next step, and told why."""
    house.own(1)
    case = house.under_way()
    stricter = promotion.Rule("install", "No request to install.", re.compile("install", re.IGNORECASE))
    monkeypatch.setattr(promotion, "RULES", (*promotion.RULES, stricter))
    assert house.run(case) == "stopped"
    assert house.ids() == []
    (halted,) = [one for one in house.entries() if one.detail.get("what") == "bulletin-halted"]
    assert (halted.detail["why"], halted.clauses) == ("promotion", ("II.16",))


def test_no_copy_goes_out_of_what_is_known_to_advertise(house: House) -> None:
    """The policy itself denies each copy, whatever the delivery thinks of the text."""
    house.own(1)
    case = house.under_way()
    while house.bulletins.show(house.member(), case).planned_to != ALL:
        house.delivering.step(case)
    with house.database.transaction() as tx:
        note_case_fact(tx, case, PROMOTIONAL, "price", micros(house.clock.now()))
    house.run(case)
    assert house.ids() == []
    denied = [one for one in house.entries() if one.act == "send" and one.case == case]
    assert [(one.effect, one.clauses) for one in denied] == [("deny", ("II.16",))]


def test_who_is_erased_and_who_sold_it_are_not_followed(house: House) -> None:
    """Between the plan and the mail an owner was erased and another told us of a later version: neither gets anything."""
    erased, _ = house.own(1), house.own(2)
    case = house.under_way()
    while house.bulletins.show(house.member(), case).planned_to != ALL:
        house.delivering.step(case)
    house.own(2, "5.3")
    assert house.act("erase", "service.disposal", "essential.service.disposal", person=erased).permitted
    house.outbox.forget(erased)  # as the job does that an erasure promises
    assert house.run(case) == "done"
    ends = house.delivering.progress(case).ends
    assert (ends["gone"], ends["not-concerned"], house.ids()) == (1, 1, [])


def test_overdue_reasons_and_keys_that_nobody_stands_behind_are_refused(house: House) -> None:
    """After the day of its review a reason is none; an API key that no member has writes nothing."""
    with pytest.raises(Refused, match="No member of staff"):
        house.bulletins.write(house.key("staff.product"), Draft(*ABOUT, SAID))
    house.clock.set(house.clock.now().replace(year=2030, month=4, day=17))
    with pytest.raises(InvalidInput, match="2030-04-16"):
        house.bulletins.write(house.member(), Draft(*ABOUT, SAID))
