"""What recipients tell back, and what they are answered, as JSON."""

from typing import Annotated

from msgspec import Meta, Struct


class ConnectorAnswer(Struct, frozen=True, kw_only=True):
    """What is known of a message now."""

    message: Annotated[str, Meta(description="id of the message")]
    result: Annotated[
        str, Meta(description="done, kept or failed; empty while nothing but its receipt is known")
    ]
