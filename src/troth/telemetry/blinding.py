"""The client's side of blind signatures: RSABSSA-SHA384-PSS-Randomized of RFC 9474, with whole numbers only.

The vendor signs a message that it cannot see. The finished signature stands under the message, and the vendor cannot tell
for whom it was made. Only the public key and values that are random and used once are worked on here, so that it does not
matter how long the arithmetic takes.
"""

import hashlib
from math import gcd
from typing import NamedTuple

HASH_BYTES = 48
SALT_BYTES = 48
PREFIX_BYTES = 32
MINIMUM_BITS = 2048
MAXIMUM_BITS = 8192


class BlindError(ValueError):
    """A key, message or signature cannot be used, or is not genuine."""


class PublicKey(NamedTuple):
    """The signer's public RSA key.

    Args:
        n: Modulus.
        e: Exponent.
    """

    n: int
    e: int

    @property
    def length(self) -> int:
        """Bytes of the modulus."""
        return (self.n.bit_length() + 7) // 8


class Blinded(NamedTuple):
    """A message made unreadable for the signer.

    Args:
        message: What the signer gets.
        inverse: What `finalize` needs; keep it secret.
    """

    message: bytes
    inverse: int


def prepare(message: bytes) -> bytes:
    """The message with a random prefix, which is what is signed (section 4.1, PrepareRandomize)."""
    from secrets import token_bytes

    return token_bytes(PREFIX_BYTES) + message


def blind(
    key: PublicKey, prepared: bytes, *, salt: bytes | None = None, factor: int | None = None
) -> Blinded:
    """Blind a prepared message (section 4.2).

    Args:
        key: The signer's.
        prepared: From `prepare`.
        salt: Of the encoding, 48 bytes; random unless a test vector gives it.
        factor: What blinds; random unless a test vector gives it.

    Raises:
        BlindError: The key is too short or too long, even, or shares a factor with the message.
    """
    from secrets import randbelow, token_bytes

    _check_key(key)
    encoded = int.from_bytes(
        _encode(prepared, key.n.bit_length() - 1, salt or token_bytes(SALT_BYTES)), "big"
    )
    if gcd(encoded, key.n) != 1:
        raise BlindError("The message shares a factor with the key.")
    while factor is None or gcd(factor, key.n) != 1:
        factor = 1 + randbelow(key.n - 1)
    blinded = encoded * pow(factor, key.e, key.n) % key.n
    return Blinded(blinded.to_bytes(key.length, "big"), pow(factor, -1, key.n))


def finalize(key: PublicKey, prepared: bytes, blind_signature: bytes, inverse: int) -> bytes:
    """The signature under the prepared message, from the blind one (section 4.4).

    Args:
        key: The signer's.
        prepared: From `prepare`.
        blind_signature: What the signer answered.
        inverse: From `blind`.

    Raises:
        BlindError: The answer is no signature by this key.
    """
    if len(blind_signature) != key.length:
        raise BlindError("The signer's answer has another length than its key.")
    signature = (int.from_bytes(blind_signature, "big") * inverse % key.n).to_bytes(key.length, "big")
    verify(key, prepared, signature)
    return signature


def verify(key: PublicKey, prepared: bytes, signature: bytes) -> None:
    """Make sure that a signature stands under a prepared message (RFC 8017, section 8.1.2).

    Raises:
        BlindError: It does not.
    """
    _check_key(key)
    number = int.from_bytes(signature, "big")
    bits = key.n.bit_length() - 1
    if len(signature) != key.length or number >= key.n:
        raise BlindError("The signature is not one by this key.")
    recovered = pow(number, key.e, key.n)
    if recovered.bit_length() > bits or not _fits(prepared, recovered.to_bytes((bits + 7) // 8, "big"), bits):
        raise BlindError("The signature is not one by this key under this message.")


def _check_key(key: PublicKey) -> None:
    if not MINIMUM_BITS <= key.n.bit_length() <= MAXIMUM_BITS or key.n % 2 == 0:
        raise BlindError(f"The key is no RSA key of {MINIMUM_BITS} to {MAXIMUM_BITS} bits.")
    if key.e % 2 == 0 or not 3 <= key.e < 2**32:  # noqa: PLR2004  smallest odd exponent that is none of 1
        raise BlindError("The key's exponent is even, too small or too large.")


def _mask(seed: bytes, length: int) -> bytes:
    """MGF1 with SHA-384 (RFC 8017, B.2.1)."""
    rounds = range((length + HASH_BYTES - 1) // HASH_BYTES)
    return b"".join(hashlib.sha384(seed + one.to_bytes(4, "big")).digest() for one in rounds)[:length]


def _join(one: bytes, other: bytes) -> bytes:
    return (int.from_bytes(one, "big") ^ int.from_bytes(other, "big")).to_bytes(len(one), "big")


def _hash(prepared: bytes, salt: bytes) -> bytes:
    return hashlib.sha384(bytes(8) + hashlib.sha384(prepared).digest() + salt).digest()


def _clear(block: bytes, bits: int) -> bytes:
    """A block without the bits that the modulus has no room for."""
    return bytes((block[0] & 0xFF >> (8 * (len(block) + HASH_BYTES + 1) - bits),)) + block[1:]


def _encode(prepared: bytes, bits: int, salt: bytes) -> bytes:
    """EMSA-PSS-ENCODE (RFC 8017, 9.1.1)."""
    digest = _hash(prepared, salt)
    room = (bits + 7) // 8 - HASH_BYTES - 1
    block = bytes(room - SALT_BYTES - 1) + b"\x01" + salt
    return _clear(_join(block, _mask(digest, room)), bits) + digest + b"\xbc"


def _fits(prepared: bytes, encoded: bytes, bits: int) -> bool:
    """EMSA-PSS-VERIFY (RFC 8017, 9.1.2)."""
    room = len(encoded) - HASH_BYTES - 1
    masked, digest = encoded[:room], encoded[room:-1]
    if encoded[-1:] != b"\xbc" or _clear(masked, bits) != masked:
        return False
    block = _clear(_join(masked, _mask(digest, room)), bits)
    salt = block[-SALT_BYTES:]
    return block[:-SALT_BYTES] == bytes(room - SALT_BYTES - 1) + b"\x01" and _hash(prepared, salt) == digest
