"""Ids sort by the time of their making and are never the same."""

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from troth.kernel import is_id, new_id

THREADS, EACH = 8, 5_000


def test_ids_of_one_thread_sort_in_the_order_of_their_making() -> None:
    """Each id is greater than all before it, also within one millisecond."""
    made = [new_id() for _ in range(20_000)]
    assert all(earlier < later for earlier, later in pairwise(made))


def test_ids_of_many_threads_differ_and_sort() -> None:
    """Threads never make the same id, and each thread's own ids ascend."""
    with ThreadPoolExecutor(THREADS) as pool:
        lists = list(pool.map(lambda _: [new_id() for _ in range(EACH)], range(THREADS)))
    assert all(made == sorted(made) for made in lists)
    assert len({one for made in lists for one in made}) == THREADS * EACH


def test_an_id_is_a_uuid_of_version_7() -> None:
    """Its version and variant are those of RFC 9562, and it is told for an id."""
    made = new_id()
    assert is_id(made)
    assert made[12] == "7"
    assert made[16] in "89ab"


@pytest.mark.parametrize(
    "text", ["", "0" * 31, "0" * 33, "G" * 32, "A" * 32, "0" * 32 + "\n", "\N{ARABIC-INDIC DIGIT ZERO}" * 32]
)
def test_other_texts_are_no_ids(text: str) -> None:
    """Length, letters and digits are strict; a line feed at the end counts."""
    assert not is_id(text)


@given(st.text())
def test_only_32_hexadecimal_characters_are_an_id(text: str) -> None:
    """For any text the answer is that of the plain definition."""
    assert is_id(text) == (len(text) == 32 and set(text) <= set("0123456789abcdef"))
