"""Shapes of calls."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from troth.web.shapes import Body, Id


class PullBody(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the call centre asks for."""

    most: Annotated[
        int, Meta(ge=1, le=10, description="most calls at once; 1 lets a stop hold for the very next call")
    ] = 1


class CallAnswer(Struct, frozen=True, kw_only=True):
    """One call to make."""

    call: Id
    name: Annotated[str, Meta(description="who is called")]
    number: Annotated[str, Meta(description="the telephone number")]
    subject: str
    script: Annotated[str, Meta(description="what to say")]
    reason: Annotated[str, Meta(description='completes "You are called because", if they ask')]
    language: str
    until: Annotated[str, Meta(description="instant until which it may be made")]


class CallsAnswer(Struct, frozen=True, kw_only=True):
    """Calls to make; none when nothing is due."""

    calls: list[CallAnswer]


class OutcomeBody(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a call went."""

    outcome: Annotated[
        Literal["reached", "no-answer", "wrong-number", "stop"],
        Meta(
            description="`stop`: they want no such calls; it holds at once, and can be told after the call too"
        ),
    ]


class OutcomeAnswer(Struct, frozen=True, kw_only=True):
    """What became of a call."""

    call: Id
    state: Annotated[str, Meta(description="planned: it is tried again; sent, failed or bounced: it is over")]
