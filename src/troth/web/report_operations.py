"""The operations of reports."""

from troth.web.operation import HTML, SHA256, Answer, Operation, Parameter

_RUN_ID = "019a0c2e7d1c7a40b1d2c3e4f5a6071b"
_NAME = Parameter("name", "path", "name of a declared report", "registered-products", required=True)
_WITHOUT = {"run": _RUN_ID, "state": "done", "begun": "2026-01-12T00:04:00+00:00", "due": "2026-01-12T00:00:00+00:00", "policy": SHA256, "error": "", "figures": None}  # fmt: skip
_FIGURES = {
    "counts": "people",
    "total": 1_204,
    "groups": [{"by": {"product": "sensor"}, "count": 1_011}, {"by": {"product": "server"}, "count": 193}],
    "other": 0,
    "left_out": {"objected": 31, "child": None},
    "cohort": 10,
}
_RUN = {**_WITHOUT, "figures": _FIGURES}
_REPORT = {
    "name": "registered-products", "title": "Products in use", "question": "How many people have registered each product?", "clause": "I.8",
    "purposes": ["analytics.reporting.product_usage"], "by": ["product"], "cohort": 10, "schedule": "weekly", "computed": True, "late": False,
    "missed": 0, "next": "2026-01-19T00:00:00+00:00", "last": _WITHOUT,
}  # fmt: skip

_CHANGE = {
    "change": "019a0c2e7d1c7a40b1d2c3e4f5a6071c", "product": "example-sensor", "release": "5.3", "text": "Search opens first, because most people begin there.",
    "report": "registered-products", "run": _RUN_ID, "counted": "2026-01-12T00:04:00+00:00", "noted": "2026-01-14T09:30:00+00:00",
}  # fmt: skip

REPORT_OPERATIONS = (
    Operation(
        "listReports", "GET", "/v1/reports", "Insights", "Every declared report",
        "Where each stands: its last run without figures, runs that were missed, whether one is late (clause I.8).",
        {200: Answer("The reports.", schema="ReportsAnswer", example={"reports": [_REPORT]})}, key=True, problems=(401, 422, 429, 503),
    ),
    Operation(
        "listReportRuns", "GET", "/v1/reports/{name}/runs", "Insights", "The runs of a report",
        "Newest first, with their figures. `null` in place of a number stands for some, and fewer than the cohort. The look is decided and recorded.",
        {200: Answer("The runs.", schema="RunsAnswer", example={"report": "registered-products", "runs": [_RUN]})},
        key=True, parameters=(_NAME,), problems=(401, 403, 404, 422, 429, 503),
    ),
    Operation(
        "runReport", "POST", "/v1/reports/{name}/run", "Insights", "Run a report now",
        "Everybody whose data it reads is decided by the policy; whoever objected, restricted this use or is a child is not counted, and only numbers of those are given.",
        {201: Answer("The run.", schema="RunAnswer", example=_RUN)},
        key=True, parameters=(_NAME,), problems=(401, 403, 404, 409, 410, 422, 429, 500, 503),
    ),
    Operation(
        "listProductChanges", "GET", "/v1/product-changes", "Insights", "Product changes and the reports that led to them",
        "The newest 200, newest first (clause II.5). Public, and also a page at `/changes`.",
        {200: Answer("The changes.", schema="ChangesAnswer", example={"changes": [_CHANGE]})}, problems=(422, 429, 503),
    ),
    Operation(
        "noteProductChange", "POST", "/v1/product-changes", "Insights", "Note a product change",
        "Names the report that led to it. Only who may see its figures can say so; that is decided and recorded. Without a run that has figures nothing is noted.",
        {201: Answer("The change.", schema="ChangeAnswer", example=_CHANGE)},
        key=True, body=("ChangeBody",), examples={"A change": {"product": "example-sensor", "text": _CHANGE["text"], "report": "registered-products"}},
        problems=(400, 401, 403, 404, 409, 413, 415, 422, 429, 503),
    ),
    Operation(
        "showProductChanges", "GET", "/changes", "Insights", "The log of product changes", "For everybody to read (clause II.5).",
        {200: Answer("The page.", HTML, {"type": "string"})}, problems=(422, 429, 503),
    ),
)  # fmt: skip
