"""From the bytes of a policy document to findings, or to the policy that decides."""

import hashlib
from functools import lru_cache
from itertools import chain, islice

from troth.policy.checks import CHECKS
from troth.policy.document import Document, read_document
from troth.policy.draft import Draft, gather
from troth.policy.limits import limit_of
from troth.policy.matching import scope_of
from troth.policy.model import Finding, PolicyErrors
from troth.policy.policy import Policy
from troth.policy.reading import read_source
from troth.policy.rules import Forbid, Permit
from troth.policy.weighing import Scales

MAX_FINDINGS = 500
KEPT = 4
"""Compiled policies that a process keeps: the version in force, a draft, and what they are compared with."""


def check_policy(text: bytes | str, file: str = "policy.md") -> list[Finding]:
    """Everything that is wrong with a policy document, in the order of its lines; never raises.

    Args:
        text: The document.
        file: The name that findings show.
    """
    return _examined(text, file)[1]


def compile_policy(text: bytes | str, file: str = "policy.md") -> Policy:
    """The policy that a document states.

    Args:
        text: The document; its SHA-256 becomes the name of this version.
        file: The name that findings show.

    Raises:
        PolicyErrors: The document has findings.
    """
    draft, findings = _examined(text, file)
    if findings:
        raise PolicyErrors(findings)
    raw = text if isinstance(text, bytes) else text.encode("utf-8")
    return policy_of(draft, hashlib.sha256(raw).hexdigest())


@lru_cache(maxsize=KEPT)
def kept_policy(text: bytes) -> Policy:
    """The same as `compile_policy`, kept: a policy cannot be changed, and compiling one takes a fifth of a second.

    Raises:
        PolicyErrors: The document has findings.
    """
    return compile_policy(text)


def _examined(text: bytes | str, file: str) -> tuple[Draft, list[Finding]]:
    document: Document = read_document(text, file)
    draft = gather(read_source(document, file))
    # What could not be read would look undeclared to the checks, so they wait until everything reads.
    findings = list(draft.source.findings)
    if draft.front is None and not findings:
        reason, mend = "the front matter is empty", "write it as docs/policy-format.md shows"
        findings.append(Finding(file, 1, "front-matter", reason, mend))
    if not findings:
        findings = list(
            islice(chain.from_iterable(check.run(draft) for check in CHECKS.values()), MAX_FINDINGS)
        )
    return draft, sorted(set(findings))


def policy_of(draft: Draft, sha256: str) -> Policy:
    """The policy of a draft; the caller answers for its soundness."""
    rules = [rule for clause in draft.clauses for rule in clause.rules if isinstance(rule, (Permit, Forbid))]
    scopes = tuple(scope_of(rule, draft, order) for order, rule in enumerate(rules))
    limits = {name: limit_of(recipient, draft) for name, recipient in draft.recipients.items()}
    return Policy(draft, sha256, Scales(draft, sha256, scopes, limits))
