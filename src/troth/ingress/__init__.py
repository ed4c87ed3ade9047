"""Ingress: the receiving door of telemetry; receipts, blind-signed tokens, strict reading, inbox and lake of reports."""

from troth.ingress.errors import NotOptedIn, OtherSchema, ReleaseTooOld, TokenClosed, TokenIssued, TokenSpent
from troth.ingress.gathering import Sealing, empty_old_weeks
from troth.ingress.glean import DELETION, OWN_PINGS, glean_reader, read_glean, read_path
from troth.ingress.inflating import MAX_INFLATED, inflated
from troth.ingress.keeping import DisposedReports, ReportKeeper, ReportStatus
from troth.ingress.lake import ReportLake
from troth.ingress.model import Proof, Report, Upload, week_of
from troth.ingress.otlp import JSON, PROTOBUF, OtlpReader, otlp_available
from troth.ingress.reading import FORMAT, MAX_REPORT, read_report
from troth.ingress.receipts import RECEIPT_SCHEME, decoded, encoded, read_receipt, shows_receipt
from troth.ingress.service import Door
from troth.ingress.switching import OptedIn, Switching, taking
from troth.ingress.tokens import SECRETS_TABLE, Craft, SigningKey, TokenKeys

__all__ = [
    "DELETION",
    "FORMAT",
    "JSON",
    "MAX_INFLATED",
    "MAX_REPORT",
    "OWN_PINGS",
    "PROTOBUF",
    "RECEIPT_SCHEME",
    "SECRETS_TABLE",
    "Craft",
    "DisposedReports",
    "Door",
    "NotOptedIn",
    "OptedIn",
    "OtherSchema",
    "OtlpReader",
    "Proof",
    "ReleaseTooOld",
    "Report",
    "ReportKeeper",
    "ReportLake",
    "ReportStatus",
    "Sealing",
    "SigningKey",
    "Switching",
    "TokenClosed",
    "TokenIssued",
    "TokenKeys",
    "TokenSpent",
    "Upload",
    "decoded",
    "empty_old_weeks",
    "encoded",
    "glean_reader",
    "inflated",
    "otlp_available",
    "read_glean",
    "read_path",
    "read_receipt",
    "read_report",
    "shows_receipt",
    "taking",
    "week_of",
]
