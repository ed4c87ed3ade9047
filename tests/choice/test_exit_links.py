"""Links to other sites: signed, freed of what is personal, and shown in our own HTML."""

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.support.links import exit_target
from troth.choice import ExitKey, Exits, ForgedLink, target_of
from troth.kernel import InvalidInput
from troth.policy import OtherSite, kept_policy

POLICY = kept_policy((Path(__file__).parents[2] / "policies/software-vendor/policy.md").read_bytes())
OLD, NEW = ExitKey("aa", b"1" * 32), ExitKey("bb", b"2" * 32)
EXITS = Exits(lambda: (NEW,))
SITE = next(one for one in POLICY.of(OtherSite) if "id" in one.parameters)
DECLARED = f"https://{SITE.hosts[0]}/list"
OTHER = "https://other.example/list"


@pytest.mark.parametrize(
    ("url", "clean", "removed"),
    [
        (f"{DECLARED}?id=7&utm_source=us", f"{DECLARED}?id=7", ("utm_source",)),
        (f"{DECLARED}?id=ann%40example.com", DECLARED, ("id",)),
        (f"{OTHER}?page=2&q=words&id=7", f"{OTHER}?page=2", ("q", "id")),
        (f"{OTHER}?page=ann%40example.com", OTHER, ("page",)),
        (f"{OTHER}?page=%2B1+650+555+0100", OTHER, ("page",)),
        (f"{OTHER}?v=3f2504e04f8941d39a0c0305e82c3301", OTHER, ("v",)),
        (f"{OTHER}#section-2", f"{OTHER}#section-2", ()),
        (f"{OTHER}#access_token=abc", OTHER, ("#",)),
        ("HTTPS://Other.Example", "https://other.example/", ()),
        ("http://other.example:8080/a b".replace(" ", "%20"), "http://other.example:8080/a%20b", ()),
        ("https://bücher.example/", "https://xn--bcher-kva.example/", ()),
    ],
)
def test_a_link_carries_nothing_personal(url: str, clean: str, removed: tuple[str, ...]) -> None:
    """Declared sites get the parameters they need, others the harmless few; addresses, numbers and tokens go nowhere."""
    found = target_of(POLICY, url)
    assert (found.url, found.removed) == (clean, removed)
    assert target_of(POLICY, found.url) == found._replace(removed=())


@pytest.mark.parametrize(
    "url",
    [
        "",
        "javascript:alert(1)",
        "data:text/html,x",
        "ftp://other.example/",
        "//other.example/",
        "/policy",
        "https://ann@other.example/",
        "https://other.example\\@evil.example/",
        "https:///path",
        "https://other.example:port/",
        "https://other.example/\n",
        "https://other.example/a b",
        "https://exa mple/",
        "https://[::1/",
        "https://./",
        "https://\uff0e/",
        "https://\u3002\uff61/",
        "https://ab.cd./",
        "https://other.example/" + "a" * 2_000,
        "https://other.example/unsubscribe/ann@example.com",
    ],
)
def test_what_is_no_address_of_another_site_is_refused(url: str) -> None:
    """Other schemes, hidden hosts and e-mail addresses in the path make no link."""
    with pytest.raises(InvalidInput):
        target_of(POLICY, url)


@example("\uff0e", "https://")
@given(st.text(max_size=60), st.sampled_from(["https://", "http://", ""]))
def test_any_text_is_an_address_or_refused(text: str, scheme: str) -> None:
    """No text makes another error, and a clean address stays what it is."""
    try:
        found = target_of(POLICY, scheme + text)
    except InvalidInput:
        return
    assert target_of(POLICY, found.url).url == found.url


def test_only_our_signature_opens() -> None:
    """The address as it was signed, under the newest key or the one before it."""
    href, target = Exits(lambda: (OLD,)).link(POLICY, OTHER)
    to, signature = exit_target(href)
    assert to == target.url
    rotated = Exits(lambda: (NEW, OLD))
    assert rotated.opened(POLICY, to, signature).host == "other.example"
    for address, signed in (
        ("https://evil.example/", signature),
        (f"{to}#x", signature),
        (to, signature[:-1]),
        (to, signature.replace("aa.", "bb.")),
        (to, ""),
    ):
        with pytest.raises(ForgedLink):
            rotated.opened(POLICY, address, signed)
    with pytest.raises(ForgedLink):
        EXITS.opened(POLICY, to, signature)


def test_html_leads_over_the_exit_page() -> None:
    """Links to others are rewritten; our own, mail and anchors stay, and what no link may carry loses its link."""
    ours = '<a href="/policy">p</a><a href="#I.1">a</a><a href="mailto:x@example.com">m</a><a href="https://www.example.com/">w</a>'
    assert EXITS.rewritten(POLICY, ours) == ours
    assert EXITS.rewritten(POLICY, f'<a href="{OTHER}">x</a>', "other.example") == f'<a href="{OTHER}">x</a>'
    found = EXITS.rewritten(
        POLICY, f"<a class='c' rel=\"x\" title=\"a > b\" href='{OTHER}?page=1&amp;e=1'>x</a>"
    )
    assert found.startswith(
        '<a title="a > b" href="/exit?to=https%3A%2F%2Fother.example%2Flist%3Fpage%3D1&amp;sig=bb.'
    )
    assert found.endswith(' class="exit" rel="noopener noreferrer">x</a>')
    assert EXITS.rewritten(POLICY, '<a href="//other.example/x">x</a>').startswith('<a href="/exit?to=https')
    assert EXITS.rewritten(POLICY, '<a href="https://other.example/ann@example.com">x</a>') == "<a >x</a>"
    assert EXITS.rewritten(POLICY, f'<a data-href="/a" href="{OTHER}">x</a>').startswith(
        '<a data-href="/a" href="/exit'
    )
