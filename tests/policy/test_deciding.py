"""What a decision says: effect, clauses, categories, obligations and explanation, rule by rule of the format."""

from typing import Any

import pytest

from tests.policy.documents import small_policy, with_rule
from troth.kernel import NotFound
from troth.policy import Act, Policy, compile_policy

SUPPORT = "essential.service.operations.support"
ORDER = "essential.service.fulfil_order"
POLICY = small_policy()
READ = Act(
    "use",
    "staff.support",
    SUPPORT,
    ("user.contact.email",),
    facts=("case.ticket", "purpose.granted"),
    on="2015-05-01",
)
MAIL = Act("send", "service.shop", ORDER, ("user.contact.email",), recipient="mailer", on="2015-05-01")
NEWS = Act("send", "service.mail", "marketing.communications.email", ("user.contact.email",), channel="email", facts=("person.consented",), on="2015-05-01")  # fmt: skip


def test_a_permit_permits_what_lies_below_its_terms() -> None:
    """A role, category and purpose covered by a permit's terms are permitted by its clause."""
    decision = POLICY.decide(READ)
    assert decision.permitted
    assert (decision.clauses, decision.rules, decision.allowed) == (("II.12",), ("support-read",), READ.data)
    assert decision.policy == POLICY.sha256
    assert (
        decision.explanation
        == "Permitted by II.12 (Support): Support staff may read contact data while a ticket is open."
    )


def test_a_category_that_a_permit_does_not_name_is_withheld() -> None:
    """One category out of two denies the act, and `allowed` names the other."""
    decision = POLICY.decide(READ._replace(data=("user.contact.email", "user.name")))
    assert not decision.permitted
    assert decision.allowed == ("user.contact.email",)


def test_a_missing_fact_denies_in_the_name_of_the_nearest_clause() -> None:
    """Without an open ticket the clause that would permit is cited, and the explanation names what is missing."""
    decision = POLICY.decide(READ._replace(facts=("purpose.granted",)))
    assert (decision.effect, decision.clauses) == ("deny", ("II.12",))
    assert decision.explanation.endswith(
        "the nearest, support-read, needs case.ticket"
        " (a ticket case is open, covers this person and is assigned to the actor's role)."
    )


def test_an_exception_of_a_permit_denies() -> None:
    """A fact under `unless` takes the permit away."""
    decision = POLICY.decide(READ._replace(facts=("case.ticket", "person.restricted", "purpose.granted")))
    assert (decision.effect, decision.clauses) == ("deny", ("II.12",))
    assert "only without person.restricted" in decision.explanation


def test_nothing_near_denies_by_the_default_clause() -> None:
    """Where no permit has the act and the purpose, the front matter's default clause is cited."""
    inside = Act("analyse", "staff.support", "analytics", ("user.name",))
    assert POLICY.decide(inside).clauses == ("IV.2",)
    assert POLICY.decide(inside._replace(recipient="bank")).clauses == ("I.2",)


def test_a_forbid_beats_a_permit() -> None:
    """What a forbid names is denied by its clause although a permit covers it."""
    decision = POLICY.decide(READ._replace(data=("user.contact.email.alias",)))
    assert (decision.effect, decision.clauses, decision.rules) == ("deny", ("II.12",), ("support-alias",))


def test_a_forbid_leaves_the_broader_term_alone() -> None:
    """A category means what is classed under it, so a forbid below it does not deny it."""
    assert POLICY.decide(READ._replace(data=("user.contact",))).permitted


@pytest.mark.parametrize(
    "change",
    [{"actor": "robot"}, {"actor": "staffing"}, {"purpose": "fun"}, {"data": ("user.shoe_size",)}, {"kind": "look"}, {"on": "1 May"}, {"recipient": "nobody"}],
    ids=str,
)  # fmt: skip
def test_what_the_policy_does_not_know_is_denied(change: dict[str, Any]) -> None:
    """An unknown actor, purpose, category, kind, date or recipient is denied by a default clause."""
    decision = POLICY.decide(READ._replace(**change))
    assert decision.clauses == (("I.2",) if "recipient" in change else ("IV.2",))
    assert decision.allowed == ()


def test_a_processor_in_contract_may_be_sent_to() -> None:
    """A permit for the class of processors covers a declared one; what follows from sending is an obligation."""
    decision = POLICY.decide(MAIL)
    assert decision.permitted
    assert decision.obligations == ("tell-disclosure",)


@pytest.mark.parametrize("day", ["2014-12-31", "2017-01-01", ""])
def test_out_of_contract_nothing_is_sent(day: str) -> None:
    """Before, after and on an unknown day the clause that declares the recipient denies."""
    decision = POLICY.decide(MAIL._replace(on=day))
    assert (decision.effect, decision.clauses) == ("deny", ("I.2",))
    assert "not in force" in decision.explanation


@pytest.mark.parametrize(
    ("day", "effect"),
    [("2015-12-31", "deny"), ("2016-01-01", "permit"), ("2016-06-30", "permit"), ("2016-07-01", "deny")],
)
def test_an_affiliate_is_in_force_while_all_its_papers_are(day: str, effect: str) -> None:
    """Undertaking and control must both hold on the day: the later first day and the earlier last day count."""
    labs = (
        "declare: recipient\nname: labs\nrole: affiliate\ncountry: US\nmechanism: domestic\n"
        "undertaking: {reference: U, signed: 2015-06-01, until: 2016-06-30}\n"
        "control: {by: us, relation: subsidiary, from: 2016-01-01, until: 2017-12-31}"
    )
    policy = compile_policy(
        with_rule(labs).replace("recipients: [processor]\nretention", "recipients: [labs]\nretention")
    )
    assert policy.decide(MAIL._replace(recipient="labs", on=day)).effect == effect


def test_a_recipient_gets_no_more_than_declared() -> None:
    """A category or purpose outside the recipient's declaration is denied by the clause that declares it."""
    assert POLICY.decide(MAIL._replace(data=("user.name",))).clauses == ("I.2",)
    assert "not declared for the purpose" in POLICY.decide(MAIL._replace(purpose="marketing")).explanation


def test_a_permit_without_recipients_stays_inside() -> None:
    """A permit that names no recipient does not permit one."""
    decision = POLICY.decide(READ._replace(recipient="bank"))
    assert not decision.permitted
    assert "stays inside the company" in decision.explanation


@pytest.mark.parametrize(
    ("day", "effect"),
    [
        ("2015-04-15", "deny"),
        ("2015-04-16", "permit"),
        ("2020-12-31", "permit"),
        ("2021-01-01", "deny"),
        ("", "deny"),
    ],
)
def test_a_window_holds_its_first_and_last_day(day: str, effect: str) -> None:
    """A rule is valid from its first to its last day, both included, and permits nothing on an unknown day."""
    assert POLICY.decide(NEWS._replace(on=day)).effect == effect


def test_another_channel_is_denied() -> None:
    """A permit for one channel does not permit another."""
    decision = POLICY.decide(NEWS._replace(channel="phone"))
    assert (decision.effect, decision.clauses) == ("deny", ("II.12",))


def test_obligations_come_from_then_and_from_acts() -> None:
    """`then` of a permit adds its obligation; a denial adds none."""
    collect = Act("collect", "service.shop", ORDER, ("user.contact.email",), channel="web")
    assert POLICY.decide(collect).obligations == ("answer-requests",)
    assert POLICY.decide(MAIL._replace(on="")).obligations == ()


def test_an_act_without_data_needs_a_rule_for_it() -> None:
    """A permit for categories does not permit an act that touches none; `data: []` does."""
    bare = READ._replace(data=(), purpose="essential.service.security")
    assert not POLICY.decide(bare).permitted
    rule = "permit: ping\nacts: [use]\nactors: [staff]\ndata: []\npurposes: [essential.service.security]\nreason: Nothing is read."
    assert compile_policy(with_rule(rule)).decide(bare).rules == ("ping",)


def test_two_permits_are_both_cited() -> None:
    """Every clause that permits is named, in the order of the document."""
    rule = "permit: also\nacts: [use]\nactors: [staff.support]\ndata: [user.contact]\npurposes: [essential]\nretention: tickets\nreason: Also."
    decision = compile_policy(with_rule(rule)).decide(READ)
    assert decision.clauses == ("II.12", "IV.2")


def test_an_explanation_tells_of_every_rule() -> None:
    """Each permit and forbid is listed for each category, with its reason or with what it asks."""
    explanation = POLICY.explain(READ._replace(facts=())).to_dict()
    (found,) = explanation["categories"]
    weighed = {rule["rule"]: rule for rule in found["weighed"]}
    assert set(weighed) == {"shop-collect", "shop-mailing", "support-read", "support-alias", "newsletter"}
    assert weighed["support-read"]["missed"] == ["when"]
    assert weighed["support-read"]["because"].startswith("needs case.ticket (")
    assert weighed["shop-mailing"]["missed"] == ["act", "purpose", "actor", "recipient"]
    assert found["ground"] == "default"
    assert explanation["act"]["actor"] == "staff.support"


def test_a_policy_cannot_be_changed() -> None:
    """Attributes, mappings and decisions of a policy are read-only."""
    with pytest.raises(AttributeError):
        POLICY.sha256 = ""
    with pytest.raises(AttributeError):
        del POLICY.rules
    with pytest.raises(AttributeError):
        POLICY.decide(READ).effect = "permit"  # type: ignore[misc]
    with pytest.raises(TypeError):
        POLICY.rules["x"] = POLICY.rules["newsletter"]  # type: ignore[index]


def test_what_is_declared_can_be_read() -> None:
    """Fields, points and the other things are found by name, with the clause they stand in."""
    assert POLICY.fields["email"].clause == "I.9"
    assert POLICY.points["shop"].fields == {"email": "required", "full_name": "optional"}
    assert POLICY.roles["staff.support"].cases == ("ticket",)
    assert "case.ticket" in POLICY.facts
    assert POLICY.clause("III.6").rules[0].name == "answer-requests"
    assert _ids(POLICY) == ["I.2", "I.9", "II.12", "III.6", "IV.2"]
    with pytest.raises(NotFound):
        POLICY.clause("IX.9")


def _ids(policy: Policy) -> list[str]:
    return [clause.id for clause in policy.clauses]
