"""The only wiring: settings become running parts."""

from troth.bootstrap.folder import Initialised, init_folder
from troth.bootstrap.keeping import Restored, backup_folder, restore_folder, verify_folder
from troth.bootstrap.runtime import Troth, chosen_clock, open_troth
from troth.bootstrap.settings import Settings, read_settings, store_places

__all__ = [
    "Initialised",
    "Restored",
    "Settings",
    "Troth",
    "backup_folder",
    "chosen_clock",
    "init_folder",
    "open_troth",
    "read_settings",
    "restore_folder",
    "store_places",
    "verify_folder",
]
