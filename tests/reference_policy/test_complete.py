"""The lists of the reference policy are complete: activities, exceptions, retentions, recipients."""

from collections.abc import Iterable, Iterator
from datetime import date

from troth.policy import Permit, Policy, telemetry_schema
from troth.policy.products import CrucialReason, Product
from troth.policy.things import Activity, PolicyException


def covered(key: str, by: Iterable[str]) -> bool:
    """Whether one of some dotted keys is this key or stands above it."""
    return any(upper in {"*", key} or key.startswith(f"{upper}.") for upper in by)


def permits(policy: Policy) -> Iterator[Permit]:
    """The permits of a policy."""
    return (rule for rule in policy.rules.values() if isinstance(rule, Permit))


def test_every_permit_belongs_to_an_activity(reference: Policy) -> None:
    """Whatever anyone may do with personal data is listed as an activity in 0.2 or II.22, besides opening cases."""
    activities = reference.of(Activity)
    missing = [
        (permit.name, act, actor, purpose)
        for permit in permits(reference)
        for act in permit.acts
        for actor in permit.actors
        for purpose in permit.purposes
        if act != "instruct"
        and not any(
            act in known.acts and covered(actor, known.actors) and covered(purpose, known.purposes)
            for known in activities
        )
    ]
    assert missing == []


def test_every_way_out_is_an_exception(reference: Policy) -> None:
    """The exceptions to "inside the company" (I.2) are exactly the permits that name an outside recipient."""
    listed = {name for one in reference.of(PolicyException) if one.to == "I.2" for name in one.by}
    assert listed == {permit.name for permit in permits(reference) if set(permit.recipients) - {"internal"}}


def test_ways_out_stand_where_the_policy_says(reference: Policy) -> None:
    """Every permit that lets data out stands in Part II or IV, as I.2 promises."""
    for permit in permits(reference):
        if set(permit.recipients) - {"internal"}:
            assert permit.clause.startswith(("II.", "IV.")), permit.name


def test_kept_data_has_an_end(reference: Policy) -> None:
    """The retention that a permit names covers each of its categories and purposes."""
    for permit in permits(reference):
        if permit.retention:
            kept = reference.retentions[permit.retention]
            assert all(covered(category, kept.data) for category in permit.data), permit.name
            assert all(covered(purpose, kept.purposes) for purpose in permit.purposes), permit.name


def test_every_personal_field_has_an_end(reference: Policy) -> None:
    """Each field that a point takes is covered by a retention."""
    taken = {name for point in reference.points.values() for name in point.fields}
    for name in taken:
        category = reference.fields[name].category
        assert any(covered(category, kept.data) for kept in reference.retentions.values()), name


def test_recipients_are_limited(reference: Policy) -> None:
    """Each recipient is declared with a country, a transfer mechanism, and the only data and purposes it may have."""
    for recipient in reference.recipients.values():
        assert recipient.country, recipient.name
        assert recipient.mechanism, recipient.name
        assert recipient.purposes, recipient.name
        assert recipient.data or recipient.fields, recipient.name


def test_telemetry_is_about_machines_alone(reference: Policy) -> None:
    """Every metric is about the machine and the product, somebody answers for it, and one point takes them all."""
    schema = telemetry_schema(reference)
    assert schema is not None
    assert (schema.point, set(schema.products)) == ("telemetry", {"example-sensor", "example-server"})
    assert {metric.type for metric in schema.metrics.values()} == {
        "counter", "labelled-counter", "quantity", "timing", "boolean", "choice", "weeks-in-use",
    }  # fmt: skip
    assert {metric.category for metric in schema.metrics.values()} == {"system.operations.telemetry"}


def test_the_four_points_warn_and_screen(reference: Policy) -> None:
    """Shop, product registration, account and e-mail sign-up each show a notice of their own behind an age screen."""
    points = [reference.points[name] for name in ("shop", "product-registration", "account", "email-opt-in")]
    assert all(point.age_screen for point in points)
    notices = {point.notice for point in points if point.notice}
    assert len(notices) == 4
    for point in points:
        assert f"point.{point.name}" in reference.notices[point.notice or ""].at


def test_nothing_asks_for_a_birth_date(reference: Policy) -> None:
    """No field holds a date of birth, an age or a card number."""
    refused = ("user.demographic", "user.childrens", "user.financial", "user.government_id", "user.biometric")
    assert [field.name for field in reference.fields.values() if covered(field.category, refused)] == []


def test_closed_lists_have_an_owner_and_a_review(reference: Policy) -> None:
    """Every recipient, product with crucial reasons, and exception names who looks after it and when it is reviewed."""
    listed = [*reference.recipients.values(), *reference.of(Product), *reference.of(PolicyException)]
    for thing in listed:
        assert str(thing.extra.get("owner", "")), thing
        assert date.fromisoformat(str(thing.extra.get("review"))) > date.fromisoformat(
            reference.front.last_updated
        )
    for reason in reference.of(CrucialReason):
        assert reason.owner
        assert reason.review > reference.front.last_updated
