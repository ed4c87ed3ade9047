"""What a request says about its visitor's choice."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from troth.choice import Choice, choice_cookie, choice_value, offered_purposes, read_choice
from troth.policy import Policy, kept_policy

POLICY = kept_policy((Path(__file__).parents[2] / "policies/software-vendor/policy.md").read_bytes())
ANALYTICS, CONTENT = "analytics.reporting.site_usage", "personalize.content"
DAY = date(2026, 1, 5)
OFFERED = st.sets(st.sampled_from(offered_purposes(POLICY)))


def _sent(value: str, *more: tuple[bytes, bytes], policy: Policy = POLICY) -> Choice:
    cookie = f"other=1; {choice_cookie(policy)}={value}".encode("latin-1", "replace")
    return read_choice(policy, [(b"host", b"www.example.com"), (b"cookie", cookie), *more])


def test_offered_are_the_purposes_of_what_can_wait() -> None:
    """Cookies, pixels and storage that are not essential make up what visitors choose about."""
    assert {ANALYTICS, CONTENT} <= set(offered_purposes(POLICY))
    assert not any(purpose.startswith("essential") for purpose in offered_purposes(POLICY))


@given(OFFERED, OFFERED, st.dates())
def test_what_was_chosen_is_read_again(allowed: set[str], knowingly: set[str], day: date) -> None:
    """A written choice reads as it was made; without a signal both kinds of yes count, against one only the knowing."""
    value = choice_value(POLICY, on=day, allowed=allowed, knowingly=knowingly)
    quiet, signalled = _sent(value), _sent(value, (b"sec-gpc", b"1"))
    assert quiet.made
    assert quiet.on == day.isoformat()
    for purpose in offered_purposes(POLICY):
        assert quiet.allows(purpose) == (purpose in allowed | knowingly)
        assert signalled.allows(purpose) == (purpose in knowingly)
        assert signalled.allows(f"{purpose}.detail") == signalled.allows(purpose)


@given(OFFERED, st.dates())
def test_a_choice_tells_nobody_apart(allowed: set[str], day: date) -> None:
    """Two visitors who choose the same on one day carry the same value."""
    assert choice_value(POLICY, on=day, allowed=allowed) == choice_value(
        POLICY, on=day, allowed=sorted(allowed)
    )


@given(st.text(max_size=200))
def test_any_text_is_a_choice_or_none(value: str) -> None:
    """No cookie makes an error, and what allows something is a value of our own form."""
    found = _sent(value)
    assert found.made or not found.allowed
    if found.made:
        assert value.strip().strip('"').startswith("v1.")


@given(st.lists(st.tuples(st.sampled_from([b"cookie", b"sec-gpc", b"dnt", b"x"]), st.binary(max_size=60))))
def test_no_header_makes_an_error(headers: list[tuple[bytes, bytes]]) -> None:
    """Whatever stands in the headers, reading them gives a choice."""
    assert not read_choice(POLICY, headers).allows("essential.service.account")


@pytest.mark.parametrize(
    "value",
    [
        "",
        "v1",
        "v2.2026-01-05.analytics%2Ereporting%2Esite_usage.",
        "v1.20260105.analytics%2Ereporting%2Esite_usage.",
        "v1.2026-13-05.analytics%2Ereporting%2Esite_usage.",
        "v1.2026-01-05.analytics.reporting.site_usage.",
        "v1.2026-01-05.analytics%2Ereporting%2Esite_usage",
        "v1.2026-01-05.analytics%2Ereporting%2Esite_usage..x",
    ],
)
def test_what_is_malformed_is_no_choice(value: str) -> None:
    """Another version, another date, another number of parts: nothing was chosen."""
    assert _sent(value) == Choice()


def test_what_is_not_offered_is_not_allowed() -> None:
    """A purpose that no declared technology waits for stays off, whatever a cookie says."""
    found = _sent("v1.2026-01-05.marketing%2Ecommunications%2Eemail+personalize%2Econtent.")
    assert found.allowed == {CONTENT}
    assert not found.allows("marketing.communications.email")
    assert not found.allows("personalize")


def test_two_choices_at_once_are_none() -> None:
    """Cookies of one name with two meanings decide nothing; with one meaning they do."""
    yes, no = (choice_value(POLICY, on=DAY, allowed=one) for one in ([ANALYTICS], []))
    name = choice_cookie(POLICY)
    both = f"{name}={no}; {name}={yes}".encode()
    assert read_choice(POLICY, [(b"cookie", both)]) == Choice()
    assert read_choice(POLICY, [(b"cookie", f"{name}={yes}".encode())] * 2).allows(ANALYTICS)


@pytest.mark.parametrize(
    ("headers", "signal"),
    [
        ([(b"sec-gpc", b"1")], "gpc"),
        ([(b"sec-gpc", b"0"), (b"sec-gpc", b"1")], "gpc"),
        ([(b"sec-gpc", b"1"), (b"sec-gpc", b"0"), (b"dnt", b"1")], "gpc"),
        ([(b"sec-gpc", b"true")], ""),
        ([(b"sec-gpc", b"11")], ""),
        ([(b"sec-gpc", b"1, 1")], ""),
        ([(b"dnt", b"1")], "dnt"),
        ([(b"dnt", b"0")], ""),
        ([], ""),
    ],
)
def test_only_one_means_no(headers: list[tuple[bytes, bytes]], signal: str) -> None:
    """Only the value 1 is a signal, and any 1 of repeated headers is."""
    assert read_choice(POLICY, headers).signal == signal
