"""People who work at the console, their sessions, and what the policy lets their role do; pure."""

from datetime import timedelta
from typing import NamedTuple

from troth.kernel import NotFound, Unauthenticated
from troth.policy import Cookie, Permit, Policy

STAFF = "staff"
INVITED = timedelta(days=7)
PROVEN = timedelta(minutes=10)
"""How long ago somebody must have signed in, or shown again who they are, to do what cannot be undone."""
_MICROSECOND = timedelta(microseconds=1)


class WrongSignIn(Unauthenticated):
    """Signing in failed; says nothing about whether the name is known."""

    def __init__(self) -> None:
        super().__init__(
            "This did not sign anybody in.",
            clause="IV.2",
            mend="Check name, password and code; a code counts once, for half a minute. Who lost them asks for a reset.",
        )

    def __reduce__(self) -> tuple[type["WrongSignIn"], tuple[()]]:
        """Rebuild without arguments, so that the error survives a process boundary."""
        return type(self), ()


class Limits(NamedTuple):
    """How long a session lasts.

    Args:
        idle: Without anything done.
        longest: In all.
    """

    idle: timedelta
    longest: timedelta


class Member(NamedTuple):
    """Somebody who works at the console; instants in microseconds, 0 for not.

    Args:
        staff: Id, which steps of matters and sessions name.
        name: What they sign in by.
        title: Their name for the audit log.
        role: Role of the policy.
        purposes: Data uses that they may serve; none for all that the policy permits their role.
        cases: Kinds of case that they may cite; none for those that the policy gives their role.
        subject: Who they are at the company's own provider: issuer, a blank, subject; empty for nobody.
        created_at: When they were added.
        disabled_at: When they were shut out.
        seen_at: When they last signed in.
        invited_until: When an invitation that was not used ends.
        ready: Whether password and second factor are set.
    """

    staff: str
    name: str
    title: str
    role: str
    purposes: tuple[str, ...]
    cases: tuple[str, ...]
    subject: str
    created_at: int
    disabled_at: int
    seen_at: int
    invited_until: int
    ready: bool


class Working(NamedTuple):
    """Somebody who is signed in at the console.

    Args:
        member: Who.
        key: The session's API key, in whose name every act is done.
        session: Id of that key.
        opened_at: When the session began (microseconds).
        proven_at: When they last showed who they are (microseconds).
    """

    member: Member
    key: str
    session: str
    opened_at: int
    proven_at: int

    def proven(self, now: int) -> bool:
        """Whether they showed who they are a moment ago, at an instant (microseconds)."""
        return 0 <= now - self.proven_at < PROVEN // _MICROSECOND

    def __repr__(self) -> str:
        return f"Working(staff={self.member.staff!r}, session={self.session!r})"


class Seat(NamedTuple):
    """A session as its owner sees it; instants in microseconds."""

    session: str
    device: str
    opened_at: int
    seen_at: int
    ends_at: int


class Passkey(NamedTuple):
    """A passkey as its owner sees it."""

    credential: str
    name: str
    added_at: int


def grants(policy: Policy, member: Member) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The purposes and kinds of case that the key of a session carries: those given, else what the policy gives the role."""
    purposes = member.purposes or permitted(policy, member.role)
    declared = policy.roles.get(member.role)
    cases = member.cases or (declared.cases if declared is not None else ())
    return tuple(sorted({*purposes, desk_purpose(policy)})), tuple(cases)


def desk_purpose(policy: Policy) -> str:
    """The purpose for which staff sign in: that of the cookie which says who works here.

    Raises:
        NotFound: The policy declares no such cookie, and so no console.
    """
    for cookie in policy.of(Cookie):
        if cookie.remembers == "staff":
            return cookie.purposes[0]
    raise NotFound(
        "The policy lets nobody of staff sign in.",
        clause="IV.2",
        mend="Declare a cookie with `remembers: staff`, and permit its purpose to staff.",
    )


def permitted(policy: Policy, role: str) -> tuple[str, ...]:
    """Every purpose that some rule permits a role, or a role above it."""
    found = {
        purpose
        for rule in policy.rules.values()
        if isinstance(rule, Permit) and any(_covers(actor, role) for actor in rule.actors)
        for purpose in rule.purposes
    }
    return tuple(sorted(found))


def is_staff(role: str) -> bool:
    """Whether a role is one of staff."""
    return role.startswith(f"{STAFF}.")


def _covers(actor: str, role: str) -> bool:
    return actor in ("*", role) or role.startswith(f"{actor}.")
