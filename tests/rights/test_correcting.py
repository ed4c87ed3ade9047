"""Corrections: checked like any value, put where the old one stood, gone from the request, and never in the ledger or a plan."""

import pytest

from tests.gate.conftest import RIGHTS
from tests.rights.conftest import Desk
from troth.collection import Collection
from troth.collection.errors import InvalidSubmission
from troth.flows import CORRECT, Answering, CorrectionStore
from troth.gate import Ask, Outcome
from troth.ledger import encode_entry
from troth.rights import MatterRow

SUPPORT = "essential.service.operations.support"
OLD, NEW = "Person 1", "Anna Beispiel"


def answering(desk: Desk) -> Answering:
    """What carries corrections out."""
    return Answering(
        database=desk.database,
        clock=desk.clock,
        policy=desk.gate.policy,
        rights=desk.rights,
        key=lambda: desk.key("service.rights", (RIGHTS,), ("request",)),
        stores=lambda: (CorrectionStore(desk.gate.perform_along, desk.gate.policy, lambda *_: None),),
        finishers={CORRECT: lambda _, __: None},
    )


def ask(desk: Desk, **values: str) -> Outcome:
    """Somebody sends the form with new values, whose mailbox proves it."""
    given = {"request_text": "Wrong.", "request_kind": "correct", "email": "person1@example.com", **values}
    outcome = desk.act(
        "collect", "service.collection", RIGHTS, channel="web", point="privacy-request", notice="request-notice",
        values=given,
    )  # fmt: skip
    assert outcome.permitted, outcome
    return outcome


def done(desk: Desk, opened: Outcome) -> MatterRow:
    """Prove a request and carry it out."""
    desk.prove(opened.case)
    answering(desk).carry_out(opened.case)
    return desk.rights.matter(opened.case).matter


def profile(desk: Desk, who: str, *fields: str, record: str = "") -> Outcome:
    """What support sees of somebody under a ticket."""
    ticket = desk.open_case("ticket", "staff.support", SUPPORT, who)
    return desk.act(
        "use", "staff.support", SUPPORT, person=who, case=ticket, fields=fields, record=record, partial=True
    )


def test_the_new_value_takes_the_place_of_the_old_one(desk: Desk) -> None:
    """Before the proof nothing changes; after it every reader sees the new value, and the request holds none any more."""
    who = desk.register(1)
    opened = ask(desk, new_name=NEW)
    answering(desk).carry_out(opened.case)
    assert profile(desk, who, "name").values == {"name": OLD}
    row = done(desk, opened)
    assert row.state == "completed"
    assert profile(desk, who, "name").values == {"name": NEW}
    desk_key = desk.staff()
    again = desk.vouched(email="person1@example.com")
    look = desk.act(
        "use", "staff.privacy", RIGHTS, key=desk_key, person=who, case=again.case, record=opened.record,
        fields=("new_name", "request_text"), partial=True,
    )  # fmt: skip
    assert look.values == {"request_text": "Wrong."}
    told = desk.rights.matter(opened.case)
    words = repr(told) + "".join(encode_entry(entry).decode() for entry in desk.entries())
    assert NEW not in words
    assert OLD not in words


def test_nobody_is_found_by_the_old_value(desk: Desk) -> None:
    """A corrected telephone number finds the person; the one before finds nobody."""
    who = desk.register(1, phone="+12025550111")
    assert done(desk, ask(desk, new_phone="+12025550122")).state == "completed"

    def found(phone: str) -> str:
        look = desk.act(
            "instruct", "staff.support", SUPPORT, order="open-case", case_type="ticket", identify={"phone": phone}
        )  # fmt: skip
        return look.person if look.permitted else ""

    assert (found("+12025550122"), found("+12025550111")) == (who, "")


def test_done_again_after_a_crash_changes_nothing_more(desk: Desk) -> None:
    """An item that was done and not noted is done again without harm, also after a newer correction."""
    who = desk.register(1)
    first = ask(desk, new_name="First")
    assert done(desk, first).state == "completed"
    second = ask(desk, new_name=NEW)
    assert done(desk, second).state == "completed"
    assert second.case != first.case
    key = desk.key("service.rights", (RIGHTS,), ("request",))
    item = desk.rights.matter(second.case).items[0]
    assert (item.what, item.target, item.action, item.state) == ("Your name", "new_name", "correct", "done")
    read = Ask(
        act="use",
        purpose=RIGHTS,
        key=key,
        person=who,
        case=second.case,
        record=second.record,
        fields=("new_name",),
    )
    assert desk.gate.perform([read])[0].values == {}
    assert profile(desk, who, "name").values == {"name": NEW}


def test_a_request_without_new_values_waits_for_somebody(desk: Desk) -> None:
    """Free text is read by a person: nothing is called done that was not."""
    desk.register(1)
    assert done(desk, ask(desk)).state == "verified"


@pytest.mark.parametrize(("field", "value"), [("new_phone", "12"), ("new_country", "Atlantis")])
def test_a_new_value_is_checked_by_its_type(desk: Desk, field: str, value: str) -> None:
    """A value that the field which it corrects would not take is refused, and nothing of it is stored."""
    collection = Collection(desk.gate.policy, "troth_key")
    given = {
        "request_text": "Wrong.",
        "request_kind": "correct",
        "email": "person1@example.com",
        field: value,
    }
    body = {"channel": "web", "notice": "request-notice", "values": given}
    with pytest.raises(InvalidSubmission) as refused:
        collection.submission("privacy-request", body)
    assert [one.field for one in refused.value.errors] == [field]
