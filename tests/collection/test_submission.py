"""Submissions to the reference policy's collection points."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from troth.collection import Collection, InvalidSubmission
from troth.gate import Ask
from troth.kernel import NotFound, TrothError, new_id
from troth.policy import Policy, compile_policy, kept_policy

REFERENCE = Path(__file__).parents[2] / "policies" / "software-vendor" / "policy.md"
POLICY = kept_policy(REFERENCE.read_bytes())
COLLECTION = Collection(lambda: POLICY, "troth_key")
CARD = "4111 1111 1111 1111"


def registration(**values: Any) -> dict[str, Any]:
    """A body that product-registration takes, with some values changed; None leaves one out."""
    least = {"name": "Ann Example", "email": "ann@example.com", "product": "Sensor", "serial": "SN-2015-0001"}
    point = POLICY.points["product-registration"]
    return {
        "channel": "web",
        "notice": point.notice,
        "purpose": "essential.service.product_registration",
        "values": {name: value for name, value in {**least, **values}.items() if value is not None},
    }


def faults(point: str, body: Any) -> dict[str, str]:
    """Clauses of the faults of a submission, by field."""
    with pytest.raises(InvalidSubmission) as caught:
        COLLECTION.submission(point, body)
    error = caught.value
    assert (error.field, error.clause) == (error.errors[0].field, error.errors[0].clause)
    assert all(fault.reason.endswith(".") and fault.mend.endswith(".") for fault in error.errors)
    return {fault.field: fault.clause for fault in error.errors}


def test_minimum_becomes_an_ask() -> None:
    """The required fields alone make a complete act to collect, in the name of the collecting service."""
    ask = COLLECTION.submission("product-registration", registration())
    assert ask == Ask(
        act="collect",
        purpose="essential.service.product_registration",
        key="troth_key",
        point="product-registration",
        channel="web",
        notice=POLICY.points["product-registration"].notice or "",
        values=registration()["values"],
    )
    assert "troth_key" not in repr(ask)


def test_purpose_may_be_left_out_where_the_point_has_one() -> None:
    """A point with one purpose collects for it; one with several wants to be told."""
    body = registration()
    assert POLICY.points["product-registration"].purposes == (body.pop("purpose"),)
    assert COLLECTION.submission("product-registration", body).purpose
    assert len(POLICY.points["import"].purposes) > 1
    assert faults("import", {"channel": "import", "values": {"email": "ann@example.com"}}) == {
        "purpose": POLICY.points["import"].clause
    }
    assert "purpose" in faults("product-registration", {**body, "purpose": "marketing"})


def test_unknown_point_is_not_found() -> None:
    """Only declared points take data (clause I.1)."""
    for name in ("", "guestbook", "SHOP", CARD):
        with pytest.raises(NotFound) as caught:
            COLLECTION.submission(name, registration())
        assert (caught.value.status, caught.value.clause) == (404, "I.1")
        assert not name or name not in str(caught.value)
        with pytest.raises(NotFound):
            COLLECTION.describe(name)


def test_channel_is_mandatory_and_declared() -> None:
    """Every collection carries its channel (clause 0.5), one that the point declares."""
    for missing in (None, "", "  "):
        assert faults("product-registration", {**registration(), "channel": missing}) == {"channel": "0.5"}
    body = registration()
    del body["channel"]
    assert faults("product-registration", body) == {"channel": "0.5"}
    clause = POLICY.points["product-registration"].clause
    assert faults("product-registration", {**registration(), "channel": "pigeon"}) == {"channel": clause}
    assert faults("product-registration", {**registration(), "channel": 7}) == {"channel": ""}


def test_unclassed_field_is_refused() -> None:
    """A field that the policy does not class is refused by name (clause 0.4)."""
    assert faults("product-registration", registration(shoe_size=43)) == {"shoe_size": "0.4"}
    odd = faults(
        "product-registration", {**registration(), "values": {**registration()["values"], "ann@x.com": 1}}
    )
    assert odd == {"(a name that is not a field's)": "0.4"}


def test_field_of_another_point_is_refused() -> None:
    """A declared field that this point does not take is refused in the name of the point's clause."""
    found = faults("product-registration", registration(posting="Hello"))
    assert found == {"posting": POLICY.points["product-registration"].clause}


def test_all_faults_come_together() -> None:
    """One answer names everything that is to be mended."""
    body = registration(email="nonsense", serial="", phone="12", country="Atlantis", shoe_size=1)
    body |= {"channel": "", "colour": "red"}
    names = {"channel", "colour", "shoe_size", "email", "serial", "phone", "country"}
    assert faults("product-registration", body).keys() == names


def test_blank_optional_values_are_not_given() -> None:
    """Empty boxes of a form are no values."""
    ask = COLLECTION.submission("product-registration", registration(phone="", company="  "))
    assert ask.values.keys() == {"name", "email", "product", "serial"}
    body = registration()
    body["values"]["phone"] = None
    assert "phone" not in COLLECTION.submission("product-registration", body).values


@pytest.mark.parametrize("body", [None, [], "text", 7, {"values": 3}, {"values": {}}, {}])
def test_wrong_shape_is_refused(body: Any) -> None:
    """What is not an object of the known members is refused as a whole."""
    assert faults("product-registration", body)


def test_case_is_an_id() -> None:
    """A submission may cite a case by its id, and only by that."""
    case = new_id()
    assert COLLECTION.submission("product-registration", {**registration(), "case": case}).case == case
    assert faults("product-registration", {**registration(), "case": "my case"}) == {"case": ""}


def test_size_is_bounded() -> None:
    """Depth, number and length of what is sent are bounded before anything else looks at it."""
    deep: Any = "x"
    for _ in range(100_000):
        deep = [deep]
    for values in (
        {"product": deep},
        {"product": ["x"] * 10_000},
        {"product": "x" * 2_000_000},
        {"product": {1, 2}},
    ):
        assert faults("product-registration", registration(**values)) == {"body": ""}
    assert faults("product-registration", registration(product="x" * 5_000)).keys() == {"product"}


@pytest.mark.parametrize("point", sorted(POLICY.points))
def test_card_numbers_are_refused_in_every_field(point: str) -> None:
    """No field of any point takes a payment card number, however it is nested or written (clause II.21)."""
    declared = POLICY.points[point]
    for name in declared.fields:
        for value in (CARD, f"My card is {CARD}, thanks", 4111111111111111, [{"sku": "4111-1111-1111-1111"}]):
            body = {"channel": declared.channels[0], "purpose": declared.purposes[0], "values": {name: value}}
            found = faults(point, body)
            assert found[name] == "II.21"


def test_faults_never_repeat_values() -> None:
    """A canary in any place of a malformed submission is not in the error."""
    canary = "canary7Q4x@@"
    for name in POLICY.fields:
        body = {"channel": canary, "purpose": canary, "notice": canary * 50, "values": {name: canary}}
        with pytest.raises(InvalidSubmission) as caught:
            COLLECTION.submission("product-registration", body)
        assert canary not in repr((str(caught.value), vars(caught.value)))
        assert caught.value.__cause__ is None


def test_description_tells_everything_that_a_form_needs() -> None:
    """Fields with type, class, category and need; channels; purposes; the notice to show; an example that is taken."""
    for point in COLLECTION.points():
        told = COLLECTION.describe(point)
        declared = POLICY.points[point]
        assert told["channels"] == list(declared.channels)
        assert told["purposes"] == list(declared.purposes)
        assert told["policy"] == POLICY.sha256
        assert (told["notice"] or {"name": None})["name"] == declared.notice
        assert told["notice"] is None or told["notice"]["text"]
        for name, field in told["fields"].items():
            assert field["category"] == POLICY.fields[name].category
            assert field["class"] in {"anonymous", "pseudonymous", "personal"}
            assert field["required"] == (declared.fields[name] == "required")


@pytest.mark.parametrize("point", sorted(POLICY.points))
def test_examples_of_the_description_are_taken(point: str) -> None:
    """A form filled with the examples is accepted, save for files, which cannot be sent yet."""
    told = COLLECTION.describe(point)
    values = {name: field["example"] for name, field in told["fields"].items() if field["type"] != "file"}
    body = {"channel": told["channels"][0], "purpose": told["purposes"][0], "values": values}
    if POLICY.points[point].acknowledge:
        body["acknowledged"] = told["notice"]["name"]
    assert COLLECTION.submission(point, body).values == values


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)


@given(
    st.sampled_from([*POLICY.points, "nowhere"]),
    JSON
    | st.dictionaries(
        st.sampled_from(["channel", "notice", "purpose", "values", "case", "other"]),
        JSON | st.dictionaries(st.sampled_from(sorted(POLICY.fields)), JSON, max_size=6),
        max_size=6,
    ),
)
def test_any_json_gives_an_ask_or_an_error_that_can_be_shown(point: str, body: Any) -> None:
    """Whatever is sent, the answer is an act to decide or an error with a mend, never a crash."""
    try:
        ask = COLLECTION.submission(point, body)
    except TrothError as error:
        refusal = error
    else:
        assert ask.channel in POLICY.points[point].channels
        assert ask.values.keys() <= POLICY.points[point].fields.keys()
        return
    assert refusal.status in {404, 422}
    assert refusal.mend
    str(refusal).encode()


@given(
    st.text(min_size=12, max_size=60).map(lambda text: f"\u00a4{text}\u00a4")
)  # no message of ours holds this sign
def test_no_text_comes_back_in_an_error(text: str) -> None:
    """Text sent in any field never stands in what the error says."""
    body = {"channel": text, "notice": text, "purpose": text, "case": text}
    body["values"] = dict.fromkeys(POLICY.fields, text)  # type: ignore[assignment]
    with pytest.raises(InvalidSubmission) as caught:
        COLLECTION.submission("account", body)
    assert text not in str(caught.value)
    assert not any(text in part for fault in caught.value.errors for part in fault)


def test_policy_is_asked_each_time() -> None:
    """A version that comes into force counts from the next submission on."""
    source: list[Policy] = [POLICY]
    collection = Collection(lambda: source[-1], "key")
    assert collection.describe("shop")["policy"] == POLICY.sha256
    text = REFERENCE.read_text(encoding="utf-8")
    source.append(compile_policy(text + "\n"))
    assert collection.describe("shop")["policy"] == source[-1].sha256 != POLICY.sha256
