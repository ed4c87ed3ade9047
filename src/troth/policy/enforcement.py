"""The enforcement table: which part of the running system enforces each clause, or that none does yet.

The table may never claim more than runs, so a claim of a room or mechanism that the release does not run is refused, and so
is the claim that a clause is enforced while a fact that its rules ask for is established by nobody.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from troth.policy.cases import read_beside
from troth.policy.facts import split_condition
from troth.policy.model import Finding, PolicyErrors
from troth.policy.policy import Policy
from troth.policy.reading import Clause, Misfit, convert
from troth.policy.rules import Forbid, Permit
from troth.policy.strict_yaml import Lines

NOT_YET = "not-yet"
_CHECK = "enforcement"


class _Claim(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the table says of one clause."""

    by: Annotated[str | tuple[str, ...], Meta(description="a room or mechanism, a list of them, or not-yet")]
    how: Annotated[str, Meta(max_length=1000, description="how it is enforced, one sentence")] = ""
    proof: Annotated[str | tuple[str, ...], Meta(description="path of the test that proves it")] = ()
    until: Annotated[str, Meta(max_length=1000, description="of not-yet: what is missing")] = ""


@dataclass(frozen=True, slots=True)
class EnforcementRow:
    """Who enforces one clause.

    Args:
        clause: Id of the clause.
        title: Its heading.
        by: The rooms or mechanisms; empty when nothing enforces it yet.
        how: How they do it, or what is missing.
        proof: Paths of the tests that prove it.
    """

    clause: str
    title: str
    by: tuple[str, ...]
    how: str
    proof: tuple[str, ...]

    @property
    def enforced(self) -> bool:
        """Whether something that runs enforces the clause."""
        return bool(self.by)


def read_enforcement(
    text: bytes | str,
    policy: Policy,
    runs: Mapping[str, str],
    *,
    file: str = "enforcement.yaml",
    established: Collection[str] | None = None,
    proof_exists: Callable[[str], bool] | None = None,
) -> tuple[EnforcementRow, ...]:
    """The enforcement table, a row for each clause in the order of the policy.

    Args:
        text: YAML: clause id to {by, how, proof} or {by: not-yet, until}.
        policy: The policy it belongs to.
        runs: The rooms and mechanisms that this release runs, with their meanings.
        file: The name that findings show.
        established: The facts that this release establishes; None leaves facts unchecked.
        proof_exists: Tells whether a test path exists; None leaves paths unchecked.

    Raises:
        PolicyErrors: The table is malformed, incomplete, or claims more than runs.
    """
    data, lines = read_beside(text, file)
    if not isinstance(data, dict):
        raise PolicyErrors(
            [Finding(file, 1, "shape", "the file is not a mapping", "write clause ids as keys")]
        )
    reader = _Reader(file, lines, runs, established, proof_exists)
    known = {clause.id: clause for clause in policy.clauses}
    for unknown in data.keys() - known.keys():
        reader.find(
            unknown, f"the policy has no clause {unknown[:60]!r}", "remove it, or name a clause by its id"
        )
    rows = [reader.row(clause, data.get(clause.id)) for clause in policy.clauses]
    if reader.findings:
        raise PolicyErrors(sorted(reader.findings))
    return tuple(row for row in rows if row)


@dataclass(slots=True)
class _Reader:
    """Reads claims and gathers findings."""

    file: str
    lines: Lines
    runs: Mapping[str, str]
    established: Collection[str] | None
    proof_exists: Callable[[str], bool] | None
    findings: list[Finding] = field(default_factory=list)

    def find(self, clause: str, reason: str, mend: str) -> None:
        self.findings.append(Finding(self.file, self.lines.get((clause,), 1), _CHECK, reason, mend, clause))

    def row(self, clause: Clause, data: Any) -> EnforcementRow | None:
        if data is None:
            self.find(
                clause.id, f"clause {clause.id} is missing", "say by whom it is enforced, or by: not-yet"
            )
            return None
        claim = convert(data, _Claim)
        if isinstance(claim, Misfit):
            self.find(clause.id, claim.reason, claim.mend)
            return None
        by = _listed(claim.by)
        if by == (NOT_YET,):
            if not claim.until or claim.how or claim.proof:
                self.find(
                    clause.id,
                    f"clause {clause.id} is not enforced yet",
                    "write only `until` with what is missing",
                )
            return EnforcementRow(clause.id, clause.title, (), claim.until, ())
        self._claimed(clause, by, claim)
        return EnforcementRow(clause.id, clause.title, by, claim.how, _listed(claim.proof))

    def _claimed(self, clause: Clause, by: tuple[str, ...], claim: _Claim) -> None:
        for name in by or ("nothing",):
            if name not in self.runs:
                self.find(
                    clause.id,
                    f"{name!r} is claimed, which this release does not run",
                    f"name one of {', '.join(sorted(self.runs))}, or by: not-yet",
                )
        proofs = _listed(claim.proof)
        if not claim.how or not proofs or claim.until:
            self.find(
                clause.id,
                f"the claim for clause {clause.id} lacks how or proof",
                "write `how` and `proof`, and no `until`",
            )
        for path in proofs:
            if self.proof_exists is not None and not self.proof_exists(path):
                self.find(
                    clause.id, f"the proof {path!r} does not exist", "name the test that proves the clause"
                )
        missing = _facts_of(clause) - set(self.established) if self.established is not None else frozenset()
        for fact in sorted(missing):
            self.find(
                clause.id,
                f"its rules ask for {fact}, which nothing in this release establishes",
                "write by: not-yet",
            )


def _facts_of(clause: Clause) -> frozenset[str]:
    rules = [rule for rule in clause.rules if isinstance(rule, (Permit, Forbid))]
    return frozenset(
        split_condition(condition)[0] for rule in rules for condition in (*rule.when, *rule.unless)
    )


def _listed(value: str | tuple[str, ...]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else value
