"""Versions of a message: the one that was added last counts, whatever the clock says."""

from datetime import timedelta

import msgspec

from troth.kernel import SettableClock
from troth.outreach import Message, Messages
from troth.storage import Database


def _version(text: str) -> Message:
    return Message(
        "news", "marketing.communications.email", "email", "", (), {"en": "News"}, {"en": f"{text}\n"}
    )


def test_the_version_that_was_added_last_is_the_newest(database: Database, clock: SettableClock) -> None:
    """Many within one microsecond, and one after the machine's clock was set back: each in its turn is what the name stands for."""
    messages = Messages(database, clock)
    for number in range(12):
        if number == 11:
            clock.advance(timedelta(hours=-1))
        added = messages.add(_version(f"Text {number}"))
        assert messages.named("news") == added
        assert messages.newest() == [added]
    assert [one.message.bodies["en"] for one in messages.versions()] == [
        f"Text {number}\n" for number in range(12)
    ]


def test_an_older_text_that_is_added_again_is_the_current_one(
    database: Database, clock: SettableClock
) -> None:
    """Under the digest that it had; the newest one again stays when it was added, and no other message is touched."""
    messages = Messages(database, clock)
    first, other = _version("first"), msgspec.structs.replace(_version("first"), name="other")
    messages.add(first)
    kept = messages.add(other)
    clock.advance(timedelta(hours=1))
    second = messages.add(_version("second"))
    assert messages.add(_version("second")) == second
    assert messages.named(first.name) == second
    clock.advance(timedelta(hours=-2))
    again = messages.add(first)
    assert (messages.named(first.name), again.digest) == (again, first.digest)
    assert again.added_at > second.added_at
    assert messages.newest() == sorted([again, kept], key=lambda one: one.message.name)
    assert len(messages.versions()) == 3
    assert messages.version(second.digest) == second.message
