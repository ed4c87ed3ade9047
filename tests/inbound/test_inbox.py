"""What the inbox accepts is on disk, sealed, decided and recorded; it is handled once and then destroyed."""

from datetime import timedelta

import pytest

from tests.inbound.conftest import ADDRESS, REFUSED, Post
from troth.gate import Parcels
from troth.inbound import STAFF, WAITING, ForStaff, Inbox
from troth.kernel import NotFound, Refused, Unavailable, micros
from troth.vault import sweep_orphan_keys

CANARY = "zq-canary-mail-4471"
MAIL = f"From: ann@example.com\r\nSubject: {CANARY}\r\n\r\n{CANARY}\r\n".encode()


def test_accepted_mail_is_handled_once_and_destroyed(post: Post) -> None:
    """The handler sees envelope and content; afterwards row, parcel and key are gone."""
    (mail_id,) = post.inbox.keep("Bounce@Example.Org", [ADDRESS.upper()], MAIL)
    assert [one.mail_id for one in post.inbox.kept(WAITING)] == [mail_id]
    assert post.troth.vault.keys.newest_keys([mail_id])
    post.run()
    (received,) = post.got
    assert (received.mail_id, received.recipient, received.sender) == (mail_id, ADDRESS, "Bounce@Example.Org")
    assert (received.mail.text, received.mail.automatic) == (CANARY, "")
    assert post.inbox.kept(WAITING) == []
    assert not post.troth.vault.keys.newest_keys([mail_id])
    rows = dict(post.web.rows())
    assert (rows["parcel"], rows["mail_inbox"]) == (0, 0)


def test_nothing_of_a_mail_rests_in_clear(post: Post) -> None:
    """No column of the inbox or the parcel holds the canary."""
    from sqlalchemy import select

    from troth.storage import Statement, data_tables

    post.inbox.keep("", [ADDRESS], MAIL)
    with post.troth.database.snapshot() as tx:
        for name in ("parcel", "mail_inbox", "job"):
            for row in tx.rows(Statement(select(data_tables.tables[name]))):
                assert CANARY.encode() not in repr(row).encode()


def test_acceptance_stands_in_the_ledger(post: Post) -> None:
    """A mail is a collection that a clause permits; its entry names the clause and holds nothing of the mail."""
    post.inbox.keep("a@example.org", [ADDRESS], MAIL)
    post.troth.flush_ledger()
    counts = post.troth.clause_counts()
    assert any(found.get("permit") for found in counts.values())


def test_what_the_policy_denies_is_not_kept(post: Post) -> None:
    """Refused with its clause: neither a row nor a key is left."""
    before = post.web.rows()
    with pytest.raises(Refused) as caught:
        post.inbox.keep("a@example.org", [ADDRESS, REFUSED], MAIL)
    assert caught.value.clause
    after = dict(post.web.rows())
    for name in ("parcel", "mail_inbox", "job"):
        assert after[name] == dict(before)[name]


@pytest.mark.parametrize(
    "address", ["nobody@example.com", "help@example.org", "help", "", "a b@example.com", "@"]
)
def test_unknown_address_is_not_taken(post: Post, address: str) -> None:
    """Nothing is kept for an address that no route takes, nor beside one that is taken."""
    assert post.inbox.route(address) is None
    with pytest.raises(NotFound):
        post.inbox.keep("a@example.org", [ADDRESS, address], MAIL)
    assert post.inbox.kept(WAITING) == []


def test_doubtful_mail_waits_for_a_person(post: Post) -> None:
    """Malformed mail, and what its handler leaves to a person, stays sealed with a reason; nothing is lost."""
    (malformed,) = post.inbox.keep("a@example.org", [ADDRESS], b"\x00\xff no mail")
    (left,) = post.inbox.keep("a@example.org", [ADDRESS], MAIL)
    post.faults.append(ForStaff("unclear"))
    post.run()
    assert post.got == []
    assert {(one.mail_id, one.reason) for one in post.inbox.kept(STAFF)} == {
        (malformed, "no-sender"), (left, "unclear"),
    }  # fmt: skip
    assert post.inbox.for_staff(left).mail.text == CANARY
    post.inbox.destroy(left)
    with pytest.raises(NotFound):
        post.inbox.for_staff(left)


def test_failing_handler_is_tried_again(post: Post) -> None:
    """What cannot be done now is done later; what can never be done ends with a person."""
    post.faults.append(Unavailable("not now", mend="later"))
    post.inbox.keep("a@example.org", [ADDRESS], MAIL)
    post.run()
    assert post.got == []
    post.web.clock.advance(timedelta(seconds=11))
    post.run()
    assert len(post.got) == 1
    post.faults.extend(KeyError("x") for _ in range(40))
    post.inbox.keep("a@example.org", [ADDRESS], MAIL)
    for _ in range(40):
        post.run()
        post.web.clock.advance(timedelta(hours=7))
    assert [one.reason for one in post.inbox.kept(STAFF)] == ["given-up"]


def test_settled_mail_is_not_handled_again(post: Post) -> None:
    """A handler that settles in its own unit of work is not called again although the process died behind it."""
    (mail_id,) = post.inbox.keep("a@example.org", [ADDRESS], MAIL)
    post.run()
    assert post.got
    (second,) = post.inbox.keep("a@example.org", [ADDRESS], MAIL)
    received = post.inbox._received(second, "help", 0)[0]
    with post.troth.database.transaction() as tx:
        assert received.settle(tx)
        assert not received.settle(tx)
    post.run()
    assert [one.mail_id for one in post.got] == [mail_id]
    assert dict(post.web.rows())["parcel"] == 0


def test_old_mail_is_destroyed(post: Post) -> None:
    """What nobody handled in time goes, keys first."""
    (mail_id,) = post.inbox.keep("a@example.org", [ADDRESS], b"no mail")
    post.run()
    post.web.clock.advance(timedelta(days=31))
    assert post.inbox.dispose(micros(post.troth.clock.now() - timedelta(days=30))) == 1
    assert not post.troth.vault.keys.newest_keys([mail_id])
    assert post.inbox.kept(STAFF) == []


def test_key_sweep_leaves_waiting_mail_alone(post: Post) -> None:
    """A mail's key is no orphan, however long it waits."""
    post.inbox.keep("a@example.org", [ADDRESS], MAIL)
    post.web.clock.advance(timedelta(hours=2))
    sweep_orphan_keys(post.troth.database, post.troth.vault.keys, micros(post.troth.clock.now()))
    post.run()
    assert len(post.got) == 1


def test_mail_of_a_route_that_is_gone_waits_for_a_person(post: Post) -> None:
    """When the policy publishes the address no more, the mail is not lost."""
    post.inbox.keep("a@example.org", [ADDRESS], MAIL)
    bare = Inbox(post.troth.database, post.troth.gate, Parcels(post.troth.vault), post.troth.clock, list)
    post._replace(inbox=bare).run()
    assert [one.reason for one in post.inbox.kept(STAFF)] == ["no-reader"]
