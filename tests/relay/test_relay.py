"""The relay on each engine: both ways, denied when off or blocked, limited, ended, erased, and once only."""

from datetime import timedelta

import pytest

from tests.relay.conftest import Two
from troth.gate import Ask
from troth.kernel import InvalidInput, NotFound, Refused
from troth.ledger import encode_entry, whole_journal
from troth.relay import MOST_A_DAY, TooMany
from troth.relay.aliases import LASTS

CANARY = "zq-canary-relay-55"


def test_both_ways(two: Two) -> None:
    """A message and its answer: each from one alias, to the other's address, with nothing of the sender."""
    two.relays.write(two.ben.person, two.ann.person, f"Hello, {two.ben.address}", "Subject")
    two.run()
    (first,) = two.mails(two.ann)
    assert "[address removed]" in first.get_content()
    two.mail_in(two.alias(two.ann), two.ann.address, f"Hello back {two.ann.address}")
    (back,) = two.mails(two.ben)
    for mail, other in ((first, two.ben), (back, two.ann)):
        assert other.address not in mail.as_string()
    two.mail_in(two.alias(two.ben), two.ben.address, "Third")
    assert two.alias(two.ann) == str(first["From"].addresses[0].addr_spec)
    writers = two.relays.writers(two.ann.key, two.ann.person)
    assert [[one.text for one in writer.messages] for writer in writers] == [
        ["Third", "Hello, [address removed]"]
    ]


def test_who_wrote_reads_that_it_was_passed_on(two: Two) -> None:
    """Both journals tell of a message: whose it became, and in the writer's own that it went out, through whom and why."""
    two.relays.write(two.ben.person, two.ann.person, "Hello", "Subject")
    two.run()
    two.troth.flush_ledger()
    (written,) = [e for e in whole_journal(two.troth.database, two.ben.person) if e.act == "pass-message"]
    (sent,) = [
        e
        for e in whole_journal(two.troth.database, two.ann.person)
        if e.act == "send" and "email" not in e.fields and e.purpose == written.purpose
    ]
    assert written.recipient == sent.recipient == "email-provider"
    assert (written.clauses, written.fields, written.at) == (sent.clauses, sent.fields, sent.at)
    assert two.ann.person not in encode_entry(written).decode()


def test_off_is_denied(two: Two) -> None:
    """Off on either side: refused by I.6; also what was promised before is not sent."""
    two.relays.write(two.ben.person, two.ann.person, "Hello")
    two.relays.switch(two.ann.key, two.ann.person, on=False)
    two.run()
    assert two.mails(two.ann) == []
    assert not two.relays.reachable(two.ben.person, two.ann.person)
    with pytest.raises(Refused) as caught:
        two.relays.write(two.ben.person, two.ann.person, "Hello")
    assert caught.value.clause == "I.6"
    with pytest.raises(Refused) as own:
        two.relays.write(two.ann.person, two.ben.person, "Hello")
    assert "You have not" in own.value.what


def test_blocked_is_denied_at_each_step(two: Two) -> None:
    """A block stops what comes and what is on its way; the gate denies it by I.6; it can be taken back."""
    two.relays.write(two.ben.person, two.ann.person, "Hello")
    alias = two.relays.writers(two.ann.key, two.ann.person)[0].alias
    two.relays.block(two.ann.key, two.ann.person, alias)
    two.run()
    assert two.mails(two.ann) == []
    with pytest.raises(Refused) as caught:
        two.relays.write(two.ben.person, two.ann.person, "Hello")
    assert caught.value.clause == "I.6"
    assert two.relays.writers(two.ann.key, two.ann.person)[0].blocked
    two.relays.block(two.ann.key, two.ann.person, alias, on=False)
    two.relays.write(two.ben.person, two.ann.person, "Hello again")
    two.run()
    assert len(two.mails(two.ann)) == 1
    with pytest.raises(NotFound):
        two.relays.block(two.ann.key, two.ann.person, "r-" + "a" * 26)


def test_nobody_blocks_for_others(two: Two) -> None:
    """Blocking is an order in one's own name."""
    ask = Ask(
        act="instruct", purpose="essential.service.choice", key=two.ben.key, person=two.ann.person,
        order="block-sender", sender=two.ben.person,
    )  # fmt: skip
    (outcome,) = two.troth.perform([ask])
    assert outcome.problem is not None
    assert outcome.problem.status == 403


def test_dropped_mail_is_never_answered(two: Two) -> None:
    """Strangers, robots, reports, circles, and aliases that are nobody's."""
    two.relays.write(two.ben.person, two.ann.person, "Hello")
    two.run()
    alias = two.alias(two.ann)
    before = len(list((two.troth.folder / "mail").glob("*.eml")))
    two.mail_in(alias, "eve@example.org")
    two.mail_in(alias, two.ben.address)
    two.mail_in(alias, two.ann.address, "x", "Auto-Submitted: auto-replied")
    two.mail_in(alias, two.ann.address, "x", "Precedence: bulk")
    two.mail_in(alias, two.ann.address, "x", *(["Received: by x"] * 31))
    two.mail_in(f"r-{'a' * 26}@example.com", two.ann.address)
    assert len(list((two.troth.folder / "mail").glob("*.eml"))) == before
    with two.troth.database.snapshot() as tx:
        assert two.troth.inbox.counts(tx) == {}


def test_mail_that_is_handled_twice_is_passed_once(two: Two) -> None:
    """A repeat after a crash finds the mail settled and does nothing."""
    from troth.relay import Answers

    two.relays.write(two.ben.person, two.ann.person, "Hello")
    two.run()
    raw = f"From: {two.ann.address}\r\n\r\nOnce\r\n".encode()
    (mail_id,) = two.troth.inbox.keep(two.ann.address, [two.alias(two.ann)], raw)
    received = two.troth.inbox._received(mail_id, "relay", 0)[0]
    for _ in range(2):
        Answers(two.relays.passing)(received)
    two.run()
    assert len(two.mails(two.ben)) == 1


def test_limits(two: Two) -> None:
    """A day's messages are limited, the length too; the next day is another."""
    for number in range(MOST_A_DAY):
        two.relays.write(two.ben.person, two.ann.person, f"{number}")
    with pytest.raises(TooMany):
        two.relays.write(two.ben.person, two.ann.person, "one more")
    two.web.clock.advance(timedelta(days=1, seconds=1))
    two.relays.write(two.ben.person, two.ann.person, "the next day")
    for text in ("", " \n", "x" * 10_001, "-- \nonly a signature"):
        with pytest.raises(InvalidInput):
            two.relays.write(two.ben.person, two.ann.person, text)
    with pytest.raises(NotFound):
        two.relays.write(two.ben.person, two.ben.person, "to myself")


@pytest.mark.slow
def test_end(two: Two) -> None:
    """Three months after the last message the alias takes nothing more, and the messages are erased."""
    two.relays.write(two.ben.person, two.ann.person, CANARY)
    two.run()
    alias = two.alias(two.ann)
    two.web.clock.advance(LASTS - timedelta(days=1))
    two.mail_in(alias, two.ann.address, "in time")
    assert len(two.mails(two.ben)) == 1
    two.web.clock.advance(timedelta(days=2))
    two.run()
    key = two.troth.accounts.open_session(person=two.ann.person)
    (writer,) = two.relays.writers(key, two.ann.person)
    assert writer.messages == ()
    two.web.clock.advance(LASTS)
    two.run()
    key = two.troth.accounts.open_session(person=two.ann.person)
    assert two.relays.writers(key, two.ann.person) == []
    two.mail_in(alias, two.ann.address, "too late")
    assert len(two.mails(two.ben)) <= 1


def test_erased_people_leave_nothing(two: Two) -> None:
    """Aliases, blocks, counts and messages go with the person."""
    two.relays.write(two.ben.person, two.ann.person, CANARY)
    two.relays.write(two.ann.person, two.ben.person, "from Ann")
    alias = two.relays.writers(two.ben.key, two.ben.person)[0].alias
    two.relays.block(two.ben.key, two.ben.person, alias)
    two.run()
    two.troth.accounts.close(two.ann.key, two.ann.person)
    two.run()
    rows = dict(two.web.rows())
    assert (rows["relay_alias"], rows["relay_passed"], rows["block"]) == (0, 0, 0)
    assert two.relays.writers(two.ben.key, two.ben.person) == []
