"""The shapes of accounts as JSON; the API description is made from these types."""

from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from troth.web.account_shapes import Address
from troth.web.shapes import Body, Id, Values


class AddressBody(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A mail address."""

    email: Address


class SignInBody(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One of the ways to sign in, with what it needs."""

    way: Literal["link", "password", "passkey"]
    token: Annotated[
        str, Meta(max_length=200, description="for link: the secret at the end of its address")
    ] = ""
    email: Annotated[str, Meta(max_length=254, description="for password")] = ""
    password: Annotated[str, Meta(max_length=200, description="for password")] = ""
    credential: Annotated[dict[str, Any] | None, Meta(description="for passkey: what the browser gave")] = (
        None
    )


class AccountBody(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Fields of the profile to change."""

    values: Values


class PasswordBody(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A password to set."""

    password: Annotated[str, Meta(min_length=12, max_length=200)]


class PasskeyBody(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A passkey to keep."""

    credential: Annotated[dict[str, Any], Meta(description="what the browser gave")]
    name: Annotated[str, Meta(max_length=60, description="as its owner calls it")] = ""


class NewSession(Struct, frozen=True, kw_only=True):
    """A session that was opened."""

    session: Annotated[str, Meta(description="its key, told this once: send it as `Authorization: Bearer`")]
    person: Id


class SessionAnswer(Struct, frozen=True, kw_only=True):
    """One session."""

    session: Id
    device: Annotated[str, Meta(description="kind of browser and system; empty where it was not told")]
    opened: datetime
    ends: datetime
    own: Annotated[bool, Meta(description="whether it is the one that asks")]


class SessionsAnswer(Struct, frozen=True, kw_only=True):
    """The open sessions, newest first."""

    sessions: tuple[SessionAnswer, ...]


class FieldAnswer(Struct, frozen=True, kw_only=True):
    """A field of the profile; its value is null where there is none."""

    name: str
    title: str
    value: Any
    required: bool


class PasskeyAnswer(Struct, frozen=True, kw_only=True):
    """A passkey."""

    record: Id
    name: str
    added: Annotated[str, Meta(description="day on which it was added")]


class AccountAnswer(Struct, frozen=True, kw_only=True):
    """One's own account."""

    person: Id
    fields: tuple[FieldAnswer, ...]
    has_password: bool
    passkeys: tuple[PasskeyAnswer, ...]
    fresh: Annotated[bool, Meta(description="whether the sign-in is recent enough to change how to sign in")]


class ClosedAnswer(Struct, frozen=True, kw_only=True):
    """A closed account."""

    entry: Annotated[Id, Meta(description="ledger entry of the erasure")]
    told: Annotated[bool, Meta(description="whether the mailbox was written to")]


ACCOUNT_SHAPES = (
    AddressBody,
    SignInBody,
    AccountBody,
    PasswordBody,
    PasskeyBody,
    NewSession,
    SessionsAnswer,
    AccountAnswer,
    ClosedAnswer,
)
