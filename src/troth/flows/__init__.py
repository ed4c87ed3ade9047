"""Flows: stories that cross rooms. Here so far: backups, with data and key store kept apart."""

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

__all__ = [
    "CLAIMS_FILE",
    "DATA_FILE",
    "ROWS_FILE",
    "SEALED_FILE",
    "SIGNER_FILE",
    "Backup",
    "Contents",
    "Manifest",
    "Progress",
    "check_data",
    "check_keys",
    "copy_file",
    "make_halves",
    "write_backup",
]
