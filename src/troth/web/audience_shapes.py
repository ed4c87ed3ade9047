"""Shapes of audiences."""

from typing import Annotated

from msgspec import Meta, Struct

from troth.web.shapes import Body, Id


class AudienceBody(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An audience to build."""

    name: Annotated[str, Meta(min_length=1, max_length=100, description="what its makers call it")]
    expression: Annotated[
        str, Meta(min_length=1, max_length=1_000, description="who is in it, by declared attributes")
    ]
    of: Annotated[
        str,
        Meta(max_length=100, description="the declared audience that it is one of; empty for the only one"),
    ] = ""


class AudienceAnswer(Struct, frozen=True, kw_only=True):
    """An audience that was built."""

    audience: Id
    of: str
    name: str
    expression: str


class AudienceCount(Struct, frozen=True, kw_only=True):
    """How many people are in an audience; never who."""

    audience: Id
    count: Annotated[int | None, Meta(description="null for fewer than the cohort")]
    left_out: Annotated[
        dict[str, int | None],
        Meta(
            description="people left out before anybody was chosen, by reason; null for some, and fewer than the cohort"
        ),
    ]
    cohort: Annotated[int, Meta(description="the smallest number that is shown")]
    run: Annotated[Id, Meta(description="handle that the ledger entries of the count bear")]
    entry: Id
