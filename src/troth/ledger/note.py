"""Signed notes and checkpoints as text (C2SP signed-note, tlog-checkpoint, tlog-cosignature); no cryptography here.

A note is a text and signature lines under a blank line. A checkpoint is a note whose text is the log's origin, the
number of leaves and the root. Everything is read strictly: a text that could be written in two ways is refused, so
that no byte of a note can change unnoticed.
"""

import base64
import binascii
from hashlib import sha256
from typing import NamedTuple, Self

from troth.ledger.errors import MalformedNote
from troth.ledger.merkle import HASH_SIZE

ED25519 = 0x01
"""Signature type: Ed25519 over the note's text."""
COSIGNATURE_V1 = 0x04
"""Signature type: a witness's Ed25519 over the text and the time of looking."""

MAX_SIGNATURES = 64
_DASH = "\u2014 "
_KEY_ID_BYTES = 4


class Signature(NamedTuple):
    """A signature line: who signed, which key, and the bytes."""

    name: str
    key_id: int
    blob: bytes

    def to_line(self) -> str:
        """The line as it stands in a note, with its newline."""
        return f"{_DASH}{self.name} {to_base64(self.key_id.to_bytes(_KEY_ID_BYTES) + self.blob)}\n"


class Note(NamedTuple):
    """A text (ending in a newline) and the signatures under it."""

    text: str
    signatures: tuple[Signature, ...]

    @classmethod
    def parse(cls, note: str) -> Self:
        """Read a signed note.

        Raises:
            MalformedNote: It has not the shape of C2SP signed-note.
        """
        if any(character < " " and character != "\n" for character in note):
            raise MalformedNote("The note holds a control character.")
        text, blank, lines = note.rpartition("\n\n")
        if not blank or not lines.endswith("\n"):
            raise MalformedNote(
                "The note has no signature lines under a blank line, or does not end its last line."
            )
        signatures = tuple(_signature(line) for line in lines[:-1].split("\n"))
        if len(signatures) > MAX_SIGNATURES:
            raise MalformedNote(f"The note has more than {MAX_SIGNATURES} signatures.")
        return cls(text + "\n", signatures)

    def to_text(self) -> str:
        """The note as it is written down."""
        return self.text + "\n" + "".join(signature.to_line() for signature in self.signatures)


class Checkpoint(NamedTuple):
    """The head of a log's tree at one size."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the text of a checkpoint note.

        Raises:
            MalformedNote: It has not the shape of C2SP tlog-checkpoint.
        """
        lines = text.split("\n")
        if len(lines) < 4 or lines.pop() or not all(lines):  # noqa: PLR2004  three lines and the end
            raise MalformedNote("A checkpoint has three lines that are not empty: origin, size, root.")
        root = from_base64(lines[2], "the root of the checkpoint")
        if len(root) != HASH_SIZE:
            raise MalformedNote("The root of the checkpoint is no SHA-256 hash.")
        return cls(lines[0], decimal(lines[1], "the size of the checkpoint"), root, tuple(lines[3:]))

    @classmethod
    def of_note(cls, note: str) -> Self:
        """The checkpoint in a signed note, its signatures not checked (`open_checkpoint` checks them).

        Raises:
            MalformedNote: It is no checkpoint note.
        """
        return cls.parse(Note.parse(note).text)

    def to_text(self) -> str:
        """The note text of the checkpoint."""
        lines = [self.origin, str(self.size), to_base64(self.root), *self.extensions]
        return "\n".join(lines) + "\n"


class VerifierKey(NamedTuple):
    """A public key with the name that it signs under."""

    name: str
    kind: int
    public: bytes

    @property
    def key_id(self) -> int:
        """The key's short id in signature lines."""
        return key_id(self.name, self.kind, self.public)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a verifier key, `name+id+base64` (C2SP signed-note).

        Raises:
            MalformedNote: It is none, its id does not fit, or its type is not one of those known here.
        """
        name, kind, public = parse_key(text, "verifier key")
        key = cls(name, kind, public)
        if f"{key.key_id:08x}" != text.split("+", 2)[1]:
            raise MalformedNote("The id of the verifier key does not fit its name and key.")
        return key

    def to_text(self) -> str:
        """The verifier key as it is handed out."""
        return f"{self.name}+{self.key_id:08x}+{to_base64(bytes([self.kind]) + self.public)}"


def key_id(name: str, kind: int, public: bytes) -> int:
    """Short id of a key: the first four bytes of SHA-256 over name, newline, type and public key."""
    digest = sha256(check_name(name).encode() + b"\n" + bytes([kind]) + public).digest()
    return int.from_bytes(digest[:_KEY_ID_BYTES])


def parse_key(text: str, what: str) -> tuple[str, int, bytes]:
    """Name, type and 32 bytes of an encoded key.

    Raises:
        MalformedNote: It is none; the message does not repeat it, for it may be private.
    """
    parts = text.split("+", 2)
    if len(parts) != 3:  # noqa: PLR2004
        raise MalformedNote(f"A {what} reads name+id+base64.")
    data = from_base64(parts[2], f"the {what}")
    if len(data) != 1 + HASH_SIZE or data[0] not in (ED25519, COSIGNATURE_V1):
        raise MalformedNote(f"The {what} is not of a type known here (Ed25519, or Ed25519 cosignature).")
    return check_name(parts[0]), data[0], data[1:]


def check_name(name: str) -> str:
    """The name, if it may name a key.

    Raises:
        MalformedNote: It is empty or holds a space, a plus or a control character.
    """
    if not name or "+" in name or any(c.isspace() or c < " " for c in name):
        raise MalformedNote(
            "A key's name is not empty and holds no space and no plus.",
            mend="Use a name like example.com/ledger.",
        )
    return name


def cosigned_message(text: str, seconds: int) -> bytes:
    """What a witness signs (C2SP tlog-cosignature, `cosignature/v1`).

    Args:
        text: The checkpoint's note text.
        seconds: When the witness looked, seconds since 1970.
    """
    return f"cosignature/v1\ntime {seconds}\n{text}".encode()


def to_base64(data: bytes) -> str:
    """Standard base64 with padding (RFC 4648, section 4)."""
    return base64.b64encode(data).decode("ascii")


def from_base64(text: str, what: str) -> bytes:
    """Bytes of a base64 text in its one canonical form.

    Raises:
        MalformedNote: The text is not base64, or not canonical.
    """
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise MalformedNote(f"The base64 of {what} is malformed.") from error
    if to_base64(data) != text:
        raise MalformedNote(f"The base64 of {what} is not in its canonical form.")
    return data


def decimal(text: str, what: str) -> int:
    """A number in ASCII decimal without leading zeroes, below 2**63.

    Raises:
        MalformedNote: It is none.
    """
    canonical = text.isascii() and text.isdigit() and (text == "0" or text[0] != "0")
    if not canonical or len(text) > 19 or int(text) >= 1 << 63:  # noqa: PLR2004  digits of 2**63
        raise MalformedNote(f"There is no decimal number where {what} belongs.")
    return int(text)


def _signature(line: str) -> Signature:
    parts = line.removeprefix(_DASH).split(" ")
    if not line.startswith(_DASH) or len(parts) != 2:  # noqa: PLR2004
        raise MalformedNote("A signature line reads: em dash, name, base64.")
    data = from_base64(parts[1], "a signature")
    if len(data) <= _KEY_ID_BYTES:
        raise MalformedNote("A signature is too short to hold a key id and a signature.")
    return Signature(check_name(parts[0]), int.from_bytes(data[:_KEY_ID_BYTES]), data[_KEY_ID_BYTES:])
