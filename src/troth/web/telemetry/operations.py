"""The operations of telemetry."""

from collections.abc import Mapping
from typing import Any

from troth.web.operation import ENTRY, HTML, JSON, Answer, Operation, Parameter

_TEXT = {"type": "string"}
TELEMETRY_SCHEMAS: Mapping[str, Any] = {
    "TelemetryOptIn": {
        "type": "object", "required": ["product", "release"], "additionalProperties": False,
        "properties": {"product": {**_TEXT, "description": "declared product"}, "release": {**_TEXT, "description": "its version"}},
    },
    "TelemetryOptOut": {
        "type": "object", "additionalProperties": False,
        "properties": {"token": {"type": ["string", "null"], "description": "this week's token, given back; it is then spent"}},
    },
    "TelemetryTokenRequest": {
        "type": "object", "required": ["blinded", "key", "release"], "additionalProperties": False,
        "properties": {
            "blinded": {**_TEXT, "description": "blinded message, base64 (RFC 9474, section 4.2)"},
            "key": {**_TEXT, "description": "id of this week's key"},
            "release": {**_TEXT, "description": "the version that will report"},
        },
    },
    "OtlpMetrics": {
        "type": "object", "description": "`ExportMetricsServiceRequest` of OTLP, in its JSON form; members that are not known are ignored",
        "properties": {"resourceMetrics": {"type": ["array", "null"]}},
    },
    "TelemetryReport": {
        "type": "object", "required": ["format", "schema", "product", "release", "week", "metrics"], "additionalProperties": False,
        "description": "keys sorted, no spaces; at most 65,536 bytes; metrics as /telemetry/schema.json declares them",
        "properties": {
            "format": {"const": "troth-report/1"},
            "schema": {**_TEXT, "description": "fingerprint of the schema that it was made by"},
            "product": _TEXT, "release": _TEXT,
            "week": {**_TEXT, "description": "ISO week that it tells of"},
            "metrics": {"type": "object"},
        },
    },
}  # fmt: skip
_FINGERPRINT = "0f3c1a2b4d5e6f70"
_RECEIPT = "QmFzZTY0IG9mIHRoaXJ0eS10d28gcmFuZG9tIGJ5dGVz"
_KEY_ID = "9f86d081884c7d65"
_REPORT = {
    "format": "troth-report/1", "metrics": {"cores": 4}, "product": "example-sensor", "release": "5.2",
    "schema": _FINGERPRINT, "week": "2026-W02",
}  # fmt: skip
_OBJECT = {"type": "object"}
_FAILED = {
    status: Answer(about, schema={"type": "object", "required": ["message"], "properties": {"message": _TEXT}}, example={"message": about})
    for status, about in {
        400: "It cannot be read.", 403: "No installation that opted in.", 413: "It is too long.", 415: "It is neither protobuf nor JSON.",
        429: "Too many failed attempts.", 503: "No work is taken now.",
    }.items()
}  # fmt: skip
_METRICS = {
    "resourceMetrics": [
        {
            "resource": {
                "attributes": [
                    {"key": "service.name", "value": {"stringValue": "example-sensor"}},
                    {"key": "service.version", "value": {"stringValue": "5.2.1"}},
                ]
            },
            "scopeMetrics": [{"metrics": [{"name": "cores", "gauge": {"dataPoints": [{"asInt": "4"}]}}]}],
        }
    ]
}


def _shown(example: str, about: str) -> tuple[Parameter, ...]:
    return (Parameter("Authorization", "header", about, example, {"type": "string", "maxLength": 4000}),)


_BY_RECEIPT = _shown(f"Receipt {_RECEIPT}", "`Receipt` and the receipt of the installation")
_PRODUCT = (Parameter("product", "query", "declared product; left out: the first", "example-sensor"),)
TELEMETRY_OPERATIONS = (
    Operation(
        "optIn", "POST", "/telemetry/opt-in", "Telemetry", "Switch telemetry on",
        "The receipt is shown this once; it is known here by a keyed digest. Off to begin with (clause II.6).",
        {201: Answer("Switched on.", schema={"type": "object", "required": ["receipt", "installation", "entry"]}, example={"receipt": _RECEIPT, "installation": "5f0c8d1e2b3a49687756a5b4c3d2e1f0", "entry": ENTRY})},
        body=("TelemetryOptIn",), examples={"A sensor": {"product": "example-sensor", "release": "5.2"}}, problems=(400, 403, 404, 413, 415, 422, 429, 503),
    ),
    Operation(
        "optOut", "POST", "/telemetry/opt-out", "Telemetry", "Switch telemetry off",
        "At once. May be repeated, and answers the same whether the receipt is known or not. A token that was issued and is not given back closes its key.",
        {204: Answer("Switched off.", "", {})}, parameters=_BY_RECEIPT,
        body=("TelemetryOptOut",), examples={"No token is left": {"token": None}}, problems=(400, 401, 403, 404, 413, 415, 422, 429, 503),
    ),
    Operation(
        "getTokenKeys", "GET", "/telemetry/keys", "Telemetry", "Signing keys of tokens", "By week, with modulus and exponent (base64url) and as DER.",
        {200: Answer("The keys.", schema={"type": "object", "required": ["suite", "keys"]}, example={"suite": "RSABSSA-SHA384-PSS-Randomized", "keys": [{"key": _KEY_ID, "week": "2026-W02", "state": "open", "n": "uQ...", "e": "AQAB", "public": "MIIB..."}]})},
        problems=(404, 422, 503),
    ),
    Operation(
        "issueToken", "POST", "/telemetry/tokens", "Telemetry", "Fetch this week's token",
        "Signed blindly (RFC 9474): the signer sees neither the token nor, later, whose it was. One a week and installation.",
        {200: Answer("The blind signature.", schema={"type": "object", "required": ["signature"]}, example={"signature": "dGhl..."})}, parameters=_BY_RECEIPT,
        body=("TelemetryTokenRequest",), examples={"A token": {"blinded": "Yg...", "key": _KEY_ID, "release": "5.2"}}, problems=(400, 401, 403, 404, 409, 413, 415, 422, 429, 503),
    ),
    Operation(
        "sendReport", "POST", "/telemetry/reports", "Telemetry", "Send a report",
        "Answered when it is on disk. With a token; a sender that cannot blind shows its receipt. Neither is stored with it. Any media type is taken.",
        {202: Answer("On disk.", JSON, _OBJECT, {})},
        parameters=_shown(f"Token {_KEY_ID}.bWVzc2FnZQ.c2lnbmF0dXJl", "`Token` with key, message and signature, or `Receipt` and the receipt"),
        body=("TelemetryReport",), examples={"A small report": _REPORT}, problems=(400, 403, 404, 409, 413, 422, 429, 503),
    ),
    *(
        Operation(
            id_, "POST", path, "Telemetry", summary,
            "OTLP/HTTP, as protobuf (`application/x-protobuf`) or JSON, packed by gzip or not. Declared metrics are gathered into one report a week; what is not "
            "declared is refused by `partialSuccess`. Failures are the protocol's `Status`, in the encoding that was sent.",
            {200: Answer("Taken, but for what `partialSuccess` tells.", JSON, _OBJECT, {}), **_FAILED}, parameters=shown,
            body=("OtlpMetrics",), examples={"A gauge": _METRICS}, problems=(400, 403, 404, 413, 415, 429, 503),
        )
        for id_, path, summary, shown in (
            ("exportMetrics", "/v1/metrics", "Metrics of OpenTelemetry", _BY_RECEIPT),
            ("exportMetricsByPath", "/t/{receipt}/v1/metrics", "Metrics of OpenTelemetry, with the receipt in the address", (Parameter("receipt", "path", "the receipt", _RECEIPT, required=True),)),
        )
    ),
    *(
        Operation(id_, "GET", path, "Telemetry", summary, about, {200: Answer("The page.", HTML, _TEXT)}, problems=(404, 422, 503))
        for id_, path, summary, about in (
            ("pageTelemetry", "/telemetry", "Telemetry explained", "Every field: what, why, when, where to, until when (clause II.8)."),
            ("pageTelemetryHistory", "/telemetry/history", "What has changed", "What each posted version changed in the schema."),
        )
    ),
    Operation(
        "pageSample", "GET", "/telemetry/sample", "Telemetry", "A sample report", "Made by the sender's own serializer (clause II.7).",
        {200: Answer("The page.", HTML, _TEXT)}, parameters=_PRODUCT, problems=(404, 422, 503),
    ),
    Operation(
        "getSample", "GET", "/telemetry/sample.json", "Telemetry", "A sample report as a file", "The exact bytes.",
        {200: Answer("The report.", schema="TelemetryReport", example=_REPORT)}, parameters=_PRODUCT, problems=(404, 422, 503),
    ),
    Operation(
        "getTelemetrySchema", "GET", "/telemetry/schema.json", "Telemetry", "What may be reported", "The schema in force, from which senders are made (clause II.8).",
        {200: Answer("The schema.", schema=_OBJECT, example={"format": "troth-telemetry/1", "fingerprint": _FINGERPRINT, "products": {"example-sensor": "5.0"}, "metrics": []})},
        problems=(404, 422, 503),
    ),
)  # fmt: skip
