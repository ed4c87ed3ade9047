"""Content that suits whoever looks: slots with their variants, and the segments that choose one."""

from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from troth.policy.bases import Named
from troth.policy.rules import Keys, Name, SpanText, Text


class Slot(Named, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="declare", tag="slot"):
    """A place in a page whose content may suit the visitor. Who did not allow that sees the generic variant."""

    kind: ClassVar[str] = "slot"
    purposes: Annotated[
        Keys, Meta(min_length=1, max_length=1, description="the data use that must be allowed")
    ]
    variants: Annotated[
        dict[Name, Annotated[str, Meta(max_length=20_000)]],
        Meta(min_length=1, description="Markdown of each variant, by name"),
    ]
    default: Annotated[Name, Meta(description="the generic variant")]


class SegmentRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who belongs to a segment: by pages looked at, or by what somebody who is signed in told us."""

    section: Annotated[
        str, Meta(pattern=r"^(/[a-z0-9._~/-]*)?(?!\n)$", max_length=200, description="pages below this path")
    ] = ""
    at_least: Annotated[int, Meta(ge=1, le=99, description="so many looks at them")] = 1
    within: Annotated[SpanText, Meta(description="forgotten when the last look is longer ago")] = "1 month"
    field: Annotated[str, Meta(max_length=60, description="a declared field")] = ""
    value: Annotated[str, Meta(max_length=200, description="its value, in any case of letters")] = ""


class Segment(
    Named, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="declare", tag="segment"
):
    """Who sees a variant of a slot, and why; of several that fit, the first counts."""

    kind: ClassVar[str] = "segment"
    slot: Name
    variant: Name
    because: Annotated[Text, Meta(description='ends the sentence "You see this because"')]
    rule: Annotated[SegmentRule, Meta(description="whom it takes in")] = msgspec.field(name="from")
