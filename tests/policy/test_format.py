"""The published format: schema, vocabulary, spans and documentation say what the code does."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from fideslang.default_taxonomy import DEFAULT_TAXONOMY

from tests.policy.documents import FRONT, SOUND
from tests.policy.test_checks import REFERENCE
from troth.policy import CHECKS, FACTS, front_matter_schema, rule_schema
from troth.policy.checks import READING
from troth.policy.document import read_document
from troth.policy.reading import Misfit, read_rule
from troth.policy.spans import Span, deadlines_in, read_span, spans_in
from troth.policy.strict_yaml import read_yaml
from troth.policy.vocabulary import VOCABULARY, lineage, standard_terms

DOCUMENTATION = (Path(__file__).parents[2] / "docs" / "policy-format.md").read_text(encoding="utf-8")
Spoil = Callable[[dict[str, Any]], dict[str, Any]]
VALIDATOR = jsonschema.Draft202012Validator(rule_schema())


def _blocks(text: str) -> list[dict[str, Any]]:
    document = read_document(text, "p.md")
    return [read_yaml(block.text)[0] for clause in document.clauses for block in clause.blocks]


def test_the_schemas_are_valid_and_take_the_policies() -> None:
    """Every rule of the small and of the reference policy, and their front matter, satisfy the published schema."""
    jsonschema.Draft202012Validator.check_schema(rule_schema())
    jsonschema.Draft202012Validator.check_schema(front_matter_schema())
    jsonschema.validate(yaml.load(FRONT.split("---\n")[1], Loader=yaml.BaseLoader), front_matter_schema())  # noqa: S506
    for rule in (*_blocks(SOUND), *_blocks(REFERENCE.read_text(encoding="utf-8"))):
        VALIDATOR.validate(rule)


SPOIL: list[Spoil] = [
    lambda rule: rule | {"surprise": 1},
    lambda rule: rule | {"clause": "I.1"},
    lambda rule: {key: value for key, value in rule.items() if key not in {"reason", "name", "acts", "at"}},
    lambda rule: {key: ([value] if isinstance(value, str) else str(value)) for key, value in rule.items()},
    lambda rule: {next(iter(rule)): "Not A Name", **dict(list(rule.items())[1:])},
]


@pytest.mark.parametrize("spoil", SPOIL)
def test_schema_and_reader_refuse_the_same_rules(spoil: Spoil) -> None:
    """What the schema refuses, the reader refuses, and the other way round."""
    for rule in _blocks(SOUND):
        spoilt = spoil(rule)
        assert VALIDATOR.is_valid(spoilt) == (not isinstance(read_rule(spoilt, "I.1", 1), Misfit)), spoilt


def test_the_vocabulary_is_that_of_fideslang() -> None:
    """The keys kept as data are exactly those of the package of the version named."""
    theirs: dict[str, list[Any]] = {
        "data_categories": DEFAULT_TAXONOMY.data_category,
        "data_uses": DEFAULT_TAXONOMY.data_use,
        "data_subjects": DEFAULT_TAXONOMY.data_subject,
    }
    ours = standard_terms()
    assert {name: terms.keys for name, terms in ours.items()} == {
        name: frozenset(term.fides_key for term in terms) for name, terms in theirs.items()
    }
    assert VOCABULARY == "fideslang 3.1.4"
    assert [len(terms.keys) for terms in ours.values()] == [85, 56, 15]


def test_terms_cover_those_below() -> None:
    """A term covers itself and what starts with it and a dot, not what merely starts alike."""
    below = standard_terms()["data_categories"].below("user.device")
    assert "user.device.ip_address" in below
    assert "user.device" in below
    assert "user.demographic" not in below
    assert lineage("a.b.c") == ("a.b.c", "a.b", "a")


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("30 days", Span(720, "hours")),
        ("72 hours", Span(72, "hours")),
        ("two weeks", Span(336, "hours")),
        ("1 year", Span(12, "months")),
        ("10 business days", Span(10, "business days")),
        ("10 working days", Span(10, "business days")),
        ("45 calendar days", Span(1080, "hours")),
        ("soon", None),
        ("30", None),
    ],
)
def test_spans_are_read_as_written(text: str, span: Span | None) -> None:
    """Days count as hours, years as months, business days as themselves."""
    assert read_span(text) == span


def test_prose_names_spans_and_deadlines() -> None:
    """Spans in prose are found as digits or words; ages and version numbers are none."""
    prose = "We answer within 30 days (thirty days), keep logs two\nyears; nobody under 13 years of age; version 5 days."
    assert spans_in(prose) == {Span(720, "hours"), Span(24, "months"), Span(120, "hours")}
    assert deadlines_in(prose) == {Span(720, "hours")}
    assert deadlines_in("not more than ninety days") == {Span(2160, "hours")}
    assert [str(Span(720, "hours")), str(Span(24, "months")), str(Span(30, "hours"))] == [
        "30 days",
        "2 years",
        "30 hours",
    ]


def test_the_documentation_lists_every_fact_and_check() -> None:
    """The tables of docs/policy-format.md are those of the code."""
    rows = dict(re.findall(r"^\| `([^`]+)` \| (.+) \|$", DOCUMENTATION, re.MULTILINE))
    for name, meaning in FACTS.items():
        assert rows[name] == meaning
    for name, meaning in {**READING, **{check.name: check.meaning for check in CHECKS.values()}}.items():
        assert rows[name] == meaning


def test_the_documentation_names_every_thing_and_its_keys() -> None:
    """Each thing that can be declared has a row that names all its keys."""
    shared = {"declare", "name", "title", "about", "extra"}
    rows = dict(re.findall(r"^\| `([a-z-]+)` \| (.+) \|$", DOCUMENTATION, re.MULTILINE))
    for definition in rule_schema()["$defs"].values():
        for kind in definition["properties"].get("declare", {}).get("enum", ()):
            missing = [
                key for key in definition["properties"].keys() - shared if f"`{key}`" not in rows[kind]
            ]
            assert missing == [], kind


def _spoilt(kind: str, **changed: Any) -> Misfit:
    rule = next(one for one in _blocks(REFERENCE.read_text(encoding="utf-8")) if one.get("declare") == kind)
    misfit = read_rule(rule | changed, "I.1", 1)
    assert isinstance(misfit, Misfit)
    return misfit


def test_a_misfit_is_told_without_types_and_patterns() -> None:
    """Authors of policies read what to write instead, not the reader's types."""
    assert _spoilt("field", identifier="yes").reason == "identifier: expected true or false, got text"
    assert _spoilt("retention", keep=5).reason == "keep: expected text, got a whole number"
    pattern = _spoilt("retention", keep="some moons or so")
    assert pattern.reason == "keep: this has not the form that is needed"
    assert "30 days" in pattern.mend
