"""Policy tests beside the policy: what they check, and how they are refused when they are wrong themselves."""

from pathlib import Path

import pytest

from tests.policy.documents import SOUND, small_policy
from tests.policy.test_checks import REFERENCE
from troth.policy import PolicyErrors, compile_policy, run_cases
from troth.policy.__main__ import main

POLICY = small_policy()
ACT = "{kind: use, actor: staff.support, purpose: essential.service.operations.support, data: [user.contact.email], facts: [purpose.granted, case.ticket]}"


def case(expect: str = "permit", act: str = ACT, name: str = "reads", more: str = "") -> str:
    """One case of a file."""
    return f"- name: {name}\n  act: {act}\n  expect: {expect}\n{more}"


def test_the_reference_cases_pass() -> None:
    """The reference policy has at least 200 cases, each decided as expected and by the clause expected."""
    results = run_cases(
        compile_policy(REFERENCE.read_bytes()), REFERENCE.with_name("policy.cases.yaml").read_bytes()
    )
    assert [result.fault for result in results if not result.passed] == []
    assert len(results) >= 200
    assert all(result.clause for result in results)


def test_a_case_as_expected_passes() -> None:
    """Effect, clause, categories and order of facts: data and facts may stand in any order."""
    (result,) = run_cases(POLICY, case(more="  clause: II.12\n  allowed: [user.contact.email]\n"))
    assert result.passed
    assert (result.name, result.line, result.act.facts) == ("reads", 1, ("case.ticket", "purpose.granted"))
    assert result.act.on == "2015-04-16"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (case("deny"), "expected deny; decided permit by II.12"),
        (case(more="  clause: I.2\n"), "expected clause I.2; decided permit by II.12"),
        (case(more="  allowed: []\n"), "expected nothing to be allowed, got user.contact.email"),
        (
            case(more="  obligations: [answer-requests]\n"),
            "expected the obligation 'answer-requests'; got none",
        ),
    ],
)
def test_a_case_that_differs_says_how(text: str, fault: str) -> None:
    """The fault names what was expected and what was decided."""
    (result,) = run_cases(POLICY, text)
    assert not result.passed
    assert result.fault.startswith(fault)


@pytest.mark.parametrize(
    ("text", "line", "check"),
    [
        (case() + case(), 4, "duplicate-name"),
        (case() + case(name="b", more="  clause: IX.1\n"), 4, "unknown-clause"),
        (case(act=ACT.replace("case.ticket", "case.tickt")), 2, "unknown-fact"),
        (case() + case(act=ACT.replace("kind: use", "kind: uses"), name="b"), 5, "shape"),
        (case(more="  why: x\n"), 4, "shape"),
        ("name: x\n", 1, "shape"),
        ("- x\n", 1, "shape"),
        (case() + "- [", 5, "yaml"),
    ],
)  # fmt: skip
def test_a_wrong_case_file_is_refused_at_its_line(text: str, line: int, check: str) -> None:
    """A case that could not mean what it says is a finding, not a failure of the policy."""
    with pytest.raises(PolicyErrors) as caught:
        run_cases(POLICY, text)
    (finding,) = caught.value.findings
    assert finding.check == check
    assert abs(finding.line - line) <= (1 if check == "unknown-fact" else 0)


def test_the_module_prints_findings_and_failing_cases(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`python -m troth.policy` exits 1 with a line per finding or failing case, 0 without, 2 when misused."""
    cases = tmp_path / "cases.yaml"
    cases.write_text(case("deny"))
    policy = tmp_path / "policy.md"
    policy.write_text(SOUND)
    assert main([str(policy)]) == 0
    assert main([str(policy), str(cases)]) == 1
    assert main([str(cases)]) == 1
    assert main([]) == 2
    assert "cases.yaml:1: " in capsys.readouterr().out
