"""Pages of other sites are read without lending anybody our way into the own network."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.other_site import SecureSite, secure_site
from troth.adapters import fetch_page
from troth.adapters.pages import MAX_PAGE, NotFetched
from troth.kernel import InvalidInput


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SecureSite]:
    """A site on this machine whose certificate is trusted."""
    with secure_site(tmp_path) as running:
        monkeypatch.setenv("SSL_CERT_FILE", str(running.certificate))
        yield running


def test_a_page_becomes_its_digest(site: SecureSite) -> None:
    """Status, size and SHA-256 are kept; the site learns no more than that somebody looked."""
    site.pages["/privacy?lang=en"] = (200, {}, b"<h1>Privacy</h1>")
    found = fetch_page(f"{site.address}/privacy?lang=en", private=True)
    assert found == (200, 16, hashlib.sha256(b"<h1>Privacy</h1>").hexdigest())
    ((_, headers),) = site.asked
    assert set(headers) == {"host", "user-agent", "accept", "accept-encoding"}


@pytest.mark.parametrize(
    "url",
    [
        "https://localhost/privacy",
        "https://127.0.0.1/privacy",
        "https://[::1]/privacy",
        "https://10.0.0.1/",
        "https://169.254.169.254/latest/meta-data/",
        "https://192.168.1.1/",
        "https://[fd00::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://0.0.0.0/",
    ],
)
def test_no_private_address_is_asked(url: str) -> None:
    """Loopback, link-local, private and unspecified addresses are refused before anything is sent."""
    with pytest.raises(InvalidInput, match="private network"):
        fetch_page(url)


@pytest.mark.parametrize(
    "url", ["http://localhost/", "ftp://localhost/", "https://user@localhost/", "https:///x", "x"]
)
def test_only_plain_https_is_asked(url: str) -> None:
    """Another scheme, a user name or no host is refused, also where private addresses are allowed."""
    with pytest.raises(InvalidInput):
        fetch_page(url, private=True)


def test_what_is_no_page_is_not_read(site: SecureSite, monkeypatch: pytest.MonkeyPatch) -> None:
    """A redirect, an error, too much, nobody there, and a certificate that nobody vouches for are each told apart from a page."""
    site.pages["/moved"] = (302, {"Location": "https://127.0.0.1/secret"}, b"")
    site.pages["/large"] = (200, {}, b"x" * (MAX_PAGE + 1))
    for path in ("/moved", "/large", "/missing"):
        with pytest.raises(NotFetched):
            fetch_page(f"{site.address}{path}", private=True)
    assert [path for path, _ in site.asked] == ["/moved", "/large", "/missing"]
    with pytest.raises(NotFetched):
        fetch_page("https://localhost:1/", private=True)
    with pytest.raises(NotFetched):
        fetch_page("https://no-such-host.invalid/", private=True)
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(NotFetched):
        fetch_page(f"{site.address}/privacy", private=True)
    assert len(site.asked) == 3


def test_a_slow_site_is_left(site: SecureSite) -> None:
    """The time for the whole page is limited."""
    site.pages["/privacy"] = (200, {}, b"x" * 200_000)
    with pytest.raises(NotFetched):
        fetch_page(f"{site.address}/privacy", private=True, seconds=0.000_001)
