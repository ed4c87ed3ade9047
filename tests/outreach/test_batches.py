"""Mass mail: each copy is decided at its own moment, an opt-out holds for the very next one, and a crash loses none."""

import email
import email.policy
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from threading import Lock
from typing import Any

import pytest
from sqlalchemy import func, select

from tests.gate.conftest import Company, company, reference_text  # noqa: F401  fixtures
from troth.adapters import FolderMailer
from troth.gate import Outcome
from troth.kernel import Unavailable, micros, new_id
from troth.outreach import (
    Batch,
    BatchSending,
    Composed,
    Handed,
    Handovers,
    Mail,
    Marks,
    Outbox,
    Row,
    Unanswered,
    Undeliverable,
)
from troth.outreach.handovers import HandoverFile
from troth.storage import Statement, Transaction
from troth.vault import record_stance
from troth.vault.tables import preference

EMAIL = "marketing.communications.email"
LONG = "x" * 300
CASE = "0" * 31 + "1"
_SAID = Statement(select(func.count()).select_from(preference))


def stops(tx: Transaction) -> int:
    """A counter that moves with everything that people say."""
    row = tx.row(_SAID)
    return int(row[0]) if row else 0


class Carrier:
    """A mail folder that something happens at when a mail is handed over.

    Args:
        folder: Where mails lie.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.kept = folder, FolderMailer(folder)
        self.before: Callable[[Mail], None] = lambda _: None
        self._one = Lock()

    def send(self, mail: Mail) -> None:
        """Hand over."""
        with self._one:
            self.before(mail)
            self.kept.send(mail)

    def mails(self) -> list[EmailMessage]:
        """What lies there."""
        return [
            email.message_from_bytes(one.read_bytes(), policy=email.policy.default)
            for one in sorted(self.folder.glob("*.eml"))
        ]


class Mailing:
    """A company with people who asked for announcements, and a batch to them."""

    def __init__(self, company: Company, folder: Path, *, counted: bool) -> None:  # noqa: F811  the fixture
        self.company, self.outbox = company, Outbox(company.database, company.clock)
        self.carrier, self.place = Carrier(folder), folder.with_name("handovers")
        key = company.key("service.mailer")
        self.sending = BatchSending(
            perform=company.gate.perform_along,
            policy=company.gate.policy,
            key=lambda: key,
            database=company.database,
            outbox=self.outbox,
            mailer=self.carrier,
            clock=company.clock,
            handovers=Handovers(self.place),
            stops=stops if counted else None,
            connections=2,
        )
        self.batch = Batch(CASE, EMAIL, ("email", "name"), self.write, self.marks)
        self.people = [company.register(number) for number in range(6)]
        self.say("consented", *self.people)
        with company.database.transaction() as tx:
            self.outbox.plan(tx, CASE, self.people, "email")

    def say(self, stance: str, *people: str) -> None:
        """People say something about announcements."""
        with self.company.database.transaction() as tx:
            for person in people:
                record_stance(
                    tx, person, "marketing.communications", stance, micros(self.company.clock.now())
                )

    def write(self, _: Row, outcome: Outcome, marks: Marks) -> Composed:
        """A text with the person's name."""
        text = f"Hello {outcome.values['name']}, you get this because {marks.reason}.\n"
        return Composed("News", text, f"<p>{text}</p>")

    def marks(self, row: Row, _: str) -> Marks:
        """Addresses of this copy's own."""
        place = f"https://www.example.com/stop/{row.id}{LONG}"
        return Marks(place, place, f"bounce+{row.id}@example.com", "you asked for it")

    def begun(self) -> Row:
        """A copy that is in hand."""
        with self.company.database.transaction() as tx:
            (row,) = self.outbox.take(tx, CASE, 1)
            begun = self.outbox.settle(tx, row, "sending", tried=1)
        assert begun is not None
        return begun

    def crashed(
        self, *, begun: tuple[Row, ...] = (), taken: tuple[Row, ...] = (), start: bytes | None = None
    ) -> None:
        """Copies are handed over, some are taken, and the process ends before that is committed."""
        handovers = Handovers(self.place, start)
        with suppress(KeyboardInterrupt), handovers.of(CASE) as file:
            for row in begun:
                file.begins(row)
            for row in taken:
                file.took(row)
            raise KeyboardInterrupt

    def ids(self) -> list[str]:
        """Ids of the copies that went out."""
        return [str(one["Message-ID"])[1:33] for one in self.carrier.mails()]

    def run(self, most: int = 100, going: Callable[[Transaction], bool] = lambda _: True) -> Handed:
        """Windows until nothing is due."""
        total = Handed()
        while any(now := self.sending.window(self.batch, most, going)):
            total = total.then(now)
            if now.waiting:
                break
        return total


@pytest.fixture(params=["counted", "one by one"])
def mailing(request: pytest.FixtureRequest, company: Company, tmp_path: Path) -> Iterator[Mailing]:  # noqa: F811
    """A mailing to six people."""
    made = Mailing(company, tmp_path / "mail", counted=request.param == "counted")
    yield made
    made.sending.close()


def test_each_copy_is_decided_and_recorded_at_its_own_moment(mailing: Mailing) -> None:
    """Who said no after the planning gets nothing, the ledger has an act for each, and each mail can be stopped."""
    mailing.say("objected", mailing.people[2])
    before = len(mailing.company.entries())
    assert mailing.run() == Handed(5, 1, 0)
    assert mailing.outbox.reasons(CASE) == {("sent", ""): 5, ("skipped", "I.17"): 1}
    sent = [one for one in mailing.company.entries()[before:] if one.act == "send"]
    assert sorted(one.effect for one in sent) == ["deny", *["permit"] * 5]
    assert {one.person for one in sent if one.effect == "permit"} == set(mailing.people) - {mailing.people[2]}
    mails = mailing.carrier.mails()
    assert sorted(str(one["To"]) for one in mails) == [f"person{n}@example.com" for n in (0, 1, 3, 4, 5)]
    for one in mails:
        number = str(one["Message-ID"])[1:33]
        assert one["List-Unsubscribe"] == f"<https://www.example.com/stop/{number}{LONG}>"
        assert one["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        row = mailing.outbox.message(number)
        assert row is not None
        assert row.state == "sent"


def test_an_opt_out_holds_for_the_very_next_copy(mailing: Mailing) -> None:
    """Everybody says no while a mail is handed over: only those that were being handed over already go out."""
    mailing.carrier.before = lambda _: mailing.say("objected", *mailing.people)
    handed = mailing.run()
    assert handed.sent + handed.skipped == 6
    assert 1 <= handed.sent <= 2, "two connections"
    assert len(mailing.carrier.mails()) == handed.sent
    assert mailing.outbox.counts(CASE)["skipped"] == handed.skipped


def test_a_batch_that_is_halted_gives_back_what_is_in_hand(mailing: Mailing) -> None:
    """Once the batch does not go on nothing more is handed over, and the rest is planned as before."""
    looks = []

    def going(_: Transaction) -> bool:
        looks.append(1)
        return len(looks) <= 2

    handed = mailing.sending.window(mailing.batch, 100, going)
    mailing.sending.window(mailing.batch, 100, going)
    assert handed.sent <= 2
    counts = mailing.outbox.counts(CASE)
    assert counts["sending"] == 0
    assert counts["planned"] == 6 - counts["sent"]
    assert mailing.run().sent == 6 - counts["sent"]


def test_what_nobody_takes_waits_and_what_is_refused_is_given_up(mailing: Mailing) -> None:
    """A server that takes nothing stops the window; a refusal for good ends one copy and no other."""

    def refuse(mail: Mail) -> None:
        if mail.person == mailing.people[0]:
            raise Undeliverable
        raise Unavailable("Nobody takes it.")

    mailing.carrier.before = refuse
    mailing.run()
    counts = mailing.outbox.counts(CASE)
    assert (counts["failed"], counts["planned"], counts["sending"]) == (1, 5, 0)
    mailing.carrier.before = lambda _: None
    mailing.company.clock.advance(timedelta(days=1))
    assert mailing.run().sent == 5
    assert len(mailing.carrier.mails()) == 5


@pytest.mark.parametrize(("uncertain", "sent", "failed"), [("again", 6, 0), ("count", 5, 1)])
def test_a_copy_left_in_hand_is_sent_again_or_counted(
    mailing: Mailing, uncertain: str, sent: int, failed: int
) -> None:
    """After a crash nobody knows of a copy in hand whether it was taken: it goes again under its Message-ID, or never."""
    row = mailing.begun()
    batch = mailing.batch._replace(uncertain=uncertain)
    assert mailing.sending.recover(batch) == 1
    assert mailing.sending.recover(batch) == 0
    mailing.run()
    assert mailing.outbox.counts(CASE) | {"sent": sent, "failed": failed} == mailing.outbox.counts(CASE)
    assert (row.id in mailing.ids()) is (uncertain == "again")


@pytest.mark.parametrize("uncertain", ["again", "count"])
def test_a_copy_that_was_taken_before_the_crash_is_not_uncertain(mailing: Mailing, uncertain: str) -> None:
    """What the server took counts as sent, though its end was never committed; it does not go again."""
    row = mailing.begun()
    mailing.crashed(begun=(row,), taken=(row,))
    mailing.run()  # a window meanwhile forgets nothing of it
    assert mailing.sending.recover(mailing.batch._replace(uncertain=uncertain)) == 0
    mailing.run()
    assert mailing.outbox.counts(CASE)["sent"] == 6
    assert row.id not in mailing.ids()
    assert list(mailing.place.iterdir()) == []


def test_a_copy_that_was_refused_before_the_crash_is_not_uncertain(mailing: Mailing) -> None:
    """The server said that it does not take it: it is tried again, also where uncertain ones are given up."""
    row = mailing.begun()
    with suppress(KeyboardInterrupt), Handovers(mailing.place).of(CASE) as file:
        file.begins(row)
        file.refused(row)
        raise KeyboardInterrupt
    assert mailing.sending.recover(mailing.batch._replace(uncertain="count")) == 0
    mailing.run()
    assert row.id in mailing.ids()


@pytest.mark.parametrize(("uncertain", "states"), [("again", {"planned": 1}), ("count", {"failed": 1})])
def test_a_copy_to_which_the_server_did_not_answer_goes_again_or_never(
    mailing: Mailing, uncertain: str, states: dict[str, int]
) -> None:
    """The connection broke behind the mail: as after a crash nobody knows, and the setting says what becomes of it."""
    lost: list[Mail] = []

    def lose(mail: Mail) -> None:
        if not lost or mail.id == lost[0].id:
            lost.append(mail)
            raise Unanswered("The mail server did not say whether it took the mail.")

    mailing.carrier.before = lose
    mailing.batch = mailing.batch._replace(uncertain=uncertain)
    mailing.run()
    counts = mailing.outbox.counts(CASE)
    assert {name: number for name, number in counts.items() if number} == {"sent": 5} | states
    mailing.company.clock.advance(timedelta(days=1))
    mailing.run()
    assert len(lost) == (2 if uncertain == "again" else 1)


def test_a_copy_whose_turn_had_not_come_is_not_uncertain(mailing: Mailing) -> None:
    """It was in hand and never handed over: it goes, also where uncertain ones are given up."""
    row = mailing.begun()
    mailing.crashed()
    assert mailing.sending.recover(mailing.batch._replace(uncertain="count")) == 0
    mailing.run()
    assert mailing.outbox.counts(CASE)["sent"] == 6
    assert row.id in mailing.ids()


def test_after_the_machine_itself_stopped_nothing_is_taken_as_untried(mailing: Mailing) -> None:
    """The file may have lost what was written last: a copy that it does not name may have gone. What it names counts."""
    row = mailing.begun()
    mailing.crashed(start=b"an earlier start")
    assert mailing.sending.recover(mailing.batch._replace(uncertain="count")) == 1
    mailing.run()
    assert row.id not in mailing.ids()


def test_a_receipt_of_an_earlier_try_or_half_of_one_tells_nothing(mailing: Mailing) -> None:
    """Only the whole line of the very try says that the server has it."""
    row = mailing.begun()
    mailing.crashed(begun=(row,), taken=(row._replace(tries=row.tries - 1), row._replace(id=row.id[:-1])))
    assert mailing.sending.recover(mailing.batch) == 1
    mailing.run()
    assert row.id in mailing.ids()


def test_no_file_is_kept_once_its_end_is_committed(mailing: Mailing) -> None:
    """While copies go out the file is there, for its owner alone; afterwards it is gone."""
    seen: list[int] = []
    mailing.carrier.before = lambda _: seen.extend(
        one.stat().st_mode & 0o777 for one in mailing.place.iterdir()
    )
    mailing.run()
    assert set(seen) == {0o600}
    assert list(mailing.place.iterdir()) == []


def test_where_no_receipt_can_be_written_nothing_is_sent(mailing: Mailing) -> None:
    """A file in the folder's place: the window says so before it begins, and goes out once that is mended."""
    mailing.place.write_text("")
    with pytest.raises(Unavailable, match="cannot be noted"):
        mailing.run()
    assert mailing.carrier.mails() == []
    mailing.place.unlink()
    assert mailing.run().sent == 6


def test_on_a_full_disk_no_copy_is_handed_over(mailing: Mailing) -> None:
    """That it begins cannot be noted, so it does not."""
    full = os.open("/dev/full", os.O_WRONLY)
    with pytest.raises(Unavailable, match="No space left"):
        HandoverFile(full).begins(mailing.begun())
    os.close(full)


def test_one_bad_copy_stops_no_other(mailing: Mailing) -> None:
    """Somebody who is gone is skipped, and a text that cannot be written fails alone."""
    with mailing.company.database.transaction() as tx:
        mailing.outbox.plan(tx, CASE, [new_id()], "email")

    def write(row: Row, outcome: Outcome, marks: Marks) -> Any:
        if row.person == mailing.people[3]:
            raise ZeroDivisionError
        return mailing.write(row, outcome, marks)

    mailing.batch = mailing.batch._replace(write=write)
    handed = mailing.run()
    assert (handed.sent, handed.skipped) == (5, 1)
    assert mailing.outbox.reasons(CASE)[("planned", "unforeseen")] == 1


def test_a_copy_that_a_limit_holds_back_was_not_tried(mailing: Mailing) -> None:
    """It waits until the instant that it was told, as often as need be, and the copies behind it go on."""
    then = mailing.company.clock.now() + timedelta(hours=1)

    def full(mail: Mail) -> None:
        assert mail.bulk
        if mail.person != mailing.people[5]:
            raise Unavailable("The hour is full.", at=then)

    mailing.carrier.before = full
    handed = mailing.run()
    assert (handed.sent, handed.put_off, handed.waiting) == (1, 5, False)
    with mailing.company.database.reading() as tx:
        assert mailing.outbox.next_due(tx, CASE) == micros(then)
    mailing.company.clock.set(then)
    mailing.carrier.before = lambda _: None
    assert mailing.run().sent == 5
    rows = [mailing.outbox.message(str(one["Message-ID"])[1:33]) for one in mailing.carrier.mails()]
    assert [one.tries for one in rows if one is not None] == [1] * 6
