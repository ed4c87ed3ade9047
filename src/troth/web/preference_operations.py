"""The operations of stopping what one hears of, and the shapes of its forms."""

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from troth.web.operation import FORM, HTML, Answer, Operation, Parameter
from troth.web.shapes import Body

_PAGE = {"type": "string"}
_TOKEN = Parameter(
    "token", "path", "what the link carries", "AZk3", {"type": "string", "maxLength": 1000}, required=True
)
_SET = Parameter("set", "query", "that it was set just now", "yes", _PAGE)
_SAID = Parameter("said", "query", "which message to show", "sent", _PAGE)
_TAG = "Preferences"


class StopForm(Struct, frozen=True, kw_only=True):
    """What a mail program sends (RFC 8058), or the button of the page."""

    one_click: Annotated[Literal["", "One-Click"], Meta(description="sent by mail programs")] = field(
        name="List-Unsubscribe", default=""
    )
    what: Annotated[Literal["this", "everything"], Meta(description="what the page's button stops")] = "this"


class PreferencesForm(Struct, frozen=True, kw_only=True):
    """What is on: a member `on-<topic>:<channel>` of any value for each; every other is off."""

    do: Annotated[Literal["save", "everything"], Meta(description="save the choices, or stop everything")]


class PreferencesAddressForm(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The address that a link is sent to, or that everything is stopped for."""

    email: Annotated[str, Meta(max_length=254)]
    do: Annotated[Literal["link", "stop"], Meta(description="send the link, or stop everything")] = "link"


PREFERENCE_SHAPES = (StopForm, PreferencesForm, PreferencesAddressForm)
PREFERENCE_OPERATIONS = (
    Operation(
        "pageStop", "GET", "/stop/{token}", _TAG, "What a link would stop", "Changes nothing; shows no address.",
        {200: Answer("The page, with a button.", HTML, _PAGE)}, parameters=(_TOKEN,), problems=(400, 429, 503),
    ),
    Operation(
        "stop", "POST", "/stop/{token}", _TAG, "Stop what a message was about, in one click",
        "RFC 8058: without sign-in, cookie or mark, in either encoding of forms; holds from the very next message on. Repeats without harm.",
        {200: Answer("It has stopped.", HTML, _PAGE), 303: Answer("It has stopped; on to what is still on.", "", {})},
        parameters=(_TOKEN,), body=("StopForm",), examples={"Mail program": {"List-Unsubscribe": "One-Click"}},
        media=(FORM,), problems=(400, 403, 413, 422, 429, 503),
    ),
    Operation(
        "pagePreferences", "GET", "/preferences/{token}", _TAG, "What somebody hears of",
        "Per topic and channel. The link of a message only stops; one that was asked for lately also takes up again.",
        {200: Answer("The page.", HTML, _PAGE)}, parameters=(_TOKEN, _SET), problems=(400, 403, 422, 429, 503),
    ),
    Operation(
        "setPreferences", "POST", "/preferences/{token}", _TAG, "Set what somebody hears of", "Without sign-in; holds at once.",
        {303: Answer("Set; on to what is on now.", "", {})}, parameters=(_TOKEN,), body=("PreferencesForm",),
        examples={"Form": {"do": "everything"}}, media=(FORM,), problems=(400, 403, 413, 422, 429, 503),
    ),
    Operation(
        "pageAskPreferences", "GET", "/preferences", _TAG, "Ask for a link to one's preferences", "Whoever is signed in gets there at once.",
        {200: Answer("The page.", HTML, _PAGE), 303: Answer("Signed in: to one's own.", "", {})},
        parameters=(_SAID,), problems=(404, 422, 503),
    ),
    Operation(
        "askPreferences", "POST", "/preferences", _TAG, "Have a link sent, or everything stopped for an address",
        "The same answer for every address, whether or not anybody has it. Nobody has to prove anything to stop.",
        {303: Answer("Done; on to the page that says so.", "", {})}, body=("PreferencesAddressForm",),
        examples={"Form": {"email": "ann@example.com", "do": "link"}}, media=(FORM,),
        problems=(400, 403, 404, 413, 415, 422, 429, 503),
    ),
)  # fmt: skip
