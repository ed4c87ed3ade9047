"""Acts and policies drawn for properties: mostly near the rules, so that permits are met as often as denials."""

import json
import random
from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from tests.policy.documents import FRONT
from troth.policy import ACT_KINDS, Act, Forbid, Permit, Policy
from troth.policy.compiling import policy_of
from troth.policy.document import read_document
from troth.policy.draft import gather
from troth.policy.reading import read_source

CATEGORIES = [
    "user.contact",
    "user.contact.email",
    "user.contact.email.alias",
    "user.contact.address.city",
    "user.name",
    "system",
]
USES = [
    "essential.service",
    "essential.service.fulfil_order",
    "essential.service.operations.support",
    "marketing",
    "marketing.communications.email",
]
ROLES = ["staff", "staff.support", "service.shop", "person"]
FACTS = ["case.ticket", "purpose.granted", "person.objected", "person.consented"]
RECIPIENTS = ["mailer", "bank", "labs"]
CHANNELS = ["web", "email", "letter"]
DAYS = ["", "2015-04-15", "2015-04-16", "2016-01-01", "2016-12-31", "2017-01-01"]
THINGS: list[dict[str, Any]] = [
    *({"declare": "role", "name": name} for name in ("staff.support", "staff.sales", "service.shop", "person")),
    {"declare": "case", "name": "ticket", "opened_by": ["staff.support"]},
    {"declare": "recipient", "name": "mailer", "role": "processor", "country": "US", "mechanism": "domestic",
     "contract": {"reference": "C", "signed": "2015-04-16", "until": "2016-12-31"}, "data": ["user.contact"]},
    {"declare": "recipient", "name": "bank", "role": "controller", "country": "US", "mechanism": "domestic",
     "policy_url": "https://bank.example/", "purposes": ["essential.service"]},
    {"declare": "recipient", "name": "labs", "role": "affiliate", "country": "US", "mechanism": "domestic",
     "undertaking": {"reference": "U", "signed": "2015-01-01"},
     "control": {"by": "us", "relation": "subsidiary", "from": "2016-01-01"}},
]  # fmt: skip


def _some(values: Sequence[str], least: int = 0, most: int = 2) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(values), min_size=least, max_size=most, unique=True)


def _scopes(kind: str) -> st.SearchStrategy[dict[str, Any]]:
    conditions = [*FACTS, *(f"not {fact}" for fact in FACTS)]
    needed: dict[str, st.SearchStrategy[Any]] = {
        "acts": _some(["use", "send", "disclose"], 1),
        "actors": _some([*ROLES, "*"], 1),
        "reason": st.just("A reason."),
    }
    optional: dict[str, st.SearchStrategy[Any]] = {
        "recipients": _some(["internal", "processor", "affiliate", "*", *RECIPIENTS], 1),
        "channels": _some(CHANNELS, 1),
        "when": _some(conditions, 0, 1),
        "unless": _some(conditions, 0, 1),
        "from": st.sampled_from(DAYS[1:]),
        "until": st.sampled_from(DAYS[1:]),
    }
    terms = {
        "data": _some([*CATEGORIES, "*"]),
        "purposes": _some(USES if kind == "permit" else [*USES, "*"], 1),
    }
    (needed if kind == "permit" else optional).update(terms)
    return st.fixed_dictionaries(needed, optional=optional)


@st.composite
def documents(draw: st.DrawFn) -> str:
    """A policy document with a few permits and forbids; it need not pass the checks, only read."""
    kinds = draw(st.lists(st.sampled_from(["permit", "permit", "forbid"]), min_size=1, max_size=6))
    rules = [{kind: f"rule-{number}", **draw(_scopes(kind))} for number, kind in enumerate(kinds)]
    blocks = "\n".join(f"```rule\n{json.dumps(rule)}\n```\n" for rule in (*THINGS, *rules))
    return f"{FRONT}\n## Part I {{#I}}\n\n### All of it {{#I.1}}\n\nProse.\n\n{blocks}"


def unchecked(text: str) -> Policy:
    """The policy of a document that reads, whatever the checks say of it."""
    source = read_source(read_document(text, "p.md"), "p.md")
    assert not source.findings, source.findings
    return policy_of(gather(source), "0" * 64)


def acts() -> st.SearchStrategy[Act]:
    """Acts over the terms of the generated policies, with a few unknown ones among them."""
    return st.builds(
        Act,
        kind=st.sampled_from(["use", "use", "send", "disclose", "erase", "guess"]),
        actor=st.sampled_from([*ROLES, "staff.support.night", "staff.sales", "robot"]),
        purpose=st.sampled_from([*USES, "essential", "fun"]),
        data=_some([*CATEGORIES, "user", "user.contact.address", "user.shoe_size"], 0, 3).map(
            lambda d: tuple(sorted(d))
        ),
        recipient=st.sampled_from(["", "", *RECIPIENTS, "nobody"]),
        channel=st.sampled_from(["", *CHANNELS]),
        facts=_some(FACTS, 0, 4).map(lambda f: tuple(sorted(f))),
        on=st.sampled_from([*DAYS, "tomorrow"]),
    )


def acts_near(policy: Policy, count: int, seed: int) -> list[Act]:
    """Acts drawn around the rules of a policy, each changed in a few places."""
    chance = random.Random(seed)
    rules = [rule for rule in policy.rules.values() if isinstance(rule, (Permit, Forbid))]
    permits = [rule for rule in rules if isinstance(rule, Permit)]
    return [
        _near(policy, chance.choice(permits if chance.random() < 0.7 else rules), chance)
        for _ in range(count)
    ]


def _near(policy: Policy, rule: Permit | Forbid, chance: random.Random) -> Act:
    def pick(own: Sequence[str], others: Sequence[str]) -> str:
        known = [key for key in own if key not in {"*", "internal"}]
        return chance.choice(known if known and chance.random() < 0.95 else others)

    categories, uses = sorted(policy.scales.categories), sorted(policy.scales.purposes)
    facts = _wanted(rule.when, rule.unless)
    if chance.random() < 0.8:
        facts |= _escapes(policy) - _wanted(rule.unless, rule.when)
    if chance.random() < 0.3:
        facts ^= set(chance.sample(sorted(policy.facts), 1))
    outside = [*policy.recipients, "nobody"]
    return Act(
        kind=pick(rule.acts, ACT_KINDS),
        actor=pick(rule.actors, [*policy.roles, "robot", "staff.support.night"]),
        purpose=pick(rule.purposes, [*uses, "fun"]),
        data=tuple(sorted({pick(rule.data, categories) for _ in range(chance.choice([0, 1, 1, 1, 2]))})),
        recipient=_receiver(policy, rule, chance)
        if chance.random() < 0.95
        else chance.choice(["", *outside]),
        channel=pick(rule.channels, ["", "web", "email"])
        if rule.channels
        else chance.choice(["", "web", "email"]),
        facts=tuple(sorted(facts)),
        on=chance.choice(
            ["2015-04-16", "2015-04-16", "2015-09-01", "", "2031-01-01", "some day"]
            if chance.random() < 0.2
            else ["2015-05-01"]
        ),
    )


def _wanted(conditions: Sequence[str], refused: Sequence[str]) -> set[str]:
    """The facts that must hold for conditions to be met and others not to be."""
    return {c for c in conditions if not c.startswith("not ")} | {
        c[4:] for c in refused if c.startswith("not ")
    }


def _escapes(policy: Policy) -> set[str]:
    """The facts that keep the forbids of a policy from matching."""
    forbids = [rule for rule in policy.rules.values() if isinstance(rule, Forbid)]
    return {fact for rule in forbids for fact in _wanted(rule.unless, rule.when)}


def _receiver(policy: Policy, rule: Permit | Forbid, chance: random.Random) -> str:
    if not rule.recipients:
        return ""
    key = chance.choice(rule.recipients)
    named = [name for name, recipient in policy.recipients.items() if key in {name, recipient.role, "*"}]
    return chance.choice(named) if named else ""
