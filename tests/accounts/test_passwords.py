"""Passwords: argon2id, and the same work where nothing is kept."""

import pytest

from troth.accounts import MOST_PASSWORD, SHORTEST_PASSWORD, Passwords
from troth.kernel import InvalidInput

PHRASE = "correct horse battery staple"


def test_hash_is_argon2id_with_the_parameters_of_owasp() -> None:
    """The hash says its parameters, fits its password and no other."""
    passwords = Passwords()
    kept = passwords.hashed(PHRASE)
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert passwords.fits(kept, PHRASE)
    assert not passwords.fits(kept, PHRASE + "x")


@pytest.mark.parametrize("kept", [None, "", 7, "no hash"])
def test_nothing_kept_fits_nothing(kept: object) -> None:
    """Where there is no hash no password fits."""
    assert not Passwords().fits(kept, PHRASE)


@pytest.mark.parametrize("password", ["x" * (SHORTEST_PASSWORD - 1), "x" * (MOST_PASSWORD + 1), ""])
def test_length_is_held(password: str) -> None:
    """Too short and too long ones are refused."""
    with pytest.raises(InvalidInput):
        Passwords().hashed(password)
