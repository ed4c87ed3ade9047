"""`troth campaigns`: a campaign is named by its id or by its name, and mistakes are told with their mend."""

from datetime import UTC, datetime
from pathlib import Path

from tests.campaigns.company import EMAIL, TEXT
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
    for given, told in (
        (("--start", "0001-01-01T00:00+05:00"), "from 2000 on"),
        (("--end", "9999-12-31T23:59-05:00"), "from 2000 on"),
        (("--start", "2020-01-01T00:00Z"), "has passed"),
        (("--end", "2020-01-01T00:00Z"), "ends before now"),
        (("--start", "2027-01-02T00:00Z", "--end", "2027-01-01T00:00Z"), "ends before it starts"),
        (("--rate", "3000/s"), "2777/s"),
    ):
        wrong(NOT_FOUND, told, *draft, "Spring", *given, *signed)
    support = message.with_name("support.md")
    text = TEXT.format(language="en", words="Hello").replace("{greeting}\n\n", "")
    text = text.replace("name: spring-news", "name: answer")
    support.write_text(text.replace(EMAIL, "essential.service.operations.support"), encoding="utf-8")
    vendor.json("messages", "add", support)
    wrong(DENIED, "Nobody may be chosen for message answer", "new", "answer", *draft[2:], "Spring", *signed)
    assert vendor.json("campaigns", "list")["campaigns"] == []

    first = vendor.json("campaigns", *draft, "Spring", *signed)["campaign"]
    assert vendor.json("campaigns", "start", "Spring", *signed)["state"] == "scheduled"
    assert vendor.json("campaigns", "status", "Spring")["campaign"] == first
    wrong(NOT_FOUND, "troth campaigns list", "pause", "Summer", *signed)

    second = vendor.json("campaigns", *draft, "Spring", *signed)["campaign"]
    wrong(USAGE, f"{second}, {first}", "start", "Spring", *signed)
    assert vendor.json("campaigns", "stop", first, *signed)["state"] == "stopped"
    assert vendor.json("campaigns", "status", second)["state"] == "draft"
    wrong(NOT_FOUND, "draft a new one", "start", first, *signed)

    later = ("--start", "2026-12-01T09:00+01:00", "--end", "2026-12-02T09:00")
    third = vendor.json("campaigns", *draft, "Winter", *later, *signed)["campaign"]
    told = vendor.command(*head, "start", "Winter", *signed).stdout
    assert told == "Winter: scheduled, from 2026-12-01T08:00:00+00:00\n"
    vendor.json("campaigns", "stop", third, *signed)
    fourth = vendor.json("campaigns", *draft, "Winter", *later, *signed)["campaign"]
    vendor.clock.set(datetime(2026, 12, 3, tzinfo=UTC))
    wrong(NOT_FOUND, "The end of the campaign has passed", "start", fourth, *signed)

    other = tmp_path / "other.key"
    other.write_text(vendor.key("staff.support", "marketing", cases=("campaign",)), encoding="utf-8")
    wrong(DENIED, "Denied by", "start", second, "--key-file", other)
    assert vendor.json("campaigns", "status", second)["state"] == "draft"


def test_mistakes_in_messages(tmp_path: Path) -> None:
    """A file that is no text, a way that no message goes by, and a language that it is not written in are told with their mend."""
    vendor, message = Vendor(tmp_path), tmp_path / "news.md"

    def wrong(told: str, *arguments: str | Path) -> None:
        done = vendor.command("--data", vendor.data, "messages", *arguments, status=NOT_FOUND)
        assert told in done.stderr
        assert "Traceback" not in done.stderr

    message.write_bytes(b"\xec\x00 no text")
    wrong("saved as UTF-8", "check", message)
    text = TEXT.format(language="en", words="The sensor is out").replace("{greeting}\n\n", "")
    message.write_text(text.replace("channel: email", "channel: pigeon"), encoding="utf-8")
    wrong("Use one of email, letter, phone", "check", message)
    message.write_text(text, encoding="utf-8")
    vendor.json("messages", "add", message)
    wrong("Use one of en", "preview", "spring-news", "--language", "fr")
    assert "sensor" in vendor.json("messages", "preview", "spring-news", "--language", "en-US")["text"]
