"""Clause II.13: preferences are read at the moment at which each announcement is sent, not when the mailing was planned."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.adapters.sink import Sink, serving
from tests.campaigns.company import TEXT
from tests.clauses.vendor import CANARY, Site, Vendor
from tests.support.waiting import wait_until

EMAIL = "marketing.communications.email"
RECORD = "essential.service.rights_request"
PEOPLE = (1, 2, 3)


@pytest.fixture
def sink() -> Sink:
    """Keeps what a mail server on this machine is given."""
    return Sink()


@pytest.fixture
def port(sink: Sink) -> Iterator[int]:
    """That server's port."""
    with serving(sink) as one:
        yield one


def _address(number: int) -> str:
    return f"{CANARY}-{number}@example.com"


def _readied(vendor: Vendor, port: int, folder: Path) -> Path:
    """A vendor whose mail goes to the server; gives the file of marketing's key, and a message is kept."""
    settings = vendor.data / "troth.toml"
    text = settings.read_text(encoding="utf-8")
    assert 'transport = "folder"' in text
    settings.write_text(text.replace('transport = "folder"', f'transport = "smtp://127.0.0.1:{port}"'))
    message, key = folder / "spring-news.md", folder / "marketing.key"
    message.write_text(TEXT.format(language="en", words="The sensor is out"), encoding="utf-8")
    key.write_text(vendor.key("staff.marketing", "marketing", cases=("campaign",)), encoding="utf-8")
    vendor.json("messages", "add", message)
    return key


def _asks_for_announcements(site: Site, vendor: Vendor, number: int) -> None:
    """Somebody registers a sensor and agrees to announcements."""
    assert site.register(number, email=_address(number)).status_code == 201
    said = site.act(
        vendor.privacy_key,
        "instruct",
        RECORD,
        order="record-stance",
        about=EMAIL,
        stance="consented",
        identify={"email": _address(number)},
    )
    assert said.status_code == 200, said.text


def _arrived(sink: Sink) -> list[str]:
    return [str(one["To"]) for one in sink.mails if one["Subject"] == "News about the sensor"]


def _started(vendor: Vendor, key: Path, name: str, *more: str) -> str:
    made = vendor.json(
        "campaigns", "new", "spring-news", 'product = "sensor"', "--name", name, *more, "--key-file", key
    )
    vendor.json("campaigns", "start", made["campaign"], "--key-file", key)
    case: str = made["campaign"]
    return case


def _over(vendor: Vendor, case: str) -> bool:
    told: str = vendor.json("campaigns", "status", case)["state"]
    return told == "done"


def _advanced(vendor: Vendor, case: str) -> bool:
    """Let an hour go by, until nothing is planned any more."""
    vendor.clock.advance(timedelta(hours=1, minutes=1))
    left: int = vendor.json("campaigns", "status", case)["counts"]["planned"]
    return left == 0


@pytest.mark.clause("II.13")
def test_who_opts_out_while_a_mailing_is_on_its_way_is_not_sent_it(
    vendor: Vendor, sink: Sink, port: int, tmp_path: Path
) -> None:
    """Three are planned, one an hour; one of those left opts out in one click after the first copy: nothing goes to them any more."""
    key = _readied(vendor, port, tmp_path)
    with vendor.open() as site:
        for number in PEOPLE:
            _asks_for_announcements(site, vendor, number)
        before = _started(vendor, key, "Before")
        wait_until(lambda: _over(vendor, before), "all have a message with a link")
        assert sorted(_arrived(sink)) == [_address(number) for number in PEOPLE]
        links = {
            str(one["To"]): str(one["List-Unsubscribe"]).rpartition("<")[2].strip(">") for one in sink.mails
        }
        case = _started(vendor, key, "Spring", "--rate", "1/h")
        wait_until(lambda: len(_arrived(sink)) == 4, "the first copy is there")
        left = next(one for one in map(_address, PEOPLE) if _arrived(sink).count(one) == 1)
        with site.server.client() as client:
            stopped = client.post(urlsplit(links[left]).path, data={"List-Unsubscribe": "One-Click"})
        assert stopped.is_success, stopped.text
        assert vendor.json("campaigns", "status", case)["counts"]["planned"] == 2
        wait_until(lambda: _advanced(vendor, case), "the second copy was decided")
        wait_until(lambda: _over(vendor, case), "the campaign is over")
    told = vendor.json("campaigns", "status", case)
    assert (told["counts"]["sent"], told["counts"]["skipped"]) == (2, 1)
    assert set(told["skipped"]) <= {"I.17", "II.14"}
    assert sorted(_arrived(sink)) == sorted([*links, *(one for one in links if one != left)])
    sent = [one for one in vendor.ledger() if one["act"] == "send" and one.get("case") == case]
    assert [one["effect"] for one in sent].count("deny") == 1
    assert vendor.files_with(CANARY) == []


@pytest.mark.clause("II.13")
@pytest.mark.clause("I.5")
def test_a_message_that_names_what_its_purpose_may_not_send_is_not_kept(
    vendor: Vendor, tmp_path: Path
) -> None:
    """An announcement that names an order number does not compile: the error names the variable and the clause."""
    message = tmp_path / "bad.md"
    message.write_text(TEXT.format(language="en", words="{order_number}"), encoding="utf-8")
    refused = vendor.json("messages", "add", message, status=None)["error"]
    assert (refused["field"], bool(refused["clause"]), bool(refused["mend"])) == ("order_number", True, True)
    assert vendor.json("messages", "list")["messages"] == []
