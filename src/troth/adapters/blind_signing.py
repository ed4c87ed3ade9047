"""Blind signatures, the signer's side: RSABSSA-SHA384-PSS-Randomized (RFC 9474).

The private operation is raw RSA, which `cryptography` does not offer: keys are made by it, and whole numbers do the rest.
Every operation is blinded by a random factor of its own, so that its time tells nothing of the key, and its result is
checked, so that a fault of the machine does not give the key away (RFC 9474, section 8.2).
"""

import secrets
from functools import lru_cache
from math import gcd
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from troth.kernel import Corrupt

KEY_BITS = 2048
SALT_BYTES = 48
_EXPONENT = 65537
_PSS = padding.PSS(padding.MGF1(hashes.SHA384()), SALT_BYTES)
_SHA384 = hashes.SHA384()


class PublicNumbers(NamedTuple):
    """A public key: modulus and exponent."""

    n: int
    e: int


class BlindSigner:
    """A private key that signs what it cannot see.

    Args:
        private: The key (PKCS #8, DER), as `new_blind_key` made it.
    """

    def __init__(self, private: bytes) -> None:
        key = serialization.load_der_private_key(private, password=None)
        numbers = key.private_numbers()  # type: ignore[union-attr]
        self._p, self._q = numbers.p, numbers.q  # type: ignore[union-attr]
        self._dp, self._dq, self._inverse = numbers.dmp1, numbers.dmq1, numbers.iqmp  # type: ignore[union-attr]
        self._n, self._e = self._p * self._q, numbers.public_numbers.e  # type: ignore[union-attr]

    @property
    def length(self) -> int:
        """Bytes of a message and of a signature."""
        return (self._n.bit_length() + 7) // 8

    def sign(self, blinded: bytes) -> bytes | None:
        """The signature of a blinded message (section 4.3, BlindSign); None where it is no number below the modulus.

        Raises:
            Corrupt: The result does not verify; nothing of it may be shown.
        """
        number = int.from_bytes(blinded, "big")
        if len(blinded) != self.length or not 0 < number < self._n:
            return None
        factor = self._factor()
        hidden = number * pow(factor, self._e, self._n) % self._n
        signed = self._private(hidden) * pow(factor, -1, self._n) % self._n
        if pow(signed, self._e, self._n) != number:
            raise Corrupt(
                "A signature came out wrong and was thrown away.", mend="Look at this machine's memory."
            )
        return signed.to_bytes(self.length, "big")

    def _factor(self) -> int:
        while True:
            factor = 2 + secrets.randbelow(self._n - 2)
            if gcd(factor, self._n) == 1:
                return factor

    def _private(self, number: int) -> int:
        """The private operation by the two primes (RFC 8017, section 5.1.2)."""
        one, other = pow(number, self._dp, self._p), pow(number, self._dq, self._q)
        return other + self._q * ((one - other) * self._inverse % self._p)


def new_blind_key() -> tuple[bytes, bytes]:
    """A new private key (PKCS #8, DER) and its public one (SubjectPublicKeyInfo, DER)."""
    key = generate_private_key(_EXPONENT, KEY_BITS)
    private = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return private, key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def public_numbers(public: bytes) -> PublicNumbers:
    """The numbers of a public key."""
    numbers = _opened(public).public_numbers()
    return PublicNumbers(numbers.n, numbers.e)


def blind_signed(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether a finished signature stands under a message."""
    try:
        _opened(public).verify(signature, message, _PSS, _SHA384)
    except InvalidSignature:
        return False
    return True


@lru_cache(maxsize=64)
def _opened(public: bytes) -> RSAPublicKey:
    key = serialization.load_der_public_key(public)
    if not isinstance(key, RSAPublicKey):
        raise Corrupt("A stored public key is none of RSA.", mend="Restore the database from a backup.")
    return key
