"""Signatures of Standard Webhooks (https://www.standardwebhooks.com): HMAC-SHA256 over id, time and body."""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta

from troth.kernel import Corrupt, Unauthenticated

PREFIX = "whsec_"
ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
WEBHOOK_HEADERS = (ID, TIMESTAMP, SIGNATURE)
TOLERANCE = timedelta(minutes=5)
_BYTES = 32
_LONGEST = 1_000


def new_secret() -> str:
    """A secret to be shared with a recipient, as the standard writes it."""
    return PREFIX + base64.b64encode(secrets.token_bytes(_BYTES)).decode()


def secret_bytes(text: str) -> bytes:
    """The bytes of a secret.

    Raises:
        Corrupt: It is none, or shorter than 24 bytes.
    """
    try:
        found = base64.b64decode(text.strip().removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        found = b""
    if not 24 <= len(found) <= 64:  # noqa: PLR2004  the standard's limits
        raise Corrupt(
            "The secret of a webhook is none of 24 to 64 bytes in base64.", mend="Make the connector anew."
        )
    return found


def signed(secret: bytes, message: str, at: datetime, body: bytes) -> dict[str, str]:
    """The headers of a message.

    Args:
        secret: Shared with the recipient.
        message: Id of the message; the same when it is sent again.
        at: Now.
        body: What is sent, byte for byte.
    """
    stamp = str(int(at.timestamp()))
    return {ID: message, TIMESTAMP: stamp, SIGNATURE: f"v1,{_mark(secret, message, stamp, body)}"}


def check_signed(secret: bytes, headers: Mapping[str, str], body: bytes, now: datetime) -> str:
    """The id of a message that was signed by somebody who has the secret, within five minutes of now.

    Raises:
        Unauthenticated: It was not.
    """
    message, stamp = headers.get(ID, ""), headers.get(TIMESTAMP, "")
    given = headers.get(SIGNATURE, "")
    if (
        not message
        or len(message) > _LONGEST
        or len(given) > _LONGEST
        or not (stamp.isascii() and stamp.isdigit())
    ):
        raise _not_signed()
    if len(stamp) > 12 or abs(now.timestamp() - int(stamp)) > TOLERANCE.total_seconds():  # noqa: PLR2004
        raise Unauthenticated(
            "The message was signed too long ago, or in the future.",
            field=TIMESTAMP,
            mend="Set the clock, and sign anew.",
        )
    right = _mark(secret, message, stamp, body)
    for one in given.split():
        version, _, mark = one.partition(",")
        if version == "v1" and hmac.compare_digest(mark.encode(), right.encode()):
            return message
    raise _not_signed()


def _not_signed() -> Unauthenticated:
    return Unauthenticated(
        "The message is not signed with this connector's secret.",
        field=SIGNATURE,
        mend="Sign it as Standard Webhooks says.",
    )


def _mark(secret: bytes, message: str, stamp: str, body: bytes) -> str:
    signed_part = f"{message}.{stamp}.".encode() + body
    return base64.b64encode(hmac.new(secret, signed_part, hashlib.sha256).digest()).decode()
