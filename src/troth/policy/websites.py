"""The company's own web sites whose visits are counted, and the parts that an event of a visit has."""

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from troth.policy.bases import Named

EventPart = Literal[
    "page", "referrer", "event", "properties", "visitor", "country", "device", "robot"
]  # fmt: skip
PART_MEANING = (
    "for the point that takes web events, the part of an event that it holds: page (address), referrer, event (its "
    "name), properties, visitor (tells visitors apart), country, device (its class), robot (whether a crawler came)"
)
Host = Annotated[str, Meta(pattern=r"^([a-z0-9-]+\.)*[a-z0-9-]+(?!\n)$", max_length=253)]


class Website(
    Named, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="declare", tag="website"
):
    """A web site of the company whose visits are counted; events of any other are refused."""

    kind: ClassVar[str] = "website"
    domain: Annotated[Host, Meta(description="its domain; host names below it belong to it too")]
    hosts: Annotated[tuple[Host, ...], Meta(description="further host names that belong to it")] = ()
    umami: Annotated[
        str,
        Meta(
            pattern=r"^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})?(?!\n)$",
            description="its Umami website id",
        ),
    ] = ""
    matomo: Annotated[int, Meta(ge=0, description="its Matomo idsite; 0: none")] = 0
    identity: Annotated[
        Literal["none", "daily", "cookie"],
        Meta(
            description="how visitors are told apart: not at all; for a day, by a keyed digest that leaves nothing in the "
            "browser; or by the cookie that remembers the visitor"
        ),
    ] = "none"
    choice: Annotated[
        Literal["here", "source"],
        Meta(
            description="who asks the visitor: Troth (here), or the site itself before it loads its tracker (source)"
        ),
    ] = "here"
    campaign: Annotated[
        tuple[Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.-]+(?!\n)$", max_length=60)], ...],
        Meta(description="query parameters of an address that are kept; all others are cut off"),
    ] = ()
