"""What may be counted about people, and never shown of one of them: reports on use, audiences for marketing."""

from datetime import timedelta
from typing import Annotated, ClassVar, Literal

import msgspec
from msgspec import Meta

from troth.policy.bases import FieldName, Named
from troth.policy.rules import Key, Name, SomeKeys, Text

Cohort = Annotated[int, Meta(ge=2, description="the smallest group that may be shown")]


Shown = Literal["", "total", "mean", "histogram", "labels", "reached", "funnel", "timing", "shares"]
SHOWN: dict[str, tuple[Shown, ...]] = {
    "counter": ("total", "mean", "reached"),
    "labelled-counter": ("labels", "reached", "funnel"),
    "quantity": ("mean", "histogram"),
    "timing": ("timing",),
    "boolean": ("shares",),
    "choice": ("shares",),
    "weeks-in-use": ("shares",),
}
"""What may be shown of a metric of each type; the first is meant where nothing is said."""
MOST_CONTRIBUTED = 100_000
LATE_DAYS = 2
"""Whole days that a run over metrics of installations waits: they send within a day, and some are switched off."""


class Budget(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What reports over a data set may cost the privacy of whoever stands in it, in each period."""

    epsilon: Annotated[float, Meta(gt=0, le=1000, description="sum of what its reports spend")]
    delta: Annotated[float, Meta(ge=0, lt=0.01)] = 0.0
    each: Literal["week", "month", "quarter", "year"] = "month"


class ShownMetric(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A metric of the installations' reports, and how a report shows it."""

    metric: FieldName
    show: Annotated[
        Shown,
        Meta(
            description="total (of a counter), mean, histogram (installations by size, with `edges`), labels (total by label), "
            "reached (installations with at least one), funnel (reached, step by step), timing (durations by bucket), shares "
            "(installations by value; of weeks in use: retention); left out: what fits the metric"
        ),
    ] = ""
    most: Annotated[
        int,
        Meta(
            ge=1,
            le=MOST_CONTRIBUTED,
            description="most that one installation adds to total, mean, labels or timing; what is above it is cut",
        ),
    ] = 1
    edges: Annotated[
        tuple[int, ...],
        Meta(max_length=30, description="of a histogram: where the second and further buckets begin"),
    ] = ()
    steps: Annotated[
        tuple[str, ...], Meta(max_length=30, description="of a funnel: labels in the order of the steps")
    ] = ()


class Report(Named, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="declare", tag="report"):
    """An analysis that is run over declared data sets."""

    kind: ClassVar[str] = "report"
    question: Text
    data_sets: Annotated[tuple[Name, ...], Meta(min_length=1, description="declared data sets it reads")]
    purposes: SomeKeys
    by: Annotated[
        tuple[FieldName, ...],
        Meta(
            max_length=3,
            description="fields of its data sets by whose values it counts; left out: not computed",
        ),
    ] = ()
    actor: Annotated[Key | None, Meta(description="the role in which scheduled runs act")] = None
    cohort: Cohort
    metrics: Annotated[
        tuple[ShownMetric, ...],
        Meta(max_length=30, description="of a data set that holds reports: the metrics that it shows"),
    ] = ()
    most: Annotated[
        int,
        Meta(
            ge=1,
            le=1000,
            description="of a data set that holds web events: most events of one person that count; others are left out by chance",
        ),
    ] = 1
    steps: Annotated[
        tuple[Annotated[str, Meta(min_length=1, max_length=200)], ...],
        Meta(
            max_length=30,
            description="of a data set that holds web events: a funnel; values of the field in `by`, in the order in which one visitor "
            "reaches them",
        ),
    ] = ()
    epsilon: (
        Annotated[
            float, Meta(gt=0, le=100, description="privacy budget of one run; its figures bear noise then")
        ]
        | None
    ) = None
    delta: (
        Annotated[float, Meta(ge=0, lt=0.01, description="chance that the noise does not hide somebody")]
        | None
    ) = None
    schedule: Annotated[
        Literal["", "weekly", "monthly"],
        Meta(description="run by itself when a week (Monday) or month begins, UTC"),
    ] = ""
    wait: (
        Annotated[
            int,
            Meta(
                ge=0,
                le=28,
                description="whole days behind a week or month that its run waits for what comes late; left out: "
                f"{LATE_DAYS} where it shows metrics of installations, else 0",
            ),
        ]
        | None
    ) = None

    @property
    def settles(self) -> timedelta:
        """How long after its period ended a run may look at it. Installations spread their uploads over a day, and may be off."""
        if self.wait is not None:
            return timedelta(days=self.wait)
        return timedelta(days=LATE_DAYS if self.metrics else 0)

    @property
    def protected(self) -> bool:
        """Whether its figures bear noise and cost a budget."""
        return self.epsilon is not None

    @property
    def computed(self) -> bool:
        """Whether it says what is counted."""
        return bool(self.by or self.metrics)


class Audience(
    Named, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="declare", tag="audience"
):
    """What audiences for some purpose may be built of. Nothing else can be asked for, and nobody is listed."""

    kind: ClassVar[str] = "audience"
    purposes: Annotated[
        SomeKeys, Meta(max_length=1, description="the data use that its people are chosen for")
    ]
    attributes: Annotated[
        tuple[FieldName, ...],
        Meta(min_length=1, max_length=16, description="fields by whose values people may be chosen"),
    ]
    cohort: Cohort
