"""`troth events erase`: a visitor's events go by what he can prove, and by a decision."""

from pathlib import Path

import pytest

from tests.clauses.test_I_16 import chosen
from tests.clauses.vendor import CANARY, RIGHTS, Vendor
from tests.clients.counted import USAGE, rows

POLICY = Path(__file__).resolve().parents[2] / "policies" / "software-vendor" / "policy.md"


@pytest.mark.slow
def test_a_visitor_who_shows_his_cookie_is_forgotten(tmp_path: Path) -> None:
    """Inbox and lake lose the events of that cookie and no others, and the ledger holds the decision without the cookie."""
    vendor = Vendor(tmp_path)
    yes = chosen(POLICY.read_text(encoding="utf-8"), USAGE)
    with vendor.open() as site, site.server.client() as client:

        def view(page: str, headers: dict[str, str]) -> str:
            event = {"n": "pageview", "u": f"https://www.example.com/{page}", "d": "www.example.com"}
            answer = client.post("/api/event", json=event, headers=headers)
            assert answer.status_code == 202
            client.cookies.clear()
            cookie: str = answer.headers.get("set-cookie", "")
            return cookie.partition("=")[2].partition(";")[0]

        cookie = view(f"{CANARY}-1", yes)
        back = {**yes, "Cookie": f"{yes['Cookie']}; visit={cookie}"}
        view("somebody-else", yes)
        vendor.json("events", "fold")
        view(f"{CANARY}-2", back)
    shown = tmp_path / "shown.txt"
    shown.write_text(f"{cookie}\n", encoding="utf-8")
    key = vendor.key("service.intake", RIGHTS)
    key_file = tmp_path / "intake.key"
    key_file.write_text(key, encoding="utf-8")

    def erase(file: Path, keys: Path, status: int) -> dict[str, object]:
        found = vendor.json("events", "erase", "--cookie", file, "--key-file", keys, status=status)
        assert isinstance(found, dict)
        return found

    collecting = tmp_path / "collecting.key"
    collecting.write_text(vendor.key("service.collection", RIGHTS), encoding="utf-8")
    refused = erase(shown, collecting, 3)
    assert "III.2" in str(refused)
    assert vendor.files_with(CANARY) != []
    wrong = tmp_path / "wrong.txt"
    wrong.write_text("ann", encoding="utf-8")
    erase(wrong, key_file, 1)
    assert erase(shown, key_file, 0) == {"erased": 2}
    assert erase(shown, key_file, 0) == {"erased": 0}
    assert [row.page for row in rows(vendor)] == ["www.example.com/somebody-else"]
    assert vendor.files_with(CANARY) == []
    erased = [one for one in vendor.ledger() if one["act"] == "erase"]
    found = [(one["effect"], one["detail"]["count"]) for one in erased]
    assert found == [("deny", "2"), ("permit", "2"), ("permit", "0")]
    shown.unlink()
    assert vendor.files_with(cookie) == []
