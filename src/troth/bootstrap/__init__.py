"""The only wiring: settings become running parts."""

from troth.bootstrap.folder import Initialised, init_folder
from troth.bootstrap.runtime import Troth, chosen_clock, open_troth
from troth.bootstrap.settings import Settings, read_settings

__all__ = ["Initialised", "Settings", "Troth", "chosen_clock", "init_folder", "open_troth", "read_settings"]
