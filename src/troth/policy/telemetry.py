"""What installed products may report about themselves: the declared metrics, and the schema that sender and receiver share.

The schema is the one list that the explainer, the sample, the sender and the receiving door are made from.
"""

import hashlib
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, NamedTuple

import msgspec
from msgspec import Meta

from troth.policy.bases import Category, FieldName, Thing
from troth.policy.rules import SomeKeys, Text

if TYPE_CHECKING:
    from troth.policy.policy import Policy

SCHEMA_FORMAT = "troth-telemetry/1"
Label = Annotated[
    str,
    Meta(
        pattern=r"^[a-z0-9][a-z0-9 +_-]*(?!\n)$",
        max_length=40,
        description="lower-case letters, digits, spaces, + _ -; no dots, so that no host name or address fits",
    ),
]
Release = Annotated[
    str,
    Meta(pattern=r"^[0-9]{1,5}(\.[0-9]{1,5}){0,2}(?!\n)$", description='a version such as "5" or "5.2.1"'),
]
MetricType = Literal["counter", "labelled-counter", "quantity", "timing", "boolean", "choice", "weeks-in-use"]
_PARTS = 3


class Telemetry(
    Thing, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="declare", tag="telemetry"
):
    """A metric of the reports that opted-in installations send."""

    kind: ClassVar[str] = "telemetry"
    name: FieldName
    type: Annotated[
        MetricType,
        Meta(
            description="counter (how often, since the last report), labelled-counter (the same by label), quantity (a whole "
            "number as it is now), timing (how many durations fell in each bucket), boolean, choice (one of a list), weeks-in-use "
            "(coarse, since the first use)"
        ),
    ]
    unit: str = ""
    reason: Annotated[Text, Meta(description="why it is collected")]
    owner: Annotated[
        str, Meta(min_length=1, max_length=120, description="the team that answers for it; no person")
    ]
    expires: Annotated[
        str,
        Meta(
            pattern=r"^(never|[0-9]{4}-[0-9]{2}-[0-9]{2})(?!\n)$",
            description="from this day on it is neither sent nor accepted; `never` for what stays",
        ),
    ]
    sensitivity: Annotated[
        Literal["technical", "interaction"],
        Meta(
            description="technical (the machine and the product) or interaction (how the product is used); nothing else may be "
            "declared"
        ),
    ] = "technical"
    since: Annotated[Release, Meta(description="the first product version that sends it")] = "5"
    purposes: SomeKeys
    category: Category = "system.operations"
    schedule: Annotated[Text, Meta(description="when it is sent")]
    destination: Annotated[Text, Meta(description="where it is sent")]
    choices: Annotated[
        tuple[Label, ...], Meta(max_length=100, description="the values of a choice, the labels of a counter")
    ] = ()
    edges: Annotated[
        tuple[int, ...],
        Meta(
            max_length=30,
            description="of timing and weeks-in-use: where the second and further buckets begin",
        ),
    ] = ()
    minimum: Annotated[int, Meta(ge=0)] = 0
    maximum: Annotated[
        Annotated[int, Meta(ge=1, le=2**53 - 1)] | None,
        Meta(description="a larger value is refused; needed for every number"),
    ] = None
    attribute: Annotated[
        Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_.]*(?!\n)$", max_length=64)] | None,
        Meta(
            description="of a labelled counter or choice sent by OpenTelemetry: the attribute whose value is the label or choice; "
            "`label` when left out"
        ),
    ] = None
    randomised: Annotated[
        Annotated[float, Meta(gt=0, le=10)] | None,
        Meta(
            description="of boolean and choice: epsilon of the randomised response by which the sender already blurs it"
        ),
    ] = None

    def expired(self, day: str) -> bool:
        """Whether it is over on a day (ISO 8601)."""
        return self.expires != "never" and self.expires <= day

    @property
    def numbered(self) -> bool:
        """Whether its values are numbers, and so have a maximum."""
        return self.type in {"counter", "labelled-counter", "quantity", "timing"}


class TelemetrySchema(NamedTuple):
    """All metrics of a version, and who may send them.

    Args:
        point: Name of the collection point that takes them.
        fingerprint: Sixteen hexadecimal characters that tell this schema from every other.
        products: Products that may report, with the first version that may.
        metrics: The metrics by name.
    """

    point: str
    fingerprint: str
    products: dict[str, str]
    metrics: dict[str, Telemetry]


@lru_cache(maxsize=8)
def telemetry_schema(policy: "Policy") -> TelemetrySchema | None:
    """The schema of a version; None where it declares no point that takes telemetry."""
    from troth.policy.products import Product

    point = next((one for one in policy.points.values() if one.telemetry), None)
    if point is None:
        return None
    metrics = {one.name: one for one in policy.of(Telemetry)}
    products = {one.name: one.reports_from for one in policy.of(Product) if one.reports_from}
    told = msgspec.json.encode([products, [_shape(one) for one in metrics.values()]], order="sorted")
    return TelemetrySchema(point.name, hashlib.sha256(told).hexdigest()[:16], products, metrics)


def schema_document(policy: "Policy") -> dict[str, Any] | None:
    """The schema as a document, which senders are made from and anybody may read; None where there is none.

    Source: design, clause II.8.
    """
    schema = telemetry_schema(policy)
    if schema is None:
        return None
    return {
        "format": SCHEMA_FORMAT,
        "controller": policy.front.controller.name,
        "policy": policy.sha256,
        "fingerprint": schema.fingerprint,
        "products": schema.products,
        "metrics": [_document(one) for one in schema.metrics.values()],
    }


def release_numbers(release: str) -> tuple[int, ...]:
    """A version as numbers that compare, of always three."""
    numbers = tuple(int(part) for part in release.split("."))
    return (*numbers, 0, 0)[:_PARTS]


def _shape(metric: Telemetry) -> dict[str, Any]:
    """What decides how a metric goes over the wire."""
    return {
        "name": metric.name,
        "type": metric.type,
        "since": metric.since,
        "expires": metric.expires,
        "choices": metric.choices,
        "edges": metric.edges,
        "minimum": metric.minimum,
        "maximum": metric.maximum,
        "randomised": metric.randomised,
    }


def _document(metric: Telemetry) -> dict[str, Any]:
    told = _shape(metric) | {
        "title": metric.title or metric.name.replace("_", " "),
        "unit": metric.unit,
        "reason": metric.reason,
        "owner": metric.owner,
        "sensitivity": metric.sensitivity,
        "schedule": metric.schedule,
        "destination": metric.destination,
        "clause": metric.clause,
        "attribute": metric.attribute,
    }
    return {key: value for key, value in told.items() if value not in (None, "", ())}
