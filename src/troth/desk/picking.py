"""What the policy says of a type of case: which fields there are to be read, given and written, at which points. Pure."""

from troth.kernel import Refused
from troth.policy import CaseType, Point, Policy

_SERIAL = "serial"


def fields_read(policy: Policy, declared: CaseType) -> tuple[str, ...]:
    """Every field that stands in the records of a type of case, in the order of its points; the policy decides who sees which.

    The Message-IDs of mails are for mail programs, and nobody asks for them.
    """
    points = [one for one in policy.points.values() if declared.name in (one.opens, one.joins)]
    names = dict.fromkeys(name for point in points for name in point.fields)
    return tuple(name for name in names if not policy.fields[name].mail_id)


def given_to(policy: Policy, declared: CaseType, recipient: str) -> tuple[str, ...]:
    """The fields of a type of case that a recipient may be given."""
    wanted = policy.recipients[recipient].data
    opening = [one for one in policy.points.values() if one.opens == declared.name]
    return tuple(
        dict.fromkeys(
            name
            for point in opening
            for name in point.fields
            if any(_covers(key, policy.fields[name].category) for key in wanted)
        )
    )


def answer_point(policy: Policy, declared: CaseType, role: str) -> tuple[Point, str]:
    """The point at which a role writes an answer, and the field that holds it.

    Raises:
        Refused: The policy has none for the role.
    """
    field = answer_field(policy, declared)
    for point in policy.points.values():
        if point.joins == declared.name and field in point.fields and _covers(point.actor, role):
            return point, field
    raise Refused(
        "The policy lets your role write no answer.", clause=declared.clause, mend="Hand the case over."
    )


def answer_field(policy: Policy, declared: CaseType) -> str:
    """The field that holds what is answered in a type of case; empty where the policy has none.

    It stands at a point that joins the case and takes nothing that people write themselves.
    """
    asked = {
        name for point in policy.points.values() if point.opens == declared.name for name in point.fields
    }
    for point in policy.points.values():
        if point.joins == declared.name:
            for name in point.fields:
                if policy.fields[name].type == "text" and name not in asked:
                    return name
    return ""


def serial_fields(policy: Policy) -> tuple[str, ...]:
    """The identifiers that people quote and nobody is called by: numbers of orders and products."""
    return tuple(name for name, field in policy.fields.items() if field.identifier and field.type == _SERIAL)


def _covers(general: str, particular: str) -> bool:
    return particular == general or particular.startswith(general + ".")
