"""Files that people send: small, of a declared kind that the content shows, under a name that cannot do harm. Pure.

A file is kept as text inside its sealed value: `{"name": ..., "media": ..., "data": base64}`. Troth never shows one.
"""

import re
import unicodedata
from base64 import b64decode, b64encode
from collections.abc import Callable, Sequence

import msgspec

from troth.collection.cards import card_numbers

DEFAULT_MEDIA = ("text/plain", "application/pdf", "image/png", "image/jpeg")
"""What is taken where the policy names no media types."""
MAX_BYTES = 650_000
"""Most bytes of a file; as base64 it must fit into the values of one act."""
_MEMBERS = ("name", "media", "data")
_MOST_NAME = 100
_ODD = re.compile(r"[^\w .()+-]+")
_CONTROLS = re.compile(rb"[\x00-\x08\x0b\x0e-\x1f\x7f]")
_DEVICE = re.compile(r"con|prn|aux|nul|(com|lpt)[0-9\u00b9\u00b2\u00b3]", re.IGNORECASE)
"""Names that mean a device to Windows, whatever their ending."""
_VAGUE = frozenset({"", "application/octet-stream", "application/x-download", "binary/octet-stream"})
_ENDINGS = {
    "application/gzip": ("gz", "tgz"), "application/json": ("json",), "application/pdf": ("pdf",),
    "application/zip": ("zip", "docx", "xlsx", "pptx", "odt", "ods"), "image/gif": ("gif",),
    "image/jpeg": ("jpg", "jpeg"), "image/png": ("png",), "image/webp": ("webp",), "text/csv": ("csv",),
    "text/plain": ("txt", "log", "md", "conf", "cfg", "ini", "yaml", "yml"),
}  # fmt: skip


class UnfitFile(Exception):
    """A file cannot be taken; tells why and what to send, and nothing of the file."""

    def __init__(self, reason: str, mend: str, clause: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.mend = mend
        self.clause = clause


def kept_file(
    name: object, claimed: object, data: object, allowed: Sequence[str], most: int
) -> dict[str, str]:
    """A file in the form in which it is kept.

    Args:
        name: Its name, as the sender's machine called it.
        claimed: The media type that the sender claims; empty for none.
        data: Its bytes in base64 (RFC 4648, section 4).
        allowed: The media types that are taken.
        most: Most bytes.

    Raises:
        UnfitFile: It is malformed, empty, too long, or not of a kind that is taken.
    """
    if not isinstance(name, str) or not isinstance(claimed, str) or not isinstance(data, str):
        raise UnfitFile("is not a file", "Send an object with name, media and data as text.")
    try:
        content = b64decode(data, validate=True)
    except ValueError:
        raise UnfitFile(
            "has data that is not base64", "Encode the bytes as RFC 4648 says, section 4."
        ) from None
    most = min(most, MAX_BYTES)
    if not content:
        raise UnfitFile("is an empty file", "Choose a file with something in it.")
    if len(content) > most:
        raise UnfitFile(f"is longer than {most} bytes", "Send a smaller file.")
    media = media_of(content, claimed.partition(";")[0].strip().lower(), allowed)
    if media.startswith("text/") and card_numbers(content.decode()):
        raise UnfitFile("holds a payment card number", "Remove it from the file.", "II.21")
    return {"name": safe_name(name, media), "media": media, "data": b64encode(content).decode()}


def media_of(content: bytes, claimed: str, allowed: Sequence[str]) -> str:
    """The media type of a content among those allowed, which must not contradict what is claimed.

    Raises:
        UnfitFile: It shows none of them, or another than is claimed.
    """
    shown = [media for media in allowed if _SHOWS[media](content)]
    if not shown:
        raise UnfitFile("is not of a kind that is taken here", f"Send one of {', '.join(allowed)}.")
    if claimed in shown:
        return claimed
    if claimed not in _VAGUE and not (claimed.startswith("text/") and shown[-1].startswith("text/")):
        raise UnfitFile("is not what it claims to be", "Send it under its own media type.")
    return "text/plain" if "text/plain" in shown else shown[0]


def safe_name(name: str, media: str) -> str:
    """A file's name without folders, without what shows nothing or turns text around, with an ending of its kind.

    Args:
        name: As it was sent.
        media: Its media type.
    """
    bare = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    shown = "".join(char for char in bare if not unicodedata.category(char).startswith("C"))
    plain = " ".join(_ODD.sub("_", shown).split()).strip(". ")
    stem, dot, ending = plain.rpartition(".")
    if not dot or ending.lower() not in _ENDINGS[media]:
        stem, ending = plain, _ENDINGS[media][0]
    stem = stem.replace(".", "_")[: _MOST_NAME - len(ending) - 1].strip(" _") or "file"
    if _DEVICE.fullmatch(stem):
        stem = f"{stem}_file"
    return f"{stem}.{ending.lower()}"


def _text(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return not _CONTROLS.search(content)


def _json(content: bytes) -> bool:
    try:
        msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return True


def _begins(*beginnings: bytes) -> Callable[[bytes], bool]:
    return lambda content: content.startswith(beginnings)


_SHOWS: dict[str, Callable[[bytes], bool]] = {
    "application/gzip": _begins(b"\x1f\x8b\x08"),
    "application/json": _json,
    "application/pdf": _begins(b"%PDF-"),
    "application/zip": _begins(b"PK\x03\x04"),
    "image/gif": _begins(b"GIF87a", b"GIF89a"),
    "image/jpeg": _begins(b"\xff\xd8\xff"),
    "image/png": _begins(b"\x89PNG\r\n\x1a\n"),
    "image/webp": lambda content: content[:4] == b"RIFF" and content[8:12] == b"WEBP",
    "text/csv": _text,
    "text/plain": _text,
}
"""What a content of each media type shows at its beginning (the types that a policy can declare)."""
