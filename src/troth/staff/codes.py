"""Second factors: codes by time (RFC 6238), codes for the day the phone is lost, and links of invitations."""

import base64
import hashlib
import hmac
import secrets
from datetime import datetime

_SECONDS = 30
_NEIGHBOURS = (0, -1, 1)
"""Steps before and after that count too, because clocks of phones differ (RFC 6238, section 5.2)."""
_SEED, _SHARED, _TOKEN = 16, 20, 32
_RECOVERY = 10
RECOVERY_CODES = 10
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's: nobody mistakes one for another


class Codes:
    """Makes and checks codes.

    What a phone and we share is derived from a seed in the database and a secret that stands in a file beside it, so that a
    copy of the database makes no codes.

    Args:
        secret: Of the web's pages, `keys/web.key`.
    """

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def shared(self, seed: str) -> str:
        """What the phone is told, in base 32."""
        digest = hmac.new(self._secret, b"staff code\0" + seed.encode(), hashlib.sha256).digest()
        return base64.b32encode(digest[:_SHARED]).decode()

    def address(self, seed: str, name: str, company: str) -> str:
        """The `otpauth:` address by which an authenticator takes it over."""
        from pyotp import TOTP

        return TOTP(self.shared(seed)).provisioning_uri(name=name, issuer_name=company)

    def step(self, seed: str, code: str, now: datetime) -> int:
        """The step of time that a code is for; -1 when it is none of the present ones. Takes as long either way."""
        from pyotp import TOTP

        plain = "".join(code.split())
        clock = TOTP(self.shared(seed))
        present = int(now.timestamp()) // _SECONDS
        found = -1
        for distance in _NEIGHBOURS:
            made = clock.generate_otp(max(present + distance, 0))
            if hmac.compare_digest(made.encode(), plain.encode("utf-8", "replace")):
                found = present + distance
        return found

    def digest(self, text: str) -> bytes:
        """What is kept of a recovery code or of an invitation."""
        plain = "".join(text.replace("-", "").split())
        return hmac.new(
            self._secret, b"staff link\0" + plain.encode("utf-8", "replace"), hashlib.sha256
        ).digest()


def new_seed() -> str:
    """A fresh seed."""
    return secrets.token_hex(_SEED)


def new_token() -> str:
    """The secret of an invitation: 256 random bits."""
    return secrets.token_hex(_TOKEN)


def new_recovery() -> list[str]:
    """Fresh recovery codes of 50 random bits each; typing them is slowed down like a password."""

    def half() -> str:
        return "".join(secrets.choice(_ALPHABET) for _ in range(_RECOVERY // 2))

    return [f"{half()}-{half()}" for _ in range(RECOVERY_CODES)]


def plain_recovery(text: str) -> str:
    """A recovery code as it may be typed, in the form in which it was given."""
    plain = "".join(text.replace("-", "").split()).upper()
    return plain.replace("O", "0").replace("I", "1").replace("L", "1")
