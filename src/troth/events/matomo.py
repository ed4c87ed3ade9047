"""Matomo's wire format: `GET /matomo.php?…` for an image, and a list of such queries in one POST. Pure."""

from urllib.parse import parse_qsl

import msgspec

from troth.events.errors import MalformedEvent
from troth.events.model import PAGE_VIEW, Sent, Sites
from troth.kernel import TrothError

MAX_EVENTS = 1_000
MAX_QUERY = 8_000
_MEND = "Send the parameters of Matomo's tracking API; docs/events.md shows them."


class Bulk(msgspec.Struct, gc=False):
    """Several queries in one body; a token is not asked for."""

    requests: list[str]


_BULK = msgspec.json.Decoder(Bulk)


def read_matomo(query: bytes, sites: Sites) -> list[Sent | TrothError]:
    """The event of a query.

    Raises:
        MalformedEvent: It cannot be read.
    """
    return [_sent(query.decode("latin-1"), sites)]


def read_matomo_bulk(body: bytes, sites: Sites) -> list[Sent | TrothError]:
    """The events of a body.

    Raises:
        MalformedEvent: The body is not of this format.
    """
    try:
        requests = _BULK.decode(body).requests
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedEvent("The body is no list of events; nothing was stored.", mend=_MEND) from error
    if len(requests) > MAX_EVENTS:
        raise MalformedEvent(f"The body has more than {MAX_EVENTS} events.", mend="Split it.")
    return [_sent(one.removeprefix("?"), sites) for one in requests]


def _sent(query: str, sites: Sites) -> Sent | TrothError:
    if len(query) > MAX_QUERY:
        return MalformedEvent(f"The query is longer than {MAX_QUERY} characters.", mend=_MEND)
    try:
        given = dict(parse_qsl(query, keep_blank_values=True, max_num_fields=100, errors="strict"))
    except ValueError:
        return MalformedEvent("The query cannot be read; nothing was stored.", mend=_MEND)
    site = sites.by_matomo(given.get("idsite", ""))
    if site is None:
        return MalformedEvent(
            "The event names no web site that the policy declares; nothing was stored.",
            field="idsite",
            clause="I.1",
            mend="Declare the site's Matomo id with `declare: website`.",
        )
    category, action = given.get("e_c", ""), given.get("e_a", "")
    name = " / ".join(part for part in (category, action) if part)
    props = {key: given[short] for key, short in (("name", "e_n"), ("value", "e_v")) if given.get(short)}
    for key, short in (("link", "link"), ("download", "download")):
        if given.get(short):
            name = name or key
    rand = given.get("rand", "")
    return Sent(
        site,
        name or PAGE_VIEW,
        given.get("url", ""),
        given.get("urlref", ""),
        msgspec.json.encode(props) if name and props else b"",
        f"matomo {rand} {given.get('_id', '')} {given.get('cdt', '')} {query}" if rand else "",
        given.get("uid", "") or given.get("cid", ""),
        given.get("_id", ""),
    )
