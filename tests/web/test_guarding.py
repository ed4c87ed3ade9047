"""What stands before every endpoint: headers on every response, a limit on failed sign-ins."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.web.conftest import SUPPORT, Web
from troth.kernel import SettableClock
from troth.web.guarding import MAX_FAILURES, MAX_TRACKED, FailedSignIns, network, security_headers
from troth.web.problems import TooManyAttempts

KEY = "troth_" + "a" * 32 + "_secret"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"), ("GET", "/policy"), ("GET", "/health"), ("GET", "/metrics"), ("GET", "/static/style.css"),
        ("GET", "/nothing"), ("PUT", "/policy"), ("POST", "/v1/acts"), ("PUT", "/v1/acts"), ("OPTIONS", "/v1/acts"),
        ("GET", "/v1/people/x"), ("POST", "/collect/x"), ("HEAD", "/policy"), ("OPTIONS", "/policy"), ("GET", "/ledger/key"),
    ],
)  # fmt: skip
def test_every_response_has_the_security_headers(shared: Web, method: str, path: str) -> None:
    """Answers, errors, the framework's own and those of hot endpoints alike."""
    headers = shared.client.request(method, path).headers
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; ")
    for part in ("script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"):
        assert part in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "geolocation=()" in headers["permissions-policy"]
    assert "cache-control" in headers
    assert "strict-transport-security" not in headers


def test_strict_transport_security_comes_with_https_only() -> None:
    """A year, with subdomains, where the public address is https."""
    assert dict(security_headers("https://privacy.example.com"))[b"strict-transport-security"].startswith(
        b"max-age=31536000"
    )
    assert b"strict-transport-security" not in dict(security_headers("http://127.0.0.1:8080"))


def test_head_gives_the_headers_without_the_body(shared: Web) -> None:
    """The length is told, nothing is sent."""
    answer = shared.client.head("/policy/versions/" + shared.troth.policy().sha256 + ".md")
    assert (answer.status_code, answer.content) == (200, b"")
    assert int(answer.headers["content-length"]) > 1_000


def test_guessing_keys_is_slowed_down(web: Web) -> None:
    """After many failures 429 with the time to wait; after that time it is looked at again; other keys are not touched."""
    act = {"act": "use", "purpose": SUPPORT, "fields": ["email"], "person": "0" * 32}
    for _ in range(MAX_FAILURES):
        assert web.post("/v1/acts", act, KEY).status_code == 401
    blocked = web.post("/v1/acts", act, KEY)
    assert (blocked.status_code, blocked.json()["type"]) == (429, "/problems/too-many-attempts")
    assert web.post("/v1/decide", {"kind": "use", "actor": "person", "purpose": "x"}, KEY).status_code == 429
    assert web.post("/v1/acts", act, "support").status_code in {403, 404}
    web.clock.advance(timedelta(seconds=int(blocked.headers["retry-after"])))
    assert web.post("/v1/acts", act, KEY).status_code == 401


def scope(address: str) -> dict[str, Any]:
    """A connection from an address."""
    return {"client": (address, 1)}


def test_a_key_is_never_refused_for_failures_elsewhere() -> None:
    """Who knows the id of a key cannot lock its holder out from another network."""
    failures = FailedSignIns(SettableClock(datetime(2026, 1, 5, tzinfo=UTC)), most=3)
    for _ in range(10):
        failures.failed(scope("198.51.100.7"), KEY)
    with pytest.raises(TooManyAttempts):
        failures.check(scope("198.51.100.8"), KEY)
    failures.check(scope("203.0.113.1"), KEY)


def test_a_network_is_refused_for_all_its_keys_together() -> None:
    """Trying one key after another counts too."""
    failures = FailedSignIns(SettableClock(datetime(2026, 1, 5, tzinfo=UTC)), most_network=10)
    for number in range(10):
        failures.failed(scope("2001:db8::1"), f"troth_{number:032x}_x")
    with pytest.raises(TooManyAttempts):
        failures.check(scope("2001:db8::ffff"), KEY)


def test_counting_failures_takes_bounded_memory() -> None:
    """However many networks fail."""
    failures = FailedSignIns(SettableClock(datetime(2026, 1, 5, tzinfo=UTC)))
    for number in range(MAX_TRACKED):
        failures.failed(scope(f"10.{number >> 8}.{number & 255}.1"), KEY)
    assert len(failures._failures) <= MAX_TRACKED


@pytest.mark.parametrize(
    ("address", "found"),
    [("192.0.2.77", "192.0.2.0/24"), ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"), ("somewhere", "somewhere")],
)
def test_networks(address: str, found: str) -> None:
    """IPv4 by /24, IPv6 by /64."""
    assert network(address) == found


def test_a_clock_set_back_neither_locks_out_nor_opens() -> None:
    """After a jump back old failures are forgotten, and new ones count from now on."""
    clock = SettableClock(datetime(2026, 1, 5, tzinfo=UTC))
    failures = FailedSignIns(clock, most=3)
    for _ in range(3):
        failures.failed(scope("198.51.100.7"), KEY)
    clock.advance(-timedelta(hours=1))
    failures.check(scope("198.51.100.7"), KEY)
    for _ in range(3):
        failures.failed(scope("198.51.100.7"), KEY)
    with pytest.raises(TooManyAttempts):
        failures.check(scope("198.51.100.7"), KEY)


@pytest.mark.parametrize("proxy", ["127.0.0.1", "::1"])
def test_nobody_behind_a_proxy_locks_the_others_out(proxy: str) -> None:
    """Behind a reverse proxy on this machine everybody has one address; strangers' failures refuse no key that works."""
    failures = FailedSignIns(SettableClock(datetime(2026, 1, 5, tzinfo=UTC)), most=3, most_network=10)
    for number in range(50):
        failures.failed(scope(proxy), f"troth_{number:032x}_x")
        failures.failed(scope(proxy), KEY + str(number))
    failures.check(scope(proxy), KEY)
