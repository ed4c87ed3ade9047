"""Topics: what marketing messages are about, so that people may stop one and keep another."""

from typing import Annotated, ClassVar

from msgspec import Meta

from troth.policy.bases import Named
from troth.policy.rules import Keys, SomeKeys


class Topic(Named, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="declare", tag="topic"):
    """What some messages are about. People stop it by itself, for each channel; a message says which topic it is about."""

    kind: ClassVar[str] = "topic"
    purposes: Annotated[SomeKeys, Meta(description="data uses of messages about it")]
    channels: Annotated[
        Keys, Meta(min_length=1, description="the channels through which one hears of it, such as email")
    ]
