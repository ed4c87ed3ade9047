"""Which cookies reach a browser, and in which form."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from troth.choice import Choice, Guarded, declared_cookies, guard_cookie, longest_life
from troth.policy import Cookie, kept_policy

POLICY = kept_policy((Path(__file__).parents[2] / "policies/software-vendor/policy.md").read_bytes())
NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
CHOICE = next(one for one in POLICY.of(Cookie) if one.remembers == "choice")
VISITOR = next(one for one in POLICY.of(Cookie) if one.remembers == "visitor")
HTTP = "; HttpOnly" if CHOICE.http_only else ""
YES = Choice(made=True, allowed=frozenset(VISITOR.purposes))
NO = Choice(made=True)


def _guarded(header: str, choice: Choice = NO, *, secure: bool = False) -> Guarded:
    return guard_cookie(POLICY, header, lambda: choice, NOW, secure=secure)


def test_an_undeclared_cookie_is_not_sent() -> None:
    """Its name is not told either, for it may be anything."""
    assert _guarded("rogue=1; Path=/") == Guarded("", "undeclared")
    assert _guarded("rogue=; Max-Age=0") == Guarded("", "undeclared")


def test_a_cookie_that_waits_is_sent_only_when_chosen() -> None:
    """Before the choice, after a no, and against the browser's signal it is not sent."""
    header = f"{VISITOR.wire_name}=abc; Path=/"
    assert _guarded(header) == Guarded("", "not-chosen", VISITOR.name)
    assert _guarded(header, YES._replace(signal="gpc")).value == ""
    assert _guarded(header, YES).value == f"{VISITOR.wire_name}=abc; Path=/; HttpOnly; SameSite=Lax"
    knowing = YES._replace(signal="gpc", knowingly=YES.allowed)
    assert _guarded(header, knowing).value


def test_taking_a_cookie_back_is_always_allowed() -> None:
    """With a lifetime that is over, whatever was chosen."""
    assert "Max-Age=0" in _guarded(f"{VISITOR.wire_name}=; Max-Age=0").value
    assert "Max-Age=0" in _guarded(f"{VISITOR.wire_name}=; Expires=Thu, 01 Jan 1970 00:00:00 GMT").value


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("Max-Age=99999999999", "most"),
        ("Max-Age=60", "60"),
        ("Expires=Mon, 05 Jan 2026 09:01:00 GMT", "60"),
        ("Expires=Wed, 05 Jan 2050 09:00:00 GMT", "most"),
        ("Max-Age=60; Expires=Wed, 05 Jan 2050 09:00:00 GMT", "60"),
        ("Expires=nonsense", ""),
        ("Max-Age=²", ""),
    ],
)
def test_no_cookie_lives_longer_than_declared(given: str, kept: str) -> None:
    """Both ways to state a lifetime are cut to the declared one; without either it ends with the session."""
    life = longest_life(CHOICE.lifetime)
    assert life is not None
    most = str(int(life.total_seconds()))
    found = _guarded(f"{CHOICE.wire_name}=v; {given}").value
    expected = {"most": f"; Max-Age={most}", "": ""}.get(kept, f"; Max-Age={kept}")
    assert found == f"{CHOICE.wire_name}=v{expected}{HTTP}; SameSite=Lax"


def test_attributes_are_as_declared() -> None:
    """What the site leaves out or says otherwise is corrected; https adds Secure."""
    found = _guarded(f"{CHOICE.wire_name}=v; SameSite=None; Path=/; Domain=example.com", secure=True).value
    assert found == f"{CHOICE.wire_name}=v; Path=/; Domain=example.com{HTTP}; Secure; SameSite=Lax"


@given(st.text(max_size=120))
def test_any_header_is_sent_as_declared_or_not_at_all(header: str) -> None:
    """Whatever a site writes, only a declared name comes through."""
    found = _guarded(header, YES)
    assert not found.value or found.value.partition("=")[0] in declared_cookies(POLICY)
    assert bool(found.value) != bool(found.reason)


def test_the_session_has_a_prefix_over_https_only() -> None:
    """`__Host-` goes with Secure, the whole site and no other host; without https it is no declared name."""
    session = next(one for one in POLICY.of(Cookie) if one.remembers == "session")
    name = session.name_over(https=True)
    assert name == f"__Host-{session.wire_name}"
    assert session.name_over(https=False) == session.wire_name
    kept = _guarded(f"{name}=k; Path=/account; Domain=example.com", secure=True)
    assert kept.value == f"{name}=k; Path=/; HttpOnly; Secure; SameSite=Lax"
    assert _guarded(f"{name}=k; Path=/") == Guarded("", "undeclared")
    assert _guarded(f"__Host-{VISITOR.wire_name}=k", YES, secure=True) == Guarded("", "undeclared")
