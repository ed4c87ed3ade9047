"""Unpacking what is sent packed, within limits: a small body must not become a large one in memory."""

import zlib

from troth.ingress.reading import refused

MAX_INFLATED = 1_000_000
"""Most bytes of a body once it is unpacked; what Glean sends at most."""
_GZIP = 16 + zlib.MAX_WBITS


def inflated(body: bytes, encoding: str) -> bytes:
    """A body without its content encoding (RFC 9110, 8.4).

    Args:
        body: As sent.
        encoding: Header `Content-Encoding`; empty or `identity` for none, else `gzip`.

    Raises:
        InvalidInput: It is packed in another way, not whole, or larger than a body may be.
    """
    name = encoding.strip().lower()
    if name in {"", "identity"}:
        return body
    if name not in {"gzip", "x-gzip"}:
        raise refused("Content-Encoding", "The body is packed in another way.", "Use gzip, or nothing.")
    unpacking = zlib.decompressobj(_GZIP)
    try:
        found = unpacking.decompress(body, MAX_INFLATED + 1)
    except zlib.error as error:
        raise refused("body", "The body is not whole gzip.", "Send it again.") from error
    if len(found) > MAX_INFLATED:
        raise refused("body", f"The body unpacks to more than {MAX_INFLATED} bytes.", "Send less.")
    if not unpacking.eof or unpacking.unused_data:
        raise refused("body", "The body is not whole gzip.", "Send it again.")
    return found
