"""Lists the messages that people may read in their own language, as they stand in templates and code."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).resolve().parent.parent / "src" / "troth"
_IN_TEMPLATE = re.compile(r'\bt\("((?:[^"\\]|\\.)*)"')
_TABS = re.compile(r'\("/my[^"]*", "([^"]+)"\)')
_TOLD = frozenset(
    {"words", "t", "self._words", "self.words", "speech.words", "visit.speech.words", "self._speech.words"}
)
_MORE = frozenset({"My data", "Account", "Forum", "consented", "objected", "restricted"})
"""Messages that code puts together: the menu, and what people said about purposes."""
_TABLES = frozenset(
    {
        "STATES",
        "STEPS",
        "PIECES",
        "KINDS",
        "DID",
        "_MONTHS",
        "VALUES",
        "SAID",
        "ASKED",
        "USED",
        "_ABOUT",
        "_SAYS",
        "_UNITS",
        "PLACES",
        "WHAT",
        "TITLES",
        "DETAILS",
        "LABELS",
        "FAULTS",
        "MENDS",
        "FOUND",
    }
)

_ALONE = frozenset({"_WRONG", "_REMAINS"})
"""Names of single messages."""


def messages() -> set[str]:
    """Every message by its English text."""
    found: set[str] = set(_MORE)
    for path in sorted((SOURCE / "web" / "templates").glob("*.html")):
        text = path.read_text(encoding="utf-8")
        found.update(_IN_TEMPLATE.findall(text))
        found.update(_TABS.findall(text))
    for folder in ("bootstrap", "flows", "web"):
        for path in sorted((SOURCE / folder).rglob("*.py")):
            if path.parent.name == "console":  # staff work in English
                continue
            found.update(_in_code(ast.parse(path.read_text(encoding="utf-8"))))
    return {one for one in found if not one.startswith("/")}


def _in_code(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if (isinstance(node, ast.Call) and ast.unparse(node.func) in _TOLD) or (
            isinstance(node, ast.Call) and ast.unparse(node.func) == "_part"
        ):
            yield from (text for one in node.args[:1] for text in _texts(one))
        elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            names = node.targets if isinstance(node, ast.Assign) else [node.target]
            named = {name.id for name in names if isinstance(name, ast.Name)}
            if named & _TABLES:
                yield from _values(node.value)
            elif named & _ALONE:
                yield from _texts(node.value)


def _texts(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _texts(node.body)
        yield from _texts(node.orelse)


def _values(node: ast.expr) -> Iterator[str]:
    """Texts of a table: the values of a mapping, the items of a tuple, of pairs (address, label) the label."""
    if isinstance(node, ast.Dict):
        for value in node.values:
            yield from _texts(value)
    elif isinstance(node, ast.Tuple):
        for item in node.elts:
            yield from _texts(item.elts[1] if isinstance(item, ast.Tuple) else item)


if __name__ == "__main__":
    print("\n".join(sorted(messages())))
