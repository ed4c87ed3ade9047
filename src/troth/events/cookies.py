"""The cookies that events go by, as the policy declares them. Pure."""

from functools import lru_cache

from troth.policy import Cookie, Policy, read_span

_SECONDS = {"hours": 3_600, "months": 30 * 86_400, "business days": 86_400}


@lru_cache(maxsize=16)
def remembering(policy: Policy, what: str) -> Cookie | None:
    """The declared cookie that has a part: `visitor` tells one browser from another, `session` who is signed in."""
    return next((cookie for cookie in policy.of(Cookie) if cookie.remembers == what), None)


def cookie_value(headers: tuple[tuple[bytes, bytes], ...], name: str) -> str:
    """The value of a cookie in request headers; empty where it is missing (RFC 6265, section 4.2)."""
    wanted = f"{name}="
    for key, value in headers:
        if key == b"cookie":
            for part in value.decode("latin-1").split(";"):
                if part.lstrip().startswith(wanted):
                    return part.strip()[len(wanted) :].strip('"')
    return ""


def set_cookie(cookie: Cookie, value: str) -> str:
    """The header that leaves a cookie; it expires when its declared life is over and is not renewed."""
    parts = [f"{cookie.wire_name}={value}", "Path=/", f"SameSite={cookie.same_site.capitalize()}"]
    span = read_span(cookie.lifetime)
    if span is not None:
        parts.append(f"Max-Age={span.count * _SECONDS[span.unit]}")
    if cookie.http_only:
        parts.append("HttpOnly")
    return "; ".join(parts)
