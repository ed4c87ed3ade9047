"""Flows: stories that cross rooms. Here so far: backup and restore, with data and key store kept apart."""

from troth.flows.backup import CLAIMS_FILE, Backup, Progress, check_backup, restore_files, write_backup

__all__ = ["CLAIMS_FILE", "Backup", "Progress", "check_backup", "restore_files", "write_backup"]
