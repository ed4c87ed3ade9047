"""DKIM signatures (RFC 6376) by RSA, and beside it Ed25519 (RFC 8463).

Mails are brought into canonical form here, for ours are written in one way (CR LF, no lone line ends), and the signature is
made by `cryptography`, which takes a fiftieth of dkimpy's time and holds up no other thread. dkimpy is the receiver in the tests.
"""

import base64
import hashlib
import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa

from troth.kernel import Clock, InvalidInput, Unavailable, micros

RSA, ED25519 = "rsa", "ed25519"
RSA_BITS = 2048
ONCE_MORE = ("from", "to", "subject", "date", "message-id", "reply-to", "content-type")
"""Headers that are signed once more than they are there, so that nobody can add a second one unnoticed."""
AS_THEY_ARE = ("mime-version", "content-transfer-encoding", "list-unsubscribe", "list-unsubscribe-post")
_SECOND = 1_000_000
_LINE = 70
_FOLD = "\r\n "
_SIGNED = tuple(name.encode() for name in (*ONCE_MORE, *AS_THEY_ARE))
_BLANKS = re.compile(rb"[ \t]+")
_CRLF = b"\r\n"


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
    import dkim  # brings a resolver along, which no signature needs

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
        names, covered = _covered(head)
        digest = base64.b64encode(hashlib.sha256(_body(body)).digest()).decode()
        tags = f"h={_folded(names)};{_FOLD}bh={digest};{_FOLD}b="
        at = micros(self._clock.now()) // _SECOND
        return b"".join([*(self._header(key, at, tags, covered) for key in self._keys), content])

    def _header(self, key: DkimKey, at: int, tags: str, covered: bytes) -> bytes:
        """The header of one signature; it covers itself, with an empty `b=`."""
        value = (
            f"v=1; a={key.algorithm}-sha256; c=relaxed/simple; t={at};{_FOLD}"
            f"d={self._domain}; s={key.selector};{_FOLD}{tags}"
        )
        name, own = _relaxed(f"DKIM-Signature:{value}".replace(_FOLD, " ").encode())
        made = base64.b64encode(key.sign(b"%b%b:%b" % (covered, name, own))).decode()
        lines = (made[start : start + _LINE] for start in range(0, len(made), _LINE))
        return f"DKIM-Signature: {value}{_FOLD.join(lines)}\r\n".encode()


def _relaxed(header: bytes) -> tuple[bytes, bytes]:
    """Name and value of an unfolded header in relaxed form (RFC 6376, 3.4.2)."""
    name, _, value = header.partition(b":")
    if b"  " in value or b"\t" in value:
        value = _BLANKS.sub(b" ", value)
    return name.rstrip(b" \t").lower(), value.strip(b" ")


def _body(body: bytes) -> bytes:
    """A body in simple form: one line's end and no more after its last line (RFC 6376, 3.4.3)."""
    end = len(body)
    while body.endswith(_CRLF, 0, end):
        end -= len(_CRLF)
    return body[:end] + _CRLF if end + len(_CRLF) != len(body) else body


def _covered(head: bytes) -> tuple[tuple[bytes, ...], bytes]:
    """Names of the headers that are signed, and those headers in canonical form; of one name the last comes first."""
    found: dict[bytes, list[bytes]] = {}
    unfolded = head.replace(b"\r\n ", b" ").replace(b"\r\n\t", b"\t")
    for header in unfolded.split(_CRLF):
        name, one = _relaxed(header)
        found.setdefault(name, []).append(one)
    names, chosen = [], []
    for name in _SIGNED:
        for one in reversed(found.get(name, ())):
            names.append(name)
            chosen.append(b"%b:%b\r\n" % (name, one))
    return tuple(names), b"".join(chosen)


@lru_cache(maxsize=32)
def _folded(present: tuple[bytes, ...]) -> str:
    """Names of headers with colons between them, on lines of a good length; those that nobody may add stand once more."""
    lines = [""]
    for name in [*(one.decode("ascii") for one in present), *ONCE_MORE]:
        if len(lines[-1]) + len(name) > _LINE:
            lines.append("")
        lines[-1] += f"{name}:"
    return _FOLD.join(lines).removesuffix(":")
