"""What an entry looks like in the log."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from troth.kernel import Corrupt, InvalidInput
from troth.ledger import Entry, decode_entry, encode_entry

WORDS = st.text(max_size=20)
TUPLES = st.lists(WORDS, max_size=3).map(tuple)


def test_an_entry_is_compact_json_that_begins_with_its_version() -> None:
    """Version first, then members in order of declaration, nothing empty, no white space."""
    body = encode_entry(
        Entry(id="1", at=2, act="use", effect="permit", clauses=("II.3",), detail={"b": "2", "a": "1"})
    )
    assert body == (
        b'{"v":1,"id":"1","at":2,"act":"use","effect":"permit","clauses":["II.3"],"detail":{"a":"1","b":"2"}}'
    )


@given(
    st.builds(
        Entry,
        id=WORDS,
        at=st.integers(0, 2**62),
        act=WORDS,
        effect=WORDS,
        clauses=TUPLES,
        rules=TUPLES,
        person=WORDS,
        data=TUPLES,
        fields=TUPLES,
        detail=st.dictionaries(WORDS, WORDS, max_size=3),
        sealed=WORDS,
    )
)
def test_an_entry_comes_back_as_it_was(entry: Entry) -> None:
    """Decoding undoes encoding, and the same entry always has the same bytes."""
    body = encode_entry(entry)
    assert decode_entry(body) == entry
    assert encode_entry(decode_entry(body)) == body
    assert json.loads(body)["v"] == 1


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"\xff", b'{"v":2,"id":"1","at":2,"act":"","effect":""}', b'{"v":1}']
)
def test_other_bytes_are_no_entry(body: bytes) -> None:
    """What is in no known format is corrupt, not a traceback of a parser."""
    with pytest.raises(Corrupt):
        decode_entry(body)


def test_an_entry_longer_than_a_tile_can_hold_is_refused() -> None:
    """65,535 bytes is the limit of the tile format; the error says which member to shorten."""
    spare = len(encode_entry(Entry(id="1", at=2, act="use", effect="permit", sealed="x"))) - 1
    assert (
        len(encode_entry(Entry(id="1", at=2, act="use", effect="permit", sealed="x" * (65_535 - spare))))
        == 65_535
    )
    with pytest.raises(InvalidInput) as caught:
        encode_entry(Entry(id="1", at=2, act="use", effect="permit", sealed="x" * (65_536 - spare)))
    assert caught.value.field == "detail"
