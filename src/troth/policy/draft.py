"""A document's rules gathered and indexed, before it is known whether they are sound."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from troth.policy.bases import Thing
from troth.policy.case_types import CaseType
from troth.policy.facts import FACTS, case_facts
from troth.policy.front import FrontMatter
from troth.policy.model import Finding
from troth.policy.reading import Clause, Source
from troth.policy.rules import Forbid, Notice, Permit, Require, Rule
from troth.policy.strict_yaml import Path
from troth.policy.things import Field, Recipient, Retention, Role
from troth.policy.vocabulary import Terms, standard_terms

_T = TypeVar("_T")
RECIPIENT_CLASSES = ("processor", "controller", "affiliate", "authority", "acquirer")
INTERNAL = "internal"


@dataclass(frozen=True, slots=True)
class Draft:
    """What checks look at: the source, its terms, rules by name and things by kind and name.

    Where a name stands twice, the first one is indexed; a check reports the second.
    """

    source: Source
    categories: Terms
    uses: Terms
    subjects: Terms
    rules: Mapping[str, Rule]
    things: Mapping[str, Mapping[str, Thing]]
    facts: Mapping[str, str]

    @property
    def clauses(self) -> tuple[Clause, ...]:
        """The clauses in the order of the document."""
        return self.source.clauses

    @property
    def front(self) -> FrontMatter | None:
        """The front matter, if it could be read."""
        return self.source.front

    @property
    def recipients(self) -> Mapping[str, Recipient]:
        """Declared recipients by name."""
        return cast("Mapping[str, Recipient]", self.things.get("recipient", {}))

    @property
    def roles(self) -> Mapping[str, Role]:
        """Declared roles by name."""
        return cast("Mapping[str, Role]", self.things.get("role", {}))

    @property
    def cases(self) -> Mapping[str, CaseType]:
        """Declared case types by name."""
        return cast("Mapping[str, CaseType]", self.things.get("case", {}))

    @property
    def retentions(self) -> Mapping[str, Retention]:
        """Declared retentions by name."""
        return cast("Mapping[str, Retention]", self.things.get("retention", {}))

    @property
    def fields(self) -> Mapping[str, Field]:
        """Declared fields by name."""
        return cast("Mapping[str, Field]", self.things.get("field", {}))

    def of(self, kind: type[_T]) -> Iterator[_T]:
        """Every rule or thing of a type, repeated names included, in the order of the document."""
        for clause in self.clauses:
            for item in (*clause.rules, *clause.things):
                if isinstance(item, kind):
                    yield item

    def knows_actor(self, actor: str) -> bool:
        """Whether the actor is a declared role or lies below one."""
        return any(actor == role or actor.startswith(role + ".") for role in self.roles)

    def find(self, item: Any, check: str, reason: str, mend: str) -> Finding:
        """A finding about a rule, thing or clause, at its line."""
        clause = item.id if isinstance(item, Clause) else item.clause
        return Finding(self.source.file, item.line, check, reason, mend, clause)

    def find_front(self, path: Path, check: str, reason: str, mend: str) -> Finding:
        """A finding about a key of the front matter, at its line."""
        lines = self.source.front_lines
        while path and path not in lines:
            path = path[:-1]
        return Finding(self.source.file, lines.get(path, 1), check, reason, mend)


def gather(source: Source) -> Draft:
    """Index a source."""
    standard = standard_terms()
    own = source.front.terms if source.front else None
    rules: dict[str, Rule] = {}
    things: dict[str, dict[str, Thing]] = {}
    for clause in source.clauses:
        for rule in clause.rules:
            rules.setdefault(rule.name, rule)
        for thing in clause.things:
            things.setdefault(thing.kind, {}).setdefault(name_of(thing), thing)
    return Draft(
        source=source,
        categories=standard["data_categories"].with_own(own.data_categories if own else ()),
        uses=standard["data_uses"].with_own(own.data_uses if own else ()),
        subjects=standard["data_subjects"].with_own(own.data_subjects if own else ()),
        rules=rules,
        things=things,
        facts={**FACTS, **case_facts(things.get("case", {}))},
    )


def name_of(thing: Thing) -> str:
    """The name of a declared thing."""
    return str(thing.name)  # type: ignore[attr-defined]


def label(item: Rule | Thing) -> str:
    """How messages call a rule or thing: its kind and name."""
    name = item.name if isinstance(item, (Permit, Forbid, Require, Notice)) else name_of(item)
    return f"{item.kind} {name!r}"
