"""Umami's wire format: `POST /api/send` and `/api/batch`. Pure."""

import msgspec

from troth.events.errors import MalformedEvent
from troth.events.model import PAGE_VIEW, Sent, Sites
from troth.kernel import InvalidInput, TrothError

MAX_EVENTS = 1_000
_MEND = "Send the JSON of Umami's collector; docs/events.md shows it."


class Payload(msgspec.Struct, gc=False):
    """What an Umami event carries, as far as it is read."""

    website: str = ""
    hostname: str | None = None
    url: str | None = None
    referrer: str | None = None
    name: str | None = None
    data: msgspec.Raw = msgspec.Raw(b"null")
    id: str | None = None


class Envelope(msgspec.Struct, gc=False):
    """An Umami message."""

    payload: Payload
    type: str = "event"


_ONE = msgspec.json.Decoder(Envelope)
_MANY = msgspec.json.Decoder(list[Envelope])


def read_umami(body: bytes, sites: Sites) -> list[Sent | TrothError]:
    """The event of a body.

    Raises:
        MalformedEvent: The body is not of this format.
    """
    try:
        return [_sent(_ONE.decode(body), sites)]
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedEvent("The body is no event; nothing was stored.", mend=_MEND) from error


def read_umami_batch(body: bytes, sites: Sites) -> list[Sent | TrothError]:
    """The events of a body that holds several.

    Raises:
        MalformedEvent: The body is not of this format.
    """
    try:
        envelopes = _MANY.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedEvent("The body is no list of events; nothing was stored.", mend=_MEND) from error
    if len(envelopes) > MAX_EVENTS:
        raise MalformedEvent(f"The body has more than {MAX_EVENTS} events.", mend="Split it.")
    return [_sent(one, sites) for one in envelopes]


def _sent(envelope: Envelope, sites: Sites) -> Sent | TrothError:
    payload = envelope.payload
    site = sites.by_umami(payload.website)
    if site is None:
        return MalformedEvent(
            "The event names no web site that the policy declares; nothing was stored.",
            field="website",
            clause="I.1",
            mend="Declare the site's Umami id with `declare: website`.",
        )
    if envelope.type == "identify":
        return InvalidInput(
            "A visitor is to be given a name or properties of his own; nothing was stored.",
            clause=site.clause,
            field="type",
            mend="Send events only; who is signed in is known without it.",
        )
    if envelope.type not in {"event", "performance"}:
        return MalformedEvent("The type of the message is not known.", field="type", mend=_MEND)
    host = payload.hostname or site.domain
    return Sent(
        site,
        payload.name or (PAGE_VIEW if envelope.type == "event" else envelope.type),
        _absolute(payload.url or "/", host),
        _absolute(payload.referrer, host) if payload.referrer else "",
        bytes(payload.data),
        subject=payload.id or "",
    )


def _absolute(url: str, host: str) -> str:
    return f"https://{host}{url}" if url.startswith("/") else url
