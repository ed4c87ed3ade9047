"""Proofs of a mailbox: a secret that was sent to an address, good once and for a short time (answer 9 of the register).

Only the SHA-256 digest is stored. The secret is made at the moment of sending, so that no job and no copy of the database
holds one.
"""

import hashlib
import re
import secrets
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import NamedTuple

from sqlalchemy import bindparam, delete, insert

from troth.gate.tables import proof
from troth.kernel import InvalidInput
from troth.storage import Lookup, Statement, Transaction

CONFIRM = "confirm-submission"
SIGN_IN = "sign-in"
VERIFY = "verify-request"
SPANS: Mapping[str, timedelta] = {
    CONFIRM: timedelta(days=30),
    SIGN_IN: timedelta(minutes=20),
    VERIFY: timedelta(days=30),
}
"""How long each use lasts at most; a held submission ends earlier by its own time."""

_SECRET_BYTES = 32
_SHAPE = re.compile(r"[A-Za-z0-9_-]{43}")
_MICROSECOND = timedelta(microseconds=1)
_ADD = Statement(insert(proof))
_READ = Lookup(proof, by=("digest",), take=("person", "use", "expires_at"))
_SPEND = Statement(delete(proof).where(proof.c.digest == bindparam("spent")))
_FORGET = Statement(delete(proof).where(proof.c.person == bindparam("who")))
_CLEAR = Statement(delete(proof).where(proof.c.expires_at <= bindparam("now")))


class Proof(NamedTuple):
    """What a secret proves: the mailbox of a person, for one use."""

    person: str
    use: str


def issue_proof(tx: Transaction, person: str, use: str, now: int) -> str:
    """Make a secret for the mailbox of a person; earlier ones stay good until they end.

    Raises:
        InvalidInput: There is no such use.
    """
    if use not in SPANS:
        raise InvalidInput(
            "A mailbox is not proven for this.", field="kind", mend=f"Use one of {', '.join(SPANS)}."
        )
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    tx.run(_ADD, (_digest(secret), person, use, now, now + SPANS[use] // _MICROSECOND))
    return secret


def proofs(tx: Transaction, given: Iterable[str], now: int) -> dict[str, Proof]:
    """What secrets prove at an instant (microseconds); one that is unknown, spent or over is absent."""
    digests = {secret: _digest(secret) for secret in given if _SHAPE.fullmatch(secret)}
    rows = tx.lookup(_READ, [(digest,) for digest in digests.values()])
    found = {secret: rows[(digest,)] for secret, digest in digests.items() if (digest,) in rows}
    return {secret: Proof(row[0], row[1]) for secret, row in found.items() if row[2] > now}


def spend_proof(tx: Transaction, secret: str) -> bool:
    """Use a secret up; tells whether it was still there."""
    return tx.run(_SPEND, {"spent": _digest(secret)}) == 1


def forget_proofs(tx: Transaction, person: str) -> None:
    """Remove every proof of a person."""
    tx.run(_FORGET, {"who": person})


def clear_proofs(tx: Transaction, now: int) -> int:
    """Remove the proofs that are over at an instant (microseconds); gives their number."""
    return tx.run(_CLEAR, {"now": now})


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
