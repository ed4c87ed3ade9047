"""Which pages a browser's request came from: the guard against forged forms that needs no cookie and no token.

A browser tells with each form which site's page sent it (`Sec-Fetch-Site`, Fetch Metadata; `Origin`, Fetch standard), and no
page can write these headers. A page with such a form answers `Referrer-Policy: same-origin`, because under `no-referrer`
browsers send `Origin: null`.
"""

from urllib.parse import urlsplit

from troth.choice import own_host
from troth.policy import Policy
from troth.web.asgi import Scope, header
from troth.web.problems import ForeignRequest


def own_origin(policy: Policy, public_url: str, scope: Scope) -> str:
    """The origin that a request names, where it is ours or that of a declared own site over https; else empty."""
    origin = header(scope, b"origin")
    parts = urlsplit(origin)
    here = {urlsplit(public_url).netloc, header(scope, b"host")}
    if parts.netloc and parts.netloc in here:
        return origin
    return origin if parts.scheme == "https" and own_host(policy, parts.hostname or "") else ""


def check_origin(policy: Policy, public_url: str, scope: Scope, *, browser: bool = True) -> None:
    """Refuse a request that a page of another site made.

    Args:
        policy: Declares the company's own sites.
        public_url: The address that people see.
        scope: The request.
        browser: Whether only a browser would send it, so that one that does not say where from is refused.

    Raises:
        ForeignRequest: It came from elsewhere, or does not say where from.
    """
    if header(scope, b"sec-fetch-site") == "same-origin" or own_origin(policy, public_url, scope):
        return
    if not browser and not header(scope, b"origin") and not header(scope, b"sec-fetch-site"):
        return
    raise ForeignRequest(
        "This was not sent from a page of this site; nothing was done.",
        mend="Use the form on our own page, in a browser that is up to date.",
    )


def local_path(text: str, default: str = "/") -> str:
    """The path to go back to, if it lies on this site; else another. No address of another site passes."""
    safe = text.startswith("/") and text[1:2] not in {"/", "\\"} and text.isascii() and text.isprintable()
    return text if safe and "\\" not in text else default


def own_address(policy: Policy, public_url: str, scope: Scope, text: str) -> str:
    """An address to send a visitor back to: a path of this site, or an address on one of our own sites; else empty."""
    if local_path(text, ""):
        return text
    parts = urlsplit(text)
    if not (text.isascii() and text.isprintable()) or "\\" in text or "@" in parts.netloc:
        return ""
    if parts.scheme in {"http", "https"} and parts.netloc in {
        urlsplit(public_url).netloc,
        header(scope, b"host"),
    } - {""}:
        return text
    return text if parts.scheme == "https" and own_host(policy, parts.hostname or "") else ""


def shared_with(origin: str) -> dict[str, str]:
    """The headers that let a page of our own read an answer with the visitor's cookies (Fetch standard, CORS)."""
    vary = {"Vary": "Origin"}
    if not origin:
        return vary
    return {
        **vary,
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Credentials": "true",
        "Cross-Origin-Resource-Policy": "same-site",
    }
