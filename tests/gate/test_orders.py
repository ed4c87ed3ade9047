"""Orders on choices: what people said about purposes is recorded, withdrawn and looked up through the gate."""

import pytest
from sqlalchemy import select

from tests.gate.conftest import RIGHTS, SUPPORT, Company
from troth.gate import Ask, Outcome
from troth.storage import Statement
from troth.vault.tables import erasure, person_key, sealed_field

_RULES = b"""
```rule
permit: orders-on-choices
acts: [instruct]
actors: [service.web]
data: [user.privacy_preferences]
purposes: [essential.service.account]
when: [purpose.granted]
retention: accounts
reason: The account page keeps what people choose.
```

```rule
permit: free-reading
acts: [use]
actors: [service.web]
data: [user.contact.email]
purposes: [essential.service.account]
when: [purpose.granted]
unless: [person.restricted]
retention: accounts
reason: The account page may read an address.
```

```rule
permit: forget-a-field
acts: [erase]
actors: [service.web]
data: [user.contact.email, user.account.registration]
purposes: [essential.service.account]
when: [purpose.granted]
reason: The account page may forget one field.
```
"""
ACCOUNT = "essential.service.account"
_SPOT = b"### Giving support {#II.12}"


@pytest.fixture
def web(company: Company, reference_text: bytes) -> Company:
    """A company whose web service may order about choices."""
    head, spot, tail = reference_text.partition(_SPOT)
    line, newline, rest = tail.partition(b"```rule")
    company.publish(head + spot + line + _RULES.lstrip(b"\n") + b"\n" + newline + rest)
    return company


def _order(company: Company, order: str, role: str = "service.web", **more: str) -> Outcome:
    return company.act("instruct", role, ACCOUNT, order=order, **more)


def _read(company: Company, person: str) -> Outcome:
    return company.act("use", "service.web", ACCOUNT, person=person, fields=("email",))


def test_stance_is_kept_shown_and_found(web: Company) -> None:
    """What a person says is shown with the person, and the person is among those who said it."""
    ann, bob = web.register(1), web.register(2)
    for who in (ann, bob):
        assert _order(
            web, "record-stance", person=who, about="marketing.communications.email", stance="objected"
        ).permitted
    shown = _order(web, "show-stances", person=ann)
    assert shown.values["stances"] == [("marketing.communications.email", "objected")]
    assert shown.values["fields"] == ["email", "name", "product", "serial"]
    found = _order(web, "list-people", about="marketing.communications.email", stance="objected")
    assert found.values["people"] == sorted([ann, bob])


def test_withdrawing_takes_what_lies_below_too(web: Company) -> None:
    """A stance is withdrawn from a purpose and from all below it, and from nothing beside it."""
    ann = web.register(1)
    for about in ("marketing.communications.email", "marketing.communications.phone", "personalize.content"):
        _order(web, "record-stance", person=ann, about=about, stance="consented")
    assert _order(web, "withdraw-stance", person=ann, about="marketing", stance="consented").permitted
    assert _order(web, "show-stances", person=ann).values["stances"] == [("personalize.content", "consented")]


def test_restriction_for_everybody_denies_until_released(web: Company) -> None:
    """A purpose that is restricted for everybody is denied at once, also for people who said nothing."""
    ann = web.register(1)
    assert _read(web, ann).permitted
    assert _order(web, "restrict-purpose", about="essential.service").permitted
    assert not _read(web, ann).permitted
    assert _order(web, "release-purpose", about="essential.service").permitted
    assert _read(web, ann).values == {"email": "person1@example.com"}


def test_order_needs_a_permit_of_its_own(web: Company) -> None:
    """Who may open cases for a purpose may not therefore touch what people chose."""
    ann = web.register(1)
    before = _order(web, "show-stances", person=ann).values
    denied = web.act(
        "instruct",
        "staff.support",
        SUPPORT,
        order="record-stance",
        person=ann,
        about="marketing.communications.email",
        stance="consented",
    )
    assert denied.problem is not None
    assert denied.problem.status == 403
    assert _order(web, "show-stances", person=ann).values == before


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"order": "record-stance", "about": "made.up", "stance": "objected"}, "about"),
        ({"order": "record-stance", "about": "marketing", "stance": "liked"}, "stance"),
        ({"order": "restrict-purpose", "about": "ann@example.com"}, "about"),
        ({"order": "sing"}, "order"),
    ],
)
def test_malformed_order_names_its_fault(web: Company, given: dict[str, str], field: str) -> None:
    """An order about something undeclared is refused and leaves nothing behind, in the ledger neither."""
    ann = web.register(1)
    before = len(web.entries())
    outcome = _order(web, person=ann, **given)
    assert outcome.problem is not None
    assert (outcome.problem.status, outcome.problem.field) == (422, field)
    assert len(web.entries()) == before


def test_order_about_nobody_is_not_found(web: Company) -> None:
    """Orders about a person need one who is known."""
    for order, more in (
        ("show-stances", {}),
        ("record-stance", {"about": "marketing", "stance": "objected"}),
    ):
        outcome = _order(web, order, **more)
        assert outcome.problem is not None
        assert outcome.problem.status == 404


def test_orders_stand_in_the_ledger(web: Company) -> None:
    """The entry of an order says what it was about."""
    ann = web.register(1)
    _order(web, "record-stance", person=ann, about="marketing.communications.email", stance="objected")
    last = web.entries()[-1]
    assert (last.act, last.person) == ("record-stance", ann)
    assert last.detail == {"about": "marketing.communications.email", "stance": "objected"}


def test_erasing_a_field_leaves_the_person(web: Company) -> None:
    """One field goes, with the identifier that it was; the others stay, and nobody is being erased."""
    ann = web.register(1)
    gone = web.act("erase", "service.web", ACCOUNT, person=ann, fields=("email",))
    assert gone.permitted, gone
    assert _read(web, ann).values == {}
    assert web.count(erasure) == 0
    with web.database.snapshot() as tx:
        left = {row[0].partition(".")[0] for row in tx.rows(Statement(select(sealed_field.c.field)))}
    assert left == {"name", "product", "serial"}
    unknown = web.gate.perform(
        [
            Ask(
                act="use",
                purpose=ACCOUNT,
                key=web.key("service.web"),
                identify={"email": "person1@example.com"},
                fields=("email",),
            )
        ]
    )[0]
    assert unknown.problem is not None
    assert unknown.problem.status == 404


def test_emptied_key_group_loses_its_key(web: Company) -> None:
    """When the last field of a key group goes, its key goes too."""
    ann = web.register(1)
    fields = web.gate.policy().fields
    assert fields["product"].group == fields["serial"].group
    held = Statement(select(person_key.c.key_group))
    web.act("erase", "service.web", ACCOUNT, person=ann, fields=("product",))
    with web.keystore.snapshot() as tx:
        assert (fields["product"].group,) in tx.rows(held)
    web.act("erase", "service.web", ACCOUNT, person=ann, fields=("serial",))
    with web.keystore.snapshot() as tx:
        assert (fields["product"].group,) not in tx.rows(held)


def test_many_are_erased_in_one_batch(web: Company) -> None:
    """A batch of erasures leaves no key, no row and an entry of completion for each; others are untouched."""
    people = [web.register(number) for number in range(1, 6)]
    cases = [web.open_case("request", "staff.privacy", RIGHTS, who) for who in people[:4]]
    outcomes = web.gate.perform(
        [
            web.ask("erase", "staff.privacy", RIGHTS, person=who, case=case)
            for who, case in zip(people[:4], cases, strict=True)
        ]
    )
    assert all(one.permitted for one in outcomes)
    with web.keystore.snapshot() as tx:
        assert {row[0] for row in tx.rows(Statement(select(person_key.c.person)))} == {people[4]}
    assert web.count(erasure) == 0
    completed = [one.person for one in web.entries() if one.act == "erased"]
    assert sorted(completed) == sorted(people[:4])
    assert _read(web, people[4]).permitted
