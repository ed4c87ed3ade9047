"""A form on a page of the company: the visitor who found it there is led back there, and nowhere else."""

from urllib.parse import parse_qs, urlsplit

import pytest

from tests.support.forms import FormPage, Visitor
from tests.web.conftest import Web

PAGE = "/register?from=home"
GOOD = {"name": "Ann Example", "email": "ann@example.com", "product": "Sensor", "serial": "EX-2015-0001"}
POINT = "/forms/product-registration"
BIRTH = {"troth-birth-month": "4", "troth-birth-year": "1970"}


@pytest.fixture
def visitor(web: Web) -> Visitor:
    """Somebody with a browser."""
    web.client.follow_redirects = False
    return Visitor(web.client)


def fragment(web: Web, back: str = PAGE) -> FormPage:
    """The fragment as a company's page asks for it, with the visitor's cookies."""
    answer = web.client.get(f"{POINT}/fragment", params={"back": back})
    assert answer.status_code == 200, answer.text
    return FormPage(answer.text)


def send(web: Web, page: FormPage, values: dict[str, str]) -> tuple[int, str, str]:
    """Send a fragment's form from the company's page: status, where it leads, and the page."""
    headers = {"Sec-Fetch-Site": "same-origin"}
    answer = web.client.post(urlsplit(page.action).path, data={**page.hidden, **values}, headers=headers)
    return answer.status_code, answer.headers.get("location", ""), answer.text


def test_the_age_question_leads_back_to_the_form(web: Web, visitor: Visitor) -> None:
    """Question on the company's page, answer, the same page with the form; a form with a fault still knows the page."""
    asked = fragment(web)
    assert asked.action.endswith("/age")
    assert send(web, asked, BIRTH)[:2] == (303, PAGE)
    form = fragment(web)
    assert form.action.endswith(POINT)
    status, _, text = send(web, form, {**GOOD, "email": "nowhere"})
    assert status == 422
    assert FormPage(text).hidden["troth-back"] == PAGE
    status, place, _ = send(web, form, GOOD)
    assert status == 303
    assert parse_qs(urlsplit(place).query)["back"] == [PAGE]
    assert PAGE in FormPage(visitor.client.get(place).text).links


def test_an_answer_that_cannot_be_read_is_asked_again_and_then_leads_back(web: Web, visitor: Visitor) -> None:
    """The question is asked again on the hosted page, which still knows where the visitor came from."""
    status, _, text = send(web, fragment(web), {**BIRTH, "troth-birth-month": "Germinal"})
    assert status == 422
    assert send(web, FormPage(text), BIRTH)[:2] == (303, PAGE)
    assert visitor.open("product-registration").hidden.get("troth-back") is None


def test_a_child_is_led_back_to_the_way_to_the_parents_page(web: Web, visitor: Visitor) -> None:
    """The page shows no field and no question any more, and another answer changes nothing."""
    asked = fragment(web)
    assert send(web, asked, {**BIRTH, "troth-birth-year": "2020"})[:2] == (303, PAGE)
    base = web.troth.settings.web.public_url
    for page in (fragment(web), fragment(web, "")):
        assert page.controls == {}
        assert page.links == [f"{base}/parents"]
    assert send(web, asked, BIRTH)[:2] == (303, PAGE)
    assert fragment(web).controls == {}
    assert visitor.client.get(POINT).status_code == 403


@pytest.mark.parametrize(
    ("back", "kept"),
    [
        ("/newsletter", True),
        ("https://www.example.com/newsletter?a=b", True),
        ("http://127.0.0.1:8080/newsletter", True),
        ("", False),
        ("//evil.example.org/", False),
        ("https://evil.example.org/", False),
        ("http://www.example.com/", False),
        ("https://www.example.com@evil.example.org/", False),
        ("https://www.example.com.evil.example.org/", False),
        ("https:\\\\evil.example.org", False),
        ("/\\evil.example.org", False),
        ("javascript:alert(1)", False),
        ("newsletter", False),
        ("/a\nb", False),
        ("/ä", False),
    ],
)
def test_only_a_page_of_the_company_is_gone_back_to(
    web: Web, visitor: Visitor, back: str, *, kept: bool
) -> None:
    """A path of this site or an https address of a declared one; anything else is left out, wherever it is sent."""
    assert fragment(web, back).hidden.get("troth-back") == (back if kept else None)
    asked = visitor.open("product-registration")
    status, place, _ = send(web, asked, {**BIRTH, "troth-back": back})
    assert (status, place) == (303, back if kept else POINT)
