"""The shapes of the forms on the pages about oneself."""

from typing import Annotated, Literal

from msgspec import Meta

from troth.web.account_shapes import Mark, Next
from troth.web.shapes import Body

Text = Annotated[str, Meta(max_length=20_000, description="in the person's own words")]


class AskForm(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What somebody asks for: the fields of the policy's point for requests, such as these."""

    csrf: Mark
    request_kind: Literal[
        "access", "portability", "correct", "erase", "restrict", "object", "release", "other", ""
    ] = ""
    request_text: Text


class DisputeForm(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What somebody complains about: the fields of the policy's point for disputes."""

    csrf: Mark
    request_text: Text


class DisplayForm(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Language and time zone of the pages about oneself."""

    language: Literal["en", "de", "fr"]
    zone: Annotated[str, Meta(max_length=60, description="of the IANA time zone database, or UTC")]
    next: Next = ""


class AgentForm(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Yes or no to a request that somebody makes in one's name."""

    answer: Literal["yes", "no"]
