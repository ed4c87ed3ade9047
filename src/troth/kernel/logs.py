"""Logs that load their library with the first line: a command that has nothing to say starts without it."""

import sys
import traceback
from collections.abc import Callable
from typing import Any

_waiting: list[Callable[[], None]] = []


class Log:
    """A log of one part of the service; its methods (`info`, `warning`, `error`) are those of structlog.

    Args:
        name: Of the part, such as `troth.jobs`.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, method: str) -> Any:
        import structlog

        _set_up()
        return getattr(structlog.get_logger(self._name), method)


def raised_at(error: BaseException, most: int = 12) -> list[str]:
    """The innermost places, at most so many, that an error came through; its text is left out, for it may repeat a value."""
    return [
        f"{frame.filename.rpartition('/')[2]}:{frame.lineno}"
        for frame in traceback.extract_tb(error.__traceback__)
    ][-most:]


def set_up_logs(set_up: Callable[[], None] | None) -> None:
    """Set logs up: at once where their library is loaded, else before the first line.

    Args:
        set_up: Tells structlog where lines go and which of them are written; None forgets what waits.
    """
    _waiting[:] = [set_up] if set_up is not None else []
    if "structlog" in sys.modules:
        _set_up()


def _set_up() -> None:
    for set_up in tuple(_waiting):
        set_up()
    _waiting.clear()
