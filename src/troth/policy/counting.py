"""What may be counted about people, and never shown of one of them: reports on use, audiences for marketing."""

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from troth.policy.bases import FieldName, Named
from troth.policy.rules import Key, Name, SomeKeys, Text

Cohort = Annotated[int, Meta(ge=2, description="the smallest group that may be shown")]


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
    epsilon: Annotated[float, Meta(gt=0, description="privacy budget of one run")] | None = None
    delta: Annotated[float, Meta(ge=0, lt=1)] | None = None
    schedule: Annotated[
        Literal["", "weekly", "monthly"],
        Meta(description="run by itself when a week (Monday) or month begins, UTC"),
    ] = ""


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
