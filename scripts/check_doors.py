"""Checks that a room is entered only by its front door, its `__init__.py`.

import-linter holds the order of the rooms; this holds what it cannot say: another room may name only what stands in a
room's `__all__`, and the vault is used by few.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
# Reading personal data without a decision must not be writable: the gate is the vault's caller, bootstrap and
# adapters build its parts, testing stands in for them.
CALLERS = {"vault": {"gate", "bootstrap", "adapters", "testing"}}
# What touches no person may be used by every room.
HARMLESS = {
    "vault": {
        "try_sealing",
        "Archive",
        "Drill",
        "archives",
        "archives_holding",
        "drills",
        "latest_drill",
        "StreamCipher",
        "new_secret",
    }
}


class Import(NamedTuple):
    """One name that a file takes from Troth."""

    line: int
    room: str
    below: str
    name: str


def imports(tree: ast.AST) -> Iterator[Import]:
    """Every import of something inside the package `troth`, wherever in the file it stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _split(node.lineno, alias.name, "")
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            for alias in node.names:
                yield from _split(node.lineno, node.module, alias.name)


def _split(line: int, module: str, name: str) -> Iterator[Import]:
    parts = module.split(".")
    if parts[0] != "troth":
        return
    if len(parts) == 1 and name:
        parts, name = [*parts, name], ""
    room, *below = [*parts[1:], ""]
    yield Import(line, room, ".".join(below).rstrip("."), name)


def front_doors(package: Path) -> dict[str, set[str]]:
    """What each room offers: the names in its `__all__`."""
    return {path.parent.name: _offered(path) for path in package.glob("*/__init__.py")}


def _offered(path: Path) -> set[str]:
    for node in ast.parse(path.read_text(encoding="utf-8"), str(path)).body:
        if isinstance(node, ast.Assign) and any(getattr(one, "id", "") == "__all__" for one in node.targets):
            return set(ast.literal_eval(node.value))
    return set()


def findings(path: Path, home: str, doors: dict[str, set[str]]) -> Iterator[str]:
    """What a file of the room `home` ("" outside every room) takes that it may not take."""
    for one in imports(ast.parse(path.read_text(encoding="utf-8"), str(path))):
        if one.room not in doors or one.room == home:
            continue
        if one.below:
            yield f"{path}:{one.line}: reaches behind the front door: troth.{one.room}.{one.below}"
        elif one.name and one.name not in doors[one.room]:
            yield f"{path}:{one.line}: troth.{one.room} does not offer {one.name} (its __all__)"
        elif home and home not in CALLERS.get(one.room, {home}) and one.name not in HARMLESS[one.room]:
            yield f"{path}:{one.line}: only {', '.join(sorted(CALLERS[one.room]))} may use troth.{one.room}"


def check(root: Path) -> list[str]:
    """All findings of a source tree."""
    package = root / "src" / "troth"
    doors = front_doors(package)
    found: list[str] = []
    for path in sorted(package.rglob("*.py")):
        inside = path.relative_to(package).parts
        found += findings(path, inside[0] if len(inside) > 1 else "", doors)
    for folder in ("benchmarks", "examples"):
        for path in sorted((root / folder).rglob("*.py")):
            found += findings(path, "", doors)
    return found


def main() -> None:
    """Print every finding; the status is 1 when there is one."""
    found = check(ROOT)
    for line in found:
        print(line.removeprefix(f"{ROOT}/"))
    print(f"Front doors: {len(found)} findings")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
