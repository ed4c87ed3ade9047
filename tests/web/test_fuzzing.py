"""The API against its own description: whatever is sent, no server error, and every answer is one that is described."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import hypothesis
import jsonschema
import pytest
import schemathesis
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from tests.web.conftest import Web
from troth.web.app import framework
from troth.web.describing import description
from troth.web.operations import OPERATIONS

_CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    negative_data_rejection,
]


class _Door:
    """Stands for the application, which is not there yet when tests are collected."""

    app: Any = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "lifespan":
            await self.app(scope, receive, send)
            return
        # Each generated request starts and stops what it asks; the application lives on.
        for step in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{step}.complete"})


_door = _Door()
api = schemathesis.openapi.from_dict(description())
api.app = _door


@pytest.fixture(scope="module")
def outreach(shared: Web) -> dict[str, str]:
    """Keys that come further than a refusal, by the start of the address."""
    troth = shared.troth
    member, _ = troth.roster.add(name="ann.example", title="Ann", role="staff.product")
    marketing = troth.issue_key(name="m", role="staff.marketing", purposes=["marketing"], cases=["campaign"])
    product = troth.issue_key(
        name="p", role="staff.product", purposes=["*"], cases=["bulletin"], holder=member.staff
    )
    return {
        "/v1/campaigns": marketing[0],
        "/v1/messages": marketing[0],
        "/v1/audiences": marketing[0],
        "/v1/bulletins": product[0],
    }


@pytest.mark.slow
@api.parametrize()
@hypothesis.settings(max_examples=25, suppress_health_check=list(hypothesis.HealthCheck))
def test_no_request_breaks_the_description(case: Any, shared: Web, outreach: dict[str, str]) -> None:
    """Generated requests, good and bad, signed: a described answer, never a server error."""
    _door.app = shared.app
    key = next((one for start, one in outreach.items() if case.path.startswith(start)), "support")
    response = case.call(headers=shared.signed(key))
    sent = parse_qs(urlsplit(response.request.url).query, keep_blank_values=True)
    # A list without members is no parameter: where that was what is wrong with a request, nothing is wrong with what was sent.
    lost = set(case.query or {}) - sent.keys()
    checks = [one for one in _CHECKS if not lost or one is not negative_data_rejection]
    case.validate_response(response, checks=checks)


def _longer() -> Iterator[tuple[str, str, dict[str, str], str]]:
    """For each query parameter with a longest length: method, path, all parameters as in the examples, and its name."""
    for path, operations in description()["paths"].items():
        for method, operation in operations.items():
            given = operation.get("parameters", [])
            place = path.format_map({one["name"]: one["example"] for one in given if one["in"] == "path"})
            query = {one["name"]: one["example"] for one in given if one["in"] == "query"}
            for one in given:
                if one["in"] == "query" and "maxLength" in one["schema"]:
                    longer = "x" * (one["schema"]["maxLength"] + 1)
                    yield method, place, {**query, one["name"]: longer}, one["name"]


@pytest.mark.parametrize("asked", list(_longer()), ids=lambda asked: f"{asked[0]} {asked[1]} {asked[3]}")
def test_what_is_longer_than_described_is_refused(
    shared: Web, asked: tuple[str, str, dict[str, str], str]
) -> None:
    """A query parameter of one character more than the description allows is answered 4xx."""
    method, place, query, name = asked
    answer = shared.client.request(method, place, params=query, headers=shared.signed("support"))
    assert 400 <= answer.status_code < 500, (name, answer.status_code)


def test_the_description_is_what_is_served(shared: Web) -> None:
    """The address gives the description that the tests use, and it is valid OpenAPI 3.1."""
    served = shared.get("/openapi.json").json()
    assert served == description()
    api.validate()
    assert served["openapi"].startswith("3.1")


def test_every_schema_has_a_title_of_its_own() -> None:
    """Client generators name types by the title and drop the second of one name."""
    for name, schema in description()["components"]["schemas"].items():
        assert schema.get("title", name) == name
        assert "Args:" not in schema.get("description", "")


def test_every_operation_has_an_example_that_fits_its_schema() -> None:
    """Of its body, and of each JSON answer; problems included."""
    served = description()
    for path, operations in served["paths"].items():
        for method, operation in operations.items():
            contents = [operation["requestBody"]["content"]] if "requestBody" in operation else []
            contents += [
                answer["content"] for answer in operation["responses"].values() if "content" in answer
            ]
            for content in contents:
                for media, body in content.items():
                    check_examples(served, body, f"{method} {path} {media}")


def check_examples(served: dict[str, Any], body: dict[str, Any], where: str) -> None:
    """A JSON body has an example, and each one fits."""
    examples = [one["value"] for one in body.get("examples", {}).values()]
    examples += [body["example"]] if "example" in body else []
    assert examples or body["schema"] == {"type": "string"} or "format" in body["schema"], where
    validator = jsonschema.Draft202012Validator({**body["schema"], "components": served["components"]})
    for example in examples:
        validator.validate(example)


def test_every_route_is_described(shared: Web) -> None:
    """The framework's routes and the hot ones, and nothing else."""
    routes = {
        (method, re.sub(r"\{(\w+):\w+\}", r"{\1}", route.path))
        for route in framework().routes
        for method in route.methods - {"OPTIONS", "HEAD"}
    }
    routes |= {("POST", "/v1/acts"), ("GET", "/v1/people/{person}"), ("DELETE", "/v1/people/{person}")}
    routes |= {("POST", path) for path in shared.app._door._routes}
    routes.add(("POST", "/t/{receipt}/v1/metrics"))
    tracked = {(method, path) for path, methods in shared.app._tracking._routes.items() for method in methods}
    routes |= tracked
    routes |= {(method, "/s/{key}" + path) for method, path in tracked if path not in {"/p.gif", "/t.js"}}
    assert {(operation.method, operation.path) for operation in OPERATIONS} == routes


def test_no_two_operations_have_one_id() -> None:
    """Programs that are made of the description name their functions so (OpenAPI 3.1, operationId)."""
    ids = [operation.id for operation in OPERATIONS]
    assert len(ids) == len(set(ids))
