"""Forms made from the policy's declarations, and what browsers send for them."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from troth.collection import (
    Collection,
    Control,
    Form,
    InvalidSubmission,
    Upload,
    control_of,
    form_of,
    read_sent,
)
from troth.collection.model import TYPES, Malformed
from troth.policy import Policy, kept_policy

REFERENCE = Path(__file__).parents[2] / "policies" / "software-vendor" / "policy.md"
POLICY = kept_policy(REFERENCE.read_bytes())
COLLECTION = Collection(lambda: POLICY, "troth_key")
PUBLIC = [point.name for point in POLICY.points.values() if point.public and point.form]


def form(point: str, policy: Policy = POLICY) -> Form:
    """The form of a point."""
    return form_of(policy, point)


def control(point: str, name: str) -> Control:
    """A control of a form."""
    return next(one for one in form(point).controls if one.name == name)


@pytest.mark.parametrize("point", PUBLIC)
def test_a_form_asks_for_exactly_the_declared_fields(point: str) -> None:
    """In the order of the policy, save what the company issues, each marked as required or not, with a title of its own."""
    made = form(point)
    declared = POLICY.points[point]
    assert {one.name: one.required for one in made.controls} == {
        name: need == "required" for name, need in declared.fields.items() if name not in declared.issued
    }
    assert all(one.label and "_" not in one.label for one in made.controls)
    assert made.notice.name == POLICY.points[point].notice
    assert made.notice.text
    assert made.uses
    assert made.kept
    assert made.policy == POLICY.sha256


def test_each_type_has_a_control_that_fits() -> None:
    """What a browser can help with, it is told."""
    kinds = {one.name: one.kind for point in PUBLIC for one in form(point).controls}
    assert kinds["email"] == "email"
    assert kinds["phone"] == "tel"
    assert kinds["purchase_date"] == "date"
    assert kinds["shipping_address"] == "group"
    assert kinds["order_lines"] == "order"
    assert kinds["ticket_text"] == "lines"
    assert kinds["ticket_file"] == "file"
    assert kinds["payment_token"] == "secret"
    assert kinds["country"] == "select"
    assert control("shop", "email").autocomplete == "email"
    parts = {one.name: one for one in control("shop", "shipping_address").parts}
    assert parts["shipping_address.city"].autocomplete == "shipping address-level2"
    assert parts["shipping_address.city"].required
    assert not parts["shipping_address.region"].required


def test_a_choice_is_radios_while_there_are_few() -> None:
    """Five are seen at once, more are folded up, and a yes is an empty box."""
    field = POLICY.fields["country"]
    few = _field(field, type="choice", choices=("red", "blue"))
    many = _field(field, type="choice", choices=tuple("abcdef"))
    assert control_of(few, required=True).kind == "radios"
    assert control_of(many, required=True).kind == "select"
    assert [one.label for one in control_of(few, required=True).options] == ["Red", "Blue"]
    assert control_of(_field(field, type="boolean"), required=False).kind == "tick"


def test_uses_are_ticks_and_several_may_be_ticked() -> None:
    """Each with its meaning in plain words; what was ticked is a list, and is shown again."""
    ticks = control("privacy-request", "request_uses")
    assert ticks.kind == "ticks"
    assert all(" " in one.label and one.label[:1].isupper() for one in ticks.options)
    first, second, *_ = (one.value for one in ticks.options)
    sent = read_sent(form("privacy-request"), [("request_uses", first), ("request_uses", second)])
    assert (sent.values["request_uses"], sent.faults) == ([first, second], ())
    assert sent.texts["request_uses"].split() == [first, second]
    field = POLICY.fields["request_uses"]
    assert TYPES["choice"].kept([first, first], field) == [first]
    for bad in ([], first, ["made.up"], [[first]]):
        with pytest.raises(Malformed):
            TYPES["choice"].kept(bad, field)


def _field(field: Any, **changes: Any) -> Any:
    from msgspec import structs

    return structs.replace(field, **changes)


def test_the_way_to_say_no_is_there_where_the_policy_names_it() -> None:
    """Clause I.17 names the four points of clause I.9, and not the support form."""
    for point in ("shop", "product-registration", "account", "email-opt-in"):
        told = form(point).objection
        assert told is not None
        assert told.clause == "I.17"
    assert form("support-contact").objection is None
    assert all(one.name != "objection-link" for one in form("shop").beside)


def flat(values: Any, path: str = "") -> list[tuple[str, str | Upload]]:
    """Values as a browser sends them."""
    if isinstance(values, dict) and {"name", "media", "data"} == set(values):
        from base64 import b64decode

        return [(path, Upload(values["name"], values["media"], b64decode(values["data"])))]
    if isinstance(values, dict):
        return [
            pair for name, value in values.items() for pair in flat(value, f"{path}.{name}" if path else name)
        ]
    if isinstance(values, list) and values and isinstance(values[0], str):
        return [(path, value) for value in values]
    if isinstance(values, list):
        return [pair for number, value in enumerate(values) for pair in flat(value, f"{path}.{number}")]
    return [(path, str(values))]


@pytest.mark.parametrize("point", PUBLIC)
def test_a_form_filled_with_the_examples_gives_what_the_json_door_gives(point: str) -> None:
    """The two ways in take the same values."""
    told = COLLECTION.describe(point)
    values = {name: field["example"] for name, field in told["fields"].items() if "issued" not in field}
    sent = read_sent(form(point), flat(values))
    assert sent.faults == ()
    assert sent.values == values
    body = {"channel": "web", "notice": told["notice"]["name"], "values": sent.values}
    assert COLLECTION.submission(point, body) == COLLECTION.submission(point, {**body, "values": values})


def test_what_is_left_empty_is_not_sent() -> None:
    """Blank fields, an address without a part, an order without a line, a file that was not chosen."""
    pairs: list[tuple[str, str | Upload]] = [
        ("name", " "),
        ("shipping_address.city", ""),
        ("order_lines.0.sku", ""),
        ("shipping_address.region", ""),
    ]
    assert read_sent(form("shop"), pairs).values == {}
    empty = Upload("", "application/octet-stream", b"")
    assert read_sent(form("support-contact"), [("ticket_file", empty)]).values == {}


def test_rows_of_an_order_are_closed_up() -> None:
    """Empty rows in between are left out, and what was typed is shown again in the rows that faults name."""
    pairs = [("order_lines.2.sku", "EX-1"), ("order_lines.2.quantity", "2"), ("order_lines.7.sku", "EX-2")]
    sent = read_sent(form("shop"), pairs)
    assert sent.values["order_lines"] == [{"sku": "EX-1", "quantity": 2}, {"sku": "EX-2"}]
    assert sent.texts["order_lines.1.sku"] == "EX-2"


def test_secrets_and_files_are_not_kept_to_be_shown_again() -> None:
    """What was typed as a token is sent on, and not shown."""
    sent = read_sent(form("shop"), [("payment_token", "tok-secret"), ("name", "Ann")])
    assert sent.values["payment_token"] == "tok-secret"
    assert sent.texts == {"name": "Ann"}


def test_what_the_form_does_not_have_is_refused_by_name() -> None:
    """An undeclared field, a field of another point, a part that no address has, and one name twice."""
    pairs = [
        ("shoe_size", "44"),
        ("ticket_text", "x"),
        ("shipping_address.planet", "Mars"),
        ("name", "a"),
        ("name", "b"),
    ]
    sent = read_sent(form("shop"), pairs)
    assert [fault.field for fault in sent.faults] == ["name"]
    with pytest.raises(InvalidSubmission) as caught:
        COLLECTION.submission("shop", {"channel": "web", "values": sent.values})
    named = {fault.field for fault in caught.value.errors}
    assert {"shoe_size", "ticket_text", "(a name that is not a field's)"} <= named


names = st.sampled_from(
    [
        "name", "email", "order_lines.0.sku", "order_lines.999.quantity", "order_lines.1.price.amount", "order_lines.0",
        "order_lines.x.sku", "shipping_address", "shipping_address.line1", "order_total.amount", "payment_token", "",
    ]
) | st.text(max_size=20)  # fmt: skip
sent_values = st.text(max_size=20) | st.builds(
    Upload, st.text(max_size=9), st.text(max_size=9), st.binary(max_size=20)
)


@given(st.sampled_from(PUBLIC), st.lists(st.tuples(names, sent_values), max_size=12))
def test_reading_is_total_and_loses_nothing_silently(
    point: str, pairs: list[tuple[str, str | Upload]]
) -> None:
    """Whatever is sent: values come out, or faults; every text that counts is in the values or named as a fault."""
    sent = read_sent(form(point), pairs)
    body = {"channel": "web", "notice": "x", "values": sent.values}
    try:
        ask = COLLECTION.submission(point, body)
    except InvalidSubmission as error:
        found: set[str] = {fault.reason for fault in error.errors}
    else:
        found = set(ask.values)
        assert set(sent.values) == found
    assert found or sent.faults or not any(value for _, value in pairs)
