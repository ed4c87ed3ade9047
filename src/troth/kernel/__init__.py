"""The lowest room: ids, clock, errors. Pure; imports nothing of Troth."""

from troth.kernel.clock import Clock, FileClock, SettableClock, SystemClock, from_micros, micros
from troth.kernel.errors import (
    Conflict,
    Corrupt,
    InvalidInput,
    NotFound,
    Refused,
    TrothError,
    Unauthenticated,
    Unavailable,
)
from troth.kernel.ids import is_id, new_id
from troth.kernel.logs import Log, raised_at, set_up_logs

__all__ = [
    "Clock",
    "Conflict",
    "Corrupt",
    "FileClock",
    "InvalidInput",
    "Log",
    "NotFound",
    "Refused",
    "SettableClock",
    "SystemClock",
    "TrothError",
    "Unauthenticated",
    "Unavailable",
    "from_micros",
    "is_id",
    "micros",
    "new_id",
    "raised_at",
    "set_up_logs",
]
