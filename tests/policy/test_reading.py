"""How a document is read: strict YAML with lines, prose as safe HTML, and hostile input that ends in findings."""

import json
import random
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.policy.documents import FRONT, SOUND, small_policy, spoilt
from troth.policy import PolicyErrors, check_policy, compile_policy, read_enforcement, run_cases
from troth.policy.strict_yaml import YamlFault, read_yaml

HEAD = FRONT + "## Part {#I}\n\n### Clause {#I.1}\n\n"
MEGABYTE = 1_000_000


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("on: yes", {"on": "yes"}),
        ("a: 2015-04-16", {"a": "2015-04-16"}),
        ("a: [true, False, null, ~, 1, -2, 1.5, '1', 0x10, 1_000]", {"a": [True, "False", None, None, 1, -2, 1.5, "1", "0x10", "1_000"]}),
        ("a: |\n  two\n  lines\n", {"a": "two\nlines\n"}),
        ("", None),
    ],
)  # fmt: skip
def test_yaml_has_only_the_core_types(text: str, value: Any) -> None:
    """Words and dates stay text; only true, false, null and plain numbers are more."""
    assert read_yaml(text)[0] == value


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: &x 1\nb: *x", 1),
        ("a: 1\nb: *x", 2),
        ("a: 1\nb: !!python/name:os.system", 2),
        ("a: !x 1", 1),
        ("a: 1\nb: 2\na: 3", 3),
        ("a: 1\n<<: {b: 1}", 2),
        ("? [a]\n: 1", 1),
        ("a: 1\n---\nb: 1", 2),
        ("a: " + "[" * 50, 1),
        ("a: 1\nb: [1", 3),
        ("a: \x07", 1),
        ("a: 1\n\tb: 1", 2),
    ],
)
def test_yaml_that_rules_do_not_need_is_refused_at_its_line(text: str, line: int) -> None:
    """Anchors, tags, repeated or complex keys, several documents and deep nesting are refused."""
    with pytest.raises(YamlFault) as caught:
        read_yaml(text)
    assert caught.value.line == line
    assert caught.value.mend


def test_lines_of_values_are_kept() -> None:
    """The path of every value leads to its line, counted from the first line given."""
    lines = read_yaml("a:\n  - x\n  - y: 1\n", first_line=10)[1]
    assert lines["a", 0] == 11
    assert lines["a", 1, "y"] == 12


def test_prose_becomes_safe_html() -> None:
    """Raw HTML is shown as text, links carry no referrer, scripts and images do not come through, rules are left out."""
    policy = small_policy()
    html = policy.clause("II.12").html
    assert "&lt;b&gt;here&lt;/b&gt;" in html
    assert "permit" not in html
    assert (
        policy.intro_html
        == '<p>We write <a href="https://www.example.com/style" rel="noreferrer">plainly</a>.</p>\n'
    )
    hostile = "[x](javascript:alert(1)) ![i](https://evil.example/p.gif) <script>alert(1)</script> <https://ok.example>"
    html = compile_policy(spoilt("Read more <b>here</b>.", hostile)).clause("II.12").html
    assert "<script" not in html
    assert "<img" not in html
    assert 'href="javascript' not in html
    assert '<a href="https://ok.example" rel="noreferrer">' in html


def test_a_clause_knows_its_part_prose_and_line() -> None:
    """Prose is plain text without rules and markup; the part is the heading above."""
    clause = small_policy().clause("II.12")
    assert (clause.part, clause.title) == ("II", "Support")
    assert (
        clause.prose
        == "Support staff see your address while a ticket of yours is open. Read more <b>here</b>."
    )
    assert SOUND.splitlines()[clause.line - 1] == "### Support {#II.12}"


@given(st.text() | st.binary())
def test_any_bytes_end_in_findings(text: str | bytes) -> None:
    """Whatever is read as a policy, its tests or its enforcement table gives findings, never another error."""
    assert check_policy(text)
    policy = small_policy()
    with pytest.raises(PolicyErrors):
        run_cases(policy, text)
    with pytest.raises(PolicyErrors):
        read_enforcement(text, policy, {})


@given(st.text(alphabet="abc:-[]{}#&*!|>'\"%@`,? \n\t~0", max_size=200))
def test_any_rule_text_ends_in_findings(text: str) -> None:
    """Text from the alphabet of YAML in a rule block is refused with a line inside the document."""
    document = f"{HEAD}Prose.\n\n~~~rule\n{text}\n~~~\n"
    findings = check_policy(document)
    assert findings
    assert all(1 <= finding.line <= document.count("\n") + 2 for finding in findings)


@given(st.data())
def test_a_policy_cut_and_stirred_ends_in_findings_or_a_policy(data: st.DataObject) -> None:
    """Mutations of a sound policy never raise anything but PolicyErrors."""
    start = data.draw(st.integers(0, len(SOUND)))
    end = data.draw(st.integers(start, min(len(SOUND), start + 400)))
    filling = data.draw(st.text(alphabet="`~#{}[]:-\n &*>1|.I", max_size=30))
    text = SOUND[:start] + filling + SOUND[end:]
    findings = check_policy(text)
    if findings:
        with pytest.raises(PolicyErrors) as caught:
            compile_policy(text)
        assert caught.value.findings == tuple(findings)
    else:
        assert compile_policy(text).clauses


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-10, 10**19)
    | st.text(max_size=8)
    | st.sampled_from(["*", "user", "30 days", "2015-04-16"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=4,
)
RULES = [
    json.loads(json.dumps(read_yaml(block)[0]))
    for block in re.findall(r"```rule\n(.*?)```", SOUND, re.DOTALL)
]


@given(st.sampled_from(RULES), st.data())
def test_a_rule_with_any_value_anywhere_ends_in_findings_or_a_policy(
    rule: dict[str, Any], data: st.DataObject
) -> None:
    """Whatever value a key of a rule has, also a key of another rule, checking the document does not fail."""
    keys = sorted({key for other in RULES for key in other})
    changed = rule | data.draw(st.dictionaries(st.sampled_from(keys), VALUES, min_size=1, max_size=2))
    text = SOUND.replace(
        "### Business need {#IV.2}\n", f"### Business need {{#IV.2}}\n\n```rule\n{json.dumps(changed)}\n```\n"
    )
    for finding in check_policy(text):
        assert finding.line <= text.count("\n") + 1


@given(st.recursive(VALUES, lambda inner: st.lists(inner, max_size=2), max_leaves=3))
def test_any_data_beside_the_policy_ends_in_findings(value: Any) -> None:
    """Case files and enforcement tables of any shape are refused as findings."""
    act = {"kind": "use", "actor": "a", "purpose": "b"}
    policy = small_policy()
    cases: list[Any] = [
        value,
        {"name": "a", "act": value, "expect": "deny"},
        {"name": value, "act": act, "expect": value},
    ]
    for case in cases:
        with pytest.raises(PolicyErrors):
            run_cases(policy, json.dumps([case]))
    for claim in (value, {"by": value}, {"by": "gate", "how": value}):
        with pytest.raises(PolicyErrors):
            read_enforcement(json.dumps({"I.2": claim}), policy, {"gate": "decides"})


def _filled(unit: str, width: int, size: int = MEGABYTE) -> str:
    """Text of about a megabyte: paragraphs as long as allowed, of lines of one repeated unit."""
    line = unit * max(1, width // len(unit))
    paragraph = f"{line}\n{line}\n\n"
    return paragraph * (size // len(paragraph))


HOSTILE = {
    "brackets, few": HEAD + ("[" * 240 + "\n\n") * 4_000,
    "brackets": HEAD + _filled("[", 4900),
    "links": HEAD + _filled("[a](", 4900),
    "images": HEAD + _filled("![", 4900),
    "emphasis": HEAD + _filled("*a **b _c ", 4900),
    "code": HEAD + _filled("`a``b```", 4900),
    "entities": HEAD + _filled("&#1;<a ", 4900),
    "quotations": HEAD + "> > > > > > > a\n" * 39_000,
    "lists": HEAD + "".join(" " * (n % 400) + "- a\n" for n in range(4_000)),
    "references": HEAD + "".join(f"[a{n}]: b\n" for n in range(38_000)),
    "headings": HEAD + "### A {#a}\n" * 38_000,
    "lazy": HEAD + ">" * 11 + " a\n" + "b\n" * 38_000,
    "rules": HEAD + "```rule\npermit: a\nacts: [use]\n```\n" * 9_000,
    "roles": HEAD + "".join(f"```rule\ndeclare: role\nname: a{n}\n```\n" for n in range(2_900)),
    "flow": f"{HEAD}```rule\na: {'[' * 60_000}\n```\n",
    "keys": HEAD + "```rule\n" + "".join(f"k{n}: 1\n" for n in range(6_000)) + "```\n",
    "front": "---\n" + "a: [b, c]\n" * 30_000 + "---\n",
    "one line": "x" * MEGABYTE,
    "empty lines": "\n" * MEGABYTE,
    "too large": "a\n" * 1_100_000,
}


@pytest.mark.slow
@pytest.mark.parametrize("name", HOSTILE)
def test_a_megabyte_of_hostile_text_is_read_to_the_end(name: str) -> None:
    """Documents made to be slow end in findings."""
    assert check_policy(HOSTILE[name])


def test_a_document_full_of_rules_is_checked_to_the_end() -> None:
    """Permits and forbids as many as a document may hold, each against each, end in findings."""
    chance = random.Random(1)
    permit = "```rule\npermit: p{0}\nacts: [use]\nactors: [a{1}]\ndata: [user, system]\npurposes: [essential]\nretention: r\nreason: r\n```\n"
    forbid = "```rule\nforbid: f{0}\nacts: [use]\nactors: [b{1}]\nreason: r\n```\n"
    rules = [(permit if n % 2 else forbid).format(n, chance.randrange(9999)) for n in range(2_900)]
    assert check_policy(HEAD + "Prose.\n\n" + "".join(rules))


@pytest.mark.parametrize(
    "text",
    ["- " * 200_000, "a: [" * 100_000, "- {name: a}\n" * 100_000, '"' + "a" * MEGABYTE, "? " * 300_000],
)
def test_hostile_case_files_are_refused(text: str) -> None:
    """A megabyte of hostile YAML beside the policy is refused."""
    with pytest.raises(PolicyErrors):
        run_cases(small_policy(), text)
