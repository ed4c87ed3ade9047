"""What moves a bulletin on, and how its delivery to one owner goes on until there is an end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from troth.bulletins.model import (
    APPROVED,
    CHANNELS,
    DRAFT,
    RUNNING,
    STOPPED,
    Bulletin,
    Copy,
    Text,
    approved,
    revised,
    standing,
    started,
    stopped,
)
from troth.kernel import Conflict, InvalidInput, Refused

PEOPLE = st.sampled_from(["ann", "ben", "pia", ""])
WORDS = st.sampled_from(["one", "two"])


def draft(author: str = "ann", body: str = "one") -> Bulletin:
    """A bulletin that was just written."""
    texts = {"en": Text("Subject", body)}
    return Bulletin("c" * 32, "sensor", "*", "fault", texts, author, "", DRAFT, "", 0, 1, 0, 0, 0)


class Steps(RuleBasedStateMachine):
    """Whoever takes whichever steps, in whichever order."""

    def __init__(self) -> None:
        super().__init__()
        self.one = draft()
        self.read: dict[str, str] = {}
        self.now = 1

    @rule(who=PEOPLE)
    def reads(self, who: str) -> None:
        """Somebody reads what it says now."""
        self.read[who] = self.one.digest

    @rule(who=PEOPLE.filter(bool), words=WORDS)
    def writes(self, who: str, words: str) -> None:
        """Somebody gives it other texts."""
        self.now += 1
        try:
            self.one = revised(self.one, who, {"en": Text("Subject", words)}, self.now)
        except Conflict:
            assert self.one.state not in (DRAFT, APPROVED)

    @rule(who=PEOPLE)
    def approves(self, who: str) -> None:
        """Somebody approves what they read last."""
        was = self.one
        try:
            self.one = approved(was, who, self.read.get(who, ""), self.now)
        except (Conflict, InvalidInput, Refused):
            assert was.state != DRAFT or who in ("", was.author) or self.read.get(who) != was.digest
        else:
            assert was.state == DRAFT
            assert self.read[who] == was.digest

    @rule()
    def starts(self) -> None:
        """Somebody starts it."""
        was = self.one
        try:
            self.one = started(was, self.now)
        except Conflict:
            assert was.state != APPROVED

    @precondition(lambda self: self.one.state != DRAFT)
    @rule()
    def stops(self) -> None:
        """Somebody stops it."""
        try:
            self.one = stopped(self.one, self.now)
        except Conflict:
            assert self.one.state == STOPPED

    @invariant()
    def what_goes_out_was_read_by_two(self) -> None:
        """Whatever is approved or under way was approved by somebody else than its author, who read these very bytes."""
        if self.one.state in (APPROVED, RUNNING):
            assert self.one.approver
            assert self.one.approver != self.one.author
            assert self.one.approved_at >= self.one.written_at


TestSteps = Steps.TestCase


@given(st.lists(st.sampled_from(["bounced", "failed", "skipped", "sent"]), min_size=3, max_size=3))
def test_every_owner_comes_to_an_end(fates: list[str]) -> None:
    """Mail, then a letter, then a call, each once and only after the one before failed; the first that arrives ends it."""
    copies: list[Copy] = []
    for fate in fates:
        found = standing(copies)
        if found.end:
            break
        assert found.tries == CHANNELS[len(copies)]
        assert standing([*copies, Copy(found.tries, "planned")]).waits == found.tries
        copies.append(Copy(found.tries, fate, "no-address"))
    arrived = "sent" in fates
    assert standing(copies).end == ("told" if arrived else "unreachable")
    assert len(copies) == (fates.index("sent") + 1 if arrived else len(CHANNELS))


@pytest.mark.parametrize(
    ("copy", "end"),
    [
        (Copy("email", "skipped", "II.16"), "not-concerned"),
        (Copy("letter", "skipped", "unknown-person"), "gone"),
        (Copy("email", "complained"), "told"),
    ],
)
def test_some_ends_need_no_other_channel(copy: Copy, end: str) -> None:
    """Who owns the product no more, or is not there any more, is not written to otherwise; who complained has read it."""
    assert standing([copy]).end == end
