"""`troth desk`: a ticket from the queue to its end, told in words and as JSON; mistakes are told with their mend and change nothing."""

import json
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest

from tests.clauses.vendor import CANARY, Vendor
from tests.support.waiting import wait_until

SUPPORT = "essential.service.operations.support"
FULFIL = "essential.service.fulfil_order"
FAILED, USAGE, DENIED = 1, 2, 3
ADDRESS = f"{CANARY}@example.com"


class Staff:
    """Somebody with a key of a role, at the command line."""

    def __init__(self, vendor: Vendor, folder: Path, role: str, purpose: str, kind: str) -> None:
        self.vendor, self.file = vendor, folder / f"{role}.key"
        self.file.write_text(vendor.key(role, purpose, cases=(kind,)), encoding="utf-8")

    def json(self, *arguments: str | Path, text: str = "") -> dict[str, Any]:
        """What a command tells."""
        done = self._run("--json", *arguments, status=0, text=text)
        told: dict[str, Any] = json.loads(done.stdout)
        return told

    def says(self, *arguments: str | Path) -> str:
        """What a command says to people."""
        return str(self._run(*arguments, status=0).stdout)

    def wrong(self, status: int, told: str, *arguments: str | Path, text: str = "") -> None:
        """A command that fails so, says so, and tells nothing of anybody."""
        done = self._run(*arguments, status=status, text=text)
        assert told in done.stderr
        assert done.stdout == ""
        assert CANARY not in done.stderr

    def _run(self, *arguments: str | Path, status: int, text: str = "") -> Any:
        head = [one for one in arguments if one == "--json"]
        rest = [one for one in arguments if one != "--json"]
        line = (*head, "--data", self.vendor.data, "desk", *rest, "--key-file", self.file)
        return self.vendor.command(*line, status=status, text=text)


@pytest.fixture
def vendor(tmp_path: Path) -> Vendor:
    """A vendor to whom somebody wrote."""
    made = Vendor(tmp_path)
    site = tmp_path / "site.key"
    site.write_text(made.key("service.collection", SUPPORT), encoding="utf-8")
    values = {"name": "Ann Example", "email": ADDRESS, "ticket_text": f"It does not start, says {CANARY}."}
    made.command(
        "--data", made.data, "act", "collect", "--point", "support-contact", "--channel", "web", "--notice",
        "support-notice", "--age-passed", "--purpose", SUPPORT, "--values", "-", "--key-file", site,
        text=json.dumps(values),
    )  # fmt: skip
    return made


def _mails(vendor: Vendor) -> str:
    """The texts of the mails to the person."""
    files = [one.read_bytes() for one in (vendor.data / "mail").glob("*.eml")]
    mails = [message_from_bytes(one, policy=default) for one in files]
    bodies = [one.get_body(("plain",)) for one in mails if one["To"] == ADDRESS]
    return "".join(one.get_content() for one in bodies if one is not None)


def test_a_ticket_from_the_queue_to_its_end(vendor: Vendor, tmp_path: Path) -> None:
    """Found in the queue, taken, opened, answered by mail, closed; from then on nobody opens it, and it goes on as another."""
    bea = Staff(vendor, tmp_path, "staff.support", SUPPORT, "ticket")
    (waiting,) = bea.json("list", "ticket", "--view", "free")["cases"]
    number = waiting["number"]
    assert (waiting["holder"], waiting["ended"]) == ("", "")
    assert CANARY not in bea.says("list", "ticket")
    assert bea.json("list", "ticket", "--view", "mine")["cases"] == []

    bea.wrong(DENIED, "Take the case", "read", number)
    assert bea.json("take", number)["holder"]
    assert [one["number"] for one in bea.json("list", "ticket", "--view", "mine")["cases"]] == [number]
    (record,) = bea.json("read", number)["records"]
    assert record["ticket_text"].startswith("It does not start")
    assert f"ticket_text: {record['ticket_text']}" in bea.says("read", number)

    bea.wrong(USAGE, "FILE", "answer", number, tmp_path / "nowhere.txt")
    bea.json("answer", number, "-", text="Please press the button.")
    with vendor.open():
        wait_until(lambda: "Please press the button." in _mails(vendor), "the answer goes by mail")
    steps = [one["step"] for one in bea.json("show", number)["steps"]]
    assert number in bea.says("show", number)
    assert "answer" in " ".join(steps)

    bea.wrong(FAILED, "answered", "close", number, "bored")
    closed = bea.json("close", number, "answered")
    assert (closed["state"], bool(closed["ended"])) == ("answered", True)
    bea.wrong(DENIED, "II.12", "read", number)
    bea.wrong(DENIED, "II.12", "answer", number, "-", text="One more thing.")
    assert bea.json("list", "ticket")["cases"] == []
    assert [one["number"] for one in bea.json("list", "ticket", "--view", "closed")["cases"]] == [number]
    again = bea.json("reopen", number)
    assert (again["about"], again["number"] == number) == (number, False)


def test_mistakes(vendor: Vendor, tmp_path: Path) -> None:
    """Unknown cases, kinds, views, members and keys of others: told apart by status, and the ticket is as it was."""
    bea = Staff(vendor, tmp_path, "staff.support", SUPPORT, "ticket")
    clerk = Staff(vendor, tmp_path, "staff.fulfilment", FULFIL, "order")
    (before,) = bea.json("list", "ticket")["cases"]
    number = before["number"]
    for command in ("show", "take", "read", "reopen"):
        bea.wrong(FAILED, "No case has this number", command, "Q-AAAA-AAAA")
    bea.wrong(FAILED, "You work on no such cases", "list", "tickets")
    bea.wrong(FAILED, "open, mine, free", "list", "ticket", "--view", "all")
    bea.wrong(USAGE, "--limit", "list", "ticket", "--limit", "0")
    bea.wrong(FAILED, "troth staff list", "give", number, "nobody.here")
    for command in ("show", "take", "read", "close"):
        more = ("answered",) if command == "close" else ()
        clerk.wrong(FAILED, "No case has this number", command, number, *more)  # as for one that is not there
    clerk.wrong(FAILED, "You work on no such cases", "list", "ticket")
    assert bea.json("find", number)["cases"] == [before]
    clerk.wrong(FAILED, "No case has this number", "find", number)
