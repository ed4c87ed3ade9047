"""Checks of what counts visits: the point that takes web events, its parts, and the web sites."""

from collections.abc import Iterator

from troth.policy.checks.registry import Check
from troth.policy.draft import Draft, label
from troth.policy.model import Finding
from troth.policy.technologies import Cookie
from troth.policy.things import Point
from troth.policy.websites import Website


def _event_point(draft: Draft) -> Iterator[Finding]:
    points = [point for point in draft.of(Point) if point.events]
    for point in points[1:]:
        yield draft.find(
            point, "event-point", f"{label(point)} is a second point for web events", "keep one of them"
        )
    for point in points[:1]:
        seen: dict[str, str] = {}
        for name in point.fields:
            part = draft.fields[name].part if name in draft.fields else None
            if part is None or part in seen:
                why = f"the same part as {seen[part]!r}" if part else "no part of an event"
                yield draft.find(
                    point,
                    "event-point",
                    f"{label(point)} takes the field {name!r}, which is {why}",
                    "give the field another `part`, or remove it",
                )
            else:
                seen[part] = name
        if "page" not in seen:
            yield draft.find(
                point,
                "event-point",
                f"{label(point)} takes no page address",
                "add a field with `part: page`",
            )


def _websites(draft: Draft) -> Iterator[Finding]:
    taken: dict[tuple[str, object], str] = {}
    visitor = any(cookie.remembers == "visitor" for cookie in draft.of(Cookie))
    point = any(point.events for point in draft.of(Point))
    for site in draft.of(Website):
        if not point:
            yield draft.find(
                site,
                "website-incomplete",
                f"{label(site)} has no point that takes its events",
                "write `events: true` in a point",
            )
        if site.identity == "cookie" and not visitor:
            yield draft.find(
                site,
                "website-incomplete",
                f"{label(site)} tells visitors apart by a cookie, but none remembers the visitor",
                "declare a cookie with `remembers: visitor`",
            )
        keys: list[tuple[str, object]] = [
            ("host", host) for host in dict.fromkeys((site.domain, *site.hosts))
        ]
        keys += [("Umami id", site.umami)] if site.umami else []
        keys += [("Matomo id", site.matomo)] if site.matomo else []
        for key in keys:
            if key in taken:
                yield draft.find(
                    site,
                    "website-incomplete",
                    f"{label(site)} has the {key[0]} of {taken[key]}",
                    "give each site its own",
                )
            taken[key] = label(site)


CHECKS = (
    Check(
        "event-point", "a second point for web events, or fields that are no parts of an event", _event_point
    ),
    Check("website-incomplete", "a web site without a point, cookie or identifiers of its own", _websites),
)
