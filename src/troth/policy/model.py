"""What deciding speaks about: the act asked for, the decision given, and what a check finds wrong in a document."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

from troth.kernel import InvalidInput

ActKind = Literal["collect", "use", "send", "disclose", "analyse", "erase", "instruct"]
ACT_KINDS: tuple[str, ...] = get_args(ActKind)
Effect = Literal["permit", "deny"]


class Act(NamedTuple):
    """What somebody wants to do with personal data; the whole of what a decision looks at.

    Args:
        kind: One of `ACT_KINDS`.
        actor: Role key, dotted: "staff.support", "service.shop", "person".
        purpose: Data use key, of the vocabulary or the company's own.
        data: Data category keys, sorted, each once; empty when the act touches no category.
        recipient: "" for the company itself, else the key of a declared recipient.
        channel: web, email, phone, letter, product, api, import and so on; "" when none applies.
        facts: Names from `FACTS` that hold, sorted, as the gate established them.
        on: ISO date of the decision; rules with a validity window need it.
    """

    kind: str
    actor: str
    purpose: str
    data: tuple[str, ...]
    recipient: str = ""
    channel: str = ""
    facts: tuple[str, ...] = ()
    on: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """The policy's answer to an act.

    Args:
        effect: "permit" when every category of the act is permitted, else "deny".
        clauses: Ids of the clauses that decided, in the order of the document.
        rules: Names of the rules that decided; on a default deny, those that came nearest.
        allowed: The categories of the act that are permitted.
        obligations: Names of the `require` rules that the act brings into force.
        policy: SHA-256 (hex) of the policy version that decided.
        explanation: One or two plain sentences.
    """

    effect: Effect
    clauses: tuple[str, ...]
    rules: tuple[str, ...]
    allowed: tuple[str, ...]
    obligations: tuple[str, ...]
    policy: str
    explanation: str

    @property
    def permitted(self) -> bool:
        """Whether the effect is "permit"."""
        return self.effect == "permit"


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """Something wrong in a document of the policy; every finding blocks.

    Args:
        file: Name of the document.
        line: Line in it, counted from 1.
        check: Name of the check that found it.
        reason: What is wrong.
        mend: What to write instead.
        clause: Id of the clause it stands in, if any.
    """

    file: str
    line: int
    check: str
    reason: str
    mend: str
    clause: str = ""

    def __str__(self) -> str:
        where = f" (clause {self.clause})" if self.clause else ""
        return f"{self.file}:{self.line}: {self.check}: {self.reason}{where}; {self.mend}"


class PolicyErrors(InvalidInput):
    """A policy document cannot be used; `findings` says everything that is wrong with it.

    Args:
        findings: At least one finding.
    """

    code = "policy-errors"

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.findings = tuple(findings)
        first = self.findings[0]
        count = len(self.findings)
        where = f"{first.file}:{first.line}: {first.check}"
        what = f"The document has {count} finding{'s' if count > 1 else ''}; the first is {where}: {first.reason}."
        super().__init__(what, mend=f"{first.mend[:1].upper()}{first.mend[1:]}.", clause=first.clause)

    def __reduce__(self) -> tuple[type["PolicyErrors"], tuple[tuple[Finding, ...]]]:
        """Rebuild from the findings, so that the error survives a process boundary."""
        return type(self), (self.findings,)
