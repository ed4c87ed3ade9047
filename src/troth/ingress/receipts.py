"""Receipts and tokens as text, and the installations that hold receipts."""

import binascii
import hashlib
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable
from typing import NamedTuple

from sqlalchemy import bindparam, delete, func, insert, select, update

from troth.ingress.model import Proof
from troth.ingress.tables import gathered_week, installation
from troth.kernel import Unauthenticated
from troth.storage import Lookup, Statement, Transaction

RECEIPT_BYTES = 32
_HANDLE_BYTES = 16
OPTED_IN, OPTED_OUT, REVOKED = "opted-in", "opted-out", "revoked"
RECEIPT_SCHEME, TOKEN_SCHEME = "Receipt ", "Token "
Blind = Callable[[str, str], bytes]
"""A keyed digest of a value under a key of the key store, by kind and value."""
_KIND = "telemetry.receipt"
_TOKEN_PARTS = 3
_MOST_TOKEN = 4_000
_c = installation.c
_ADD = Statement(insert(installation))
_FIND = Lookup(installation, by=("receipt",), take=("handle", "product", "release", "state", "day"))
_BY_HANDLE = Statement(select(_c.receipt, _c.state).where(_c.handle == bindparam("which")))
_END = Statement(
    update(installation)
    .where(_c.receipt == bindparam("which"))
    .values(state=bindparam("ended"), product="", release="", day="")
)
_DROP_WEEK = Statement(delete(gathered_week).where(gathered_week.c.receipt == bindparam("which")))
_COUNT = Statement(
    select(_c.product, _c.state, func.count()).group_by(_c.product, _c.state).order_by(_c.product, _c.state)
)


class Installation(NamedTuple):
    """Who holds a receipt: a random handle, the product and version that opted in, the state, and the day (ISO 8601)."""

    handle: str
    product: str
    release: str
    state: str
    day: str = ""


def new_receipt(blind: Blind) -> tuple[str, bytes]:
    """A new receipt, shown this once, and the digest by which it is known."""
    text = encoded(secrets.token_bytes(RECEIPT_BYTES))
    return text, receipt_digest(blind, text)


def receipt_digest(blind: Blind, text: str) -> bytes:
    """The keyed digest of a receipt; empty where it has not the form of one."""
    return blind(_KIND, text) if len(decoded(text)) == RECEIPT_BYTES else b""


def read_receipt(blind: Blind, shown: str) -> bytes:
    """The digest of the receipt in an `Authorization` header.

    Raises:
        Unauthenticated: The header holds no receipt.
    """
    digest = (
        receipt_digest(blind, shown.removeprefix(RECEIPT_SCHEME)) if shown.startswith(RECEIPT_SCHEME) else b""
    )
    if not digest:
        raise Unauthenticated(
            "No receipt is shown; nothing was done.", mend="Send `Authorization: Receipt` and the receipt."
        )
    return digest


def shows_receipt(shown: str) -> bool:
    """Whether an `Authorization` header has the form of one with a receipt, whosever it is."""
    return (
        shown.startswith(RECEIPT_SCHEME) and len(decoded(shown.removeprefix(RECEIPT_SCHEME))) == RECEIPT_BYTES
    )


def read_proof(blind: Blind, shown: str) -> Proof:
    """What an `Authorization` header shows with a report; an empty proof where it shows neither receipt nor token."""
    if shown.startswith(TOKEN_SCHEME):
        return read_token(shown.removeprefix(TOKEN_SCHEME))
    if shown.startswith(RECEIPT_SCHEME):
        return Proof(receipt=receipt_digest(blind, shown.removeprefix(RECEIPT_SCHEME)))
    return Proof()


def read_token(text: str) -> Proof:
    """A token out of its text: id of the key, message and signature; an empty proof where it is none."""
    parts = text.split(".")
    if len(parts) != _TOKEN_PARTS or len(text) > _MOST_TOKEN:
        return Proof()
    key, message, signature = parts[0], decoded(parts[1]), decoded(parts[2])
    return Proof(key=key, message=message, signature=signature) if key and message and signature else Proof()


def token_digest(message: bytes) -> bytes:
    """The digest by which a spent token is known."""
    return hashlib.sha256(message).digest()


def week_mark(receipt: bytes, week: str) -> tuple[str, bytes]:
    """Under what it is noted that a report of a week was taken with a receipt: one is, whatever its format."""
    return week, token_digest(receipt + week.encode())


def new_handle() -> str:
    """A random handle, which tells no time."""
    return secrets.token_hex(_HANDLE_BYTES)


def add_installation(tx: Transaction, receipt: bytes, known: Installation, day: str) -> None:
    """Keep an installation that opted in on a day (ISO 8601)."""
    tx.run(_ADD, (receipt, known.handle, known.product, known.release, day, known.state))


def installations(tx: Transaction, receipts: list[bytes]) -> dict[bytes, Installation]:
    """Installations by the digests of their receipts; who is not known is absent."""
    rows = tx.lookup(_FIND, [(one,) for one in receipts])
    return {key[0]: Installation(*row) for key, row in rows.items()}


def installation_by_handle(tx: Transaction, handle: str) -> tuple[bytes, str] | None:
    """Digest of the receipt and state of the installation with a handle."""
    row = tx.row(_BY_HANDLE, {"which": handle})
    return (bytes(row[0]), str(row[1])) if row else None


def end_installation(tx: Transaction, receipt: bytes, state: str) -> None:
    """End a receipt; all that stays is that it ended. What was gathered for a report of its goes unsent."""
    tx.run(_DROP_WEEK, {"which": receipt})
    tx.run(_END, {"which": receipt, "ended": state})


def installation_counts(tx: Transaction) -> list[tuple[str, str, int]]:
    """How many installations there are by product and state."""
    return [(str(product), str(state), int(count)) for product, state, count in tx.rows(_COUNT)]


def encoded(value: bytes) -> str:
    """Bytes as base64 for addresses, without padding (RFC 4648, section 5)."""
    return urlsafe_b64encode(value).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    """Bytes out of base64, of either alphabet, padded or not; empty where it is none."""
    plain = text.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return binascii.a2b_base64(plain + "=" * (-len(plain) % 4), strict_mode=True)
    except (binascii.Error, ValueError):
        return b""
