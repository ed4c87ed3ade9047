"""`troth links`: the inventory, looks at other sites' policies, and the signing key."""

import json
from pathlib import Path

import pytest

from tests.support.other_site import secure_site
from tests.support.process import ClockFile, Troth

POLICY = Path(__file__).resolve().parents[2] / "policies" / "software-vendor" / "policy.md"


@pytest.mark.slow
def test_looks_keep_the_fingerprint_and_tell_of_a_new_text(tmp_path: Path) -> None:
    """A look is kept with its instant; the same text is not news, another is; a site that fails keeps its last text."""
    with secure_site(tmp_path) as site:
        folder = tmp_path / "data"
        troth = Troth(folder, ClockFile(tmp_path / "clock"), {"SSL_CERT_FILE": str(site.certificate)})
        own = tmp_path / "policy.md"
        text = POLICY.read_text(encoding="utf-8")
        own.write_text(_moved(text, site.address), encoding="utf-8")
        troth.init("--policy", own)
        settings = folder / "troth.toml"
        settings.write_text(
            settings.read_text(encoding="utf-8").replace("private = false", "private = true"),
            encoding="utf-8",
        )

        def look() -> dict[str, object]:
            answer = json.loads(troth.run("--json", "links", "look").stdout)
            (row,) = answer["looks"]
            found: dict[str, object] = row
            return found

        site.pages["/privacy"] = (200, {}, b"first")
        first, again = look(), look()
        assert (first["new_text"], again["new_text"]) == (True, False)
        site.pages["/privacy"] = (200, {}, b"second")
        second = look()
        assert second["new_text"]
        assert second["sha256"] != first["sha256"]
        site.pages.clear()
        failed = look()
        assert (failed["error"], failed["sha256"], failed["new_text"]) == (
            "not-fetched",
            second["sha256"],
            False,
        )
        listed = json.loads(troth.run("--json", "links", "list").stdout)["links"]
        (row,) = (one for one in listed if one["url"])
        assert row["url"] == "https://www.example.org/weaknesses"
        assert row["looked"] == "2026-01-05T09:00:00+00:00"


def test_private_addresses_are_not_asked_by_default(tmp_path: Path) -> None:
    """Without the setting for tests, a declared policy inside our own network is not fetched."""
    troth = Troth(tmp_path / "data", ClockFile(tmp_path / "clock"))
    own = tmp_path / "policy.md"
    text = POLICY.read_text(encoding="utf-8")
    own.write_text(_moved(text, "https://127.0.0.1"), encoding="utf-8")
    troth.init("--policy", own)
    looks = json.loads(troth.run("--json", "links", "look").stdout)["looks"]
    assert {one["error"] for one in looks if "127.0.0.1" in one["policy_url"]} == {"invalid-input"}


def _moved(text: str, address: str) -> str:
    """The policy with the other sites' policies on this machine."""
    for known in ("https://www.example.org", "https://help.example.net"):
        text = text.replace(f"policy_url: {known}/privacy", f"policy_url: {address}/privacy")
    return text
