"""Checks of what the sites leave in a browser, and of the sites that they link to."""

from collections.abc import Iterator

from troth.policy.checks.registry import Check
from troth.policy.draft import Draft, label
from troth.policy.model import Finding
from troth.policy.technologies import Cookie, OtherSite, Pixel, Storage

_ESSENTIAL = "essential"


def _browser_part(draft: Draft) -> Iterator[Finding]:
    seen: dict[tuple[str, str, str], str] = {}
    for thing in _kept(draft):
        where = thing.where if isinstance(thing, Storage) else "cookie"
        parts = [("name", where, thing.wire_name)]
        parts += [("part", where, thing.remembers)] if thing.remembers else []
        for part in parts:
            if part in seen:
                yield draft.find(
                    thing,
                    "browser-part",
                    f"{label(thing)} has the {part[0]} {part[2]!r} of {seen[part]}",
                    "give each one a name and a part of its own",
                )
            seen.setdefault(part, label(thing))


def _choice_cookie(draft: Draft) -> Iterator[Finding]:
    keepers = [cookie for cookie in draft.of(Cookie) if cookie.remembers == "choice"]
    for cookie in keepers:
        if not cookie.essential:
            yield draft.find(
                cookie,
                "choice-cookie",
                f"{label(cookie)} remembers the choice and would wait for it",
                "write essential: true",
            )
    waiting = [thing for thing in _kept(draft) if not thing.essential] + list(draft.of(Pixel))
    if waiting and not keepers:
        yield draft.find(
            waiting[0],
            "choice-cookie",
            f"{label(waiting[0])} waits for a choice that no cookie remembers",
            "declare: cookie with essential: true and remembers: choice",
        )


def _essential_purpose(draft: Draft) -> Iterator[Finding]:
    for thing in _kept(draft):
        beyond = [one for one in thing.purposes if one != _ESSENTIAL and not one.startswith(f"{_ESSENTIAL}.")]
        if thing.essential and beyond:
            yield draft.find(
                thing,
                "essential-purpose",
                f"{label(thing)} is set without a choice, and serves {beyond[0]}",
                "leave essential out, or name only purposes below essential",
            )


def _site_host(draft: Draft) -> Iterator[Finding]:
    seen: dict[str, str] = {}
    for site in draft.of(OtherSite):
        for host in site.hosts:
            if host in seen:
                yield draft.find(
                    site, "site-host", f"{label(site)} has the host of {seen[host]}", "name each host once"
                )
            seen.setdefault(host, label(site))


def _kept(draft: Draft) -> list[Cookie | Storage]:
    return [*draft.of(Cookie), *draft.of(Storage)]


CHECKS = (
    Check("browser-part", "two cookies or storage entries of one name or part", _browser_part),
    Check(
        "choice-cookie", "something waits for a choice, and no essential cookie remembers it", _choice_cookie
    ),
    Check(
        "essential-purpose",
        "something that is set without a choice and serves more than what is essential",
        _essential_purpose,
    ),
    Check("site-host", "two other sites of one host", _site_host),
)
