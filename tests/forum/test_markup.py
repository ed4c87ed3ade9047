"""Postings as HTML: whatever somebody writes, only the listed elements and attributes come out."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.forum.payloads import PAYLOADS
from troth.collection import found_in
from troth.forum import marked, plain_summary, posting_html

_TAGS = {"p", "br", "em", "strong", "ul", "ol", "li", "a", "code", "pre", "blockquote"}
_ATTRIBUTES = {("a", "href"), ("a", "rel"), ("ol", "start")}
_PIECES = st.sampled_from(
    [*PAYLOADS, "\n", "\n\n", "> ", "* ", "1. ", "`", "```\n", "](", "[x](javascript:alert(1))", "<", ">", '"', "'", "&#x6A;"]
)  # fmt: skip
TEXTS = st.lists(st.one_of(_PIECES, st.text(max_size=30)), max_size=12).map("".join)


class _Look(HTMLParser):
    """Gathers every element with its attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, "", ""))
        self.found += [(tag, name, value or "") for name, value in attrs]


def check_inert(html: str) -> None:
    """Nothing but listed elements; links lead to web addresses and carry rel."""
    look = _Look()
    look.feed(html)
    for tag, name, value in look.found:
        assert tag in _TAGS, tag
        if name:
            assert (tag, name) in _ATTRIBUTES, (tag, name)
        if name == "href":
            assert re.match(r"https?://", value, re.IGNORECASE), value
        if name == "rel":
            assert value == "noopener noreferrer nofollow"


@pytest.mark.parametrize("payload", PAYLOADS)
def test_payload_is_inert(payload: str) -> None:
    """Each of the known attacks comes out as text."""
    check_inert(posting_html(payload))


@given(TEXTS)
def test_any_text_is_inert(text: str) -> None:
    """Attacks cut up, joined and mixed with anything."""
    check_inert(posting_html(text))


@given(TEXTS)
def test_marks_join_to_the_text(text: str) -> None:
    """The preview shows all of the text and nothing else."""
    assert "".join(piece.text for piece in marked(text, found_in(text))) == text


@given(TEXTS)
def test_summary_is_one_line(text: str) -> None:
    """A summary has no line end and is at most as long as asked."""
    summary = plain_summary(text, 50)
    assert "\n" not in summary
    assert len(summary) <= 50


def test_markdown_subset() -> None:
    """Paragraphs, emphasis, lists, links, code and quotes; nothing else."""
    html = posting_html(
        "A *b* **c** `d` [e](https://example.org)\n\n- f\n\n3. g\n\n> h\n\n# i\n\n![j](https://example.org/x.png)"
    )
    for part in (
        "<em>b</em>", "<strong>c</strong>", "<code>d</code>", "<li>f</li>", '<ol start="3">', "<blockquote>",
        '<a href="https://example.org" rel="noopener noreferrer nofollow">e</a>',
    ):  # fmt: skip
        assert part in html
    assert "<h1" not in html
    assert "<img" not in html


def test_links_that_were_rewritten_stay_bound() -> None:
    """What rewrites the links cannot bring in more than a path of ours; relative links of the author's own are dropped."""
    html = posting_html("[a](https://example.org) [b](/account/close)", lambda _: '<a href="/exit?x" class="exit" onclick="x">a</a><script>1</script>')  # fmt: skip
    assert html == '<a href="/exit?x" class="exit" rel="noopener noreferrer nofollow">a</a>'
    assert "close" not in posting_html("[b](/account/close)")
    assert "evil" not in posting_html(r"[b](/\\evil.example) [c](//evil.example)")


@pytest.mark.parametrize(
    "text",
    ["[" * 20_000, "*a " * 7_000, "> " * 9_000 + "x", "a\n" * 10_000, "`" * 20_000, "[a](" * 5_000, "- " * 9_000, "<" * 20_000],
)  # fmt: skip
def test_heavy_text_is_plain(text: str) -> None:
    """Text that would keep the Markdown reader busy is shown as it is, all of it."""
    html = posting_html(text)
    assert html.startswith("<p>")
    assert "<em>" not in html
    assert "<blockquote>" not in html
