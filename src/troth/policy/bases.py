"""What every declared thing has, whatever it is."""

from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from troth.policy.rules import Key, Name, Placed

Url = Annotated[
    str, Meta(pattern=r"^https://[^\s<>\"']+(?!\n)$", max_length=500, description="an https address")
]
Note = str | bool | int | float | tuple[str, ...]
Category = Annotated[Key, Meta(description="a data category")]
FieldName = Annotated[
    str,
    Meta(
        pattern=r"^[a-z][a-z0-9_]*(?!\n)$",
        max_length=60,
        description="lower-case words joined by underscores",
    ),
]


class Thing(Placed, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="declare"):
    """What every declared thing has."""

    kind: ClassVar[str] = ""
    title: Annotated[str, Meta(max_length=200, description="what people call it")] = ""
    about: Annotated[str, Meta(max_length=4000, description="what it is, in plain language")] = ""
    extra: Annotated[
        dict[str, Note],
        Meta(description="the company's own notes; Troth shows them and does nothing with them"),
    ] = msgspec.field(default_factory=dict)


class Named(Thing, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="declare"):
    """A thing with a hyphenated name."""

    name: Name
