"""Policy tests: acts with the effect and the clause that are expected of the policy (`policy.cases.yaml`)."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from troth.policy.model import Act, ActKind, Decision, Finding, PolicyErrors
from troth.policy.policy import Policy
from troth.policy.reading import Misfit, convert
from troth.policy.rules import Day
from troth.policy.strict_yaml import Lines, YamlFault, read_yaml

MAX_CHARACTERS = 2_000_000
MAX_FINDINGS = 100


class _CaseAct(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An act as a case writes it; `on` left out means the day the policy was last updated."""

    kind: ActKind
    actor: str
    purpose: str
    data: tuple[str, ...] = ()
    recipient: str = ""
    channel: str = ""
    facts: tuple[str, ...] = ()
    on: Day | None = None


class _Case(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One case of the file."""

    name: Annotated[
        str, Meta(min_length=1, max_length=200, description="what the case shows, unique in the file")
    ]
    act: Annotated[_CaseAct, Meta(description="kind, actor, purpose, data, recipient, channel, facts, on")]
    expect: Annotated[Literal["permit", "deny"], Meta(description="permit or deny")]
    clause: Annotated[str, Meta(description="id of a clause that must be among those that decide")] = ""
    allowed: Annotated[
        tuple[str, ...] | None, Meta(description="the categories that are permitted, when it matters")
    ] = None
    obligations: Annotated[
        tuple[str, ...], Meta(description="obligations that must be among those of the decision")
    ] = ()


@dataclass(frozen=True, slots=True)
class CaseResult:
    """How one case came out.

    Args:
        name: The case.
        line: Its line in the file.
        act: The act that was decided.
        expect: The effect expected.
        clause: The clause expected to decide; "" when none is named.
        decision: The decision.
        fault: What differs from what was expected, or "".
    """

    name: str
    line: int
    act: Act
    expect: str
    clause: str
    decision: Decision
    fault: str

    @property
    def passed(self) -> bool:
        """Whether the decision is as expected."""
        return not self.fault


def run_cases(policy: Policy, text: bytes | str, file: str = "policy.cases.yaml") -> list[CaseResult]:
    """Decide every case of a file.

    Args:
        policy: The policy under test.
        text: YAML: a list of cases (name, act, expect, and optionally clause, allowed, obligations).
        file: The name that findings show.

    Raises:
        PolicyErrors: The file is malformed, or a case names a fact or clause that the policy does not have.
    """
    data, lines = read_list(text, file)
    findings: list[Finding] = []
    results: list[CaseResult] = []
    names: dict[str, int] = {}
    clauses = frozenset(clause.id for clause in policy.clauses)
    for index, item in enumerate(data):
        line = lines.get((index,), 1)
        case = convert(item, _Case)
        if isinstance(case, Misfit):
            findings.append(case.finding(file, lines, line, "shape", within=(index,)))
            if len(findings) >= MAX_FINDINGS:
                break
            continue
        findings.extend(_faults(policy, case, names, clauses, file, line))
        results.append(_result(policy, case, line))
    if findings:
        raise PolicyErrors(findings)
    return results


def read_list(text: bytes | str, file: str) -> tuple[list[Any], Lines]:
    """The items of a YAML list with their lines.

    Raises:
        PolicyErrors: The text is not UTF-8, not YAML, or not a list.
    """
    data, lines = read_beside(text, file)
    if not isinstance(data, list):
        raise PolicyErrors(
            [Finding(file, 1, "shape", "the file is not a list of cases", "start each case with - name:")]
        )
    return data, lines


def read_beside(text: bytes | str, file: str) -> tuple[Any, Lines]:
    """The data of a YAML file beside the policy, with its lines.

    Raises:
        PolicyErrors: The text is not UTF-8 or not YAML.
    """
    try:
        decoded = text.decode("utf-8-sig") if isinstance(text, bytes) else text
        return read_yaml(decoded, limit=MAX_CHARACTERS)
    except UnicodeError:
        raise PolicyErrors(
            [Finding(file, 1, "encoding", "the file is not UTF-8", "save it as UTF-8")]
        ) from None
    except YamlFault as fault:
        raise PolicyErrors([Finding(file, fault.line, "yaml", fault.reason, fault.mend)]) from None


def _faults(
    policy: Policy, case: _Case, names: dict[str, int], clauses: frozenset[str], file: str, line: int
) -> list[Finding]:
    findings: list[Finding] = []
    other = names.setdefault(case.name, line)
    if other != line:
        findings.append(
            Finding(
                file,
                line,
                "duplicate-name",
                f"the case {case.name!r} stands on line {other} too",
                "name each case once",
            )
        )
    if case.clause and case.clause not in clauses:
        findings.append(
            Finding(
                file,
                line,
                "unknown-clause",
                f"the policy has no clause {case.clause!r}",
                "name a clause by its id",
            )
        )
    findings.extend(
        Finding(
            file,
            line,
            "unknown-fact",
            f"{fact!r} is no fact",
            "use a fact of docs/policy-format.md, or case.<type>",
        )
        for fact in case.act.facts
        if fact not in policy.facts
    )
    return findings


def _result(policy: Policy, case: _Case, line: int) -> CaseResult:
    written = case.act
    act = Act(
        written.kind,
        written.actor,
        written.purpose,
        tuple(sorted(set(written.data))),
        written.recipient,
        written.channel,
        tuple(sorted(set(written.facts))),
        written.on or policy.front.last_updated,
    )
    decision = policy.decide(act)
    return CaseResult(case.name, line, act, case.expect, case.clause, decision, _difference(case, decision))


def _difference(case: _Case, decision: Decision) -> str:
    told = (
        f"decided {decision.effect} by {', '.join(decision.clauses) or 'no clause'}: {decision.explanation}"
    )
    if decision.effect != case.expect:
        return f"expected {case.expect}; {told}"
    if case.clause and case.clause not in decision.clauses:
        return f"expected clause {case.clause}; {told}"
    if case.allowed is not None and set(case.allowed) != set(decision.allowed):
        return f"expected {', '.join(case.allowed) or 'nothing'} to be allowed, got {', '.join(decision.allowed) or 'nothing'}"
    missing = [name for name in case.obligations if name not in decision.obligations]
    return (
        f"expected the obligation {missing[0]!r}; got {', '.join(decision.obligations) or 'none'}"
        if missing
        else ""
    )
