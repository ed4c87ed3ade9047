"""What the reference policy never allows, whatever the act: tried on acts that nobody thought of."""

from dataclasses import dataclass

import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st

from tests.reference_policy.conftest import FOLDER
from troth.policy import ACT_KINDS, FACTS, Act, Decision, Permit, Policy, compile_policy

CHANNELS = ("", "web", "email", "phone", "letter", "product", "api", "import")
OPTIONAL = ("personalize", "marketing", "analytics", "functional.service.improve", "functional.service.relay")
OWN_PURPOSES = (
    "personalize",
    "marketing",
    "analytics",
    "functional",
    "sales",
    "train_ai_system",
    "third_party_sharing",
)


@dataclass(frozen=True)
class World:
    """The reference policy and the acts that can be asked of it."""

    policy: Policy
    acts: st.SearchStrategy[Act]

    def decide(self, act: Act, *, add: str = "", drop: str = "") -> Decision:
        """The decision on an act with one fact more or less."""
        facts = tuple(sorted({*act.facts, *([add] if add else [])} - {drop}))
        return self.policy.decide(act._replace(facts=facts))


def _world() -> World:
    """Acts near the permits: a permit's own terms with every fact it needs, and then a few terms and facts changed."""
    policy = compile_policy((FOLDER / "policy.md").read_bytes())
    permits = [rule for rule in policy.rules.values() if isinstance(rule, Permit)]
    categories = sorted(
        {field.category for field in policy.fields.values()} | {"user.childrens", "user.financial"}
    )
    facts = sorted({*FACTS, *(f"case.{name}" for name in policy.cases)})

    @st.composite
    def near(draw: st.DrawFn) -> Act:
        rule = draw(st.sampled_from(permits))
        own = (
            draw(st.lists(st.sampled_from(rule.data), max_size=2))
            if rule.data and "*" not in rule.data
            else []
        )
        others = draw(st.lists(st.sampled_from(categories), max_size=1))
        held = {
            *rule.when,
            "purpose.granted",
            "case.open",
            "recipient.declared",
            "point.declared",
            "notice.shown",
        }
        more = draw(st.sets(st.sampled_from(facts), max_size=4))
        return Act(
            draw(st.sampled_from(rule.acts) | st.sampled_from(ACT_KINDS)),
            draw(st.sampled_from(rule.actors) | st.sampled_from(sorted(policy.roles))),
            draw(st.sampled_from(rule.purposes)),
            tuple(sorted({*own, *others})),
            draw(st.sampled_from([*rule.recipients, ""]) | st.sampled_from(["", *sorted(policy.recipients)])),
            draw(st.sampled_from(rule.channels or CHANNELS)),
            tuple(sorted(held | more)),
            "2015-04-16",
        )

    return World(policy, near())


WORLD = _world()


def below(key: str, *uppers: str) -> bool:
    """Whether a dotted key is one of these or stands below one."""
    return any(key == upper or key.startswith(f"{upper}.") for upper in uppers)


@given(WORLD.acts)
def test_nothing_leaves_without_a_declared_recipient(act: Act) -> None:
    """A send or disclosure is denied when its recipient is not declared (I.2)."""
    if act.kind in {"send", "disclose"}:
        assert not WORLD.decide(act, drop="recipient.declared").permitted
        assert not WORLD.policy.decide(act._replace(recipient="")).permitted


@given(WORLD.acts)
def test_nothing_is_collected_outside_a_point(act: Act) -> None:
    """A collection is denied when it comes through no declared point (I.1)."""
    if act.kind == "collect":
        assert not WORLD.decide(act, drop="point.declared").permitted


@given(WORLD.acts)
def test_nothing_happens_under_a_purpose_that_was_not_granted(act: Act) -> None:
    """Staff and services do nothing under a purpose that their credential was not granted (IV.2)."""
    if below(act.actor, "staff", "service"):
        assert not WORLD.decide(act, drop="purpose.granted").permitted


@given(WORLD.acts)
def test_an_objection_ends_every_optional_use(act: Act) -> None:
    """After an objection no personal data is used for an optional purpose (I.17)."""
    if below(act.purpose, *OPTIONAL) and act.kind not in {"erase", "instruct"} and act.data:
        assert not WORLD.decide(act, add="person.objected").permitted


@given(WORLD.acts)
def test_an_objection_never_widens(act: Act) -> None:
    """What is denied to someone who said nothing is not permitted because they objected or restricted."""
    plain = WORLD.policy.decide(
        act._replace(facts=tuple(f for f in act.facts if not f.startswith("person.")))
    )
    for stance in ("person.objected", "person.restricted", "person.suppressed"):
        facts = tuple(sorted({*(f for f in act.facts if not f.startswith("person.")), stance}))
        assert plain.permitted or not WORLD.policy.decide(act._replace(facts=facts)).permitted


@given(WORLD.acts)
def test_hosted_content_serves_no_purpose_of_the_vendor(act: Act) -> None:
    """No purpose of the company's own applies to hosted content, whoever asks and whatever holds (IV.10)."""
    if any(below(category, "user.content.hosted") for category in act.data) and below(
        act.purpose, *OWN_PURPOSES
    ):
        assert not WORLD.policy.decide(act).permitted


@given(WORLD.acts)
def test_children_and_cards_are_untouchable(act: Act) -> None:
    """Data of children and card numbers are collected, used and given to nobody (I.19, II.21)."""
    if act.kind not in {"erase", "instruct"}:
        for category in ("user.childrens", "user.financial.credit_card"):
            assert not WORLD.policy.decide(act._replace(data=(category,))).permitted


@given(WORLD.acts)
def test_a_denial_says_who_decided(act: Act) -> None:
    """Every decision names at least one clause and says why in words."""
    decision = WORLD.policy.decide(act)
    assert decision.clauses
    assert decision.explanation


@pytest.mark.slow
@pytest.mark.parametrize("kind", ACT_KINDS)
def test_the_acts_tried_are_worth_trying(kind: str) -> None:
    """Among the acts made here are some of every kind that the policy permits, so that the denials above say something."""
    found = find(
        WORLD.acts,
        lambda act: act.kind == kind and WORLD.policy.decide(act).permitted,
        settings=settings(max_examples=5_000, deadline=None),
    )
    assert WORLD.policy.decide(found).clauses


@pytest.mark.parametrize("kind", ACT_KINDS)
def test_a_stranger_may_do_nothing(kind: str) -> None:
    """An actor whom the policy does not know is denied every act."""
    facts = tuple(sorted(FACTS))
    for purpose in ("essential.service.operations.support", "marketing.communications.email"):
        act = Act(kind, "stranger", purpose, ("user.contact.email",), facts=facts, on="2015-04-16")
        assert not WORLD.policy.decide(act).permitted
