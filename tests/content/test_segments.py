"""Segments: pure rules over what a browser remembers, whatever the browser sends."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tests.support.reference import reference_policy
from troth.content import Interest, Seen, belongs, interest_value, noted, read_interest, sections_of

DAYS = st.dates(date(2026, 1, 1), date(2027, 12, 31))
NAMES = [segment.name for segment in sections_of(reference_policy())]
INTERESTS = st.dictionaries(st.sampled_from(NAMES), st.builds(Seen, st.integers(1, 99), DAYS))


@given(INTERESTS)
def test_value_gives_the_interest_back(interest: Interest) -> None:
    """What is written is read again, and is a cookie's value (RFC 6265, section 4.1.1)."""
    value = interest_value(interest)
    assert read_interest(reference_policy(), value) == interest
    assert all(0x21 <= ord(one) <= 0x7E and one not in ',;"\\' for one in value)


@given(st.one_of(st.text(), st.lists(st.text(alphabet="v1.:0123456789-senorad", max_size=30)).map(".".join)))
def test_any_value_is_read(value: str) -> None:
    """A planted or broken value never fails, and holds declared segments only."""
    assert set(read_interest(reference_policy(), value)) <= set(NAMES)


@given(INTERESTS, st.text(max_size=60), DAYS)
def test_a_look_adds_at_most_one(interest: Interest, page: str, today: date) -> None:
    """A look counts once for a section that holds the page, and for no other; what was forgotten starts anew."""
    after = noted(reference_policy(), interest, page, today)
    for segment in sections_of(reference_policy()):
        before = interest.get(segment.name, Seen(0, today)).looks
        count = after.get(segment.name, Seen(0, today)).looks
        inside = page == segment.rule.section or page.startswith(segment.rule.section + "/")
        assert count <= min(before + int(inside), 99)
        assert (count > 0) or not inside


@given(INTERESTS, DAYS)
def test_nobody_belongs_by_less_than_the_rule_says(interest: Interest, today: date) -> None:
    """Belonging needs the number of looks, and the last of them within the span; never a look from the future."""
    for segment in sections_of(reference_policy()):
        seen = interest.get(segment.name)
        if belongs(segment, interest, {}, today):
            assert seen is not None
            assert seen.looks >= segment.rule.at_least
            assert timedelta(0) <= today - seen.last <= timedelta(days=30)


@given(DAYS)
def test_silence_is_generic(today: date) -> None:
    """Without interest and without anything told, nobody belongs anywhere."""
    assert not any(belongs(segment, {}, {}, today) for segment in sections_of(reference_policy()))
