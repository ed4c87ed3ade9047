"""The company's name, its pages and its own style sheet on every page of Troth."""

from pathlib import Path

import pytest

from tests.web.conftest import Web, serving
from troth.bootstrap import open_troth
from troth.kernel import InvalidInput
from troth.web.app import create_app

SHEET = ":root { --accent: #2b3fae; }\n"


def test_a_sheet_of_the_company_is_linked_after_troths_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On pages, forms and failures alike; its address changes with its bytes."""
    (tmp_path / "ours.css").write_text(SHEET, encoding="utf-8")
    monkeypatch.setenv("TROTH_STYLE", str(tmp_path / "ours.css"))
    with serving(tmp_path / "data") as web:
        for path in ("/policy", "/forms/shop", "/nowhere"):
            text = web.client.get(path, headers={"Accept": "text/html"}).text
            own, theirs = text.index("/static/style.css"), text.index("/static/company.css?v=")
            assert own < theirs
        found = web.client.get("/static/company.css")
        assert found.text == SHEET
        assert found.headers["content-type"].startswith("text/css")


def test_without_a_sheet_none_is_linked(web: Web) -> None:
    """Nothing of the company is named or served."""
    assert "company.css" not in web.client.get("/policy").text
    assert web.client.get("/static/company.css").status_code == 404


def test_a_sheet_that_cannot_be_read_stops_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The setting is named, and what to do."""
    with serving(tmp_path / "data"):
        pass
    monkeypatch.setenv("TROTH_STYLE", "none.css")
    with open_troth(tmp_path / "data") as troth, pytest.raises(InvalidInput) as caught:
        create_app(troth)
    assert caught.value.field == "web.style"
    assert str(tmp_path / "data" / "none.css") in str(caught.value)


def test_every_page_leads_to_what_the_policy_has(web: Web) -> None:
    """Forum and account stand in the menu, on the page of a failure too, which names the company."""
    for path in ("/policy", "/nowhere"):
        text = web.client.get(path, headers={"Accept": "text/html"}).text
        assert 'href="/forum"' in text
        assert 'href="/account"' in text
        assert web.troth.policy().front.controller.name in text
