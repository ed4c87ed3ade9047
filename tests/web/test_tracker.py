"""The tracker is small, is what its source says, and names nothing that the policy does not."""

import gzip
import re
import subprocess
from pathlib import Path

from tests.web.conftest import Web
from troth.web.tracker import shortened, source

MOST = 1_800


def test_it_is_small(shared: Web) -> None:
    """At most 1,800 bytes gzipped, cacheable, loadable by other origins."""
    answer = shared.client.get("/t.js")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/javascript")
    assert len(gzip.compress(answer.content, 9)) <= MOST
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    again = shared.client.get("/t.js", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304


def test_what_is_served_is_the_source(shared: Web, tmp_path: Path) -> None:
    """But for comments, blanks and what the policy declares, the served script is the one in the tree, and it parses."""
    served = shared.client.get("/t.js").text
    marked = re.sub(r"const known=\{.*\};", 'const known="__KNOWN__";', served)
    assert marked == shortened(source())
    lines = [line for line in source().splitlines() if not line.strip().startswith("//")]
    assert re.sub(r"\s", "", marked) == re.sub(r"\s", "", "".join(lines))
    script = tmp_path / "t.js"
    script.write_text(served, encoding="utf-8")
    subprocess.run(["node", "--check", script], check=True, capture_output=True, timeout=60)


def test_it_asks_for_no_script_of_its_own_making(shared: Web) -> None:
    """A strict content security policy holds: nothing is evaluated, nothing is written into the page."""
    served = shared.client.get("/t.js").text
    assert not re.search(
        r"\beval\b|new Function|innerHTML|document\.write|localStorage|sessionStorage", served
    )
