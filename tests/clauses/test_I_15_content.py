"""Usage patterns and customised content: the second switch, by what is shown."""

import httpx
import pytest

from tests.clauses.vendor import Site, Vendor

SLOT = "/content/start-offer"
PAGE = {"page": "/products/sensor"}
STATISTICS, PERSONAL = "analytics.reporting.site_usage", "personalize.content"


def looks(site: Site, *allow: str, headers: dict[str, str] | None = None, times: int = 4) -> httpx.Response:
    """A browser chooses, looks at a page about sensors some times, and gives the last answer."""
    with site.server.client() as client:
        client.headers.update({"Accept": "application/json", **(headers or {})})
        chosen = client.post("/v1/choice", json={"allow": list(allow)})
        assert chosen.is_success, chosen.text
        cookies = {one.name: str(one.value) for one in client.cookies.jar}
        for _ in range(times):
            client.cookies.clear()
            sent = "; ".join(f"{name}={value}" for name, value in cookies.items())
            answer = client.get(SLOT, params=PAGE, headers={"Cookie": sent})
            cookies |= {one.name: str(one.value) for one in client.cookies.jar}
        return answer


@pytest.mark.clause("I.15")
def test_customised_content_has_a_switch_of_its_own(vendor: Vendor) -> None:
    """On alone: the variant, with its reason. Statistics alone, neither, or a browser that says no: the generic page."""
    with vendor.open() as site:
        shown = looks(site, PERSONAL).json()
        assert (shown["variant"], shown["customised"]) == ("sensor", True)
        assert "You see this because you looked at our pages about sensors" in shown["because"]
        for answer in (looks(site, STATISTICS), looks(site), looks(site, PERSONAL, headers={"Sec-GPC": "1"})):
            assert answer.json()["variant"] == "generic"
            assert "taste" not in answer.headers.get("set-cookie", "")
        assert looks(site, PERSONAL, STATISTICS).json()["variant"] == "sensor"


@pytest.mark.clause("I.3")
def test_who_objects_sees_the_generic_page_and_the_service_works(vendor: Vendor) -> None:
    """Changing to no takes the memory back; the pages, the forum and registration go on."""
    with vendor.open() as site:
        assert looks(site, PERSONAL).json()["variant"] == "sensor"
        with site.server.client() as client:
            refused = client.post("/v1/choice", json={"allow": [STATISTICS]})
            assert any(
                one.startswith("taste=") and "Max-Age=0" in one
                for one in refused.headers.get_list("set-cookie")
            )
        assert looks(site, STATISTICS).json()["variant"] == "generic"
        assert site.register().status_code == 201
        for path in ("/", "/forum", f"{SLOT}/why"):
            assert site.request("GET", path).status_code == 200
