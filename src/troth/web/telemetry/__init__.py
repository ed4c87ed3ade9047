"""Telemetry over HTTP: the receiving door, switching on and off, and the pages that explain it."""

from troth.web.telemetry import pages, switching
from troth.web.telemetry.door import ReportDoor
from troth.web.telemetry.hosting import OwnHost
from troth.web.telemetry.operations import TELEMETRY_OPERATIONS, TELEMETRY_SCHEMAS

HANDLERS = [*switching.HANDLERS, *pages.HANDLERS]

__all__ = ["HANDLERS", "TELEMETRY_OPERATIONS", "TELEMETRY_SCHEMAS", "OwnHost", "ReportDoor"]
