"""The sender of telemetry: off until somebody switches it on, and everything that it sends can be looked at first.

It needs the standard library only, and nothing else of Troth: a product can take this folder along by itself.
"""

from typing import TYPE_CHECKING, Any

from troth.telemetry.chance import truth_probability
from troth.telemetry.recorder import Telemetry, Timing
from troth.telemetry.report import last_day, sample_report, serialize_report
from troth.telemetry.schema import Metric, ReportError, Schema, SchemaError, TelemetryError
from troth.telemetry.weeks import local_now, week_of

if TYPE_CHECKING:
    from troth.telemetry.blinding import Blinded, BlindError, PublicKey, blind, finalize, prepare, verify
    from troth.telemetry.sending import Sender, Sending, Status

__all__ = [
    "BlindError",
    "Blinded",
    "Metric",
    "PublicKey",
    "ReportError",
    "Schema",
    "SchemaError",
    "Sender",
    "Sending",
    "Status",
    "Telemetry",
    "TelemetryError",
    "Timing",
    "blind",
    "finalize",
    "last_day",
    "local_now",
    "prepare",
    "sample_report",
    "serialize_report",
    "truth_probability",
    "verify",
    "week_of",
]

_SENDING = frozenset(("Sender", "Sending", "Status"))


def __getattr__(name: str) -> Any:
    """Load what only sending needs when it is first used, so that importing stays light (PEP 562)."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    home = "sending" if name in _SENDING else "blinding"
    return getattr(importlib.import_module(f"troth.telemetry.{home}"), name)
