"""What each type of value accepts, and the form in which it is kept."""

from typing import Any

import pytest
from email_validator import validate_email
from hypothesis import given
from hypothesis import strategies as st

from troth.collection.model import _PLAIN_EMAIL, TYPES, Malformed
from troth.policy import Field


def kept(kind: str, value: Any, **more: Any) -> Any:
    """The form in which a value of a type is kept."""
    field = Field(name="probe", category="user.name", klass="personal", group="probe", type=kind, **more)  # type: ignore[arg-type]
    return TYPES[kind].kept(value, field)


ADDRESS = {"line1": "1 Example Street", "city": "Example City", "country": "US"}

TAKEN = [
    ("name", "  Ann\u0301  ", "Anń"),
    ("name", "X Æ A-12", "X Æ A-12"),
    ("email", "Ann@EXAMPLE.com", "Ann@example.com"),
    ("email", "jörg@bücher.example", "jörg@bücher.example"),
    ("phone", "+1 (202) 555-0143", "+12025550143"),
    ("phone", "0049 30 901820", "+4930901820"),
    ("address", {**ADDRESS, "country": "us", "line2": ""}, ADDRESS),
    (
        "address",
        {**ADDRESS, "postal_code": "12345", "region": "BE"},
        {**ADDRESS, "postal_code": "12345", "region": "BE"},
    ),
    ("date", "2016-02-29", "2016-02-29"),
    ("serial", "SN-2015-0001", "SN-2015-0001"),
    ("country", "de", "DE"),
    ("money", {"amount": "49.90", "currency": "eur"}, {"amount": "49.90", "currency": "EUR"}),
    ("money", {"amount": "0", "currency": "JPY"}, {"amount": "0", "currency": "JPY"}),
    ("order-lines", [{"sku": "EX-1", "quantity": 9999}], [{"sku": "EX-1", "quantity": 9999}]),
    ("text", "line one\r\nline two\tend ", "line one\nline two\tend"),
    ("token", " as it is ", " as it is "),
    ("boolean", False, False),
    ("integer", -5, -5),
]

REFUSED = [
    ("name", "1234", ""), ("name", "Ann\nExample", ""), ("name", "A" * 201, ""), ("name", ["Ann"], ""), ("name", "A\x00", ""),
    ("email", "ann", ""), ("email", "ann@localhost", ""), ("email", "a b@example.com", ""), ("email", "Ann <a@example.com>", ""),
    ("email", "a@example.com, b@example.com", ""), ("email", "a" * 250 + "@example.com", ""), ("email", "a@b.test\nBcc: x@y.zz", ""),
    ("phone", "555 0143", ""), ("phone", "+1 202", ""), ("phone", "+1 202 555 0143 ext. 5", ""), ("phone", 12025550143, ""),
    ("address", "1 Example Street", ""), ("address", {**ADDRESS, "planet": "Earth"}, ""), ("address", {**ADDRESS, "city": " "}, ".city"),
    ("address", {**ADDRESS, "country": "USA"}, ".country"), ("address", {**ADDRESS, "line1": "x" * 201}, ".line1"),
    ("address", {**ADDRESS, "line1": 5}, ".line1"),
    ("date", "2015-02-29", ""), ("date", "16.04.2015", ""), ("date", "20150416", ""), ("date", "٢٠١٥-٠٤-١٦", ""), ("date", 20150416, ""),
    ("serial", "SN 1", ""), ("serial", "-SN", ""), ("serial", "SN--1", ""), ("serial", "S" * 65, ""), ("serial", "SN/1", ""), ("serial", "sérial", ""),
    ("country", "XX", ""), ("country", "Germany", ""), ("country", "UK", ""),
    ("money", {"amount": 49.9, "currency": "EUR"}, ".amount"), ("money", {"amount": "49,90", "currency": "EUR"}, ".amount"),
    ("money", {"amount": "1.5", "currency": "JPY"}, ".amount"), ("money", {"amount": "-1", "currency": "EUR"}, ".amount"),
    ("money", {"amount": "1", "currency": "XXX"}, ".currency"), ("money", {"amount": "1e9", "currency": "EUR"}, ".amount"),
    ("money", {"amount": "1"}, ".currency"), ("money", "49.90 EUR", ""),
    ("order-lines", [], ""), ("order-lines", {"sku": "EX-1"}, ""), ("order-lines", [{"sku": "EX-1", "quantity": 1}] * 201, ""),
    ("order-lines", [{"sku": "EX-1", "quantity": 1}, {"sku": "EX-1", "quantity": 0}], ".1.quantity"),
    ("order-lines", [{"sku": "EX-1", "quantity": 10_000}], ".0.quantity"), ("order-lines", [{"sku": "EX-1", "quantity": True}], ".0.quantity"),
    ("order-lines", [{"sku": "EX-1", "quantity": "1"}], ".0.quantity"), ("order-lines", [{"quantity": 1}], ".0.sku"),
    ("order-lines", [{"sku": "EX-1", "quantity": 1, "price": {"amount": "x", "currency": "EUR"}}], ".0.price.amount"),
    ("order-lines", ["EX-1"], ".0"),
    ("text", "bell\x07", ""), ("text", "half \ud800", ""), ("text", "x" * 4_001, ""), ("text", 5, ""),
    ("token", "", ""), ("token", "a\nb", ""), ("token", "x" * 4_001, ""),
    ("choice", "blue", ""), ("file", "anything", ""), ("boolean", "true", ""), ("boolean", 1, ""),
    ("integer", 1.0, ""), ("integer", True, ""), ("integer", 2**60, ""), ("integer", "5", ""),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "sent", "form"), TAKEN)
def test_accepted_values_take_one_form(kind: str, sent: Any, form: Any) -> None:
    """A value is kept in one form, and that form is accepted again unchanged."""
    assert kept(kind, sent) == form
    assert kept(kind, form) == form


@pytest.mark.parametrize(("kind", "sent", "below"), REFUSED)
def test_malformed_values_are_refused(kind: str, sent: Any, below: str) -> None:
    """A malformed value is refused, with the place inside it."""
    with pytest.raises(Malformed) as caught:
        kept(kind, sent)
    assert caught.value.below == below
    assert caught.value.mend.endswith(".")


def test_choices_are_closed() -> None:
    """A choice is one of the declared ones, exactly."""
    assert kept("choice", "red", choices=("red", "green")) == "red"
    for other in ("Red", "red ", "", None, ["red"]):
        with pytest.raises(Malformed):
            kept("choice", other, choices=("red", "green"))


def test_declared_length_counts() -> None:
    """A field's own limit is kept where it is the lower one."""
    assert kept("text", "abcde", max_length=5) == "abcde"
    for kind in ("text", "name", "serial", "token"):
        with pytest.raises(Malformed):
            kept(kind, "abcdef", max_length=5)


def test_every_declared_type_has_a_check() -> None:
    """The policy format and this room know the same types."""
    from typing import get_args

    from troth.policy.things import FieldType

    assert set(TYPES) == set(get_args(FieldType))


@given(st.sampled_from(sorted(TYPES)), st.text() | st.integers() | st.lists(st.text(), max_size=3))
def test_kept_values_are_stable(kind: str, value: Any) -> None:
    """Keeping what was kept changes nothing."""
    try:
        once = kept(kind, value)
    except Malformed:
        return
    assert kept(kind, once) == once


_WORDS = st.from_regex(r"[a-z0-9_+-]{1,20}(\.[a-z0-9_+-]{1,20}){0,2}", fullmatch=True)
_DOMAINS = st.from_regex(r"([a-z0-9]{1,20}\.){1,3}[a-z]{2,20}", fullmatch=True)


@given(_WORDS, _DOMAINS)
def test_usual_addresses_are_kept_as_the_library_keeps_them(local: str, domain: str) -> None:
    """What is taken without asking the library is what the library takes, and it would change nothing of it."""
    address = f"{local}@{domain}"
    field = Field(
        name="email", category="user.contact.email", klass="personal", group="contact", type="email"
    )
    if _PLAIN_EMAIL.fullmatch(address):
        assert TYPES["email"].kept(address, field) == address
        assert validate_email(address, check_deliverability=False).normalized == address
    else:
        assert len(local) > 64 or domain.endswith(
            (".arpa", ".local", ".onion", ".test", ".invalid", ".localhost")
        )


@pytest.mark.parametrize(
    "domain", ["local", "x.local", "x.test", "x.invalid", "x.localhost", "x.onion", "x.arpa"]
)
def test_addresses_that_nobody_has_are_refused(domain: str) -> None:
    """Reserved domains are no addresses (RFC 6761), whoever looks first."""
    field = Field(
        name="email", category="user.contact.email", klass="personal", group="contact", type="email"
    )
    with pytest.raises(Malformed):
        TYPES["email"].kept(f"ann@{domain}", field)
