"""Only the policy names fields, cookies, pixels and storage; the code reads them from it by type and part."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.support.policies import REFERENCE
from troth.policy import compile_policy

SOURCE = Path(__file__).resolve().parents[2] / "src" / "troth"
TYPES = frozenset({"name", "email", "phone", "country", "serial", "product"})
"""Types of values and kinds of declaration, which the policy format itself names."""
PARTS = frozenset({"choice", "session", "form", "referrer", "robot", "passkey"})
"""Parts that a cookie or a field is declared to play (`remembers`, `part`); the code finds them by these."""
WORDS = frozenset({"errors", "release", "language", "company", "password"})
"""Everyday words of the code: members of an answer, of a package, of a page."""
COMMON = TYPES | PARTS | WORDS
MADE = frozenset({"cli/made_people.py", "cli/demo.py"})
"""The made people of the demonstration, who live in the reference policy."""
ALLOWED: dict[tuple[str, str], str] = {
    ("forum/service.py", "posting"): "the word for what was asked for, in an error",
    ("web/forum_operations.py", "posting"): "a parameter of the path, as the API describes it",
    ("web/posting.py", "posting"): "the name of a value in a template",
}
"""(file, name): why it stands there."""


def _names() -> frozenset[str]:
    policy = compile_policy(REFERENCE.read_bytes())
    found = set(policy.fields)
    for kind in ("cookie", "pixel", "storage"):
        for name, thing in policy.things.get(kind, {}).items():
            found |= {name, str(getattr(thing, "called", "") or name)}
    return frozenset(found - COMMON)


def _literals(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value


def test_no_code_names_what_the_policy_declares() -> None:
    """No literal of the code is the name of a declared field, cookie, pixel or storage entry, but for reasoned ones."""
    names, found = _names(), []
    assert len(names) > 20
    for path in sorted(SOURCE.rglob("*.py")):
        where = str(path.relative_to(SOURCE))
        if where in MADE:
            continue
        found += [
            f"{where}:{line}: {text}"
            for line, text in _literals(path)
            if text in names and (where, text) not in ALLOWED
        ]
    assert found == []


def test_no_reason_is_left_over() -> None:
    """Each exception still stands in the file that it is for."""
    for where, name in ALLOWED:
        assert any(text == name for _, text in _literals(SOURCE / where)), (where, name)
