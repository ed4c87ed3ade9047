"""The only wiring: settings become running parts."""

from troth.bootstrap.certifying import certificate_link, certificate_link_opens
from troth.bootstrap.connector_files import ConnectorSettings
from troth.bootstrap.drilling import DrillFound, drill_folder, drill_found
from troth.bootstrap.folder import Initialised, init_folder, reference_policy
from troth.bootstrap.keeping import backup_folder, destroy_due_epochs, epoch_places, journal_erasures
from troth.bootstrap.keying import change_root, folder_keys, rekey_folder, rotate_folder, sweep_folder
from troth.bootstrap.packaging import (
    PROOF,
    copy_of_link,
    copy_until,
    made_copy,
    own_copy,
    packages_of,
    work_for,
)
from troth.bootstrap.polling import mailbox_state
from troth.bootstrap.receiving import mail_coming_in
from troth.bootstrap.reminding import unreached
from troth.bootstrap.restoring import Restored, Wish, restore_folder
from troth.bootstrap.retaining import Forecast, dispose_due
from troth.bootstrap.retaining import forecast as retention_forecast
from troth.bootstrap.runtime import MESSAGES, Troth, chosen_clock, open_troth
from troth.bootstrap.settings import EventSettings, Settings, read_settings, store_places

__all__ = [
    "MESSAGES",
    "PROOF",
    "ConnectorSettings",
    "DrillFound",
    "EventSettings",
    "Forecast",
    "Initialised",
    "Restored",
    "Settings",
    "Troth",
    "Wish",
    "backup_folder",
    "certificate_link",
    "certificate_link_opens",
    "change_root",
    "chosen_clock",
    "copy_of_link",
    "copy_until",
    "destroy_due_epochs",
    "dispose_due",
    "drill_folder",
    "drill_found",
    "epoch_places",
    "folder_keys",
    "init_folder",
    "journal_erasures",
    "made_copy",
    "mail_coming_in",
    "mailbox_state",
    "open_troth",
    "own_copy",
    "packages_of",
    "read_settings",
    "reference_policy",
    "rekey_folder",
    "restore_folder",
    "retention_forecast",
    "rotate_folder",
    "store_places",
    "sweep_folder",
    "unreached",
    "work_for",
]
