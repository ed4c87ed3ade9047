"""Accounts: signing in by mail link, password or passkey; the profile; closing. Everything through the gate."""

from troth.accounts.attempts import PASSKEY, PASSWORD, Attempts
from troth.accounts.ceremonies import Ceremonies, Made, NotSigned, RelyingParty
from troth.accounts.challenges import Challenges
from troth.accounts.model import Way, WrongCredentials, point_of
from troth.accounts.passkeys import Passkeys
from troth.accounts.passwords import MOST_PASSWORD, SHORTEST_PASSWORD, Passwords
from troth.accounts.service import Accounts, Closed, OpenSession, Profile, ProfileField, raised

__all__ = [
    "MOST_PASSWORD",
    "PASSKEY",
    "PASSWORD",
    "SHORTEST_PASSWORD",
    "Accounts",
    "Attempts",
    "Ceremonies",
    "Challenges",
    "Closed",
    "Made",
    "NotSigned",
    "OpenSession",
    "Passkeys",
    "Passwords",
    "Profile",
    "ProfileField",
    "RelyingParty",
    "Way",
    "WrongCredentials",
    "point_of",
    "raised",
]
