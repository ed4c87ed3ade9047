"""`troth campaigns`: a campaign is named by its id or by its name, and mistakes are told with their mend."""

from pathlib import Path

from tests.campaigns.company import TEXT
from tests.clauses.vendor import Vendor

USAGE, NOT_FOUND, DENIED = 2, 1, 3


def test_by_name_and_with_mistakes(tmp_path: Path) -> None:
    """A name is enough while only one campaign bears it; what is wrong changes nothing."""
    vendor, key, message = Vendor(tmp_path), tmp_path / "marketing.key", tmp_path / "news.md"
    key.write_text(vendor.key("staff.marketing", "marketing", cases=("campaign",)), encoding="utf-8")
    message.write_text(TEXT.format(language="en", words="The sensor is out"), encoding="utf-8")
    head, signed = ("--data", vendor.data, "campaigns"), ("--key-file", key)
    draft = ("new", "spring-news", 'product = "sensor"', "--name")

    def wrong(status: int, told: str, *arguments: str | Path) -> None:
        done = vendor.command(*head, *arguments, status=status)
        assert told in done.stderr
        assert done.stdout == ""

    wrong(NOT_FOUND, "troth messages add", *draft, "Spring", *signed)
    vendor.json("messages", "add", message)
    wrong(NOT_FOUND, "I.18", "new", "spring-news", "age < 13", "--name", "Kids", *signed)
    wrong(NOT_FOUND, "10/s or 600/h", *draft, "Spring", "--rate", "fast", *signed)
    wrong(USAGE, "2026-12-01T09:00+01:00", *draft, "Spring", "--start", "soon", *signed)
    wrong(USAGE, "--key-file", *draft, "Spring")
    assert vendor.json("campaigns", "list")["campaigns"] == []

    first = vendor.json("campaigns", *draft, "Spring", *signed)["campaign"]
    assert vendor.json("campaigns", "start", "Spring", *signed)["state"] == "scheduled"
    assert vendor.json("campaigns", "status", "Spring")["campaign"] == first
    wrong(NOT_FOUND, "troth campaigns list", "pause", "Summer", *signed)

    second = vendor.json("campaigns", *draft, "Spring", *signed)["campaign"]
    wrong(USAGE, f"{second}, {first}", "start", "Spring", *signed)
    assert vendor.json("campaigns", "stop", first, *signed)["state"] == "stopped"
    assert vendor.json("campaigns", "status", second)["state"] == "draft"

    other = tmp_path / "other.key"
    other.write_text(vendor.key("staff.support", "marketing", cases=("campaign",)), encoding="utf-8")
    wrong(DENIED, "Denied by", "start", second, "--key-file", other)
    assert vendor.json("campaigns", "status", second)["state"] == "draft"
