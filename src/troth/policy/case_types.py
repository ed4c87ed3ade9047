"""Types of case: what gives a look at personal data its business need, and the steps in which it is worked on."""

from typing import Annotated, ClassVar, Literal

import msgspec
from msgspec import Meta

from troth.policy.bases import Named
from troth.policy.rules import Key, Keys, Name, SomeKeys, SpanText


class Stage(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A step in which a case is worked on."""

    name: Annotated[Name, Meta(description="what the case is afterwards, such as packed or shipped")]
    by: Annotated[
        SomeKeys, Meta(description="roles that may bring a case to it; for others it is `stage.others`")
    ]
    purpose: Annotated[
        Key, Meta(description="the data use that whoever takes it serves; the policy decides who may")
    ]
    to: Annotated[
        Name | None,
        Meta(description="the declared recipient that is given what it needs for it, by an act of its own"),
    ] = None
    notes: Annotated[
        Name | None,
        Meta(
            description="the collection point at which what is noted with it is kept, such as the number of a parcel"
        ),
    ] = None

    def open_to(self, role: str) -> bool:
        """Whether a role, or one above it, is among those that may bring a case to it."""
        return any(role == one or role.startswith(f"{one}.") for one in self.by)


class CaseType(Named, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="declare", tag="case"):
    """A type of case: the order, ticket or request that gives the business need. Each adds the fact `case.<name>`."""

    kind: ClassVar[str] = "case"
    opened_by: Annotated[SomeKeys, Meta(description="roles that may open one")]
    closes: Annotated[str, Meta(max_length=200, description="what closes it")] = ""
    expires: Annotated[SpanText | None, Meta(description="closed by itself after this span")] = None
    matter: Annotated[
        Literal["request", "dispute", "question"] | None,
        Meta(
            description="what its opening starts the clocks of: request (request.received), dispute (dispute.opened) or "
            "question (question.received)"
        ),
    ] = None
    purpose: Annotated[
        Key | None,
        Meta(
            description="of a matter, or of what is worked on in stages: the data use that whoever handles it serves"
        ),
    ] = None
    carries: Annotated[
        Literal["bulletin"] | None,
        Meta(
            description="what is sent under it for its purpose: bulletin, a crucial notice to the owners of a product"
        ),
    ] = None
    vouched_by: Annotated[
        Keys, Meta(description="roles that, by opening one, answer for knowing who asks")
    ] = ()
    by_itself: Annotated[
        tuple[Name, ...],
        Meta(
            description="of a request: the kinds that are carried out by themselves once it is proven who asks; others wait for staff"
        ),
    ] = ()
    stages: Annotated[
        tuple[Stage, ...],
        Meta(
            description="of what is worked on step by step, such as an order: its steps in order; the last one closes it"
        ),
    ] = ()
    reopens: Annotated[
        SpanText | None,
        Meta(description="how long after it was closed it may be opened again; left out: never"),
    ] = None

    @property
    def roles(self) -> tuple[str, ...]:
        """Every role that it names."""
        return (*self.opened_by, *self.vouched_by, *(role for stage in self.stages for role in stage.by))

    @property
    def served(self) -> bool:
        """Whether staff serve people by it: it stands in the queue of cases."""
        return bool(self.stages) or self.matter == "question"
