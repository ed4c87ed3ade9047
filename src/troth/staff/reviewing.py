"""Access reviews (clause IV.2): who can do what, who did what, and what was never used."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from troth.gate import KeyRecord
from troth.ledger import Deed
from troth.policy import Permit, Policy
from troth.staff.model import Member, grants, permitted

REVIEW = "operations.access_review"


class RoleAccess(NamedTuple):
    """A role: what the policy permits it, and how many have it."""

    role: str
    title: str
    acts: tuple[str, ...]
    purposes: tuple[str, ...]
    data: tuple[str, ...]
    members: int
    keys: int


class KeyAccess(NamedTuple):
    """A key that works: what it was granted, what was done with it, and which purposes were never served. 0: never ends."""

    key: str
    name: str
    role: str
    purposes: tuple[str, ...]
    created_at: int
    expires_at: int
    acts: int
    denied: int
    unused: tuple[str, ...]


class MemberAccess(NamedTuple):
    """Somebody who works here, what was done in their sessions, and which purposes were never served."""

    member: Member
    acts: int
    denied: int
    unused: tuple[str, ...]


class Done(NamedTuple):
    """How often a role did something."""

    role: str
    act: str
    permitted: int
    denied: int


class Review(NamedTuple):
    """An access review over a span of time.

    Args:
        since: Its beginning.
        roles: Every role of staff and services.
        members: Who works here and was not shut out.
        keys: Keys that work and are no sessions.
        done: What each role did.
        unused: Ids of keys, and names of members, with which nothing was done in that time.
    """

    since: datetime
    roles: tuple[RoleAccess, ...]
    members: tuple[MemberAccess, ...]
    keys: tuple[KeyAccess, ...]
    done: tuple[Done, ...]
    unused: tuple[str, ...]


def review(
    policy: Policy,
    members: list[Member],
    keys: list[KeyRecord],
    deeds: Mapping[Deed, int],
    since: datetime,
    now: int,
) -> Review:
    """Put an access review together.

    Args:
        policy: The version in force.
        members: Everybody of staff.
        keys: Every key ever issued.
        deeds: What was done since then.
        since: Beginning of the review.
        now: Instant (microseconds), by which a key has ended.
    """
    working = [one for one in keys if not one.holder and not one.revoked_at and not 0 < one.expires_at < now]
    holders = {one.key_id: one.holder or one.key_id for one in keys}
    by_holder: dict[str, Counter[tuple[str, str]]] = {}
    for deed, count in deeds.items():
        by_holder.setdefault(holders.get(deed.key, deed.key), Counter())[deed.purpose, deed.effect] += count
    present = [one for one in members if not one.disabled_at]
    people = tuple(_member(policy, one, by_holder.get(one.staff, Counter())) for one in present)
    listed = tuple(_key(one, by_holder.get(one.key_id, Counter())) for one in working)
    return Review(
        since,
        _roles(policy, present, working),
        people,
        listed,
        _done(deeds),
        (*(one.member.name for one in people if not one.acts), *(one.key for one in listed if not one.acts)),
    )


def _roles(policy: Policy, members: list[Member], keys: list[KeyRecord]) -> tuple[RoleAccess, ...]:
    found = []
    for role in sorted(policy.roles.values(), key=lambda one: one.name):
        rules = [
            rule
            for rule in policy.rules.values()
            if isinstance(rule, Permit)
            and any(actor == role.name or role.name.startswith(f"{actor}.") for actor in rule.actors)
        ]
        found.append(
            RoleAccess(
                role.name,
                role.title or role.name,
                tuple(sorted({act for rule in rules for act in rule.acts})),
                permitted(policy, role.name),
                tuple(sorted({category for rule in rules for category in rule.data})),
                sum(one.role == role.name for one in members),
                sum(one.role == role.name for one in keys),
            )
        )
    return tuple(found)


def _member(policy: Policy, member: Member, done: Counter[tuple[str, str]]) -> MemberAccess:
    purposes, _ = grants(policy, member)
    return MemberAccess(member, _total(done), _denied(done), _unused(purposes, done))


def _key(one: KeyRecord, done: Counter[tuple[str, str]]) -> KeyAccess:
    return KeyAccess(
        one.key_id,
        one.name,
        one.role,
        one.purposes,
        one.created_at,
        one.expires_at,
        _total(done),
        _denied(done),
        _unused(one.purposes, done),
    )


def _done(deeds: Mapping[Deed, int]) -> tuple[Done, ...]:
    counts: dict[tuple[str, str], Counter[str]] = {}
    for deed, count in deeds.items():
        counts.setdefault((deed.role, deed.act), Counter())[deed.effect] += count
    return tuple(
        Done(role, act, found["permit"], found["deny"]) for (role, act), found in sorted(counts.items())
    )


def _total(done: Counter[tuple[str, str]]) -> int:
    return sum(done.values())


def _denied(done: Counter[tuple[str, str]]) -> int:
    return sum(count for (_, effect), count in done.items() if effect == "deny")


def _unused(purposes: tuple[str, ...], done: Counter[tuple[str, str]]) -> tuple[str, ...]:
    """Granted purposes for which nothing was done; one purpose also stands for those below it."""
    served = {purpose for purpose, effect in done if effect == "permit"}
    return tuple(
        one
        for one in purposes
        if not any(one in ("*", purpose) or purpose.startswith(f"{one}.") for purpose in served)
    )
