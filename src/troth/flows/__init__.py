"""Flows: stories that cross rooms: backups, with data and key store kept apart; requests, carried out place by place."""

from troth.flows.answering import Answering, Done, Finisher, HowFar, Part, Store, Work
from troth.flows.backup import (
    CLAIMS_FILE,
    DATA_FILE,
    ROWS_FILE,
    SEALED_FILE,
    SIGNER_FILE,
    Backup,
    Contents,
    Manifest,
    Progress,
    check_data,
    check_keys,
    copy_file,
    make_halves,
    write_backup,
)
from troth.flows.certifying import Certifying
from troth.flows.places import ClosingStore, ForgettingStore, StayingStore, Stays
from troth.flows.vault_store import VaultStore

__all__ = [
    "CLAIMS_FILE",
    "DATA_FILE",
    "ROWS_FILE",
    "SEALED_FILE",
    "SIGNER_FILE",
    "Answering",
    "Backup",
    "Certifying",
    "ClosingStore",
    "Contents",
    "Done",
    "Finisher",
    "ForgettingStore",
    "HowFar",
    "Manifest",
    "Part",
    "Progress",
    "StayingStore",
    "Stays",
    "Store",
    "VaultStore",
    "Work",
    "check_data",
    "check_keys",
    "copy_file",
    "make_halves",
    "write_backup",
]
