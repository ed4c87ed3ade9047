"""The ledger: every decision in a Merkle log whose signed checkpoints, receipts and witnesses anybody can check.

The door opens lazily: a name is imported when it is first asked for, so that verifying needs neither a database nor
its drivers, and the command line pays for nothing that it does not use.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from troth.ledger.errors import (
        BadProof,
        BadSignature,
        CountMismatch,
        EntryAltered,
        Forked,
        MalformedNote,
        RootMismatch,
        StillStaged,
        TileAltered,
        TileMissing,
        Truncated,
        UnsafeKeyFile,
    )
    from troth.ledger.model import Entry, decode_entry, encode_entry
    from troth.ledger.note import Checkpoint, VerifierKey
    from troth.ledger.signing import Signer, Verifier, create_signer, load_signer, open_checkpoint

_PLACES = {
    "errors": (
        "BadProof",
        "BadSignature",
        "CountMismatch",
        "EntryAltered",
        "Forked",
        "MalformedNote",
        "RootMismatch",
        "StillStaged",
        "TileAltered",
        "TileMissing",
        "Truncated",
        "UnsafeKeyFile",
    ),
    "model": ("Entry", "decode_entry", "encode_entry"),
    "note": ("Checkpoint", "VerifierKey"),
    "signing": ("Signer", "Verifier", "create_signer", "load_signer", "open_checkpoint"),
}
_PLACE_OF = {name: place for place, names in _PLACES.items() for name in names}

__all__ = [
    "BadProof",
    "BadSignature",
    "Checkpoint",
    "CountMismatch",
    "Entry",
    "EntryAltered",
    "Forked",
    "MalformedNote",
    "RootMismatch",
    "Signer",
    "StillStaged",
    "TileAltered",
    "TileMissing",
    "Truncated",
    "UnsafeKeyFile",
    "Verifier",
    "VerifierKey",
    "create_signer",
    "decode_entry",
    "encode_entry",
    "load_signer",
    "open_checkpoint",
]


def __getattr__(name: str) -> Any:
    """The object behind a name of the door."""
    place = _PLACE_OF.get(name)
    if place is None:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    found = getattr(import_module(f"{__name__}.{place}"), name)
    globals()[name] = found
    return found
