"""What accounts find in the policy, by the part that a collection point has. Pure."""

from typing import NamedTuple

from troth.kernel import NotFound, Unauthenticated
from troth.policy import Point, Policy

SIGN_IN = "essential.service.authentication"
ACCOUNT = "essential.service.account"
_PASSWORD = "user.authorization.password"  # noqa: S105  a data category


class WrongCredentials(Unauthenticated):
    """Signing in failed; says nothing about whether the address is known (clause I.4)."""

    def __init__(self) -> None:
        super().__init__(
            "This did not sign anybody in.",
            clause="I.4",
            mend="Check what you typed, or have a link sent to your mailbox.",
        )

    def __reduce__(self) -> tuple[type["WrongCredentials"], tuple[()]]:
        """Rebuild without arguments, so that the error survives a process boundary."""
        return type(self), ()


class Way(NamedTuple):
    """A passkey as its owner sees it.

    Args:
        record: Id of its record.
        name: As its owner called it.
        added: Day on which it was added.
    """

    record: str
    name: str
    added: str


def point_of(policy: Policy, part: str) -> Point:
    """The collection point that has a part in accounts.

    Raises:
        NotFound: The policy declares none.
    """
    for point in policy.points.values():
        if point.part == part:
            return point
    raise NotFound(
        "The policy declares no such part of accounts.",
        clause="I.4",
        mend=f"Declare a point with `part: {part}`.",
    )


def mailbox_field(policy: Policy) -> str:
    """Name of the address field of the point for signing in."""
    fields = (policy.fields[name] for name in point_of(policy, "sign-in").fields)
    return next(field.name for field in fields if field.type == "email" and field.identifier)


def password_field(policy: Policy) -> str:
    """Name of the field that holds the hash of a password."""
    fields = (policy.fields[name] for name in point_of(policy, "password").fields)
    return next(field.name for field in fields if field.category == _PASSWORD)


def passkey_fields(policy: Policy) -> tuple[str, str]:
    """Names of the fields of a passkey: its id, by which it is found, and what verifies it."""
    fields = [policy.fields[name] for name in point_of(policy, "passkey").fields]
    found = next(field.name for field in fields if field.identifier)
    return found, next(field.name for field in fields if not field.identifier)
