"""Addresses of other sites: read strictly, and freed of whatever could tell the other site about the visitor. Pure."""

import re
from ipaddress import ip_address
from typing import NamedTuple
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

from troth.kernel import InvalidInput
from troth.policy import OtherSite, Policy

MAX_URL = 2_000
HARMLESS = frozenset({"hl", "lang", "locale", "page", "section", "sort", "tab", "v", "version"})
"""Query parameters that a link to a site without a declaration may carry."""
_LONGEST_VALUE = 100
_EMAIL = re.compile(r"[^\s/?&=@]+@[^\s/?&=@]+\.[^\s/?&=@.]{2,}")
_TELEPHONE = re.compile(r"(?:\d[\s().-]*){7,}")
_TOKEN = re.compile(r"(?=[^\s]*\d)(?=[^\s]*[A-Za-z])[A-Za-z0-9_~.=-]{16,}")
_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")


class Target(NamedTuple):
    """Where a link leads.

    Args:
        url: The address, without what was cut off.
        host: Its host name, in the form in which no letters can look like others (IDNA).
        site: The declared site; None where the policy declares none for this host.
        removed: Names of query parameters that were cut off; `#` for the fragment.
    """

    url: str
    host: str
    site: OtherSite | None
    removed: tuple[str, ...]


def target_of(policy: Policy, url: str) -> Target:
    """An address of another site, freed of what is personal.

    A declared site gets the query parameters that its declaration lists, any other site the harmless few; none gets an
    e-mail address.

    Raises:
        InvalidInput: It is no plain http or https address, or its path holds an e-mail address.
    """
    if len(url) > MAX_URL or not url.isprintable() or re.search(r"[\s\\]", url):
        raise _malformed()
    try:
        parts = urlsplit(url)
        port = parts.port
        host = _host(parts.hostname or "")
    except ValueError as error:
        raise _malformed() from error
    if parts.scheme not in {"http", "https"} or "@" in parts.netloc or not host:
        raise _malformed()
    if _EMAIL.search(unquote(parts.path)):
        raise InvalidInput(
            "The path of this link holds an e-mail address.", field="to", mend="Link to another page."
        )
    site = site_of_host(policy, host)
    query, removed = _query(parts.query, site)
    fragment = parts.fragment
    if fragment and ("=" in fragment or _personal(unquote(fragment))):
        fragment, removed = "", [*removed, "#"]
    shown = f"[{host}]" if ":" in host else host
    place = f"{shown}:{port}" if port is not None else shown
    path = quote(parts.path, safe="/%:@!$&'()*+,;=~.-_") or "/"
    clean = urlunsplit((parts.scheme, place, path, query, quote(fragment, safe="/%:@!$&'()*+,;=~.-_?")))
    return Target(clean, host, site, tuple(dict.fromkeys(removed)))


def site_of_host(policy: Policy, host: str) -> OtherSite | None:
    """The declared site of a host."""
    return next((site for site in policy.of(OtherSite) if host in site.hosts), None)


def own_host(policy: Policy, host: str) -> bool:
    """Whether a host is the company's own: of a web site that the policy declares, or of its contact page."""
    if host and host == urlsplit(policy.front.contact.page).hostname:
        return True
    for thing in policy.things.get("website", {}).values():
        named = (getattr(thing, "domain", ""), *getattr(thing, "hosts", ()))
        if any(name and (host == name or host.endswith(f".{name}")) for name in named):
            return True
    return False


def _host(text: str) -> str:
    """A host as it is looked up; empty for what names none, such as dots that other scripts write differently."""
    if ":" in text:
        return str(ip_address(text))
    name = text.encode("idna").decode("ascii").lower()
    return name if _NAME.fullmatch(name) else ""


def _query(text: str, site: OtherSite | None) -> tuple[str, list[str]]:
    allowed = HARMLESS if site is None else frozenset(site.parameters)
    kept, removed = [], []
    for name, value in parse_qsl(text, keep_blank_values=True):
        personal = bool(_EMAIL.search(value)) if site else _personal(value)
        if name in allowed and not personal and len(value) <= _LONGEST_VALUE:
            kept.append((name, value))
        else:
            removed.append(name[:60])
    return urlencode(kept), removed


def _personal(text: str) -> bool:
    return any(form.search(text) for form in (_EMAIL, _TELEPHONE, _TOKEN))


def _malformed() -> InvalidInput:
    return InvalidInput(
        "This is no address of another site.",
        field="to",
        mend=f"Give a plain http or https address of at most {MAX_URL} characters.",
    )
