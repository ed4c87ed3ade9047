"""Connectors: other SQL databases, and recipients that are told by signed webhooks."""

from troth.adapters.connectors.ports import Memory
from troth.adapters.connectors.posting import check_url
from troth.adapters.connectors.signing import WEBHOOK_HEADERS, new_secret, secret_bytes
from troth.adapters.connectors.sql import SqlStore
from troth.adapters.connectors.webhooks import EVENTS, RecipientResult, WebhookStore

__all__ = [
    "EVENTS",
    "WEBHOOK_HEADERS",
    "Memory",
    "RecipientResult",
    "SqlStore",
    "WebhookStore",
    "check_url",
    "new_secret",
    "secret_bytes",
]
