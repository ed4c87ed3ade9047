"""Passwords: argon2id with the parameters of OWASP's Password Storage Cheat Sheet, and equal work for the unknown.

NIST SP 800-63B-4, section 3.1.1: length counts, rules on the kinds of characters do not.
"""

import secrets
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from troth.kernel import InvalidInput

SHORTEST_PASSWORD = 12
MOST_PASSWORD = 200
_MEMORY_KIB, _PASSES, _LANES = 19_456, 2, 1


def _hasher() -> PasswordHasher:
    return PasswordHasher(time_cost=_PASSES, memory_cost=_MEMORY_KIB, parallelism=_LANES)


@cache
def _nobodys() -> str:
    """A hash that no password has; one serves the process, because making it takes as long as a sign-in."""
    return _hasher().hash(secrets.token_urlsafe())


class Passwords:
    """Makes and compares hashes of passwords."""

    def __init__(self) -> None:
        self._hasher = _hasher()
        self._nobodys = _nobodys()  # made here, so that nobody's first try does not take twice as long

    def hashed(self, password: str) -> str:
        """The hash to keep.

        Raises:
            InvalidInput: The password is too short or too long.
        """
        if not SHORTEST_PASSWORD <= len(password) <= MOST_PASSWORD:
            raise InvalidInput(
                f"A password has {SHORTEST_PASSWORD} to {MOST_PASSWORD} characters; nothing was changed.",
                field="password",
                mend="Several words in a row are long and easy to remember.",
            )
        return self._hasher.hash(password)

    def fits(self, kept: object, password: str) -> bool:
        """Whether a password is the one of a kept hash; where nothing is kept it is compared with another all the same."""
        known = kept if isinstance(kept, str) else ""
        try:
            self._hasher.verify(known or self._nobodys, password[:MOST_PASSWORD])
        except (VerificationError, InvalidHashError):
            return False
        return bool(known)
