"""The only wiring: settings become running parts.

A name is loaded with the part that it stands in, when it is first asked for (PEP 562): a command opens a folder without
loading what only a server or another command needs.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from troth.bootstrap.answering import answering_key
    from troth.bootstrap.bulletins import preview_bulletin
    from troth.bootstrap.campaigning import compile_texts
    from troth.bootstrap.certifying import certificate_link, certificate_link_opens
    from troth.bootstrap.connector_files import ConnectorSettings
    from troth.bootstrap.drilling import DrillFound, drill_folder, drill_found
    from troth.bootstrap.folder import Initialised, init_folder, reference_policy
    from troth.bootstrap.following import coming_root
    from troth.bootstrap.keeping import backup_folder, destroy_due_epochs, epoch_places, journal_erasures
    from troth.bootstrap.kept_texts import Said, kept_text
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
    from troth.bootstrap.previewing import preview_message, preview_pdf, send_test
    from troth.bootstrap.receiving import mail_coming_in
    from troth.bootstrap.reminding import unreached
    from troth.bootstrap.replaying import Lost
    from troth.bootstrap.representing import agent_request
    from troth.bootstrap.restoring import Restored, Wish, restore_folder
    from troth.bootstrap.retaining import Forecast, dispose_due, retention_forecast
    from troth.bootstrap.runtime import MESSAGES, Troth, chosen_clock, open_troth
    from troth.bootstrap.settings import EventSettings, Settings, read_settings, store_places
    from troth.bootstrap.signing import DkimRecord, dkim_records, dkim_state, new_dkim_keys
    from troth.bootstrap.unread import Opened
from troth.bootstrap.preferring import WaysOut, ways_out

__all__ = [
    "MESSAGES",
    "PROOF",
    "ConnectorSettings",
    "DkimRecord",
    "DrillFound",
    "EventSettings",
    "Forecast",
    "Initialised",
    "Lost",
    "Opened",
    "Restored",
    "Said",
    "Settings",
    "Troth",
    "WaysOut",
    "Wish",
    "agent_request",
    "answering_key",
    "backup_folder",
    "certificate_link",
    "certificate_link_opens",
    "change_root",
    "chosen_clock",
    "coming_root",
    "compile_texts",
    "copy_of_link",
    "copy_until",
    "destroy_due_epochs",
    "dispose_due",
    "dkim_records",
    "dkim_state",
    "drill_folder",
    "drill_found",
    "epoch_places",
    "folder_keys",
    "init_folder",
    "journal_erasures",
    "kept_text",
    "made_copy",
    "mail_coming_in",
    "mailbox_state",
    "new_dkim_keys",
    "open_troth",
    "own_copy",
    "packages_of",
    "preview_bulletin",
    "preview_message",
    "preview_pdf",
    "read_settings",
    "reference_policy",
    "rekey_folder",
    "restore_folder",
    "retention_forecast",
    "rotate_folder",
    "send_test",
    "store_places",
    "sweep_folder",
    "unreached",
    "ways_out",
    "work_for",
]

_PARTS = {
    "answering": ("answering_key",),
    "bulletins": ("preview_bulletin",),
    "campaigning": ("compile_texts",),
    "previewing": ("preview_message", "preview_pdf", "send_test"),
    "certifying": ("certificate_link", "certificate_link_opens"),
    "connector_files": ("ConnectorSettings",),
    "signing": ("DkimRecord", "dkim_records", "dkim_state", "new_dkim_keys"),
    "drilling": ("DrillFound", "drill_folder", "drill_found"),
    "folder": ("Initialised", "init_folder", "reference_policy"),
    "keeping": ("backup_folder", "destroy_due_epochs", "epoch_places", "journal_erasures"),
    "kept_texts": ("Said", "kept_text"),
    "following": ("coming_root",),
    "keying": ("change_root", "folder_keys", "rekey_folder", "rotate_folder", "sweep_folder"),
    "packaging": ("PROOF", "copy_of_link", "copy_until", "made_copy", "own_copy", "packages_of", "work_for"),
    "polling": ("mailbox_state",),
    "receiving": ("mail_coming_in",),
    "reminding": ("unreached",),
    "representing": ("agent_request",),
    "restoring": ("Restored", "Wish", "restore_folder"),
    "retaining": ("Forecast", "dispose_due", "retention_forecast"),
    "runtime": ("MESSAGES", "Troth", "chosen_clock", "open_troth"),
    "settings": ("EventSettings", "Settings", "read_settings", "store_places"),
    "unread": ("Opened",),
}
_HOMES = {name: part for part, names in _PARTS.items() for name in names}


def __getattr__(name: str) -> Any:
    """Load a name's part when the name is first asked for."""
    part = _HOMES.get(name)
    if part is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f"{__name__}.{part}"), name)
    return value
