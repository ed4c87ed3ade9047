"""The API described: OpenAPI 3.1 from the table of operations, and a page for people made from it."""

import json
from functools import cache
from typing import Any

import msgspec
from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler

import troth
from troth.adapters import RecipientResult
from troth.gate import Outcome, Problem
from troth.web import shapes
from troth.web.account_api_shapes import ACCOUNT_SHAPES
from troth.web.account_shapes import FORMS
from troth.web.audience_shapes import AudienceAnswer, AudienceBody, AudienceCount
from troth.web.bulletin_shapes import BULLETIN_SHAPES
from troth.web.call_shapes import CallsAnswer, OutcomeAnswer, OutcomeBody, PullBody
from troth.web.campaign_shapes import CAMPAIGN_SHAPES
from troth.web.connector_shapes import ConnectorAnswer
from troth.web.event_operations import EVENT_SCHEMAS
from troth.web.matter_shapes import MatterAnswer, MattersAnswer, StepBody
from troth.web.operation import Answer, Operation, Parameter
from troth.web.operations import OPERATIONS, TAGS
from troth.web.pages import page
from troth.web.portal_shapes import AgentForm, AskForm, DisplayForm, DisputeForm
from troth.web.preference_operations import PREFERENCE_SHAPES
from troth.web.problems import GENERAL, MEDIA_TYPE, problem_body
from troth.web.relay_shapes import RELAY_FORMS
from troth.web.report_shapes import ChangeAnswer, ChangeBody, ChangesAnswer, ReportsAnswer, RunsAnswer
from troth.web.site import json_response, site_of
from troth.web.telemetry.operations import TELEMETRY_SCHEMAS

AnyRequest = Request[Any, Any, Any]
_REF = "#/components/schemas/{name}"
_SHAPES = (
    shapes.ActBody,
    shapes.BatchBody,
    shapes.DecideBody,
    shapes.FindBody,
    shapes.OpenCaseBody,
    shapes.CloseCaseBody,
    shapes.Found,
    shapes.CaseAnswer,
    shapes.Collected,
    shapes.SelfTestAnswer,
    shapes.HealthAnswer,
    shapes.DecideAnswer,
    shapes.ChoiceBody,
    shapes.ChoiceForm,
    *FORMS,
    *RELAY_FORMS,
    *PREFERENCE_SHAPES,
    *ACCOUNT_SHAPES,
    shapes.PostingForm,
    shapes.EmptyForm,
    shapes.ChoiceAnswer,
    shapes.NoticeReceipt,
    shapes.ExitLink,
    ConnectorAnswer,
    RecipientResult,
    MatterAnswer,
    MattersAnswer,
    StepBody,
    ChangeBody,
    ChangeAnswer,
    ChangesAnswer,
    AskForm,
    DisputeForm,
    AgentForm,
    DisplayForm,
    ReportsAnswer,
    RunsAnswer,
    AudienceBody,
    CallsAnswer,
    OutcomeAnswer,
    OutcomeBody,
    PullBody,
    AudienceAnswer,
    AudienceCount,
    *CAMPAIGN_SHAPES,
    *BULLETIN_SHAPES,
    Outcome,
)
_TEXT = {"type": "string"}
_PROBLEM = {
    "type": "object",
    "description": "Problem details (RFC 9457).",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": _TEXT,
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": _TEXT,
        "clause": {"type": "string", "description": "clause of the policy that decided"},
        "field": {"type": "string", "description": "part of the input at fault"},
        "mend": {"type": "string", "description": "what to do next"},
        "entry": {"type": "string", "description": "ledger entry of the refusal"},
        "effect": _TEXT,
        "clauses": {"type": "array", "items": _TEXT},
        "policy": _TEXT,
        "errors": {
            "type": "array",
            "items": {"type": "object"},
            "description": "every fault of a submission",
        },
    },
}
_OWN_SCHEMAS = {
    "Problem": _PROBLEM,
    "Outcomes": {
        "type": "object",
        "required": ["outcomes"],
        "properties": {"outcomes": {"type": "array", "items": {"$ref": "#/components/schemas/Outcome"}}},
    },
    "FormBody": {
        "type": "object",
        "description": "values by the path of their field, and the form's own, which begin with troth-",
        "additionalProperties": _TEXT,
    },
    "Submission": {
        "type": "object",
        "required": ["channel", "values"],
        "additionalProperties": False,
        "properties": {
            "channel": {"type": "string", "minLength": 1, "maxLength": 200},
            "notice": {"type": "string", "maxLength": 200},
            "purpose": {"type": "string", "maxLength": 200},
            "case": {"type": "string", "maxLength": 200},
            "age": {
                "type": "object",
                "description": "month and year of birth, where an age screen stands; weighed and not kept",
                "required": ["year", "month"],
                "additionalProperties": False,
                "properties": {
                    "year": {"type": "integer", "minimum": 1, "maximum": 9999},
                    "month": {"type": "integer", "minimum": 1, "maximum": 12},
                },
            },
            "age_passed": {
                "type": "boolean",
                "description": "said by the holder of an API key, who answers for it",
            },
            "values": {"type": "object", "description": "values by field name"},
            "aware": {
                "type": "array",
                "description": "kinds of personal data that the writer of a free text was shown in it, and keeps there",
                "items": {"type": "string", "maxLength": 200},
                "maxItems": 40,
            },
        },
    },
}


_INFO = {
    "title": "Troth API",
    "version": troth.__version__,
    "description": "The privacy policy that runs. Every act on personal data is decided by the policy in force, "
    "done and recorded in one unit of work; every error is a problem (RFC 9457) that names the clause or the field.",
    "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
}
_KEY = {"type": "http", "scheme": "bearer", "description": "An API key, `troth_<id>_<secret>`."}


@cache
def description() -> dict[str, Any]:
    """The OpenAPI description."""
    paths: dict[str, Any] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": _INFO,
        "servers": [{"url": "/"}],
        "tags": [{"name": name, "description": about} for name, about in TAGS.items()],
        "paths": paths,
        "components": {
            "schemas": {**_schemas(), **_OWN_SCHEMAS, **EVENT_SCHEMAS, **TELEMETRY_SCHEMAS},
            "securitySchemes": {"key": _KEY},
        },
    }


def _schemas() -> dict[str, Any]:
    found = msgspec.json.schema_components(_SHAPES, ref_template=_REF)[1]
    # The gate's own problem stands inside outcomes; the name Problem is that of the answers to errors.
    text = (
        msgspec.json.encode(found)
        .replace(b"schemas/Problem", b"schemas/OutcomeProblem")
        .replace(rb"(?!\\n)$", b"$")
    )
    schemas: dict[str, Any] = msgspec.json.decode(text)
    schemas["OutcomeProblem"] = schemas.pop("Problem")
    for name, schema in schemas.items():
        schema["title"] = name  # generators of clients name their types by it, so it must be unique
        schema["description"] = schema.get("description", "").partition("\n\n")[0]
    return schemas


def _operation(operation: Operation) -> dict[str, Any]:
    found: dict[str, Any] = {
        "operationId": operation.id,
        "tags": [operation.tag],
        "summary": operation.summary,
        "description": operation.about,
        "parameters": [_parameter(one) for one in operation.parameters],
        "responses": {str(status): _answer(answer) for status, answer in operation.answers.items()},
        "security": [{"key": []}] if operation.key else [],
    }
    for status in operation.problems:
        problem = _problem(status)
        answer = found["responses"].setdefault(str(status), problem)
        answer["content"] = {**problem["content"], **answer.get("content", {})}
    if operation.body:
        refs = [{"$ref": _REF.format(name=name)} for name in operation.body]
        examples = {
            f"example{number}": {"summary": name, "value": value}
            for number, (name, value) in enumerate(operation.examples.items(), 1)
        }
        content = {"schema": refs[0] if len(refs) == 1 else {"oneOf": refs}, "examples": examples}
        found["requestBody"] = {"required": True, "content": dict.fromkeys(operation.media, content)}
    return found


def _parameter(one: Parameter) -> dict[str, Any]:
    return {
        "name": one.name,
        "in": one.place,
        "required": one.required,
        "description": one.about,
        "schema": dict(one.schema),
        "example": one.example,
    }


def _answer(answer: Answer) -> dict[str, Any]:
    found: dict[str, Any] = {"description": answer.about}
    if answer.media:
        schema = (
            {"$ref": _REF.format(name=answer.schema)}
            if isinstance(answer.schema, str)
            else dict(answer.schema)
        )
        found["content"] = {answer.media: {"schema": schema}}
        if answer.example is not None:
            found["content"][answer.media]["example"] = answer.example
    return found


def _problem(status: int) -> dict[str, Any]:
    kind = GENERAL[status]
    example = msgspec.json.decode(problem_body(Problem(status=status, code=kind.code, detail=kind.meaning)))
    schema = {"$ref": _REF.format(name="Problem")}
    return {"description": kind.title, "content": {MEDIA_TYPE: {"schema": schema, "example": example}}}


@get("/openapi.json")
async def openapi(request: AnyRequest) -> Response[bytes]:  # noqa: ARG001  the shape of a handler
    """The OpenAPI description."""
    return json_response(msgspec.json.encode(description()))


@get("/docs", sync_to_thread=True)
def docs(request: AnyRequest) -> Response[bytes]:
    """The same for people."""
    site = site_of(request)
    force = site.troth.policy().sha256
    return site.kept("docs", force, lambda: page(site, "docs.html", api=description(), tags=_tags()))


@cache
def _tags() -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "description": about,
            "operations": [_for_people(one) for one in OPERATIONS if one.tag == name],
        }
        for name, about in TAGS.items()
    ]


def _for_people(operation: Operation) -> dict[str, Any]:
    answers = [
        {"status": status, "description": answer.about, "example": _shown(answer.example)}
        for status, answer in operation.answers.items()
    ]
    answers += [
        {"status": status, "description": GENERAL[status].title, "example": ""}
        for status in operation.problems
    ]
    return {
        "id": operation.id,
        "method": operation.method,
        "path": operation.path,
        "summary": operation.summary,
        "description": operation.about,
        "key": operation.key,
        "parameters": [
            {"name": p.name, "in": p.place, "required": p.required, "description": p.about}
            for p in operation.parameters
        ],
        "requests": [(name, _shown(value)) for name, value in operation.examples.items()],
        "answers": answers,
    }


def _shown(example: Any) -> str:
    if example is None:
        return ""
    return example if isinstance(example, str) else json.dumps(example, indent=2)


HANDLERS: list[HTTPRouteHandler] = [openapi, docs]
