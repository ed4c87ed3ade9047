"""The ledger: every decision in a Merkle log whose signed checkpoints, receipts and witnesses anybody can check.

The door opens lazily: a name is imported when it is first asked for, so that verifying needs neither a database nor
its drivers, and the command line pays for nothing that it does not use.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from troth.ledger.counting import Deed, counts_by_clause, deeds, recount
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
    from troth.ledger.export import export_tiles
    from troth.ledger.model import Entry, decode_entry, encode_entry
    from troth.ledger.note import Checkpoint, Note, VerifierKey
    from troth.ledger.receipt import Receipt, VerifiedReceipt, verify_receipt
    from troth.ledger.sequencer import Sequencer, SequencerThread, Staged, stage, staged_count
    from troth.ledger.service import (
        DatabaseSource,
        Recorded,
        TreeHead,
        checkpoints,
        consistency_proof,
        entries,
        entry,
        inclusion_proof,
        journal,
        keep_cosigned,
        prove,
        prove_all,
        resource,
        root_at,
        tree_head,
        whole_journal,
    )
    from troth.ledger.signing import Signer, Verifier, create_signer, load_signer, open_checkpoint
    from troth.ledger.sources import DirectorySource, Source, WebSource
    from troth.ledger.verification import Verified, verify_log
    from troth.ledger.witness import Witness

_PLACES = {
    "counting": (
        "Deed",
        "counts_by_clause",
        "deeds",
        "recount",
    ),
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
    "export": ("export_tiles",),
    "model": (
        "Entry",
        "decode_entry",
        "encode_entry",
    ),
    "note": (
        "Checkpoint",
        "Note",
        "VerifierKey",
    ),
    "receipt": (
        "Receipt",
        "VerifiedReceipt",
        "verify_receipt",
    ),
    "sequencer": (
        "Sequencer",
        "SequencerThread",
        "Staged",
        "stage",
        "staged_count",
    ),
    "service": (
        "DatabaseSource",
        "Recorded",
        "TreeHead",
        "checkpoints",
        "consistency_proof",
        "entries",
        "entry",
        "inclusion_proof",
        "journal",
        "keep_cosigned",
        "prove",
        "prove_all",
        "resource",
        "root_at",
        "tree_head",
        "whole_journal",
    ),
    "signing": (
        "Signer",
        "Verifier",
        "create_signer",
        "load_signer",
        "open_checkpoint",
    ),
    "sources": (
        "DirectorySource",
        "Source",
        "WebSource",
    ),
    "verification": (
        "Verified",
        "verify_log",
    ),
    "witness": ("Witness",),
}
_PLACE_OF = {name: place for place, names in _PLACES.items() for name in names}

__all__ = [
    "BadProof",
    "BadSignature",
    "Checkpoint",
    "CountMismatch",
    "DatabaseSource",
    "Deed",
    "DirectorySource",
    "Entry",
    "EntryAltered",
    "Forked",
    "MalformedNote",
    "Note",
    "Receipt",
    "Recorded",
    "RootMismatch",
    "Sequencer",
    "SequencerThread",
    "Signer",
    "Source",
    "Staged",
    "StillStaged",
    "TileAltered",
    "TileMissing",
    "TreeHead",
    "Truncated",
    "UnsafeKeyFile",
    "Verified",
    "VerifiedReceipt",
    "Verifier",
    "VerifierKey",
    "WebSource",
    "Witness",
    "checkpoints",
    "consistency_proof",
    "counts_by_clause",
    "create_signer",
    "decode_entry",
    "deeds",
    "encode_entry",
    "entries",
    "entry",
    "export_tiles",
    "inclusion_proof",
    "journal",
    "keep_cosigned",
    "load_signer",
    "open_checkpoint",
    "prove",
    "prove_all",
    "recount",
    "resource",
    "root_at",
    "stage",
    "staged_count",
    "tree_head",
    "verify_log",
    "verify_receipt",
    "whole_journal",
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
