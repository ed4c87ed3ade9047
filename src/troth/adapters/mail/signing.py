"""DKIM signatures (RFC 6376) by RSA, and beside it Ed25519 (RFC 8463).

dkimpy canonicalises; the signature itself is made by `cryptography`, which takes a fiftieth of dkimpy's time and holds up no
other thread.
"""

import base64
import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import dkim
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from dkim.canonicalization import CanonicalizationPolicy

from troth.kernel import Clock, InvalidInput, Unavailable, micros

RSA, ED25519 = "rsa", "ed25519"
RSA_BITS = 2048
ONCE_MORE = ("from", "to", "subject", "date", "message-id", "reply-to", "content-type")
"""Headers that are signed once more than they are there, so that nobody can add a second one unnoticed."""
AS_THEY_ARE = ("mime-version", "content-transfer-encoding", "list-unsubscribe", "list-unsubscribe-post")
_SECOND = 1_000_000
_LINE = 70
_FOLD = "\r\n "
_FORM = CanonicalizationPolicy.from_c_value(b"relaxed/simple")


class DkimKey(NamedTuple):
    """A private key and the selector under which its public half stands in the DNS.

    Args:
        selector: The name below `_domainkey`.
        algorithm: `rsa` or `ed25519`.
        sign: Signs bytes.
        public: The public half, as the record holds it.
    """

    selector: str
    algorithm: str
    sign: Callable[[bytes], bytes]
    public: bytes

    def __repr__(self) -> str:
        return f"DkimKey({self.selector!r}, {self.algorithm!r})"

    def record(self) -> str:
        """The text of its DNS record (RFC 6376, 3.6.1)."""
        return f"v=DKIM1; k={self.algorithm}; p={base64.b64encode(self.public).decode()}"


def new_dkim_key(algorithm: str) -> bytes:
    """A new private key, as PEM (PKCS #8)."""
    key: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey = (
        rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS)
        if algorithm == RSA
        else ed25519.Ed25519PrivateKey.generate()
    )
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def dkim_key(selector: str, pem: bytes) -> DkimKey:
    """The key that a file holds.

    Raises:
        InvalidInput: It is no private key, or of another kind, or too short.
    """
    mend = "Make another by `troth mail dkim new`."
    try:
        key = serialization.load_pem_private_key(pem, None)
    except (ValueError, TypeError):
        raise InvalidInput("A DKIM key cannot be read.", field="mail.dkim", mend=mend) from None
    if isinstance(key, ed25519.Ed25519PrivateKey):
        raw = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        return DkimKey(selector, ED25519, _hashed_first(key), raw)
    if not isinstance(key, rsa.RSAPrivateKey) or key.key_size < RSA_BITS:
        raise InvalidInput(
            f"A DKIM key is neither RSA of {RSA_BITS} bits nor Ed25519.", field="mail.dkim", mend=mend
        )
    public = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    own = key
    return DkimKey(selector, RSA, lambda data: own.sign(data, padding.PKCS1v15(), hashes.SHA256()), public)


def published_record(name: str) -> str | None:
    """The text of a TXT record, as the DNS of the machine has it; None where there is none.

    Raises:
        Unavailable: The DNS does not answer.
    """
    try:
        found = dkim.get_txt(f"{name}.".encode())
    except dkim.DnsTimeoutError:
        raise Unavailable(
            "The DNS does not answer.", mend="Try again, or set mail.dkim.look_up = false."
        ) from None
    return None if found is None else found.decode("ascii", "replace")


def _hashed_first(key: ed25519.Ed25519PrivateKey) -> Callable[[bytes], bytes]:
    """RFC 8463 signs the hash of what is signed."""
    return lambda data: key.sign(hashlib.sha256(data).digest())


class DkimSigner:
    """Signs mails in the name of a domain.

    Args:
        domain: Whose records hold the public keys; the domain of From, or one above it.
        keys: Each makes a signature of its own.
        clock: Dates the signatures.
    """

    def __init__(self, domain: str, keys: Sequence[DkimKey], clock: Clock) -> None:
        self._domain, self._keys, self._clock = domain, tuple(keys), clock

    def __call__(self, content: bytes) -> bytes:
        """A mail in wire form with a signature by each key above its headers."""
        head, _, body = content.partition(b"\r\n\r\n")
        headers, _ = dkim.rfc822_parse(head + b"\r\n\r\n")
        canonical = _FORM.canonicalize_headers(headers)
        digest = hashlib.sha256(_FORM.canonicalize_body(body)).digest()
        names = _covered([name.decode("ascii") for name, _ in canonical])
        chosen = dkim.select_headers(canonical, [name.encode() for name in names])
        signed = b"".join(b"%b:%b" % header for header in chosen)
        tags = {"h": _folded(names), "bh": base64.b64encode(digest).decode()}
        return b"".join(self._header(key, tags, signed) for key in self._keys) + content

    def _header(self, key: DkimKey, tags: Mapping[str, str], signed: bytes) -> bytes:
        """The header of one signature; it covers itself, with an empty `b=`."""
        at = micros(self._clock.now()) // _SECOND
        fields = (
            f"v=1; a={key.algorithm}-sha256; c=relaxed/simple; t={at}",
            f"d={self._domain}; s={key.selector}",
            *(f"{name}={value}" for name, value in tags.items()),
            "b=",
        )
        value = f";{_FOLD}".join(fields)
        ((name, own),) = _FORM.canonicalize_headers([(b"DKIM-Signature", value.encode())])
        made = base64.b64encode(key.sign(b"%b%b:%b" % (signed, name, own.rstrip()))).decode()
        lines = (made[start : start + _LINE] for start in range(0, len(made), _LINE))
        return f"DKIM-Signature: {value}{_FOLD.join(lines)}\r\n".encode()


def _covered(present: Sequence[str]) -> list[str]:
    """Names of the headers that are signed."""
    names = [name for name in (*ONCE_MORE, *AS_THEY_ARE) for _ in range(present.count(name))]
    return names + list(ONCE_MORE)


def _folded(names: Sequence[str]) -> str:
    """Names of headers with colons between them, on lines of a good length."""
    lines = [""]
    for name in names:
        if len(lines[-1]) + len(name) > _LINE:
            lines.append("")
        lines[-1] += f"{name}:"
    return _FOLD.join(lines).removesuffix(":")
