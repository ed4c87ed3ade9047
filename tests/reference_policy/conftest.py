"""The reference policy and the files beside it, read once."""

from pathlib import Path

import pytest

from troth.policy import CaseResult, Policy, compile_policy, run_cases

FOLDER = Path(__file__).resolve().parents[2] / "policies" / "software-vendor"


@pytest.fixture(scope="session")
def policy_text() -> str:
    """The document as it is published."""
    return (FOLDER / "policy.md").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def reference(policy_text: str) -> Policy:
    """The compiled reference policy."""
    return compile_policy(policy_text)


@pytest.fixture(scope="session")
def results(reference: Policy) -> list[CaseResult]:
    """How every case beside the policy came out."""
    return run_cases(reference, (FOLDER / "policy.cases.yaml").read_bytes())
