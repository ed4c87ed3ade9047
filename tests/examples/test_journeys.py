"""Debian's own browsers on the demonstration, from the first look to the way out; one script drives both."""

import json
import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.support.browser import SCREENS
from tests.support.clients import script
from tests.support.demonstration import Demonstration

pytestmark = pytest.mark.slow
USAGE, CONTENT = "analytics.reporting.site_usage", "personalize.content"
NO: list[str] = []


def _journey(browser: str, demo: Demonstration, home: Path, *, signal: bool) -> dict[str, Any]:
    program = script("journey.mjs", home / "client")
    SCREENS.mkdir(parents=True, exist_ok=True)
    result = subprocess.run(
        ["node", program, browser, demo.url, str(int(signal)), SCREENS],
        env={**os.environ, "HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert result.returncode == 0, result.stderr + demo.log.read_text()
    seen: dict[str, Any] = json.loads(result.stdout)
    return seen


def _check_child(seen: dict[str, Any]) -> None:
    """Twelve years old: no field, no second try by going back, and only the session's mark stays (I.19)."""
    child = seen["child"]
    assert (child["place"], child["fields"]) == ("/newsletter", 0)
    assert "cannot take this in" in child["afterBack"]
    assert "cannot take this in" in child["checkout"]
    assert child["parents"] == "For parents and guardians"
    marks = [one for one in child["cookies"] if one["name"] != "choice"]
    assert [(one["name"], one["session"]) for one in marks] == [("form", True)]
    born = datetime.now(UTC).year - 12
    assert not any(str(born) in one["value"].split(".")[:3] for one in marks)


def _check_deeds(seen: dict[str, Any]) -> None:
    """An order, a serial number registered once, a mailbox confirmed once, a posting from preview to removal, a question, a way out."""
    buyer, letter, forum, support = (seen[part] for part in ("buyer", "newsletter", "forum", "support"))
    assert buyer["ordered"] == "Thank you"
    assert buyer["place"] == "/shop/checkout?product=sensor"
    assert buyer["registered"][0] == "Received"
    assert "Another record has this serial already; nothing was stored" in buyer["registered"][1]
    assert letter == {
        "sent": "Almost done",
        "asked": "Is this you?",
        "confirmed": "It counts now.",
        "again": "There is no such thing",
    }
    assert (forum["account"], forum["signedIn"]) == ("Your account", "Your account")
    assert "sign in first" in forum["signedOut"]
    assert "Everyone can read" in forum["warned"]
    assert forum["marked"] == ["+1 202-555-0143"]
    assert "nothing was published" in forum["unacknowledged"]
    assert "about the sensor" in forum["published"]
    assert forum["edited"] == forum["read"] == "The sensor works now."
    assert "may survive elsewhere" in forum["deleting"]
    assert "may survive elsewhere" in forum["deleted"]
    assert "There is no such posting" in forum["gone"]
    assert support["received"] == "Received"
    assert support["leaving"] == "You are going to www.example.org"
    assert support["way"] == ["https://www.example.org/list", "noopener noreferrer"]


def _check_hosts(seen: dict[str, Any], demo: Demonstration) -> None:
    """No page asks another host; only who goes to pay is at the processor."""
    site = urlsplit(demo.url).netloc
    others = {one for one in seen["hosts"] if not one.endswith(f" {site}")}
    assert len(others) == 1, others
    assert others.pop().startswith("paying localhost:")


def test_chromium_from_the_first_look_to_the_way_out(demo: Demonstration, tmp_path: Path) -> None:
    """Chromium: asked once, nothing before the answer, refusing, allowing and taking it back; then everything else."""
    seen = _journey("chrome", demo, tmp_path, signal=False)
    said = seen["choosing"]
    assert (said["banner"], said["cookiesBefore"]) == (True, [])
    assert said["before"] == {"made": False, "signal": "", "allowed": NO}
    assert said["refused"] == said["changed"] == {"made": True, "signal": "", "allowed": NO}
    assert said["accepted"]["allowed"] == [USAGE, CONTENT]
    assert (said["cookiesBetween"], said["cookiesAfter"]) == (["choice", "visit"], ["choice"])
    assert seen["visits"] == ["after allowing"]
    _check_child(seen)
    _check_deeds(seen)
    _check_hosts(seen, demo)


def test_firefox_with_the_signal(demo: Demonstration, tmp_path: Path) -> None:
    """Firefox with Global Privacy Control: not asked, "allow all" changes nothing, only a knowing tick does; then everything else."""
    seen = _journey("firefox", demo, tmp_path, signal=True)
    said = seen["choosing"]
    assert said["signalInPage"] is True
    assert (said["banner"], said["cookiesBefore"]) == (False, [])
    assert said["before"] == {"made": False, "signal": "gpc", "allowed": NO}
    for step in ("refused", "accepted", "changed"):
        assert said[step] == {"made": True, "signal": "gpc", "allowed": NO}
    assert "we honour it" in said["honoured"]
    assert said["knowingly"]["allowed"] == [USAGE]
    assert (said["cookiesBetween"], said["cookiesAfter"]) == (["choice", "visit"], ["choice"])
    assert seen["visits"] == ["after allowing knowingly"]
    _check_child(seen)
    _check_deeds(seen)
    _check_hosts(seen, demo)
