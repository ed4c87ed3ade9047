"""Cedar decides the exported rules as the policy does: an independent engine is the second opinion."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.policy.generating import acts, acts_near, documents, unchecked
from tests.policy.test_checks import REFERENCE
from troth.policy import Act, Policy, cedar_entities, cedar_request, compile_policy, to_cedar

cedarpy = pytest.importorskip("cedarpy")
ASKED = 10_000


def cedar_decides(policy: Policy, asked: list[Act]) -> list[tuple[bool, tuple[str, ...]]]:
    """Whether Cedar permits each act, and which of its categories it allows."""
    policies = cedarpy.PolicySet.from_str(to_cedar(policy))
    entities = cedarpy.Entities.from_json_str(
        json.dumps(cedar_entities(policy, (act.actor for act in asked)))
    )
    questions = [(place, category) for place, act in enumerate(asked) for category in act.data or ("",)]
    requests = [cedar_request(asked[place], category) for place, category in questions]
    denied: set[int] = set()
    allowed: list[list[str]] = [[] for _ in asked]
    for (place, category), answer in zip(
        questions, cedarpy.is_authorized_batch(requests, policies, entities), strict=True
    ):
        assert not answer.diagnostics.errors, answer.diagnostics.errors
        if answer.decision != cedarpy.Decision.Allow:
            denied.add(place)
        elif category:
            allowed[place].append(category)
    return [(place not in denied, tuple(allowed[place])) for place in range(len(asked))]


def differences(policy: Policy, asked: list[Act]) -> list[str]:
    """Each act that the policy and Cedar decide differently, with both answers."""
    found = []
    for act, (permitted, allowed) in zip(asked, cedar_decides(policy, asked), strict=True):
        decision = policy.decide(act)
        known = not policy.scales.unknown(act)
        if decision.permitted != permitted or (known and decision.allowed != allowed):
            found.append(f"{act}: Cedar says {permitted} {allowed}, the policy says {decision}")
    return found


@pytest.mark.slow
def test_cedar_decides_the_reference_policy_alike() -> None:
    """Ten thousand acts around the rules of the reference policy: no difference, and both effects are common."""
    policy = compile_policy(REFERENCE.read_bytes())
    asked = acts_near(policy, ASKED, seed=89)
    assert differences(policy, asked) == []
    permitted = sum(policy.decide(act).permitted for act in asked)
    assert ASKED / 10 < permitted < ASKED * 9 / 10


@pytest.mark.slow
@given(documents(), st.lists(acts(), min_size=20, max_size=40))
@settings(max_examples=60)
def test_cedar_decides_generated_policies_alike(document: str, asked: list[Act]) -> None:
    """For any policy that reads and any acts: no difference."""
    assert differences(unchecked(document), asked) == []
