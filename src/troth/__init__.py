"""Troth: the privacy policy that runs.

import troth
with troth.open("data/") as t:
outcome = t.perform([troth.Ask(act="use", purpose="...", key="...", person="...", fields=("email",))])[0]
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from troth.bootstrap import Troth, init_folder
    from troth.bootstrap import open_troth as open  # noqa: A004  troth.open reads as it should
    from troth.gate import Ask, Outcome
    from troth.policy import Act

__version__ = "0.1.0"

__all__ = ["Act", "Ask", "Outcome", "Troth", "__version__", "init_folder", "open"]

_HOMES = {
    "Act": ("troth.policy", "Act"),
    "Ask": ("troth.gate", "Ask"),
    "Outcome": ("troth.gate", "Outcome"),
    "Troth": ("troth.bootstrap", "Troth"),
    "init_folder": ("troth.bootstrap", "init_folder"),
    "open": ("troth.bootstrap", "open_troth"),
}


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used, so that the command line starts quickly (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    module, attribute = _HOMES[name]
    return getattr(import_module(module), attribute)
