"""Sealing: AES-256-GCM under a key per person and key group (NIST SP 800-38D, 96-bit random nonces).

A sealed value is `format | nonce | marks | ciphertext and tag`. Person, field, policy version, key generation and
everything before the ciphertext are associated data, so that a value opens only where it was put and every bit of it
counts. GCM can't say why it failed; the marks can: short keyed digests (BLAKE2b, RFC 7693, under a key of the key
store) of person, field and version, and one over those three. They are looked at only after a failure and tell a
changed value from a genuine one that was moved.
"""

import hashlib
import hmac
import secrets
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from troth.vault.errors import KeyTampered, MovedField, MovedPerson, MovedVersion, Tampered, WrongRoot

FORMAT = 1
KEY_BYTES = 32
_NONCE_BYTES = 12
_MARK_BYTES = 6
_HEAD = bytes([FORMAT])
_MARKS_AT = 1 + _NONCE_BYTES
_BODY_AT = _MARKS_AT + 4 * _MARK_BYTES
_MEND = "Restore the row from a backup; `troth doctor` finds others."


class Place(NamedTuple):
    """Where a sealed value belongs: handle, field name, SHA-256 of the policy version, generation of the key."""

    person: str
    field: str
    policy: str
    generation: int

    def associated(self) -> bytes:
        """The associated data that binds a value to its place; lengths keep the parts from running into each other."""
        person, field, policy, generation = self
        parts = f"{len(person)}.{len(field)}|{person}|{field}|{policy}|{generation}"
        return f"troth.field.{FORMAT}|{parts}".encode()


def new_secret() -> bytes:
    """A fresh 256-bit key."""
    return secrets.token_bytes(KEY_BYTES)


def derive(secret: bytes, label: str) -> bytes:
    """A key for one use from a secret (HKDF-SHA256, RFC 5869)."""
    return HKDF(hashes.SHA256(), KEY_BYTES, salt=None, info=f"troth.{label}".encode()).derive(secret)


def seal(key: bytes, marking: bytes, place: Place, value: bytes) -> bytes:
    """Seal a value at its place.

    Args:
        key: Key of the person and key group, 32 bytes.
        marking: Key of the marks, 32 bytes.
        place: Where it belongs.
        value: What to seal.
    """
    return Sealer(key, marking).seal(place, value)


class Sealer:
    """Seals values of one person and key group; holds the cipher, which is dearer to make than to use.

    Args:
        key: Key of the person and key group, 32 bytes.
        marking: Key of the marks, 32 bytes.
    """

    __slots__ = ("_encrypt", "_marking")

    def __init__(self, key: bytes, marking: bytes) -> None:
        self._encrypt = AESGCM(key).encrypt
        self._marking = marking

    def seal(self, place: Place, value: bytes) -> bytes:
        """Seal a value at its place."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        head = _HEAD + nonce + _marks(self._marking, nonce, place)
        return head + self._encrypt(nonce, value, head + place.associated())


class Opener:
    """Opens sealed values of one person and key group; holds the cipher, which is dearer to make than to use.

    Args:
        key: Key of the person and key group, 32 bytes.
        marking: Key of the marks, 32 bytes.
    """

    __slots__ = ("_decrypt", "_marking")

    def __init__(self, key: bytes, marking: bytes) -> None:
        self._decrypt = AESGCM(key).decrypt
        self._marking = marking

    def unseal(self, place: Place, sealed: bytes) -> bytes:
        """Open a sealed value.

        Raises:
            Tampered: It was changed.
            MovedPerson: It belongs to another person.
            MovedField: It belongs to another field.
            MovedVersion: It was sealed under another policy version or format.
        """
        try:
            associated = sealed[:_BODY_AT] + place.associated()
            return self._decrypt(sealed[1:_MARKS_AT], sealed[_BODY_AT:], associated)
        except (InvalidTag, ValueError) as error:
            raise diagnosis(self._marking, place, sealed) from error


def unseal(key: bytes, marking: bytes, place: Place, sealed: bytes) -> bytes:
    """Open one sealed value; see `Opener.unseal`."""
    return Opener(key, marking).unseal(place, sealed)


def marked(marking: bytes, place: Place, sealed: bytes) -> bool:
    """Whether the marks of a sealed value say that it was sealed for a place; whether it opens there they don't tell."""
    nonce, marks = sealed[1:_MARKS_AT], sealed[_MARKS_AT:_BODY_AT]
    whole = len(sealed) > _BODY_AT and sealed[0] == FORMAT
    return whole and hmac.compare_digest(marks, _marks(marking, nonce, place))


def diagnosis(
    marking: bytes, place: Place, sealed: bytes
) -> Tampered | MovedPerson | MovedField | MovedVersion:
    """Why a sealed value does not open at a place."""
    field = place.field.partition(".")[0]  # a record's id tells nobody anything
    changed = Tampered(
        f"The sealed value of field {field} was changed.", field=field, clause="IV.1", mend=_MEND
    )
    if len(sealed) <= _BODY_AT:
        return changed
    if sealed[0] != FORMAT:
        return MovedVersion(
            f"The sealed value of field {field} has format {sealed[0]}, not {FORMAT}.",
            field=field,
            mend=_MEND,
        )
    nonce, marks = sealed[1:_MARKS_AT], sealed[_MARKS_AT:_BODY_AT]
    there, due = _parted(marks), _parted(_marks(marking, nonce, place))
    if there[0] != _over(marking, nonce, marks[_MARK_BYTES:]):
        return changed
    if there[1] != due[1]:
        return MovedPerson(f"The sealed value of field {field} is another person's.", field=field, mend=_MEND)
    if there[2] != due[2]:
        return MovedField(
            f"The sealed value in field {field} belongs to another field.", field=field, mend=_MEND
        )
    if there[3] != due[3]:
        return MovedVersion(
            f"The sealed value of field {field} belongs to another policy version or key.",
            field=field,
            mend=_MEND,
        )
    return changed


def _marks(marking: bytes, nonce: bytes, place: Place) -> bytes:
    # A copy of a keyed digest costs half of keying another one.
    keyed = hashlib.blake2b(nonce, digest_size=_MARK_BYTES, key=marking)
    whose, which, when = keyed.copy(), keyed.copy(), keyed.copy()
    whose.update(b"p|" + place.person.encode())
    which.update(b"f|" + place.field.encode())
    when.update(f"v|{place.policy}|{place.generation}".encode())
    places = whose.digest() + which.digest() + when.digest()
    keyed.update(b"m|" + places)
    return keyed.digest() + places


def _over(marking: bytes, nonce: bytes, places: bytes) -> bytes:
    return hashlib.blake2b(nonce + b"m|" + places, digest_size=_MARK_BYTES, key=marking).digest()


def _parted(marks: bytes) -> list[bytes]:
    return [marks[at : at + _MARK_BYTES] for at in range(0, len(marks), _MARK_BYTES)]


class Wrapper:
    """Wraps keys under another key (AES-256-GCM) and opens them; holds the cipher so that opening is quick.

    Args:
        key: The wrapping key, 32 bytes.
    """

    __slots__ = ("_cipher",)

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def wrap(self, key: bytes, context: str) -> bytes:
        """Wrap a key; it opens only with the same context."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, key, context.encode())

    def unwrap(self, wrapped: bytes, context: str) -> bytes:
        """Open a wrapped key.

        Raises:
            KeyTampered: It was changed, moved to another row, or belongs to another key store.
        """
        try:
            return self._cipher.decrypt(wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], context.encode())
        except (InvalidTag, ValueError) as error:
            raise KeyTampered(
                "A wrapped key does not open: it was changed or moved, or comes from another key store.",
                clause="IV.1",
                mend="Put the key store back that belongs to this data; see `troth doctor`.",
            ) from error


class StreamCipher:
    """Seals the pieces of a stream so that none can be changed, left out, moved or cut off.

    AES-256-GCM with nonces of prefix, number and a mark of the last piece: the STREAM construction (Hoang, Reyhanitabar,
    Rogaway, Vizar, "Online Authenticated-Encryption and its Nonce-Reuse Misuse-Resistance", 2015).

    Args:
        key: 32 bytes, of this one stream.
        context: Binds the stream to what it is a part of.
    """

    def __init__(self, key: bytes, context: str) -> None:
        self._cipher = AESGCM(key)
        self._context = context.encode()

    def seal(self, number: int, piece: bytes, last: bool) -> bytes:  # noqa: FBT001  a plain fact of the piece
        """Seal a piece."""
        return self._cipher.encrypt(_piece_nonce(number, last=last), piece, self._context)

    def unseal(self, number: int, sealed: bytes, last: bool) -> bytes:  # noqa: FBT001  a plain fact of the piece
        """Open a piece.

        Raises:
            Tampered: It was changed or stands in another place, or the stream was cut off here.
        """
        try:
            return self._cipher.decrypt(_piece_nonce(number, last=last), sealed, self._context)
        except (InvalidTag, ValueError) as error:
            raise Tampered(
                "A sealed copy of the key store does not open: it was changed or cut off, or is of another backup.",
                mend="Use another backup.",
            ) from error


def _piece_nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(_NONCE_BYTES - 1, "big") + bytes([last])


def root_wrap(root: bytes, secret: bytes, context: bytes) -> bytes:
    """Wrap a secret under a root key held in memory."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + AESGCM(root).encrypt(nonce, secret, context)


def root_unwrap(root: bytes, wrapped: bytes, context: bytes) -> bytes:
    """Open what `root_wrap` made.

    Raises:
        WrongRoot: Another root key wrapped it, or it was changed.
    """
    try:
        return AESGCM(root).decrypt(wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], context)
    except (InvalidTag, ValueError) as error:
        raise WrongRoot(
            "The root key does not open the key store.",
            clause="IV.1",
            mend="Put the right root key in place.",
        ) from error


def seal_briefly(secret: bytes, context: str, value: bytes) -> bytes:
    """Seal what goes out of the house and comes back, such as the token of a link: format, nonce, ciphertext and tag.

    Args:
        secret: 32 bytes of one use.
        context: Binds it to that use.
        value: What to seal.
    """
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return _HEAD + nonce + AESGCM(secret).encrypt(nonce, value, _HEAD + context.encode())


def open_sealed(secret: bytes, context: str, sealed: bytes) -> bytes:
    """Open what `seal_briefly` sealed.

    Raises:
        ValueError: It was not sealed here, or was changed.
    """
    if sealed[:1] != _HEAD:
        raise ValueError
    try:
        return AESGCM(secret).decrypt(sealed[1:_MARKS_AT], sealed[_MARKS_AT:], _HEAD + context.encode())
    except InvalidTag:
        raise ValueError from None
