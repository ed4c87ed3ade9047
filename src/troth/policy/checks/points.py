"""Checks of collection points and processing activities: each cites what some rule permits."""

from collections.abc import Iterable, Iterator

from troth.policy.checks.registry import Check
from troth.policy.draft import Draft, label
from troth.policy.matching import Scope, scope_of
from troth.policy.model import Finding
from troth.policy.rules import Notice, Permit
from troth.policy.telemetry import Telemetry
from troth.policy.things import Activity, Point
from troth.policy.vocabulary import lineage


def _incomplete(draft: Draft) -> Iterator[Finding]:
    for point in draft.of(Point):
        if not point.channels:
            yield draft.find(
                point, "point-incomplete", f"{label(point)} has no channel", "write channels: [web]"
            )
        if point.notice is None:
            yield draft.find(
                point,
                "point-incomplete",
                f"{label(point)} shows no notice",
                "write notice: with the name of a notice",
            )
        elif not isinstance(draft.rules.get(point.notice), Notice):
            yield draft.find(
                point,
                "point-incomplete",
                f"{label(point)} shows {point.notice!r}, which is no notice",
                "name a notice of this policy",
            )
        if not point.fields and not point.telemetry:
            yield draft.find(
                point, "point-incomplete", f"{label(point)} takes no field", "write fields: {email: required}"
            )


def _limitless(draft: Draft) -> Iterator[Finding]:
    if draft.front is None or draft.front.age_limit is not None:
        return
    for point in draft.of(Point):
        if point.age_screen:
            yield draft.find(
                point,
                "age-limit",
                f"{label(point)} has an age screen, and the front matter no age limit",
                "write age_limit: 13 in the front matter",
            )


def _unconfirmable(draft: Draft) -> Iterator[Finding]:
    for point in draft.of(Point):
        fields = [draft.fields[name] for name in point.fields if name in draft.fields]
        if point.confirm == "mail" and not any(f.type == "email" and f.identifier for f in fields):
            yield draft.find(
                point,
                "point-unconfirmable",
                f"{label(point)} is confirmed by mail and takes no mail address that people are found by",
                "add such a field, or write confirm: none",
            )


def _unreferable(draft: Draft) -> Iterator[Finding]:
    """References must lead from a field of the point to an identifier of the same type that some point brings in."""
    brought = {name for point in draft.of(Point) for name in point.fields}
    for point in draft.of(Point):
        for name, other in point.refers.items():
            field, target = draft.fields.get(name), draft.fields.get(other)
            wrong = (
                name not in point.fields or target is None or not target.identifier or other not in brought
            )
            if wrong or (field is not None and target is not None and field.type != target.type):
                yield draft.find(
                    point,
                    "point-reference",
                    f"{label(point)} refers from {name!r} to {other!r}, which cannot be looked up",
                    "name a field of the point, and an identifier of the same type that some point takes",
                )
        for name in point.mentions:
            if name not in point.fields or name not in draft.fields or not draft.fields[name].identifier:
                yield draft.find(
                    point,
                    "point-reference",
                    f"{label(point)} mentions {name!r}, which is no identifier that it takes",
                    "name an identifier among its fields, or remove it",
                )


def _unissuable(draft: Draft) -> Iterator[Finding]:
    """What the company issues must be a field of the point, and no visitor may be left with a form that nobody can fill in."""
    for point in draft.of(Point):
        for name in point.issued:
            need = point.fields.get(name)
            if need is None or (need == "required" and point.public):
                what = "does not take" if need is None else "requires of visitors"
                yield draft.find(
                    point,
                    "point-issued",
                    f"{label(point)} says that the company issues {name!r}, which it {what}",
                    "name a field of the point, which is optional where visitors may use the point",
                )


def _unclassed(draft: Draft) -> Iterator[Finding]:
    for point in draft.of(Point):
        for name in point.fields:
            if name not in draft.fields:
                yield draft.find(
                    point,
                    "unclassed-field",
                    f"{label(point)} takes the field {name!r}, which is not declared and classed",
                    "declare: field with this name and a class",
                )


def _point_unpermitted(draft: Draft) -> Iterator[Finding]:
    permits = _permits(draft)
    for point in draft.of(Point):
        collecting = [
            s
            for s in permits
            if "collect" in s.acts and _speaks(s, (point.actor,)) and _open(s.channels, point.channels)
        ]
        for purpose in point.purposes:
            if not any(s.purposes is None or purpose in s.purposes for s in collecting):
                yield draft.find(
                    point,
                    "point-unpermitted",
                    f"no rule permits {point.actor} to collect at {label(point)} for {purpose}",
                    "add a permit for it, or remove the purpose",
                )
        fitting = [s.data for s in collecting if _open(s.purposes, point.purposes)]
        covered = frozenset().union(*(data for data in fitting if data is not None))
        for name, category in _taken(draft, point):
            if category not in covered and None not in fitting:
                yield draft.find(
                    point,
                    "point-unpermitted",
                    f"no rule permits {label(point)} to collect the field {name!r} ({category}) for any of its purposes",
                    "add a permit for it, or remove the field",
                )


def _taken(draft: Draft, point: Point) -> Iterator[tuple[str, str]]:
    """What a point takes, by name and category."""
    if point.telemetry:
        yield from ((metric.name, metric.category) for metric in draft.of(Telemetry))
    for name in point.fields:
        if name in draft.fields:
            yield name, draft.fields[name].category


def _activity_unpermitted(draft: Draft) -> Iterator[Finding]:
    permits = _permits(draft)
    for activity in draft.of(Activity):
        purposes = {purpose: draft.uses.below(purpose) for purpose in activity.purposes}
        data = {category: draft.categories.below(category) for category in activity.data if category != "*"}
        own = [
            scope
            for scope in permits
            if not scope.acts.isdisjoint(activity.acts)
            and _speaks(scope, activity.actors)
            and _open(scope.purposes, frozenset().union(*purposes.values()))
        ]
        missing = [f"to {act}" for act in activity.acts if not any(act in s.acts for s in own)]
        missing += [
            f"anything for {purpose}"
            for purpose, below in purposes.items()
            if not any(_open(s.purposes, below) for s in own)
        ]
        missing += [
            f"use of {category}"
            for category, below in data.items()
            if not any(_open(s.data, below) for s in own)
        ]
        for what in missing:
            yield draft.find(
                activity,
                "activity-unpermitted",
                f"no rule permits {label(activity)} {what}",
                "add a permit for it, or remove it from the activity",
            )


def _permits(draft: Draft) -> list[Scope]:
    return [scope_of(rule, draft, order) for order, rule in enumerate(draft.of(Permit))]


def _speaks(scope: Scope, actors: tuple[str, ...]) -> bool:
    if scope.actors is None or "*" in actors:
        return True
    return any(
        not scope.actors.isdisjoint(lineage(actor)) or any(a.startswith(actor + ".") for a in scope.actors)
        for actor in actors
    )


def _open(allowed: frozenset[str] | None, used: Iterable[str]) -> bool:
    used = tuple(used)
    return allowed is None or not used or not allowed.isdisjoint(used)


CHECKS = (
    Check("point-incomplete", "a collection point without channel, notice or field", _incomplete),
    Check("age-limit", "an age screen without an age limit in the front matter", _limitless),
    Check(
        "point-unconfirmable",
        "a collection point that is confirmed by mail and takes no mail address",
        _unconfirmable,
    ),
    Check(
        "point-reference",
        "a collection point that refers to or mentions what cannot be looked up",
        _unreferable,
    ),
    Check(
        "point-issued",
        "a collection point with a field issued by the company that it does not take, or requires of visitors",
        _unissuable,
    ),
    Check("unclassed-field", "a collection point with a field that is not declared and classed", _unclassed),
    Check(
        "point-unpermitted",
        "a collection point whose purpose or field no rule permits to collect",
        _point_unpermitted,
    ),
    Check("activity-unpermitted", "a processing activity that no rule permits", _activity_unpermitted),
)
