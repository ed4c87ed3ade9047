"""Every error is problem details (RFC 9457), malformed requests are 4xx with a reason, and nothing of them is stored."""

import importlib
import json
import pkgutil
from collections.abc import Iterator

import httpx
import pytest
from markupsafe import escape

import troth
from tests.web.conftest import SUPPORT, Web
from troth.bootstrap import Troth
from troth.kernel import TrothError, Unavailable
from troth.web.problems import KINDS

JSON = {"Content-Type": "application/json"}


def check(answer: httpx.Response, status: int) -> dict[str, object]:
    """The problem of an answer, which has the members that RFC 9457 and the house ask for."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem: dict[str, object] = answer.json()
    assert problem["status"] == status
    assert problem["type"] in {f"/problems/{kind.code}" for kind in KINDS}
    assert problem["title"]
    assert problem["detail"]
    return problem


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"\xff\xfe", 400),
        (b"nonsense", 400),
        (b'{"act": NaN}', 400),
        (b"[" * 100_000, 400),
        (b'{"act":"use","values":' + b'{"a":' * 20 + b"1" + b"}" * 21, 400),
        (b'{"act":"use","purpose":"\\u0000"}', 400),
        (b'{"act":"use","purpose":"\\ud800"}', 400),
        (b"[]", 422),
        (b"null", 422),
        (b"{}", 422),
        (b'{"act":"eat","purpose":"x"}', 422),
        (b'{"act":"use"}', 422),
        (b'{"act":"use","purpose":1}', 422),
        (b'{"act":"use","purpose":"x","mood":"good"}', 422),
        (b'{"act":"use","purpose":"x","key":"troth_a_b"}', 422),
        (b'{"act":"use","purpose":"x","person":"me"}', 422),
        (b'{"act":"use","purpose":"x","fields":"email"}', 422),
        (b'{"acts":[]}', 422),
        (b'{"acts":[{"act":"use","purpose":"x"}],"more":1}', 422),
        (b'{"acts":[' + b",".join([b'{"act":"use","purpose":"x"}'] * 1_001) + b"]}", 422),
        (b'{"act":"' + b"u" * 1_000_001 + b'"}', 413),
    ],
)
def test_a_malformed_act_is_refused_with_a_reason(shared: Web, body: bytes, status: int) -> None:
    """A 4xx that says what is wrong; no row is written."""
    before = shared.rows()
    headers = {**JSON, **shared.signed("support")}
    check(shared.client.post("/v1/acts", content=body, headers=headers), status)
    assert shared.rows() == before


def test_the_field_at_fault_is_named(shared: Web) -> None:
    """Also deep inside a batch."""
    acts = [
        {"act": "use", "purpose": SUPPORT, "fields": ["email"]},
        {"act": "use", "purpose": SUPPORT, "fields": [7]},
    ]
    problem = check(shared.post("/v1/acts", {"acts": acts}, "support"), 422)
    assert "fields" in str(problem["field"])
    assert str(problem["field"]).startswith("acts")


def test_a_body_must_be_declared_as_json(shared: Web) -> None:
    """Anything else is 415."""
    headers = {"Content-Type": "text/plain", **shared.signed("support")}
    check(shared.client.post("/v1/acts", content=b"{}", headers=headers), 415)


def test_a_body_of_unknown_length_stops_at_the_limit(shared: Web) -> None:
    """A stream without an end is cut off after a megabyte."""

    def chunks() -> object:
        for _ in range(40):
            yield b" " * 50_000

    headers = {**JSON, **shared.signed("support")}
    check(shared.client.post("/v1/acts", content=chunks(), headers=headers), 413)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/v1/acts", {"POST"}),
        ("PUT", "/v1/people/" + "0" * 32, {"GET", "DELETE"}),
        ("POST", "/policy", {"GET"}),
        ("DELETE", "/v1/cases", {"POST"}),
        ("TRACE", "/v1/decide", {"POST"}),
    ],
)
def test_a_wrong_method_is_405_and_names_the_right_ones(
    shared: Web, method: str, path: str, allowed: set[str]
) -> None:
    """The header Allow lists what the address takes."""
    answer = shared.client.request(method, path, headers=shared.signed("support"))
    check(answer, 405)
    assert allowed <= {name.strip() for name in answer.headers["allow"].split(",")}


@pytest.mark.parametrize(
    "path", ["/nothing", "/v1", "/v1/nothing", "/static/../app.py", "/policy/versions/x", "/problems/x"]
)
def test_an_unknown_address_is_404(shared: Web, path: str) -> None:
    """Also the framework's own."""
    check(shared.get(path), 404)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("fields=email", "purpose"),
        (f"purpose={SUPPORT}", "fields"),
        (f"fields=email&purpose={SUPPORT}&mood=good", "mood"),
        (f"fields=email&purpose={SUPPORT}&purpose={SUPPORT}", "purpose"),
        (f"fields=email&purpose={SUPPORT}&partial=perhaps", "partial"),
    ],
)
def test_a_query_is_checked(shared: Web, query: str, field: str) -> None:
    """Missing, unknown and repeated parameters are named."""
    answer = shared.client.get(f"/v1/people/{'0' * 32}?{query}", headers=shared.signed("support"))
    assert check(answer, 422)["field"] == field


def test_a_failure_within_is_told_without_its_text(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    """500 holds an id to find it by, and nothing of the error."""

    def fail(_: Troth) -> None:
        raise RuntimeError("canary-4711")

    monkeypatch.setattr(Troth, "policy_versions", fail)
    answer = web.get("/policy/versions")
    check(answer, 500)
    assert "canary" not in answer.text
    assert "RuntimeError" not in answer.text


def test_a_store_that_takes_no_work_is_503(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hot endpoints and others answer with the problem, and health says which part is down."""

    def fail(*_: object) -> None:
        raise Unavailable("The store takes no work.", mend="Try again.")

    monkeypatch.setattr(type(web.troth.gate), "perform", fail)
    monkeypatch.setattr(type(web.troth.gate), "policy", fail)
    act = {"act": "use", "purpose": SUPPORT, "fields": ["email"], "person": "0" * 32}
    check(web.post("/v1/acts", act, "support"), 503)
    check(web.post("/v1/acts", {"acts": [act]}, "support"), 503)
    check(web.get("/policy"), 503)
    health = web.get("/health")
    assert (health.status_code, health.json()["parts"]["policy"]) == (503, "unavailable")
    assert health.json()["parts"]["database"] == "ok"


def test_every_kind_of_problem_has_its_page(shared: Web) -> None:
    """The type of a problem is an address that explains it."""
    listed = shared.get("/problems").text
    for kind in KINDS:
        assert kind.code in listed
        assert str(escape(kind.title)) in shared.get(f"/problems/{kind.code}").text


def test_every_error_of_every_room_is_listed() -> None:
    """Each code that an error may carry has its page, with the status that it answers with."""
    for module in pkgutil.walk_packages(troth.__path__, "troth."):
        if module.name.endswith(".errors"):
            importlib.import_module(module.name)
    listed = {(kind.code, kind.status) for kind in KINDS}
    rooms = [
        error for error in subclasses(TrothError) if not error.__module__.startswith(("troth.cli", "tests"))
    ]
    assert len(rooms) > 20
    assert {(error.code, error.status) for error in rooms} <= listed | {("invalid-submission", 422)}


def subclasses(error: type[TrothError]) -> Iterator[type[TrothError]]:
    """All kinds of error below one."""
    for below in error.__subclasses__():
        yield below
        yield from subclasses(below)


def test_a_browser_gets_a_page_for_an_error(shared: Web) -> None:
    """Who asks for HTML outside the API is told in HTML."""
    answer = shared.client.get("/nothing", headers={"Accept": "text/html"})
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    api = shared.client.get("/v1/nothing", headers={"Accept": "text/html"})
    assert json.loads(api.text)["status"] == 404


@pytest.mark.parametrize(
    ("path", "body", "field", "detail"),
    [
        ("/v1/acts", {"act": "use", "purpose": SUPPORT, "person": "me"}, "person", "This is no handle or id"),
        ("/v1/acts", {"act": "use", "purpose": SUPPORT, "case": "7"}, "case", "This is no handle or id"),
        (
            "/v1/decide",
            {"kind": "use", "actor": "person", "purpose": SUPPORT, "on": "today"},
            "on",
            "This is no date",
        ),
    ],
)
def test_a_misfit_is_told_in_words(
    shared: Web, path: str, body: dict[str, str], field: str, detail: str
) -> None:
    """A value of the wrong form is told as what it should be, not as a pattern."""
    found = check(shared.post(path, body, "support"), 422)
    assert found["field"] == field
    assert str(found["detail"]).startswith(detail)
    assert "regex" not in json.dumps(found)
