"""Receipts: an entry with the proof that the log holds it, in one text that verifies offline (C2SP tlog-proof).

The entry itself stands in the format's `extra` line, so that receipt and verifier key are all that is needed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from troth.ledger.errors import BadProof, MalformedNote
from troth.ledger.merkle import HASH_SIZE, leaf_hash, verify_inclusion
from troth.ledger.note import decimal, from_base64, to_base64
from troth.ledger.signing import Verifier, open_checkpoint

_HEADER = "c2sp.org/tlog-proof@v1"
_MAX_PROOF = 63


@dataclass(frozen=True, slots=True)
class Receipt:
    """An entry, its place and the way from it to a signed root."""

    index: int
    body: bytes
    proof: tuple[bytes, ...]
    note: str

    def to_text(self) -> str:
        """The receipt as a file; its name should end in `.tlog-proof`."""
        hashes = "".join(f"{to_base64(step)}\n" for step in self.proof)
        return f"{_HEADER}\nextra {to_base64(self.body)}\nindex {self.index}\n{hashes}\n{self.note}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a receipt.

        Raises:
            MalformedNote: It is none, or holds no entry.
        """
        head, blank, note = text.partition("\n\n")
        lines = head.split("\n")
        if not blank or lines[0] != _HEADER:
            raise MalformedNote(f"A receipt begins with {_HEADER} and holds a checkpoint under a blank line.")
        if len(lines) < 3 or not lines[1].startswith("extra ") or not lines[2].startswith("index "):  # noqa: PLR2004
            raise MalformedNote("A receipt's second and third line read `extra` and `index`.")
        if len(lines) - 3 > _MAX_PROOF:
            raise MalformedNote("The receipt's proof is longer than any tree is high.")
        body = from_base64(lines[1].removeprefix("extra "), "the entry")
        index = decimal(lines[2].removeprefix("index "), "the index of the receipt")
        proof = tuple(from_base64(line, "the proof") for line in lines[3:])
        if any(len(step) != HASH_SIZE for step in proof):
            raise MalformedNote("A step of the receipt's proof is no SHA-256 hash.")
        return cls(index, body, proof, note)


@dataclass(frozen=True, slots=True)
class VerifiedReceipt:
    """What a receipt proves: this entry stands at this index of this log."""

    origin: str
    size: int
    index: int
    body: bytes


def verify_receipt(text: str, vkey: str, *, witnesses: Sequence[str] = ()) -> VerifiedReceipt:
    """Check a receipt with nothing but the log's public key.

    Args:
        text: The receipt file's text.
        vkey: The log's verifier key.
        witnesses: Verifier keys of witnesses that must all have cosigned the checkpoint.

    Raises:
        MalformedNote: The receipt or a key is malformed.
        BadSignature: The log or a witness did not sign the checkpoint.
        BadProof: The entry, its index or the proof is not the one that the log signed.
    """
    receipt = Receipt.parse(text)
    checkpoint = open_checkpoint(receipt.note, Verifier.parse(vkey), *map(Verifier.parse, witnesses))
    try:
        verify_inclusion(
            leaf_hash(receipt.body), receipt.index, checkpoint.size, receipt.proof, checkpoint.root
        )
    except BadProof as error:
        raise BadProof(
            f"The receipt of leaf {receipt.index} does not lead to the signed root: entry, index or proof was altered.",
            mend="Ask the log for a fresh receipt and compare the two.",
        ) from error
    return VerifiedReceipt(checkpoint.origin, checkpoint.size, receipt.index, receipt.body)
