"""Who may read what, role by field (IV.2): the whole table, written out and compared with what the policy decides."""

import pytest

from troth.policy import Act, Policy

ORDERS = {"order_number", "order_lines", "order_total", "parcel_number"}
REGISTRATION = {"product", "serial", "issued_serial", "product_version", "purchase_date"}
TICKETS = {"ticket_text", "ticket_file", "ticket_answer"}
MARKS = {"ticket_mail"}
ADDRESSES = {"country", "shipping_address", "billing_address"}
PROFILE = {"username", "language", "interests", "relay_alias"}
WEB = {"page_address", "referrer", "event_name", "event_properties", "device_class", "robot"}
AGENTS = {"agent_name", "agent_email", "agent_authority"}
CONTACT = {"name", "email", "phone", "company"}

MAY_READ: dict[str, set[str]] = {
    "staff.support": CONTACT | REGISTRATION | TICKETS | {"country"},
    "staff.fulfilment": ORDERS | {"name", "phone", "company", "country", "shipping_address"},
    "staff.billing": ORDERS | {"name", "email", "company", "country", "billing_address", "payment_token"},
    "staff.marketing": {"name", "email", "language", "interests"},
    "staff.privacy": CONTACT
    | ADDRESSES
    | PROFILE
    | ORDERS
    | REGISTRATION
    | TICKETS
    | MARKS
    | {"job_title", "preferences", "payment_token", "installation_id", "cookie_id", "ip_address"}
    | WEB
    | {
        "feature_event",
        "relay_message",
        "relay_subject",
        "posting",
        "request_text",
        "request_kind",
        "request_uses",
    }
    | {"new_name", "new_phone", "new_company", "new_job_title", "new_country"}
    | AGENTS,
    "staff.privacy.head": CONTACT
    | ADDRESSES
    | PROFILE
    | ORDERS
    | REGISTRATION
    | TICKETS
    | MARKS
    | {"job_title", "preferences", "payment_token", "installation_id", "cookie_id", "ip_address"}
    | WEB
    | {
        "feature_event",
        "relay_message",
        "relay_subject",
        "posting",
        "request_text",
        "request_kind",
        "request_uses",
    }
    | {"new_name", "new_phone", "new_company", "new_job_title", "new_country"}
    | AGENTS,
    "staff.reviewer": CONTACT
    | ADDRESSES
    | PROFILE
    | REGISTRATION
    | TICKETS
    | MARKS
    | {"preferences", "relay_message", "relay_subject", "request_text", "request_kind", "request_uses"}
    | {"new_name", "new_phone", "new_company", "new_job_title", "new_country"}
    | AGENTS,
    "staff.legal": CONTACT | ADDRESSES | PROFILE | ORDERS | REGISTRATION | {"ip_address"},
    "staff.security": {"name", "email", "username", "ip_address"},
    "staff.analyst": set(),
    "staff.product": set(),
    "staff.community": {"username", "posting", "relay_alias", "relay_message", "relay_subject"},
    "staff.hosting": {"hosted_data", "hosted_text", "hosted_query", "hosted_file"},
    "staff.admin": set(),
    "staff.auditor": set(),
}
PURPOSES = (
    "essential.legal_obligation.accounting",
    "essential.service.account",
    "essential.service.authentication",
    "essential.service.dispute",
    "essential.service.fulfil_order",
    "essential.service.hosting",
    "essential.service.operations.support",
    "essential.service.payment_processing",
    "essential.service.product_registration",
    "essential.service.rights_request",
    "essential.service.security.incident",
    "functional.service.forum",
    "functional.service.improve",
    "functional.service.relay",
    "marketing.communications.email",
    "marketing.communications.letter",
    "marketing.communications.phone",
    "analytics.reporting.product_usage",
    "analytics.reporting.telemetry",
    "operations.access_review",
    "personalize.content",
    "third_party_sharing.legal_obligation",
)


def readable(policy: Policy, role: str, facts: set[str]) -> set[str]:
    """The fields that a role may read under any purpose when these facts hold."""
    held = tuple(sorted(facts))
    return {
        field.name
        for field in policy.fields.values()
        for purpose in PURPOSES
        if policy.decide(Act("use", role, purpose, (field.category,), facts=held, on="2015-04-16")).permitted
    }


def at_work(policy: Policy, role: str) -> set[str]:
    """Everything in favour of a role: all purposes granted, each of its cases open, every approval given."""
    cases = {f"case.{name}" for name in policy.roles[role].cases}
    approvals = {"purpose.granted", "case.open", "demand.authentic", "tenant.approved", "person.consented"}
    approvals |= {"person.verified", "case.assigned"}
    return cases | approvals


def test_the_table_names_every_role_of_staff(reference: Policy) -> None:
    """No role of staff is left out of the table."""
    assert MAY_READ.keys() == {name for name in reference.roles if name.startswith("staff.")}


@pytest.mark.parametrize("role", MAY_READ)
def test_a_role_reads_its_fields_and_no_others(reference: Policy, role: str) -> None:
    """With everything in its favour a role reads the fields of the table and not one more."""
    assert readable(reference, role, at_work(reference, role)) == MAY_READ[role]


@pytest.mark.parametrize("role", MAY_READ)
def test_without_a_granted_purpose_nothing_is_read(reference: Policy, role: str) -> None:
    """A purpose that was not granted opens nothing, whatever else holds."""
    assert readable(reference, role, at_work(reference, role) - {"purpose.granted"}) == set()


@pytest.mark.parametrize("role", MAY_READ.keys() - {"staff.marketing"})
def test_without_a_case_nothing_is_read(reference: Policy, role: str) -> None:
    """Without an open case nobody but marketing reads anything."""
    facts = {fact for fact in at_work(reference, role) if not fact.startswith("case.")}
    assert readable(reference, role, facts) == set()


def test_no_role_of_staff_reads_a_password(reference: Policy) -> None:
    """Passwords are in nobody's row."""
    assert all("password" not in fields for fields in MAY_READ.values())
    assert reference.fields["password"].category == "user.authorization.password"
