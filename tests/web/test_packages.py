"""The copy: whole, of one person, the same in every form, in memory that does not grow with it."""

import csv
import io
import json
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from tests.web.conftest import Web
from tests.web.forum import FORUM_PURPOSE, Author
from troth.bootstrap import packages_of
from troth.flows import Work, verify_package, zipped
from troth.gate import Ask
from troth.kernel import Corrupt, InvalidInput, Refused
from troth.ledger import BadSignature, MalformedNote

RIGHTS = "essential.service.rights_request"


def work(author: Author, language: str = "en") -> Work:
    """The work of making a copy in somebody's own name."""
    return Work("", "R-0000-0000", "access", author.person, "", author.key, RIGHTS, language)


def made(web: Web, author: Author) -> bytes:
    """The whole copy of somebody."""
    with packages_of(web.troth).make(work(author)) as spool:
        return b"".join(zipped(spool))


def file_in(package: bytes, name: str) -> str:
    """A file of a package."""
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        return archive.read(name).decode()


def rows(package: bytes, title: str) -> list[dict[str, str]]:
    """The rows of a part of a package."""
    (part,) = [one for one in json.loads(file_in(package, "data.json"))["parts"] if one["title"] == title]
    found: list[dict[str, str]] = part["rows"]
    return found


def post_many(web: Web, author: Author, count: int, length: int = 400) -> None:
    """Postings of somebody, through the gate."""
    ask = {
        "act": "collect", "purpose": FORUM_PURPOSE, "key": author.key, "person": author.person, "channel": "web", "point": "forum",
        "notice": "forum-notice", "acknowledged": "forum-notice", "age_passed": True,
    }  # fmt: skip
    for start in range(0, count, 250):
        asks = [
            Ask(**{**ask, "values": {"posting": f"{number} ".ljust(length, "w")}})  # type: ignore[arg-type]
            for number in range(start, min(start + 250, count))
        ]
        assert all(outcome.permitted for outcome in web.troth.perform(asks))


def test_every_form_holds_the_same(engine_web: Web) -> None:
    """As many values in the tables as in the JSON and on the page; the person's whole journal."""
    web = engine_web
    ann = Author(web)
    post_many(web, ann, 450)
    package = made(web, ann)
    values = rows(package, "Posting")
    assert len(values) == 450
    assert len({row["Record"] for row in values}) == 450
    name = next(n for n in zipfile.ZipFile(io.BytesIO(package)).namelist() if n.endswith("posting.csv"))
    table = list(csv.DictReader(io.StringIO(file_in(package, name))))
    assert [row["Value"] for row in table] == [row["Value"] for row in values]
    assert file_in(package, "index.html").count("<h3>Forum posting, web") == 450
    assert sum(row["What happened"] == "collect" for row in rows(package, "Who used it")) == 451


def test_memory_does_not_grow_with_the_copy(web: Web) -> None:
    """A copy of many megabytes is made and sent in a few: pages are read, written and let go."""
    ann = Author(web)
    peaks, sizes = [], []
    for more in (250, 450):
        post_many(web, ann, more, 12_000)
        web.troth.flush_ledger()
        tracemalloc.start()
        with packages_of(web.troth).make(work(ann)) as spool:
            sizes.append(sum(member.digest().size for member in spool.members))
            for _ in zipped(spool):
                pass
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert sizes[1] - sizes[0] > 12_000_000
    assert peaks[1] < 8_000_000
    assert peaks[1] - peaks[0] < (sizes[1] - sizes[0]) / 10


def test_what_waits_is_unreadable(web: Web) -> None:
    """What is being made lies nowhere in clear: neither in the data folder, nor in the nameless file."""
    ann = Author(web)
    post_many(web, ann, 300, 3_000)
    with packages_of(web.troth).make(work(ann)) as spool:
        spool._file.flush()
        spool._file.seek(0)
        kept = spool._file.read()
        assert len(kept) > 500_000
        assert b"wwwwwwww" not in kept
        for path in web.troth.folder.rglob("*"):
            assert not path.is_file() or b"wwwwwwww" not in path.read_bytes(), path


def test_what_others_are_named_by_is_covered(web: Web) -> None:
    """Addresses and numbers of others, not one's own; a card number whoever has it."""
    ann = Author(web)
    ann.posted("Write to zoe@example.org, call +1 650 253 0000, or write to Ann@Example.com about 2 sensors.")
    (value,) = [row["Value"] for row in rows(made(web, ann), "Posting") if row["What"] == "Your posting"]
    assert value == (
        "Write to [covered: an e-mail address], call [covered: a telephone number], or write to Ann@Example.com about 2 sensors."
    )


def test_no_spreadsheet_runs_what_somebody_wrote(web: Web) -> None:
    """A cell that begins like a formula is text; the page and the JSON hold what was written."""
    ann = Author(web)
    ann.posted('=HYPERLINK("https://evil.example") <script>alert(1)</script>')
    package = made(web, ann)
    name = next(n for n in zipfile.ZipFile(io.BytesIO(package)).namelist() if n.endswith("posting.csv"))
    cells = [row["Value"] for row in csv.DictReader(io.StringIO(file_in(package, name)))]
    assert any(cell.startswith("'=HYPERLINK") for cell in cells)
    assert "<script>" not in file_in(package, "index.html")
    assert any(row["Value"].startswith("=HYPERLINK") for row in rows(package, "Posting"))


def test_nobody_gets_a_copy_of_somebody_else(web: Web) -> None:
    """Neither in their own name, nor as staff without a proven request."""
    ann, ben = Author(web), Author(web, "ben@example.com", "SN-0002")
    for key in (ben.key, web.keys["privacy"], web.keys["support"]):
        with pytest.raises(Refused):
            packages_of(web.troth).make(work(ann)._replace(key=key))


def test_an_erased_person_has_no_copy(web: Web) -> None:
    """Nothing is left that could be handed out."""
    ann = Author(web)
    held = work(ann)
    web.troth.accounts.close(ann.key, ann.person)
    with pytest.raises(Exception, match="over"):
        packages_of(web.troth).make(held)


@pytest.fixture
def package(web: Web, tmp_path: Path) -> tuple[Path, str]:
    """A package in a file, and the key that verifies it."""
    file = tmp_path / "copy.zip"
    file.write_bytes(made(web, Author(web)))
    return file, web.troth.signer.verifier_key


def test_it_verifies_with_the_key_alone(package: tuple[Path, str]) -> None:
    """And only with that of the very log."""
    file, key = package
    assert verify_package(file, key).request == "R-0000-0000"
    _, _, rest = key.partition("+")
    with pytest.raises((BadSignature, MalformedNote)):
        verify_package(file, f"other.example+{rest}")


@pytest.mark.parametrize("change", ["altered", "missing", "added", "manifest", "twice", "cut"])
def test_a_package_that_was_changed_does_not_verify(
    package: tuple[Path, str], change: str, tmp_path: Path
) -> None:
    """Whatever was done to it."""
    file, key = package
    bad = tmp_path / "bad.zip"
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(bad, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if (change, name) in {("altered", "data.json"), ("manifest", "manifest.json")}:
                data += b" "
            if (change, name) != ("missing", "schema.json"):
                new.writestr(name, data)
        if change == "added":
            new.writestr("more.txt", "more")
        if change == "twice":
            with pytest.warns(UserWarning, match="Duplicate name"):
                new.writestr("data.json", old.read("data.json"))
    if change == "cut":
        bad.write_bytes(file.read_bytes()[:-200])
    with pytest.raises((BadSignature, Corrupt, InvalidInput)):
        verify_package(bad, key)
