"""The clause table: what enforces each clause of the register and which black-box test proves it.

Claims stand in policies/software-vendor/enforcement.yaml: `by` names rooms or mechanisms, or is `not-yet`; `proof` names test
files. Proofs are the tests under tests/clauses/ that carry `@pytest.mark.clause("III.6")`. A claim without a marked test
fails, and so does a mark for a clause that does not exist. What a claim may name, `troth policy check` decides.
"""

import ast
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

ROOT = Path(__file__).resolve().parent.parent
CLAIMS = Path("policies/software-vendor/enforcement.yaml")
_PARTS = {"0": (1, 6), "I": (1, 20), "II": (1, 31), "III": (0, 7), "IV": (1, 19), "V": (1, 2), "VI": (1, 3)}
REGISTER = tuple(f"{part}.{n}" for part, (first, last) in _PARTS.items() for n in range(first, last + 1))
NOT_YET = "not-yet"


class Clause(NamedTuple):
    """A row of the table."""

    id: str
    enforced_by: tuple[str, ...]
    proofs: tuple[str, ...]


class Claim(NamedTuple):
    """What the claims file says of a clause: who enforces it, and the test files that it names."""

    by: tuple[str, ...]
    proof: tuple[str, ...] = ()


def claims(document: Mapping[Any, Any]) -> dict[str, Claim]:
    """The claims by clause id."""
    return {
        str(id_): Claim(_listed(entry["by"]), _listed(entry.get("proof", ())))
        for id_, entry in document.items()
    }


def _listed(value: str | list[str]) -> tuple[str, ...]:
    names = [value] if isinstance(value, str) else value
    return tuple(name for name in names if name != NOT_YET)


def proofs(folder: Path) -> dict[str, list[str]]:
    """The marked tests of each clause, as `file::test`."""
    found: dict[str, list[str]] = {}
    for path in sorted(folder.rglob("test_*.py")):
        for clause, test in _marked(ast.parse(path.read_text(encoding="utf-8"), str(path))):
            found.setdefault(clause, []).append(f"{path.name}::{test}")
    return found


def _marked(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            for decorator in node.decorator_list:
                if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "pytest.mark.clause":
                    yield from ((ast.literal_eval(argument), node.name) for argument in decorator.args)


def table(claimed: Mapping[str, Claim], proven: Mapping[str, list[str]]) -> list[Clause]:
    """The rows in the order of the register."""
    nothing = Claim(())
    return [Clause(id_, claimed.get(id_, nothing).by, tuple(proven.get(id_, ()))) for id_ in REGISTER]


def findings(
    claimed: Mapping[str, Claim], proven: Mapping[str, list[str]], root: Path = ROOT
) -> Iterator[str]:
    """Where claims, proofs and register disagree."""
    for id_ in REGISTER:
        if id_ not in claimed:
            yield f"clause {id_} is missing in {CLAIMS}"
        elif claimed[id_].by and id_ not in proven:
            yield f"clause {id_} is said to be enforced by {', '.join(claimed[id_].by)}, but no test is marked for it"
    for id_, claim in claimed.items():
        for path in claim.proof:
            if not (root / path.partition("::")[0]).exists():
                yield f"clause {id_} names the test {path}, which does not exist"
        if id_ not in REGISTER:
            yield f"{CLAIMS} names the unknown clause {id_}"
    for id_ in proven.keys() - set(REGISTER):
        yield f"{', '.join(proven[id_])} is marked for the unknown clause {id_}"


def main() -> None:
    """Print the table and the findings; the status is 1 when there is one."""
    proven = proofs(ROOT / "tests" / "clauses")
    path = ROOT / CLAIMS
    claimed = claims(yaml.safe_load(path.read_text(encoding="utf-8"))) if path.exists() else {}
    rows = table(claimed, proven)
    for row in rows:
        print(f"{row.id:<7}{', '.join(row.enforced_by) or 'not yet':<32}{' '.join(row.proofs)}".rstrip())
    found = sorted(findings(claimed, proven)) if claimed else [f"{CLAIMS} is missing"]
    enforced, proved = sum(bool(row.enforced_by) for row in rows), sum(bool(row.proofs) for row in rows)
    print(
        "\n".join(
            [*found, f"{len(rows)} clauses: {enforced} enforced, {proved} proven, {len(found)} findings"]
        )
    )
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
