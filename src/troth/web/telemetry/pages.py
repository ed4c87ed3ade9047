"""The pages about telemetry, made from the schema that the door checks by (clauses II.7 and II.8)."""

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler

from troth.flows import Wording
from troth.ingress import taking, week_of
from troth.kernel import InvalidInput, NotFound, from_micros
from troth.policy import Policy, Telemetry, TelemetrySchema, schema_document, telemetry_schema
from troth.telemetry import Schema, sample_report
from troth.web.asgi import JSON, query
from troth.web.pages import page
from troth.web.published import posted_versions
from troth.web.site import Site, site_of
from troth.web.speaking import speech_of
from troth.web.telemetry.hosting import HERE

AnyRequest = Request[Any, Any, Any]
_LINK = re.compile(rb'(href|action)="/(?!static/|telemetry["/?])')
KINDS = {
    "counter": "a number: how often since the last report",
    "labelled-counter": "numbers by kind: how often since the last report",
    "quantity": "a number: how much or how many there are now",
    "timing": "how many durations fell into each step, in milliseconds",
    "boolean": "yes or no",
    "choice": "one word of a list",
    "weeks-in-use": "how long it is in use, in coarse steps",
}
SAID = {"technical": "the machine and the product", "interaction": "how the product is used"}
USED = {"added": "new", "removed": "gone", "changed": "changed"}
PIECES = {
    "format": "the format of the report",
    "schema": "the mark of the list that it was made by",
    "product": "which product sends it",
    "release": "which version of it",
    "week": "the calendar week that it tells of",
    "metrics": "the figures below, as far as there are any",
}


class MetricView(NamedTuple):
    """A metric as the page tells of it."""

    name: str
    title: str
    reason: str
    kind: str
    unit: str
    choices: tuple[str, ...]
    edges: tuple[int, ...]
    bounds: str
    sensitivity: str
    randomised: float | None
    schedule: str
    destination: str
    until: str
    owner: str
    since: str
    clause: str


class Change(NamedTuple):
    """What a posted version changed: its day, its digest, its schema's fingerprint, and each change with its reason."""

    day: str
    sha256: str
    fingerprint: str
    lines: tuple[tuple[str, str, str], ...]


@get(HERE, sync_to_thread=True)
def explainer(request: AnyRequest) -> Response[bytes]:
    """Everything that an installation may report: what, why, when, to whom and until when."""
    site = site_of(request)
    query(request.scope, ())
    policy = site.troth.policy()
    told = _explained(policy, _schema(policy), speech_of(request).words)
    return _hosted(site, page(site, "telemetry.html", place="page.telemetry", **told))


@get("/telemetry/sample", sync_to_thread=True)
def sample_page(request: AnyRequest) -> Response[bytes]:
    """A sample, made by the sender's own serializer (clause II.7)."""
    site = site_of(request)
    given = query(request.scope, ("product",))
    schema = _schema(site.troth.policy())
    product = _product(schema, given)
    exact = _sample(site, schema, product)
    found = page(
        site, "telemetry_sample.html", place="page.telemetry", t=speech_of(request).words,
        products=sorted(schema.products), product=product, size=len(exact), exact=exact.decode(),
        readable=json.dumps(json.loads(exact), indent=2, ensure_ascii=False),
    )  # fmt: skip
    return _hosted(site, found)


@get("/telemetry/sample.json", sync_to_thread=True)
def sample_file(request: AnyRequest) -> Response[bytes]:
    """The sample's exact bytes."""
    site = site_of(request)
    given = query(request.scope, ("product",))
    schema = _schema(site.troth.policy())
    product = _product(schema, given)
    headers = {"Content-Disposition": f'attachment; filename="{product}-sample.json"'}
    return Response(_sample(site, schema, product), media_type=JSON, headers=headers)


@get("/telemetry/history", sync_to_thread=True)
def history_page(request: AnyRequest) -> Response[bytes]:
    """What each posted version changed in the schema, and why."""
    site = site_of(request)
    query(request.scope, ())
    words = speech_of(request).words
    told = [
        change._replace(lines=tuple((words(USED[kind]), name, reason) for kind, name, reason in change.lines))
        for change in _changes(site)
    ]
    return _hosted(site, page(site, "telemetry_history.html", t=words, changes=told))


def _explained(policy: Policy, schema: TelemetrySchema, words: Wording) -> dict[str, Any]:
    """What the page tells."""
    metrics, purpose = schema.metrics.values(), taking(policy).purpose
    return {
        "t": words,
        "clause": policy.points[schema.point].clause,
        "products": sorted(schema.products.items()),
        "schedules": sorted({one.schedule for one in metrics}),
        "destinations": sorted({one.destination for one in metrics}),
        "purpose": policy.front.terms.data_uses.get(purpose, purpose),
        "kept": _kept(policy),
        "fingerprint": schema.fingerprint,
        "members": [(name, words(text)) for name, text in PIECES.items()],
        "metrics": [_view(one, words) for one in metrics],
    }


def _schema(policy: Policy) -> TelemetrySchema:
    schema = telemetry_schema(policy)
    if schema is None:
        raise NotFound("The policy declares no telemetry.")
    return schema


def _product(schema: TelemetrySchema, given: dict[str, str]) -> str:
    product = given.get("product") or min(schema.products)
    if product not in schema.products:
        raise InvalidInput("This product does not report.", field="product", mend="Choose one at /telemetry.")
    return product


def _sample(site: Site, schema: TelemetrySchema, product: str) -> bytes:
    today = site.troth.clock.now().date()
    document = Schema.from_document(schema_document(site.troth.policy()) or {})
    return sample_report(document, product, schema.products[product], week_of(today), day=today.isoformat())


def _view(metric: Telemetry, words: Wording) -> MetricView:
    bounds = ""
    if metric.maximum is not None:
        bounds = words("{least} to {most}", least=f"{metric.minimum:,}", most=f"{metric.maximum:,}")
    return MetricView(
        name=metric.name,
        title=metric.title or metric.name.replace("_", " "),
        reason=metric.reason,
        kind=words(KINDS[metric.type]),
        unit=metric.unit,
        choices=metric.choices,
        edges=metric.edges,
        bounds=bounds,
        sensitivity=words(SAID[metric.sensitivity]),
        randomised=metric.randomised,
        schedule=metric.schedule,
        destination=metric.destination,
        until=words("as long as this page lists it") if metric.expires == "never" else metric.expires,
        owner=metric.owner,
        since=metric.since,
        clause=metric.clause,
    )


def _kept(policy: Policy) -> str:
    known = set(taking(policy).data)
    return "; ".join(sorted({one.keep for one in policy.retentions.values() if known & set(one.data)}))


def _changes(site: Site) -> list[Change]:
    """What the posted versions changed, newest first."""
    before: TelemetrySchema | None = None
    found: list[Change] = []
    posted = sorted(posted_versions(site.troth), key=lambda one: one.posted_at)
    for version in posted:
        schema = telemetry_schema(site.compiled(version.sha256))
        lines = tuple(_compared(before, schema))
        if lines:
            day = from_micros(version.posted_at).date().isoformat()
            found.append(Change(day, version.sha256, schema.fingerprint if schema else "", lines))
        before = schema
    return found[::-1]


def _compared(
    before: TelemetrySchema | None, after: TelemetrySchema | None
) -> Iterator[tuple[str, str, str]]:
    old, new = before.metrics if before else {}, after.metrics if after else {}
    for name, metric in new.items():
        if name not in old:
            yield "added", name, metric.reason
        elif old[name] != metric:
            yield "changed", name, metric.reason
    for name in old:
        if name not in new:
            yield "removed", name, ""


def _hosted(site: Site, answer: Response[bytes]) -> Response[bytes]:
    """The page with links to where other pages are: telemetry may have a host of its own."""
    web = site.troth.settings.web
    if web.telemetry_host and urlsplit(web.public_url).hostname != web.telemetry_host:
        base = web.public_url.rstrip("/").encode()
        answer.content = _LINK.sub(rb'\1="' + base + b"/", answer.content)
    return answer


HANDLERS: list[HTTPRouteHandler] = [explainer, sample_page, sample_file, history_page]
