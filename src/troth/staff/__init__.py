"""Staff: the people who work at the console, how they sign in, and the sessions in which they act under their role."""

from troth.staff.codes import Codes
from troth.staff.company import CompanySignIn, Question
from troth.staff.model import (
    STAFF,
    Limits,
    Member,
    Passkey,
    Seat,
    Working,
    WrongSignIn,
    grants,
    is_staff,
    permitted,
)
from troth.staff.passkeys import StaffPasskeys
from troth.staff.reviewing import REVIEW, MemberAccess, Review, review
from troth.staff.roster import Roster
from troth.staff.service import Staff

__all__ = [
    "REVIEW",
    "STAFF",
    "Codes",
    "CompanySignIn",
    "Limits",
    "Member",
    "MemberAccess",
    "Passkey",
    "Question",
    "Review",
    "Roster",
    "Seat",
    "Staff",
    "StaffPasskeys",
    "Working",
    "WrongSignIn",
    "grants",
    "is_staff",
    "permitted",
    "review",
]
