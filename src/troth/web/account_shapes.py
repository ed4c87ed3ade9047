"""The shapes of the forms about accounts; the API description is made from these types."""

from typing import Annotated

from msgspec import Meta

from troth.web.shapes import Body

Address = Annotated[str, Meta(max_length=254, description="e-mail address")]
Mark = Annotated[str, Meta(max_length=64, description="mark of the session, from the page that has the form")]
Next = Annotated[str, Meta(max_length=2_000, description="path of this site to go on to")]
Credential = Annotated[
    str, Meta(description="what the browser gave for the page's options, as JSON (WebAuthn Level 3)")
]


class AddressForm(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An address that a link is to be sent to."""

    email: Address


class PasswordForm(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An address and a password."""

    email: Address
    password: Annotated[str, Meta(max_length=200)]
    next: Next = ""


class CredentialForm(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a passkey signed."""

    credential: Credential
    next: Next = ""


class MarkedForm(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A button of somebody who is signed in."""

    csrf: Mark


class NewAddressForm(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An address to have from now on."""

    csrf: Mark
    email: Address


class SignOutForm(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which sessions end."""

    csrf: Mark
    everywhere: Annotated[str, Meta(description="`yes` for every session")] = ""


class SessionForm(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A session to end."""

    csrf: Mark
    session: Annotated[str, Meta(description="its id")]


class NewPasswordForm(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A password to set."""

    csrf: Mark
    password: Annotated[str, Meta(min_length=12, max_length=200)]


class NewPasskeyForm(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A passkey to add."""

    csrf: Mark
    credential: Credential
    name: Annotated[str, Meta(max_length=60, description="as its owner calls it")] = ""


class OldPasskeyForm(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A passkey to remove."""

    csrf: Mark
    record: Annotated[str, Meta(description="id of its record")]


class ConsentForm(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A consent to take back."""

    csrf: Mark
    about: Annotated[str, Meta(max_length=200, description="the data use that it was given for")]


FORMS = (
    ConsentForm,
    AddressForm,
    PasswordForm,
    CredentialForm,
    MarkedForm,
    NewAddressForm,
    SignOutForm,
    SessionForm,
    NewPasswordForm,
    NewPasskeyForm,
    OldPasskeyForm,
)
