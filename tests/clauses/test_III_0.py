"""Clause III.0: whoever asks gets a copy of everything, as a page and as a file for programs, signed, for a time, and nobody else."""

import io
import json
import re
import zipfile
from datetime import timedelta
from email.message import EmailMessage

import httpx
import pytest

from tests.clauses.mailbox import Browser, mails
from tests.clauses.matters import ask, shown
from tests.clauses.vendor import RIGHTS, SUPPORT, Site, Vendor
from tests.support.waiting import wait_until

ANN, BEN = "ann@example.com", "ben@example.com"
MINE = {name: f"zq-canary-{name}-of-ann" for name in ("name", "ticket", "request", "line")}
THEIRS = "zq-canary-of-ben"
_LINK = re.compile(r"https?://[^/\s]+(/(?:my/copies|requests|account/link)/[A-Za-z0-9_/.-]+)")


def link_of(vendor: Vendor, subject: str) -> str:
    """The path of the link in the newest mail to Ann under a subject, as soon as it is there."""

    def found() -> list[EmailMessage]:
        return [mail for mail in mails(vendor, ANN) if subject in str(mail["Subject"])]

    wait_until(lambda: bool(found()), f"a mail about {subject!r} comes", 60)
    body = found()[-1].get_body(("plain",))
    assert body is not None
    match = _LINK.search(body.get_content())
    assert match, body.get_content()
    return match[1]


def known_people(site: Site) -> None:
    """Ann and Ben buy, write and ask; Ann's ticket names Ben."""
    address = {"line1": MINE["line"], "city": "Example City", "country": "US"}
    bought = site.buy("OR-1", name=MINE["name"], email=ANN, shipping_address=address, billing_address=address)
    assert bought.is_success, bought.text
    text = f"{MINE['ticket']} Ask {BEN} or call +1 202-555-0143; my own address is {ANN}."
    assert site.write_in(1, email=ANN, name=MINE["name"], ticket_text=text).is_success
    assert site.write_in(2, email=BEN, name=THEIRS, ticket_text=THEIRS).is_success


def fetched(browser: Browser, number: str) -> httpx.Response:
    """Press the button on the page of a request."""
    page = browser.get("/my").text
    found = re.search(r'name="csrf" value="([0-9a-f]{64})"', page)
    return browser.post(f"/my/requests/{number}/copy", csrf=found[1] if found else "")


def texts(package: bytes) -> dict[str, str]:
    """The files of a package."""
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name).decode() for name in archive.namelist()}


@pytest.mark.clause("III.0")
def test_a_copy_of_everything_and_of_nobody_else(vendor: Vendor) -> None:
    """Asked for by the form, proven by the mailbox, carried out by itself, fetched after a second proof; verifies offline; ends."""
    with vendor.open() as site:
        known_people(site)
        number = ask(site, email=ANN, request_text=MINE["request"]).json()["number"]
        with Browser(site) as stranger:
            assert fetched(stranger, number).status_code == 401
            assert stranger.post(link_of(vendor, "Is this your request?")).status_code == 200
            link = link_of(vendor, "Your copy is ready")
            wait_until(
                lambda: shown(vendor, number)["state"] == "completed", "the request is carried out", 60
            )
            # The link of the mail opens nothing: a new link goes to the mailbox of whose copy it is.
            assert MINE["name"] not in stranger.get(link).text
            assert fetched(stranger, number).status_code == 401
            assert stranger.get(f"{link[:-1]}{'0' if link[-1] != '0' else '1'}").status_code == 404
            assert stranger.post(link).status_code == 303
        with Browser(site) as ann:
            assert ann.post(link_of(vendor, "Your link to your copy")).headers["location"] == "/my"
            assert ann.get(link).headers["location"] == f"/my/requests/{number}"
            answer = fetched(ann, number)
            assert answer.status_code == 200, answer.text
            vendor.clock.advance(timedelta(minutes=16))
            assert fetched(ann, number).status_code == 303
            vendor.clock.advance(timedelta(days=14))
            assert ann.get(link).status_code == 404
        assert site.request("GET", "/schemas/package.json").json()["title"]
    _check_content(answer.content)
    _check_signature(vendor, answer.content)
    assert vendor.files_with(MINE["ticket"]) == []
    read = [e for e in vendor.ledger() if e["act"] == "use" and e.get("actor") == "person"]
    assert {clause for e in read for clause in e["clauses"]} >= {"III.0"}
    assert {e.get("purpose") for e in read} == {RIGHTS}


def _check_content(package: bytes) -> None:
    """Every canary of Ann stands in each form, none of Ben's; what is others' is covered; each value tells where it came from."""
    files = texts(package)
    tables = "".join(text for name, text in files.items() if name.startswith("tables/"))
    for form in (files["index.html"], files["data.json"], tables):
        assert all(canary in form for canary in MINE.values())
        assert THEIRS not in form
        assert BEN not in form
        assert "202-555-0143" not in form
        assert f"my own address is {ANN}" in form
    assert not re.search(r"(?:src|href)=|@import|url\(", files["index.html"])
    told = json.loads(files["data.json"])
    values = [row for part in told["parts"] for row in part["rows"] if "Kept until" in row]
    assert all(
        row[name]
        for row in values
        for name in ("How it came in", "On", "Clause", "Policy version", "Kept until")
    )
    used = next(part for part in told["parts"] if part["title"] == "Who used it")
    assert any(row["What happened"] == "collect" for row in used["rows"])


def _check_signature(vendor: Vendor, package: bytes) -> None:
    """It verifies offline with the published key; with a byte changed, a file added, or another key it does not."""
    key = vendor.json("ledger", "head")["key"]
    folder = vendor.data.parent
    good = folder / "copy.zip"
    good.write_bytes(package)
    assert vendor.json("package", "verify", good, "--key", key)["files"] > 4
    for name, change in (("data.json", "x"), ("manifest.json", " "), ("more.txt", "x")):
        bad = folder / f"bad-{name}.zip"
        with zipfile.ZipFile(io.BytesIO(package)) as old, zipfile.ZipFile(bad, "w") as new:
            for one in old.namelist():
                new.writestr(one, old.read(one) + (change.encode() if one == name else b""))
            if name not in old.namelist():
                new.writestr(name, change)
        assert "error" in vendor.json("package", "verify", bad, "--key", key, status=None), name
        bad.unlink()
    good.unlink()


@pytest.mark.clause("III.0")
def test_staff_hand_a_copy_out_only_once_it_is_sure_who_asks(vendor: Vendor) -> None:
    """For people without a mailbox; before somebody answers for who asks, and for another role, there is none."""
    with vendor.open() as site:
        known_people(site)
        number = ask(site, email=ANN, request_text=MINE["request"]).json()["number"]
        desk = vendor.key("staff.privacy", RIGHTS, cases=("request",))
        support = vendor.key("staff.support", SUPPORT, cases=("ticket",))
    folder = vendor.data.parent
    for name, key in (("desk", desk), ("support", support)):
        (folder / f"{name}.key").write_text(key, encoding="ascii")
        out = folder / f"early-{name}.zip"
        told = vendor.json(
            "package", "make", number, "--out", out, "--key-file", folder / f"{name}.key", status=None
        )
        assert told["error"]["code"] == "refused"
        assert not out.exists()
    vendor.json("requests", "verify", number, "--key-file", folder / "desk.key")
    out = folder / "copy.zip"
    vendor.json(
        "package", "make", number, "--out", out, "--language", "de", "--key-file", folder / "desk.key"
    )
    files = texts(out.read_bytes())
    assert all(canary in files["data.json"] for canary in MINE.values())
    assert THEIRS not in files["data.json"]
    assert '<html lang="de">' in files["index.html"]
    assert out.stat().st_mode & 0o077 == 0
