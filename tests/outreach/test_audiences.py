"""Audiences: what may be written, whom it chooses, and that it never chooses a child."""

from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.gate.conftest import RIGHTS, Company, company, reference_text  # noqa: F401  fixtures
from tests.support.policies import any_serial
from troth.kernel import InvalidInput
from troth.outreach import Audiences, declared_audience, read_expression
from troth.policy import Policy, compile_policy, kept_policy

EMAIL = "marketing.communications.email"
PRODUCTS = ("sensor", "server", "cloud")


@cache
def policy() -> Policy:
    """The reference policy."""
    return kept_policy(any_serial())


def _comparison() -> st.SearchStrategy[str]:
    value = st.sampled_from(PRODUCTS).map(lambda one: f'"{one}"')
    versions = st.sampled_from(("5.0", "6")).map(lambda one: f'"{one}"')
    return st.one_of(
        st.builds("product {} {}".format, st.sampled_from(("=", "!=")), value),
        st.builds("product_version {} {}".format, st.sampled_from(("=", "!=")), versions),
        st.lists(value, min_size=1, max_size=3).map(lambda many: f"product in ({', '.join(many)})"),
        st.sampled_from(('country = "DE"', 'language != "en"')),
    )


EXPRESSIONS = st.recursive(
    _comparison(),
    lambda inner: st.one_of(
        inner.map("not ({})".format),
        st.builds("({}) {} ({})".format, inner, st.sampled_from(("and", "or")), inner),
    ),
    max_leaves=8,
)


def chosen(text: str, *records: dict[str, Any]) -> bool:
    """Whether an expression chooses somebody with these records."""
    read = read_expression(text, declared_audience(policy()), policy())
    return read.term.holds({str(number): record for number, record in enumerate(records)})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('product = "sensor"', True),
        ('product = "SENSOR "', True),
        ('product = "server"', True),
        ('product != "server"', False),
        ('product in ("cloud", "server")', True),
        ('not product = "cloud" and country = "de"', True),
        ('product = "cloud" or product = "server" and country = "FR"', False),
        ('(product = "cloud" or product = "server") and not country = "FR"', True),
        ('language = "en"', False),
        ('language != "en"', True),
    ],
)
def test_whom_an_expression_chooses(text: str, expected: bool) -> None:  # noqa: FBT001  a parameter of the table
    """Any record may match; what somebody did not say matches nothing, and its contrary does."""
    assert chosen(text, {"product": "Sensor"}, {"product": "server", "country": "DE"}) is expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "product",
        "product =",
        "product = sensor",
        'product "sensor"',
        '(product = "a"',
        'product = "a")',
        'product = "a" product = "b"',
        "product in ()",
        'and = "a"',
        "age < 13",
        'age_range = "0-12"',
        'product < "a"',
        'country = "DEU"',
        "not " * 40 + 'product = "a"',
        'product = "' + "a" * 300 + '"',
        'product = "a" or ' * 80 + 'product = "a"',
    ],
)
def test_what_is_refused(text: str) -> None:
    """What is no expression over the declared attributes is refused with the clause of the audience."""
    with pytest.raises(InvalidInput) as refused:
        chosen(text)
    assert (refused.value.clause, refused.value.field) == ("I.18", "expression")


@given(
    st.lists(
        st.sampled_from(
            ("product", "age", '"a"', "=", "!=", "(", ")", ",", "in", "and", "or", "not", "<", "child", "\n")
        )
    )
)
def test_whatever_is_written_only_declared_attributes_are_looked_at(words: list[str]) -> None:
    """A text is read as an expression over declared attributes, or refused with the clause; nothing else happens."""
    frame = declared_audience(policy())
    try:
        read = read_expression(" ".join(words), frame, policy())
    except InvalidInput as error:
        refused: InvalidInput | None = error
    else:
        refused = None
        assert set(read.attributes) <= set(frame.attributes)
        assert {"age", "child", "<"}.isdisjoint(words)
    assert refused is None or refused.clause == "I.18"


@pytest.mark.slow
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=60)
@given(expression=EXPRESSIONS)
def test_no_expression_chooses_a_child(company: Company, expression: str) -> None:  # noqa: F811  the fixture
    """For every expression, the count is that of the adults alone, however children and adults are alike."""
    text = any_serial().replace(b"cohort: 10", b"cohort: 2")
    adults = [{"product": one, "product_version": version} for one in PRODUCTS for version in ("5.0", "6")]
    if company.gate.policy().sha256 != compiled(text).sha256:
        company.publish(text)
        populated(company, adults)
    audiences = Audiences(company.database, company.gate, company.clock)
    key = company.key("staff.marketing", ("marketing",))
    size = audiences.count(audiences.create(key, "Some", expression).audience, key)
    expected = sum(chosen(expression, adult) for adult in adults)
    assert size.people == (expected if expected >= 2 else None)


@cache
def compiled(text: bytes) -> Policy:
    """A policy, compiled once."""
    return compile_policy(text)


def populated(some: Company, adults: list[dict[str, str]]) -> None:
    """Adults and children with the same things, all of whom asked for announcements."""
    for number, values in enumerate([*adults, *adults, *adults], 1):
        who = some.register(number, **values)
        case = some.open_case("request", "staff.privacy", RIGHTS, who)
        orders: list[dict[str, Any]] = [
            {
                "purpose": "essential.service.choice",
                "order": "record-stance",
                "about": EMAIL,
                "stance": "consented",
            }
        ]
        if len(adults) < number <= 2 * len(adults):
            orders.append(
                {"purpose": RIGHTS, "order": "verify-parent", "method": "video-call", "until": "2027-06-30"}
            )
        elif number > 2 * len(adults):
            mail = {"email": f"person{number}@example.com"}
            orders.append({"purpose": RIGHTS, "order": "suppress", "about": "child", "identify": mail})
        for order in orders:
            given = {"person": who, "case": case} if order["order"] != "suppress" else {}
            done = some.act("instruct", "staff.privacy", order.pop("purpose"), **given, **order)
            assert done.permitted, done
