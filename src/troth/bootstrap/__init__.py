"""The only wiring: settings become running parts."""

from troth.bootstrap.folder import Initialised, init_folder
from troth.bootstrap.runtime import Troth, open_troth
from troth.bootstrap.settings import Settings, read_settings

__all__ = ["Initialised", "Settings", "Troth", "init_folder", "open_troth", "read_settings"]
