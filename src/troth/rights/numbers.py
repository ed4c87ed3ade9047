"""Numbers by which people call their matters: short, without look-alikes, and telling nothing of how many there are."""

import secrets

_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's, without I, L, O and U
_HALF = 4


def new_number(kind: str) -> str:
    """A fresh number of a matter or of another kind of case, such as R-7KQM-93XD (40 random bits)."""
    first, second = ("".join(secrets.choice(_DIGITS) for _ in range(_HALF)) for _ in range(2))
    return f"{kind[0].upper()}-{first}-{second}"


def read_number(text: str) -> str:
    """A number as people may type it, in the form in which it is kept: small letters, blanks and look-alikes are forgiven."""
    plain = "".join(text.split()).upper()
    head, dash, rest = plain.partition("-")
    return head + dash + rest.replace("O", "0").replace("I", "1").replace("L", "1")
