"""What a link from a mailbox would do, told before it is used: looking at it uses nothing up."""

from datetime import datetime
from typing import NamedTuple

from troth.gate.proofs import CONFIRM, proofs
from troth.kernel import NotFound, from_micros
from troth.storage import Transaction
from troth.vault import Vault, held_submission


class Waiting(NamedTuple):
    """A submission that waits for its confirmation, without its values.

    Args:
        handle: Its handle.
        point: Name of the collection point.
        purpose: Data use that it is for.
        notice: Name of the notice that was shown.
        channel: How it came in.
        asked: When it came in.
        ends: When its time is over.
    """

    handle: str
    point: str
    purpose: str
    notice: str
    channel: str
    asked: datetime
    ends: datetime


def waiting_by_link(tx: Transaction, secret: str, now: int) -> Waiting:
    """The submission that a secret from a mailbox would confirm at an instant (microseconds).

    Raises:
        NotFound: The secret is unknown, was used, or its time is over.
    """
    proof = proofs(tx, (secret,), now).get(secret)
    if proof is None or proof.use != CONFIRM:
        raise NotFound(
            "This link was used already, or its time is over.", clause="I.9", mend="Fill in the form again."
        )
    return waiting_submission(tx, proof.person, now)


def waiting_submission(tx: Transaction, handle: str, now: int) -> Waiting:
    """The submission of a handle that waits at an instant (microseconds).

    Raises:
        NotFound: None waits.
    """
    held = held_submission(tx, handle, now)
    return Waiting(
        handle,
        held.point,
        held.purpose,
        held.notice,
        held.channel,
        from_micros(held.created_at),
        from_micros(held.expires_at),
    )


def mailbox_owner(tx: Transaction, vault: Vault, handle: str, now: int) -> str:
    """Handle of the person who has the address of a waiting submission already; empty when nobody has.

    Raises:
        NotFound: No such submission waits at this instant (microseconds).
    """
    held = held_submission(tx, handle, now)
    return vault.whose(tx, held.kind, held.blind)


def mailbox_of(tx: Transaction, handle: str, now: int) -> str:
    """The keyed hash of the address of a waiting submission, as `email:` and hexadecimal digits.

    Raises:
        NotFound: No such submission waits at this instant (microseconds).
    """
    held = held_submission(tx, handle, now)
    return f"{held.kind}:{held.blind.hex()}"


def link_opens(tx: Transaction, secret: str, use: str, now: int) -> bool:
    """Whether a secret from a mailbox is good for a use at an instant (microseconds)."""
    proof = proofs(tx, (secret,), now).get(secret)
    return proof is not None and proof.use == use


def proven_mailbox(tx: Transaction, secret: str, use: str, now: int) -> str:
    """Whose mailbox a secret proves for a use at an instant (microseconds); empty where it proves nothing."""
    proof = proofs(tx, (secret,), now).get(secret)
    return proof.person if proof is not None and proof.use == use else ""
