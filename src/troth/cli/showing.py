"""Policies for people and as JSON."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from troth.cli.say import Text, table
from troth.kernel import InvalidInput, NotFound

if TYPE_CHECKING:
    from rich.console import Console

    from troth.gate import Version
    from troth.policy import Clause, Policy

_SHORTEST = 6


def all_clauses(policy: "Policy") -> tuple[dict[str, Any], Text]:
    """The list of clauses."""
    rows = [{"id": one.id, "title": one.title, "part": one.part, "line": one.line} for one in policy.clauses]
    document = {"title": policy.title, "sha256": policy.sha256, "clauses": rows}
    cells = [(one["id"], one["title"]) for one in rows]

    def show(out: "Console") -> None:
        out.print(f"{policy.title}, last updated {policy.front.last_updated}\nSHA-256 {policy.sha256}\n")
        listed = table(("clause", "title"), cells)
        if callable(listed):
            listed(out)

    return document, show


def one_clause(policy: "Policy", clause: "Clause") -> tuple[dict[str, Any], Text]:
    """A clause with its prose and rules."""
    import msgspec

    rules = [msgspec.to_builtins(rule) for rule in clause.rules]
    things = [msgspec.to_builtins(thing) for thing in clause.things]
    row = {
        "id": clause.id,
        "title": clause.title,
        "part": clause.part,
        "line": clause.line,
        "prose": clause.prose,
        "rules": rules,
        "things": things,
    }
    lines = [f"{clause.id} {clause.title}", "", clause.prose.strip(), ""]
    lines += [_rule_line(rule) for rule in clause.rules]
    lines += [f"declare {thing.kind} {getattr(thing, 'name', '')}" for thing in clause.things]
    return {"title": clause.title, "sha256": policy.sha256, "clauses": [row]}, "\n".join(lines)


def _rule_line(rule: Any) -> str:
    told = getattr(rule, "reason", "") or getattr(rule, "obligation", "") or getattr(rule, "text", "")
    return f"{getattr(rule, 'kind', 'rule')} {rule.name}: {told}".rstrip(": ")


def all_fields(policy: "Policy") -> tuple[dict[str, Any], Text]:
    """The fields of a person that the policy declares and classes."""
    rows = [
        {"name": one.name, "category": one.category, "class": one.klass, "group": one.group}
        for one in policy.fields.values()
    ]
    document = {"title": policy.title, "sha256": policy.sha256, "fields": rows}
    cells = [tuple(row.values()) for row in rows]
    return document, table(("field", "category", "class", "key group"), cells)


def version_named(versions: Sequence["Version"], start: str) -> str:
    """The SHA-256 that starts with what was given.

    Raises:
        InvalidInput: It is too short to be sure, or fits several.
        NotFound: No version starts so.
    """
    if len(start) < _SHORTEST:
        raise InvalidInput(
            f"{start!r} is too short.", field="version", mend=f"Give at least {_SHORTEST} characters."
        )
    found = [one.sha256 for one in versions if one.sha256.startswith(start.lower())]
    if not found:
        raise NotFound(
            f"No policy version starts with {start!r}.", field="version", mend="See `troth policy history`."
        )
    if len(found) > 1:
        raise InvalidInput(
            f"{len(found)} versions start with {start!r}.", field="version", mend="Give more of it."
        )
    return found[0]
