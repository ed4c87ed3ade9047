"""The published JSON Schema of rule blocks and front matter (JSON Schema 2020-12), made from the types that read them."""

from typing import Any

import msgspec

from troth.policy.facts import FACTS
from troth.policy.front import FrontMatter
from troth.policy.reading import things_by_tag
from troth.policy.rules import Forbid, Notice, Permit, Placed, Require
from troth.policy.vocabulary import VOCABULARY, standard_terms

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_VOCABULARIES = {"data": "data_categories", "purposes": "data_uses"}


def rule_schema() -> dict[str, Any]:
    """The schema of one `rule` block; editors complete rules with it.

    Known terms and facts are listed as examples, not as the only values, because a policy may add its own.
    """
    structs = [Permit, Forbid, Require, Notice, *things_by_tag().values()]
    references, definitions = msgspec.json.schema_components(structs, ref_template="#/$defs/{name}")
    for definition in definitions.values():
        _publish(definition)
    return {
        "$schema": DIALECT,
        "title": "A rule of a Troth policy",
        "description": f"One YAML mapping in a fenced block with the info string `rule`. Terms: {VOCABULARY}.",
        "oneOf": list(references),
        "$defs": definitions,
    }


def front_matter_schema() -> dict[str, Any]:
    """The schema of a policy's front matter."""
    references, definitions = msgspec.json.schema_components([FrontMatter], ref_template="#/$defs/{name}")
    return {
        "$schema": DIALECT,
        "title": "The front matter of a Troth policy",
        **references[0],
        "$defs": definitions,
    }


def _publish(definition: dict[str, Any]) -> None:
    """Hide what the parser fills in, and offer known terms to editors."""
    properties: dict[str, Any] = definition.get("properties", {})
    if "declare" in properties or "reason" in properties:
        for hidden in Placed.__struct_fields__:
            properties.pop(hidden, None)
    for key, described in properties.items():
        items = described.get("items")
        if key in _VOCABULARIES and isinstance(items, dict):
            items["examples"] = sorted(standard_terms()[_VOCABULARIES[key]].keys)
        elif key in {"when", "unless"} and isinstance(items, dict):
            items["examples"] = sorted(FACTS)
        elif key == "category":
            described["examples"] = sorted(standard_terms()["data_categories"].keys)
