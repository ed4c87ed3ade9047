"""Versions of a message: the one that was added last counts, whatever the clock says."""

from datetime import timedelta

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
