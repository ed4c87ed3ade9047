"""Properties of deciding that hold for any policy and any act."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.policy.documents import small_policy
from tests.policy.generating import acts, acts_near, documents, unchecked
from tests.policy.oracle import allowed, read_book
from tests.policy.test_checks import REFERENCE
from troth.policy import ACT_KINDS, Act, compile_policy
from troth.policy.vocabulary import standard_terms

SMALL = small_policy()
TERMS = standard_terms()
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner),
    max_leaves=6,
)


@given(documents(), st.lists(acts(), min_size=1, max_size=12))
def test_decisions_are_those_of_a_plain_reading(document: str, asked: list[Act]) -> None:
    """For any policy and act, the decision and the categories allowed are those of the plain second decider."""
    policy = unchecked(document)
    book = read_book(document, TERMS["data_categories"].keys, TERMS["data_uses"].keys)
    for act in asked:
        decision = policy.decide(act)
        assert (decision.permitted, decision.allowed) == allowed(book, act), (act, decision)
        assert decision.clauses, (act, decision)


def test_the_reference_policy_decides_as_a_plain_reading() -> None:
    """Over the reference policy, thousands of acts around its rules are decided as the plain second decider does."""
    text = REFERENCE.read_text(encoding="utf-8")
    policy = compile_policy(text)
    book = read_book(text, TERMS["data_categories"].keys, TERMS["data_uses"].keys)
    asked = acts_near(policy, 3000, seed=20150416)
    decided = {act: policy.decide(act) for act in asked}
    different = [
        act
        for act, decision in decided.items()
        if (decision.permitted, decision.allowed) != allowed(book, act)
    ]
    assert different == []
    permitted = sum(decision.permitted for decision in decided.values())
    assert len(decided) / 10 < permitted < len(decided)


@given(documents(), acts())
def test_deciding_is_pure(document: str, act: Act) -> None:
    """The same act gets the same decision from the table, from a fresh policy, and whatever was asked in between."""
    policy = unchecked(document)
    first = policy.decide(act)
    policy.decide(act._replace(facts=(), on=""))
    assert policy.decide(Act(*act)) == first == unchecked(document).decide(act)


@given(documents(), acts())
def test_a_forbid_only_takes_away(document: str, act: Act) -> None:
    """Without its forbids a policy permits at least what it permits with them."""
    policy = unchecked(document)
    blocks = document.split("```rule\n")
    bare = "```rule\n".join(block for block in blocks if not block.startswith('{"forbid"'))
    assert set(policy.decide(act).allowed) <= set(unchecked(bare).decide(act).allowed)


@given(documents(), acts())
def test_without_permits_everything_is_denied(document: str, act: Act) -> None:
    """Default deny: a policy without permits denies every act."""
    blocks = document.split("```rule\n")
    bare = "```rule\n".join(block for block in blocks if not block.startswith('{"permit"'))
    decision = unchecked(bare).decide(act)
    assert not decision.permitted
    assert decision.allowed == ()


@given(st.builds(Act, JUNK, JUNK, JUNK, JUNK, JUNK, JUNK, JUNK, JUNK) | JUNK)
def test_deciding_is_total(act: Any) -> None:
    """Whatever is passed as an act gets a denial that cites a clause, never an error."""
    decision = SMALL.decide(act)
    assert not decision.permitted
    assert decision.clauses == ("IV.2",)
    assert SMALL.explain(act).to_dict()["decision"]["effect"] == "deny"


@given(documents(), acts())
def test_explanations_agree_with_decisions(document: str, act: Act) -> None:
    """An explanation's categories, rules and clauses are those of its decision."""
    explanation = unchecked(document).explain(act)
    decision = explanation.decision
    assert decision.permitted == all(found.permitted for found in explanation.categories)
    assert decision.allowed == tuple(c.category for c in explanation.categories if c.permitted and c.category)
    for found in explanation.categories:
        matched = {rule.kind for rule in found.weighed if rule.matched}
        assert found.permitted == (matched == {"permit"} and found.ground == "permit")


class _Hostile(str):
    """Text that fails when it is hashed."""

    __slots__ = ()

    def __hash__(self) -> int:
        raise RuntimeError


def test_an_act_that_fails_inside_is_denied() -> None:
    """An act whose parts raise when they are looked at is denied."""
    decision = SMALL.decide(Act(_Hostile("use"), "staff.support", "essential", ()))
    assert not decision.permitted


def test_the_table_stays_bounded() -> None:
    """Asking about more acts than the table holds forgets old ones and stays right."""
    from troth.policy.policy import TABLE_SIZE

    policy = small_policy()
    act = Act("use", "staff.support", "essential.service.operations.support", ("user.contact.email",))
    for number in range(TABLE_SIZE + 10):
        policy.decide(act._replace(channel=str(number)))
    assert len(policy._table) <= TABLE_SIZE
    assert not policy.decide(act).permitted


def test_unknown_terms_are_not_remembered() -> None:
    """Acts with terms from outside cannot fill the table."""
    policy = small_policy()
    for number in range(100):
        policy.decide(Act(ACT_KINDS[0], f"robot.{number}", "essential", ()))
    policy.decide(Act("use", "staff.support", "essential", (), channel="x" * 1000))
    policy.decide(Act("use", "staff.support", "essential", (), facts=("moon.full",)))
    assert len(policy._table) == 0
