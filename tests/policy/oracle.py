"""A second decider, slow and plain, written from docs/policy-format.md alone: it reads rules as mappings and compares keys.

It shares no code with the policy room, so that an agreement of the two means something.
"""

from typing import Any, NamedTuple

import yaml

from troth.policy import Act

CLASSES = {"processor", "controller", "affiliate", "authority", "acquirer"}
Rule = dict[str, Any]


class Book(NamedTuple):
    """The rules of a policy as plain mappings, and the terms it knows."""

    rules: list[Rule]
    categories: frozenset[str]
    uses: frozenset[str]

    def declared(self, kind: str) -> list[Rule]:
        """The things of a kind."""
        return [rule for rule in self.rules if rule.get("declare") == kind]


def read_book(text: str, categories: frozenset[str], uses: frozenset[str]) -> Book:
    """Read the rule blocks of a document with nothing but string functions and PyYAML.

    Dates and words such as `on` are kept as text by a loader that resolves only the core words.
    """
    head, *blocks = text.split("```rule\n")
    front = _plain(head.split("---\n")[1])
    terms = front.get("terms") or {}
    rules = [_plain(block.split("\n```")[0]) for block in blocks]
    return Book(
        rules,
        categories | frozenset(terms.get("data_categories") or ()),
        uses | frozenset(terms.get("data_uses") or ()),
    )


def _plain(text: str) -> Any:
    return yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506  builds nothing but text, lists and mappings


def allowed(book: Book, act: Act) -> tuple[bool, tuple[str, ...]]:
    """Whether the act is permitted, and which of its categories are."""
    if not _known(book, act):
        return False, ()
    verdicts = {category: _permitted(book, act, category) for category in act.data or ("",)}
    return all(verdicts.values()), tuple(category for category in act.data if verdicts[category])


def _known(book: Book, act: Act) -> bool:
    roles = [role["name"] for role in book.declared("role")]
    recipients = [recipient["name"] for recipient in book.declared("recipient")]
    return (
        any(_covers(role, act.actor) for role in roles)
        and act.purpose in book.uses
        and all(category in book.categories for category in act.data)
        and (not act.recipient or act.recipient in recipients)
        and (not act.on or (len(act.on) == 10 and act.on.replace("-", "").isdecimal()))
    )


def _permitted(book: Book, act: Act, category: str) -> bool:
    recipient = next((r for r in book.declared("recipient") if r["name"] == act.recipient), None)
    if recipient is not None and not _may_receive(book, recipient, act, category):
        return False
    if any(_matches(book, rule, act, category, forbids=True) for rule in book.rules if "forbid" in rule):
        return False
    return any(_matches(book, rule, act, category, forbids=False) for rule in book.rules if "permit" in rule)


def _may_receive(book: Book, recipient: Rule, act: Act, category: str) -> bool:
    papers = [
        (p["signed"], p.get("until")) for key in ("contract", "undertaking") if (p := recipient.get(key))
    ]
    if control := recipient.get("control"):
        papers.append((control["from"], control.get("until")))
    if any(not act.on or act.on < first or (last and act.on > last) for first, last in papers):
        return False
    data = recipient.get("data") or [
        f["category"] for f in book.declared("field") if f["name"] in recipient.get("fields", ())
    ]
    if data and category and not any(_covers(key, category) for key in data):
        return False
    purposes = recipient.get("purposes")
    return not purposes or any(_covers(key, act.purpose) for key in purposes)


def _matches(book: Book, rule: Rule, act: Act, category: str, *, forbids: bool) -> bool:
    data = rule.get("data", ["*"])
    purposes = rule.get("purposes", ["*"])
    return (
        act.kind in rule["acts"]
        and any(_covers(key, act.actor) for key in rule["actors"])
        and (
            "*" in data
            or (not data and not category)
            or any(_covers(key, category) for key in data if category)
        )
        and ("*" in purposes or any(_covers(key, act.purpose) for key in purposes))
        and _goes_to(book, rule, act.recipient, forbids=forbids)
        and (not rule.get("channels") or act.channel in rule["channels"])
        and _valid(rule, act.on, forbids=forbids)
        and all(_holds(condition, act) for condition in rule.get("when", ()))
        and not any(_holds(condition, act) for condition in rule.get("unless", ()))
    )


def _goes_to(book: Book, rule: Rule, recipient: str, *, forbids: bool) -> bool:
    named = rule.get("recipients")
    if not named:
        return forbids or recipient == ""
    role = next((r["role"] for r in book.declared("recipient") if r["name"] == recipient), "")
    return any(
        (key == "internal" and recipient == "")
        or (key == "*" and recipient != "")
        or (key in CLASSES and key == role)
        or (key == recipient)
        for key in named
    )


def _valid(rule: Rule, day: str, *, forbids: bool) -> bool:
    first, last = rule.get("from"), rule.get("until")
    if not first and not last:
        return True
    if not day:
        return forbids
    return (not first or first <= day) and (not last or day <= last)


def _holds(condition: str, act: Act) -> bool:
    if condition.startswith("not "):
        return condition[4:] not in act.facts
    return condition in act.facts


def _covers(key: str, term: str) -> bool:
    return key in {"*", term} or term.startswith(key + ".")
