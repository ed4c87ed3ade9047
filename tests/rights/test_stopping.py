"""Uses that people stop: at once where they are optional, after a proof where that could harm, never where they are essential."""

import pytest

from tests.gate.conftest import RIGHTS
from tests.rights.conftest import Desk
from tests.support.policies import any_serial
from troth.flows import Answering, UsesStore
from troth.gate import Outcome
from troth.kernel import micros
from troth.policy import kept_policy
from troth.rights import (
    USE_KINDS,
    Item,
    MatterRow,
    asked_uses,
    items_of,
    optional_uses,
    released_items,
    standing_of,
    why_essential,
)

CONTENT = "personalize.content"
SUPPORT = "essential.service.operations.support"
BOOKS = "essential.legal_obligation.accounting"
POLICY = kept_policy(any_serial())


def answering(desk: Desk) -> Answering:
    """What carries out requests about uses."""
    return Answering(
        database=desk.database,
        clock=desk.clock,
        policy=desk.gate.policy,
        rights=desk.rights,
        key=lambda: desk.key("service.rights", (RIGHTS,), ("request",)),
        stores=lambda: (UsesStore(desk.database, desk.gate.perform_along, desk.gate.policy),),
        finishers=dict.fromkeys(USE_KINDS, lambda _, __: None),
    )


def ask(desk: Desk, kind: str, *uses: str, email: str = "person1@example.com") -> Outcome:
    """Somebody sends the form and ticks uses."""
    values = {"request_text": "Stop it.", "request_kind": kind, "email": email}
    outcome = desk.act(
        "collect", "service.collection", RIGHTS, channel="web", point="privacy-request", notice="request-notice",
        values={**values, **({"request_uses": list(uses)} if uses else {})},
    )  # fmt: skip
    assert outcome.permitted, outcome
    return outcome


def done(desk: Desk, opened: Outcome) -> tuple[MatterRow, list[Item]]:
    """Carry a request out; gives it and its plan."""
    answering(desk).carry_out(opened.case)
    with desk.database.snapshot() as tx:
        return desk.rights.matter(opened.case).matter, items_of(tx, opened.case)


def content(desk: Desk, who: str) -> Outcome:
    """The web site looks at what somebody bought, to show what suits them."""
    return desk.act("use", "service.web", CONTENT, person=who, fields=("product",))


@pytest.mark.parametrize(("kind", "clause"), [("object", "I.3"), ("restrict", "III.3")])
def test_an_optional_use_stops_at_once_and_nothing_else_changes(desk: Desk, kind: str, clause: str) -> None:
    """Without a proof: the next decision denies it, other uses go on, what is kept stays; released and proven, it goes on."""
    who = desk.register(1)
    before = content(desk, who)
    assert before.permitted
    row, items = done(desk, ask(desk, kind, CONTENT))
    assert (row.state, [(one.target, one.action, one.state) for one in items]) == (
        "completed",
        [(CONTENT, "restrict", "done")],
    )
    denied = content(desk, who)
    assert denied.effect == "deny"
    assert clause in denied.clauses
    assert desk.act(
        "use", "person", "essential.service.account", key=desk.session(who), person=who, fields=("name",)
    ).permitted
    released = ask(desk, "release", CONTENT)
    assert desk.rights.matter(released.case).matter.state == "identity-pending"
    answering(desk).carry_out(released.case)
    assert content(desk, who).effect == "deny"
    desk.prove(released.case)
    assert done(desk, released)[0].state == "completed"
    assert content(desk, who).values == before.values


def test_what_could_harm_waits_for_a_proof(desk: Desk) -> None:
    """A stranger cannot set aside somebody's support: nothing happens before the mailbox proves it."""
    who = desk.register(1)
    opened = ask(desk, "restrict", SUPPORT)
    assert desk.rights.matter(opened.case).matter.state == "identity-pending"
    answering(desk).carry_out(opened.case)
    key = desk.key("staff.support")
    ticket = desk.open_case("ticket", "staff.support", SUPPORT, who)
    look = {"key": key, "person": who, "case": ticket, "fields": ("name",)}
    assert desk.act("use", "staff.support", SUPPORT, **look).permitted
    desk.prove(opened.case)
    assert done(desk, opened)[0].state == "completed"
    refused = desk.act("use", "staff.support", SUPPORT, **look)
    assert (refused.effect, "III.3" in refused.clauses) == ("deny", True)


def test_an_optional_use_never_waits_for_another(desk: Desk) -> None:
    """Named together, the optional one stops at once; the other is told to be asked for alone, and stays as it was."""
    who = desk.register(1)
    row, items = done(desk, ask(desk, "restrict", CONTENT, SUPPORT))
    assert row.state == "partially-completed"
    assert "sure that it is you" in row.outcome
    assert [(one.target, one.state) for one in items] == [(CONTENT, "done"), (SUPPORT, "kept")]
    assert content(desk, who).effect == "deny"
    ticket = desk.open_case("ticket", "staff.support", SUPPORT, who)
    look = {"person": who, "case": ticket, "fields": ("name",)}
    assert desk.act("use", "staff.support", SUPPORT, **look).permitted


@pytest.mark.parametrize("kind", ["object", "restrict"])
def test_an_essential_use_goes_on_and_says_why(desk: Desk, kind: str) -> None:
    """The reason and the clause stand in the plan and in the outcome; the request ends in part."""
    desk.register(1)
    row, items = done(desk, ask(desk, kind, BOOKS))
    why = why_essential(POLICY, BOOKS)
    assert row.state == "partially-completed"
    assert why.reason in row.outcome
    assert why.clause in row.outcome
    assert [(one.action, one.state) for one in items] == [("keep", "kept")]


def test_who_names_nothing_refuses_everything_optional(desk: Desk) -> None:
    """An objection in general, as it comes by mail, stops each optional use."""
    who = desk.register(1)
    row, items = done(desk, ask(desk, "object"))
    assert row.state == "completed"
    assert {one.target for one in items} == set(optional_uses(POLICY))
    assert content(desk, who).effect == "deny"


def test_one_who_is_not_known_is_answered_alike(desk: Desk) -> None:
    """An objection of somebody we know nothing of is carried out too: what comes later is refused already."""
    row, _ = done(desk, ask(desk, "object", CONTENT, email="nobody@example.com"))
    assert row.state == "completed"
    (said,) = [e for e in desk.entries() if e.act == "record-stance"]
    assert said.detail["about"] == CONTENT


def test_staff_say_which_uses_a_letter_is_about(desk: Desk) -> None:
    """Classified as a restriction of what needs a proof, a letter waits for it; of what is optional, it does not."""
    desk.register(1)
    key = desk.staff()
    harmful, harmless = desk.write("other", email="person1@example.com"), ask(desk, "other")
    row = desk.rights.classify(key, harmful.case, "restrict", [SUPPORT])
    assert (row.state, row.uses) == ("identity-pending", SUPPORT)
    row = desk.rights.classify(key, harmless.case, "restrict", [CONTENT])
    assert (row.state, row.uses) == ("verified", CONTENT)
    row = desk.rights.classify(key, harmless.case, "restrict", [SUPPORT])
    assert (row.state, row.uses) == ("identity-pending", SUPPORT)


def test_the_policy_says_which_uses_are_which() -> None:
    """What a rule forbids after an objection is optional; under a restriction only, it can be set aside; the rest is essential."""
    assert standing_of(POLICY, "object", CONTENT) == "optional"
    assert standing_of(POLICY, "object", SUPPORT) == "essential"
    assert standing_of(POLICY, "restrict", SUPPORT) == "restrictable"
    assert standing_of(POLICY, "restrict", BOOKS) == "essential"
    assert asked_uses(POLICY, "access", [CONTENT]) == ()
    for field in POLICY.fields.values():
        for use in field.choices if field.uses else ():
            assert standing_of(POLICY, "restrict", use) in ("optional", "restrictable") or use == BOOKS


def test_what_a_plan_leaves_as_it_is_never_waits_again(desk: Desk) -> None:
    """The task that finishes what is kept takes nothing up that the plan itself kept: an unproven limit stays without effect."""
    desk.register(1)
    _, items = done(desk, ask(desk, "restrict", CONTENT, SUPPORT))
    assert [one.state for one in items] == ["done", "kept"]
    with desk.database.snapshot() as tx:
        assert released_items(tx, micros(desk.clock.now()) + 10**15) == []
