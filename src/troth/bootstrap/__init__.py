"""The only wiring: settings become running parts."""

from troth.bootstrap.folder import Initialised, init_folder, reference_policy
from troth.bootstrap.keeping import Restored, backup_folder, restore_folder, verify_folder
from troth.bootstrap.keying import change_root, folder_keys, rekey_folder, rotate_folder, sweep_folder
from troth.bootstrap.receiving import mail_coming_in
from troth.bootstrap.runtime import MESSAGES, Troth, chosen_clock, open_troth
from troth.bootstrap.settings import EventSettings, Settings, read_settings, store_places

__all__ = [
    "MESSAGES",
    "EventSettings",
    "Initialised",
    "Restored",
    "Settings",
    "Troth",
    "backup_folder",
    "change_root",
    "chosen_clock",
    "folder_keys",
    "init_folder",
    "mail_coming_in",
    "open_troth",
    "read_settings",
    "reference_policy",
    "rekey_folder",
    "restore_folder",
    "rotate_folder",
    "store_places",
    "sweep_folder",
    "verify_folder",
]
