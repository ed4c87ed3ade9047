"""The cases beside the reference policy come out as they say, and cover it."""

from collections import Counter

import pytest

from tests.reference_policy.register import PARTS
from troth.policy import ACT_KINDS, CaseResult, Policy


def test_every_case_passes(results: list[CaseResult]) -> None:
    """Each case gets the effect it expects, from the clause it names."""
    assert [f"{result.name}: {result.fault}" for result in results if not result.passed] == []


def test_there_are_enough_cases(results: list[CaseResult]) -> None:
    """There are at least 200 cases, with permits and denials among them in fair numbers."""
    effects = Counter(result.expect for result in results)
    assert len(results) >= 200
    assert min(effects["permit"], effects["deny"]) >= 80


def test_every_case_names_a_clause(results: list[CaseResult]) -> None:
    """No case is satisfied with an effect alone."""
    assert [result.name for result in results if not result.clause] == []


def test_no_act_is_tried_twice(results: list[CaseResult]) -> None:
    """Each case tries an act of its own."""
    acts = Counter(result.act for result in results)
    assert [result.name for result in results if acts[result.act] > 2] == []


@pytest.mark.parametrize("part", PARTS)
def test_each_part_is_covered(results: list[CaseResult], part: str) -> None:
    """Each part has cases that its clauses decide; the parts that grant something have permits as well as denials."""
    effects = {result.expect for result in results if result.clause.rpartition(".")[0] == part}
    assert effects == ({"deny"} if part == "0" else {"permit", "deny"})


def test_each_kind_of_act_is_covered(results: list[CaseResult]) -> None:
    """Every kind of act is both permitted and denied somewhere."""
    tried = {(result.act.kind, result.expect) for result in results}
    assert {(kind, effect) for kind in ACT_KINDS for effect in ("permit", "deny")} <= tried


def test_each_clause_that_decides_is_tried(results: list[CaseResult], reference: Policy) -> None:
    """Every clause with a permit or a forbid decides at least one case."""
    decided = {clause for result in results for clause in result.decision.clauses}
    deciding = {
        clause.id
        for clause in reference.clauses
        if any(rule.kind in {"permit", "forbid"} for rule in clause.rules)
    }
    assert sorted(deciding - decided) == []


def test_each_permit_is_tried(results: list[CaseResult], reference: Policy) -> None:
    """Every permit permits at least one case, so that none is dead."""
    fired = {rule for result in results if result.expect == "permit" for rule in result.decision.rules}
    permits = {name for name, rule in reference.rules.items() if rule.kind == "permit"}
    assert sorted(permits - fired) == []


def test_each_forbid_is_tried(results: list[CaseResult], reference: Policy) -> None:
    """Every forbid denies at least one case, so that none is dead."""
    fired = {rule for result in results if result.expect == "deny" for rule in result.decision.rules}
    forbids = {name for name, rule in reference.rules.items() if rule.kind == "forbid"}
    assert sorted(forbids - fired) == []
