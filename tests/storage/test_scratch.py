"""The scratch pad: notes by keyed digest, in flat memory, leaving nothing behind."""

from troth.storage import Scratch


def test_the_first_note_stays_and_others_are_absent() -> None:
    """Keys are told apart by their parts, not by their joined text."""
    with Scratch() as seen:
        seen.note({("email", "a"): "1", ("emaila", ""): "2"})
        seen.note({("email", "a"): "3"})
        keys = [("email", "a"), ("emaila", ""), ("ema", "ila")]
        assert seen.find(keys) == {("email", "a"): "1", ("emaila", ""): "2"}


def test_two_pads_know_nothing_of_each_other() -> None:
    """Each has a key and a file of its own."""
    with Scratch() as one, Scratch() as other:
        one.note({("a", "b"): "1"})
        assert other.find([("a", "b")]) == {}
