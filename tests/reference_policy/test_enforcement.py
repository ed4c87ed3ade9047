"""The enforcement table of the reference policy claims what is proven, and nothing else."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.reference_policy.conftest import FOLDER
from tests.reference_policy.register import REGISTER
from troth.cli.enforcement import RUNS
from troth.policy import EnforcementRow, Policy, read_enforcement

ROOT = FOLDER.parents[1]
ENFORCED = {
    "0.1", "0.2", "0.3", "0.4", "0.5",
    "I.1", "I.2", "I.3", "I.5", "I.6", "I.7", "I.8",
    "I.10", "I.11", "I.12", "I.4", "I.9", "I.13", "I.14", "I.15", "I.16", "I.17", "I.18", "I.19", "I.20",
    "II.1", "II.2", "II.3", "II.4", "II.5", "II.9", "II.10", "II.11", "II.12", "II.13", "II.14", "II.15", "II.20", "II.28", "II.29", "II.30", "II.31", "II.6", "II.7", "II.8", "II.16",
    "IV.1", "IV.2", "IV.3",
    "III.0", "III.1", "III.2", "III.3", "III.4", "III.5", "III.6", "III.7",
    "V.2", "VI.1", "VI.2", "VI.3",
}  # fmt: skip


def table(policy: Policy) -> dict[str, EnforcementRow]:
    """The rows of enforcement.yaml by clause, each claimed room checked for being there."""
    rows = read_enforcement((FOLDER / "enforcement.yaml").read_bytes(), policy, RUNS)
    return {row.clause: row for row in rows}


def marks(path: Path) -> Iterator[str]:
    """The clause ids that the tests of a file are marked with."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.clause":
            yield from (ast.literal_eval(argument) for argument in node.args)


def test_every_clause_has_a_row(reference: Policy) -> None:
    """Each clause of the register says who enforces it, or what is missing."""
    rows = table(reference)
    assert tuple(rows) == REGISTER
    assert all(row.how for row in rows.values())


def test_claims_are_those_of_this_release(reference: Policy) -> None:
    """The clauses said to be enforced are those that this release enforces."""
    assert {row.clause for row in table(reference).values() if row.enforced} == ENFORCED


@pytest.mark.parametrize("clause", sorted(ENFORCED))
def test_claims_are_proven(reference: Policy, clause: str) -> None:
    """Each claim names tests that exist and are marked with its clause."""
    proofs = table(reference)[clause].proof
    assert proofs
    for path in proofs:
        assert (ROOT / path).is_file(), path
        assert clause in set(marks(ROOT / path)), path


def test_the_readme_counts_what_is_enforced() -> None:
    """The number of clauses that README.md says to be enforced is the true one."""
    text = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    assert f"enforces and proves {len(ENFORCED)};" in text
