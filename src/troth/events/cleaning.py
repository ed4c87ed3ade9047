"""What of an event is kept: addresses without what may be personal in them, words within bounds. Pure."""

import re
from functools import lru_cache
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

import msgspec

from troth.events.errors import MalformedEvent
from troth.events.model import PAGE_VIEW, Scalar, Sent
from troth.events.personal import looks_personal
from troth.kernel import InvalidInput

MAX_URL = 4_000
MAX_KEPT = 1_000
MAX_NAME = 120
MAX_PROPS = 30
MAX_PROP_NAME = 80
MAX_PROP = 400
MAX_CAMPAIGN = 100
_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")
_REMOVED = "-"
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]")
_FLAT = "Send flat properties: text, numbers, true or false."
_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder(order="deterministic").encode


class Address(msgspec.Struct, frozen=True, gc=False):
    """An address taken apart: host, host and path, and the query with its leading question mark."""

    host: str
    kept: str
    query: str


@lru_cache(maxsize=8_192)
def address_of(url: str) -> Address:
    """The parts of an http or https address; what looks personal in its path is taken out.

    Raises:
        ValueError: It is none.
    """
    if len(url) > MAX_URL or _CONTROLS.search(url):
        msg = "no address"
        raise ValueError(msg)
    parts = urlsplit(url)
    host = (parts.hostname or "").removesuffix(".")
    if parts.scheme not in {"http", "https"} or not host:
        msg = "no address"
        raise ValueError(msg)
    path = parts.path or "/"
    if looks_personal(unquote(path)):
        path = "/".join(_REMOVED if looks_personal(unquote(part)) else part for part in path.split("/"))
    if looks_personal(unquote(path)):  # what only shows across its parts
        path = "/" + _REMOVED
    return Address(host, f"{host}{quote(path, safe='/%:@!$&()*+,;=~-._')}"[:MAX_KEPT], parts.query)


def page_of(sent: Sent, *, on_this_machine: bool = False) -> str:
    """Host and path of the page with the declared campaign parameters.

    Args:
        sent: The event.
        on_this_machine: Whether pages of the site may lie on this machine too, as they do while it is tried out.

    Raises:
        MalformedEvent: It is no address, or lies in no host of the site.
    """
    site = sent.site
    hosts = (*site.hosts, *_THIS_MACHINE) if on_this_machine else site.hosts
    return _page(sent.url, site.domain, hosts, site.campaign, site.clause)


@lru_cache(maxsize=8_192)
def _page(url: str, domain: str, hosts: tuple[str, ...], campaign: tuple[str, ...], clause: str) -> str:
    try:
        address = address_of(url)
    except ValueError as error:
        raise MalformedEvent(
            "The event has no address of a page; nothing was stored.",
            field="url",
            mend="Send an http or https address.",
        ) from error
    host = address.host
    if host != domain and host not in hosts and not host.endswith("." + domain):
        raise MalformedEvent(
            "The page lies in no host of the site that the event names; nothing was stored.",
            field="url",
            clause=clause,
            mend="Declare the host in `hosts` of the web site.",
        )
    kept = _campaign(address.query, campaign) if address.query and campaign else ""
    return (address.kept + kept)[:MAX_KEPT]


def referrer_of(sent: Sent) -> str:
    """Host and path of the page before; empty where there is none or it cannot be read."""
    if not sent.referrer:
        return ""
    try:
        return address_of(sent.referrer).kept
    except ValueError:
        return ""


def name_of(sent: Sent) -> str:
    """What happened.

    Raises:
        MalformedEvent: The name is empty or too long.
        InvalidInput: It looks personal.
    """
    name = sent.name
    if name == PAGE_VIEW:
        return name
    if not name or len(name) > MAX_NAME or _CONTROLS.search(name):
        raise MalformedEvent(
            "The event has no name, or one that cannot be kept; nothing was stored.",
            field="name",
            mend=f"Name it with 1 to {MAX_NAME} characters.",
        )
    _refuse_personal(name, "name")
    return name


def props_of(sent: Sent) -> str:
    """Its further words as JSON; empty where there are none.

    Raises:
        MalformedEvent: There are too many, or one is too long or has parts of its own.
        InvalidInput: One looks personal.
    """
    return _props(sent.props) if sent.props else ""


@lru_cache(maxsize=4_096)
def _props(content: bytes) -> str:
    try:
        given = _decode(content)
        props = (
            _decode(given.encode()) if isinstance(given, str) and given else given
        )  # twice encoded, as some do
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise MalformedEvent("The properties are no JSON.", field="props", mend=_FLAT) from error
    if not props:
        return ""
    if not isinstance(props, dict):
        raise MalformedEvent("The properties are no object.", field="props", mend=_FLAT)
    if len(props) > MAX_PROPS:
        raise MalformedEvent(
            f"The event has {len(props)} properties; {MAX_PROPS} is the most. Nothing was stored.",
            field="props",
            mend="Send fewer.",
        )
    kept: dict[str, Scalar] = {}
    for name, value in props.items():
        _check_prop(name, value)
        if value is not None:
            kept[name] = value
    return _encode(kept).decode() if kept else ""


def _check_prop(name: str, value: object) -> None:
    if not name or len(name) > MAX_PROP_NAME or not isinstance(value, str | int | float | bool | None):
        raise MalformedEvent(
            "A property of the event has no usable name or has parts of its own; nothing was stored.",
            field="props",
            mend=_FLAT,
        )
    if len(str(value)) > MAX_PROP or "\0" in f"{name}{value}":
        raise MalformedEvent(
            "A property of the event cannot be kept; nothing was stored.",
            field="props",
            mend=f"Send at most {MAX_PROP} characters.",
        )
    _refuse_personal(name, "props")
    if not isinstance(value, bool | None):
        _refuse_personal(str(value), "props")


def _refuse_personal(text: str, field: str) -> None:
    found = looks_personal(text)
    if found:
        raise InvalidInput(
            f"The event holds {found}; nothing was stored.",
            clause="0.4",
            field=field,
            mend="Say what happened, not to whom.",
        )


def _campaign(query: str, declared: tuple[str, ...]) -> str:
    try:
        pairs = parse_qsl(query, max_num_fields=100)
    except ValueError:
        return ""
    kept = [
        (name, value)
        for name, value in pairs
        if name in declared and len(value) <= MAX_CAMPAIGN and not looks_personal(value)
    ]
    return f"?{urlencode(kept)}" if kept else ""
