"""The pages: whole, reachable without a script, asking no other host, and showing what the ledger and the policy say."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from html.parser import HTMLParser
from itertools import pairwise
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit
from xml.etree import ElementTree as ET

import pytest

from tests.web.conftest import Web
from troth.web.rendering import load_static

PAGES = (
    "/", "/policy", "/policy/versions", "/exceptions", "/security", "/ledger", "/problems", "/problems/refused", "/docs",
    "/choice", "/parents", "/telemetry", "/telemetry/sample", "/telemetry/history",
)  # fmt: skip
_LOADING = {"src", "srcset", "data", "poster", "background", "action", "formaction", "ping"}
_LANDMARKS = {"header", "nav", "main", "footer"}
_VOID = {"meta", "link", "br", "hr", "img", "input"}


class Element(NamedTuple):
    """A start tag."""

    tag: str
    attributes: dict[str, str]


class Page(HTMLParser):
    """A page taken apart: its start tags in order, and whether every element is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[Element] = []
        self._open: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.elements.append(Element(tag, {name: value or "" for name, value in attrs}))
        if tag not in _VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element that closes itself."""
        self.elements.append(Element(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        """Close an element; it must be the innermost one."""
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Keep the text."""
        self.text += data

    def all(self, *tags: str) -> Iterator[Element]:
        """Elements of some tags."""
        return (element for element in self.elements if element.tag in tags)


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_well_built(shared: Web, path: str) -> None:
    """Language, title, landmarks, a skip link, one first heading, headings without gaps, ids that are unique."""
    page = Page(shared.get(path).text)
    assert next(page.all("html")).attributes["lang"] == "en"
    assert {element.tag for element in page.all(*_LANDMARKS)} == _LANDMARKS
    skip = next(page.all("a")).attributes
    assert (skip["class"], skip["href"]) == ("skip", "#main")
    levels = [int(element.tag[1]) for element in page.all("h1", "h2", "h3", "h4")]
    assert levels.count(1) == 1
    assert levels[0] == 1 or path == "/policy"
    assert all(after - before <= 1 for before, after in pairwise(levels))
    ids = [element.attributes["id"] for element in page.elements if "id" in element.attributes]
    assert len(ids) == len(set(ids))
    for element in page.elements:
        for name in ("aria-labelledby", "aria-describedby"):
            assert set(element.attributes.get(name, "").split()) <= set(ids)
    navigations = [element.attributes for element in page.all("nav")]
    assert all(one.get("aria-label") or one.get("aria-labelledby") for one in navigations)


@pytest.mark.parametrize("path", PAGES)
def test_a_page_asks_no_other_host(shared: Web, path: str) -> None:
    """No script, no inline style, nothing loaded from elsewhere, and no link that carries a referrer."""
    answer = shared.get(path)
    page = Page(answer.text)
    assert not list(page.all("script", "iframe", "style", "object", "embed", "base"))
    for element in page.elements:
        assert "style" not in element.attributes
        assert not any(name.startswith("on") for name in element.attributes)
        loading = [element.attributes[name] for name in _LOADING & element.attributes.keys()]
        if element.tag == "link":
            loading.append(element.attributes["href"])
        assert all(not urlsplit(address).netloc for address in loading)
        if element.tag == "a" and urlsplit(element.attributes["href"]).netloc:
            assert "noreferrer" in element.attributes["rel"]
    assert "set-cookie" not in answer.headers


def test_the_style_sheet_asks_no_other_host() -> None:
    """No import, no font or image from anywhere."""
    for file in load_static().values():
        text = file.body.decode().replace('xmlns="http://www.w3.org/2000/svg"', "")
        assert not re.search(r"@import|url\(|https?:", text)


def test_every_link_leads_somewhere(shared: Web) -> None:
    """Each link of each page is answered, and each fragment stands in the page that it points into."""
    pages = {path: Page(shared.get(path).text) for path in PAGES}
    wanted: dict[str, set[str]] = {}
    for path, page in pages.items():
        for element in page.all("a", "link"):
            target = urlsplit(urljoin(path, element.attributes["href"]))
            if not target.scheme and not target.netloc:
                wanted.setdefault(target._replace(fragment="").geturl(), set()).add(target.fragment)
    for path, fragments in wanted.items():
        answer = shared.client.get(path)
        assert answer.status_code == 200, path
        if fragments - {""}:
            assert answer.headers["content-type"].startswith("text/html")
            ids = {element.attributes.get("id") for element in Page(answer.text).elements}
            assert fragments - {""} <= ids, path


def test_the_policy_page_shows_clauses_marks_and_counts(shared: Web) -> None:
    """Every clause with its prose, an honest mark and the ledger's count of decisions under it."""
    policy = shared.troth.policy()
    text = shared.get("/policy").text
    page = Page(text)
    ids = {element.attributes.get("id") for element in page.all("section")}
    assert {clause.id for clause in policy.clauses} <= ids
    assert policy.sha256 in text
    assert "16 April 2015" in text
    start = text.index('id="II.12"')
    counts = shared.troth.clause_counts()["II.12"]
    shown = f"{counts['permit']} permitted · {counts['deny']} refused"
    assert shown in text[start : text.index("</section>", start)]
    assert text.count('class="mark enforced"') > 1
    assert text.count('class="mark not-yet"') > 1


def test_the_policy_page_follows_the_ledger(web: Web) -> None:
    """Another decision under a clause is counted as soon as the tree covers it."""
    web.register("a@example.com", "EX-1")
    web.troth.flush_ledger()
    assert "1 permitted · 0 refused" in web.get("/policy").text
    web.register("b@example.com", "EX-2")
    web.troth.flush_ledger()
    shown = web.get("/policy").text
    assert "1 permitted · 0 refused" not in shown
    assert "2 permitted · 0 refused" in shown


def test_without_a_table_nothing_is_claimed(web: Web) -> None:
    """A missing or unfitting table leaves every clause unstated."""
    table = web.troth.folder / "enforcement.yaml"
    for text in ('"I.1": {by: magic, how: it is, proof: none}\n', None):
        if text is None:
            table.unlink()
        else:
            table.write_text(text)
        shown = web.get("/policy").text
        assert "Enforced by" not in shown
        assert shown.count("Enforcement not stated") == len(web.troth.policy().clauses)


def test_posting_a_version_changes_the_page_and_keeps_the_old_one(web: Web) -> None:
    """A draft shows nowhere; once posted it is the page, its date is shown, and the old address still answers."""
    old = web.troth.policy().sha256
    text = web.troth.policy_text(old).replace(b"last_updated: 2015-04-16", b"last_updated: 2026-01-05")
    new = web.troth.draft_policy(text)
    before = web.get("/policy").text
    assert "16 April 2015" in before
    assert web.get(f"/policy/versions/{new}").status_code == 404
    assert web.get(f"/policy/versions/{new}.md").status_code == 404
    web.clock.set(datetime(2026, 1, 6, tzinfo=UTC))
    web.troth.post_policy(new)
    after = web.get("/policy").text
    assert "5 January 2026" in after
    assert web.get("/.well-known/gpc.json").json()["lastUpdate"] == "2026-01-05"
    kept = web.get(f"/policy/versions/{old}").text
    assert "16 April 2015" in kept
    assert "This is an earlier version" in kept
    assert web.get(f"/policy/versions/{old}.md").content != text
    assert web.get(f"/policy/versions/{new}.md").content == text
    feed = ET.fromstring(web.get("/policy/feed.atom").content)  # noqa: S314  our own feed
    entries = feed.findall("{http://www.w3.org/2005/Atom}entry")
    addresses = [entry.findtext("{http://www.w3.org/2005/Atom}id") or "" for entry in entries]
    assert [address.rpartition("/")[2] for address in addresses] == [new, old]
    history = web.get("/policy/versions").text
    assert history.index(new) < history.index(old)


def test_the_bytes_of_a_version_have_an_etag(shared: Web) -> None:
    """Its SHA-256; who has them already gets 304."""
    sha256 = shared.troth.policy().sha256
    answer = shared.get(f"/policy/versions/{sha256}.md")
    assert answer.headers["etag"] == f'"{sha256}"'
    assert answer.headers["content-type"] == "text/markdown; charset=utf-8"
    again = shared.client.get(f"/policy/versions/{sha256}.md", headers={"If-None-Match": f'"{sha256}"'})
    assert (again.status_code, again.content) == (304, b"")


def test_the_exceptions_page_is_complete(shared: Web) -> None:
    """Every exception, and every rule that permits or forbids, each once (clause IV.3)."""
    policy = shared.troth.policy()
    ids = [element.attributes.get("id", "") for element in Page(shared.get("/exceptions").text).elements]
    for name in policy.things["exception"]:
        assert ids.count(f"exception-{name}") == 1
    for name, rule in policy.rules.items():
        assert ids.count(f"rule-{name}") == (1 if rule.kind in {"permit", "forbid"} else 0)


def test_the_self_test_passes_and_tells_a_loose_key_file(web: Web) -> None:
    """All checks pass in a fresh folder; a root key that others can read fails, once the results are asked for anew."""
    first = web.get("/security.json").json()
    assert first["passed"] is True
    assert {"sealing", "root-key", "signing-key", "keys", "apart", "ledger"} <= {
        check["name"] for check in first["checks"] if check["state"] == "pass"
    }
    (web.troth.folder / "keys" / "root.key").chmod(0o644)
    web.clock.set(datetime(2026, 1, 6, tzinfo=UTC))
    second = web.get("/security.json").json()
    assert second["passed"] is False
    assert [check["name"] for check in second["checks"] if check["state"] == "fail"] == ["root-key"]
    assert "A check fails" in web.get("/security").text
    (web.troth.folder / "keys" / "root.key").unlink()
    web.clock.set(datetime(2026, 1, 7, tzinfo=UTC))
    third = web.get("/security.json").json()
    assert [check["name"] for check in third["checks"] if check["state"] == "fail"] == ["root-key"]


def test_the_ledger_page_shows_the_newest_checkpoint(shared: Web) -> None:
    """The note and the verifier key that the files give too."""
    page = Page(shared.get("/ledger").text)
    assert shared.get("/ledger/checkpoint").text.strip() in page.text
    assert shared.get("/ledger/key").text.strip() in page.text


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2) of a colour written #rrggbb or #rgb."""
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_colours_have_contrast(scheme: int) -> None:
    """Text against what it stands on: 4.5 to 1 at least; lines of controls 3 to 1 (WCAG 2.2 AA)."""
    css = load_static()["style.css"].body.decode()
    blocks = re.findall(r":root \{(.*?)\}", css, re.DOTALL)
    colour = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{3,6})", blocks[0]))
    if scheme:
        colour.update(re.findall(r"--([a-z-]+): (#[0-9a-f]{3,6})", blocks[1]))
    grounds = [
        (ink, ground) for ink in ("ink", "soft", "link", "accent") for ground in ("ground", "raised", "sunk")
    ]
    marks = [(name, f"{name}-ground") for name in ("good", "wait", "bad")]
    for ink, ground in [*grounds, *marks, ("accent-ink", "accent")]:
        light, dark = sorted((luminance(colour[ink]), luminance(colour[ground])), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, (ink, ground)
    for ground in ("ground", "raised"):
        light, dark = sorted((luminance(colour["strong-line"]), luminance(colour[ground])), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 3, ground
