"""An installation for the sender's tests: a clock that can be set, a folder, a product that records."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.telemetry.test_report import SCHEMA
from troth.telemetry import Schema, Sender, Telemetry

NONE: Mapping[str, str] = {}
"""Variables of a process where nobody set any."""


class Installation:
    """An installation of product `p`.

    Args:
        folder: Its folder.
        endpoint: The receiving door.
        schema: What it may report.
        environ: Its variables.
    """

    def __init__(
        self,
        folder: Path,
        endpoint: str,
        *,
        schema: Schema = SCHEMA,
        environ: Mapping[str, str] = NONE,
        release: str = "5.2",
    ) -> None:
        self.folder, self.schema = folder / "telemetry", schema
        self.now = datetime.fromisoformat("2026-11-25T12:00:00+01:00")
        self._given: dict[str, Any] = {
            "product": "p",
            "release": release,
            "endpoint": endpoint,
            "environ": environ,
            "clock": lambda: self.now,
        }

    def telemetry(self, **more: Any) -> Telemetry:
        """The recorder of a process."""
        return Telemetry(self.schema, self.folder, **{"uploads": False, **self._given, **more})

    def sender(self, **more: Any) -> Sender:
        """The sender."""
        return Sender(self.schema, self.folder, **{**self._given, **more})

    def later(self, **span: float) -> None:
        """Let time pass."""
        self.now += timedelta(**span)
