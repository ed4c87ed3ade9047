"""Ed25519 keys of logs and witnesses (RFC 8032; C2SP signed-note and tlog-cosignature).

The only file of the ledger that touches `cryptography`, which it imports when a key is first used.
"""

import os
import secrets
import stat
from pathlib import Path
from typing import Self

from troth.ledger.errors import BadSignature, MalformedNote, UnsafeKeyFile
from troth.ledger.note import (
    COSIGNATURE_V1,
    ED25519,
    Checkpoint,
    Note,
    Signature,
    VerifierKey,
    check_name,
    cosigned_message,
    key_id,
    parse_key,
    to_base64,
)

_PRIVATE = "PRIVATE+KEY+"
_SEED_BYTES = 32
_TIME_BYTES = 8


class Verifier:
    """Checks the signatures of one key.

    Args:
        key: The public key with its name; its type says whether it belongs to a log or to a witness.
    """

    __slots__ = ("key",)

    def __init__(self, key: VerifierKey) -> None:
        self.key = key

    @classmethod
    def parse(cls, vkey: str) -> Self:
        """The verifier of a key written as `name+id+base64`.

        Raises:
            MalformedNote: It is no verifier key.
        """
        return cls(VerifierKey.parse(vkey.strip()))

    def verify(self, note: Note) -> int:
        """Check that this key signed a note.

        Returns:
            The time of a witness's cosignature in seconds since 1970; 0 for a log's signature, which has none.

        Raises:
            BadSignature: It did not, or the signature does not fit the text.
        """
        mine = [s for s in note.signatures if (s.name, s.key_id) == (self.key.name, self.key.key_id)]
        if not mine:
            raise BadSignature(
                f"The note bears no signature of {self.key.name} with this key.",
                mend="Check that the key belongs to this log.",
            )
        return max(self._verify_one(note.text, signature) for signature in mine)

    def _verify_one(self, text: str, signature: Signature) -> int:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        blob, seconds, message = signature.blob, 0, text.encode()
        if self.key.kind == COSIGNATURE_V1:
            seconds = int.from_bytes(blob[:_TIME_BYTES])
            blob, message = blob[_TIME_BYTES:], cosigned_message(text, seconds)
        try:
            Ed25519PublicKey.from_public_bytes(self.key.public).verify(blob, message)
        except InvalidSignature as error:
            raise BadSignature(
                f"The signature of {self.key.name} does not fit the text: one of the two was altered.",
                mend="Fetch the checkpoint again from the log itself.",
            ) from error
        return seconds


class Signer:
    """Signs for one key; its text form shows only the public part.

    Args:
        name: Name to sign under; a log's is the origin of its checkpoints.
        seed: The 32 secret bytes.
        kind: `ED25519` for a log, `COSIGNATURE_V1` for a witness.
    """

    __slots__ = ("_private", "key")

    def __init__(self, name: str, seed: bytes, kind: int = ED25519) -> None:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        self.key = VerifierKey(check_name(name), kind, self._private.public_key().public_bytes_raw())

    def __repr__(self) -> str:
        return f"Signer({self.verifier_key})"

    @property
    def name(self) -> str:
        """The name that it signs under."""
        return self.key.name

    @property
    def verifier_key(self) -> str:
        """The public key to hand out, `name+id+base64`."""
        return self.key.to_text()

    @property
    def verifier(self) -> Verifier:
        """The verifier of this signer's signatures."""
        return Verifier(self.key)

    def sign(self, text: str) -> Signature:
        """Sign a note's text as a log does."""
        return Signature(self.name, self.key.key_id, self._private.sign(text.encode()))

    def cosign(self, text: str, seconds: int) -> Signature:
        """Sign a checkpoint's text as a witness does.

        Args:
            text: The checkpoint's note text.
            seconds: The time of looking, seconds since 1970.
        """
        signed = self._private.sign(cosigned_message(text, seconds))
        return Signature(self.name, self.key.key_id, seconds.to_bytes(_TIME_BYTES) + signed)

    def checkpoint(self, size: int, root: bytes) -> str:
        """A signed checkpoint of this log."""
        text = Checkpoint(self.name, size, root).to_text()
        return Note(text, (self.sign(text),)).to_text()


def open_checkpoint(note: str, log: Verifier, *witnesses: Verifier) -> Checkpoint:
    """The checkpoint in a note, once the signatures of its log and of every witness named are checked.

    Raises:
        MalformedNote: It is no checkpoint note.
        BadSignature: One of them did not sign it, or it is the checkpoint of another log.
    """
    parsed = Note.parse(note)
    for verifier in (log, *witnesses):
        verifier.verify(parsed)
    checkpoint = Checkpoint.parse(parsed.text)
    if checkpoint.origin != log.key.name:
        raise BadSignature(f"The checkpoint is of the log {checkpoint.origin}, the key of {log.key.name}.")
    return checkpoint


def create_signer(path: Path, name: str, *, cosigner: bool = False) -> Signer:
    """Make a signing key in a new file that only its owner can read.

    Args:
        path: The file; it must not exist.
        name: The name to sign under, for example `example.com/ledger`.
        cosigner: Whether the key is a witness's.

    Raises:
        UnsafeKeyFile: The file exists already.
        MalformedNote: The name cannot name a key.
    """
    kind = COSIGNATURE_V1 if cosigner else ED25519
    seed = secrets.token_bytes(_SEED_BYTES)
    signer = Signer(name, seed, kind)
    text = f"{_PRIVATE}{name}+{signer.key.key_id:08x}+{to_base64(bytes([kind]) + seed)}\n"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise UnsafeKeyFile(
            f"{path} exists already; a signing key is never overwritten.",
            mend="Load it, or choose another name.",
        ) from error
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return signer


def load_signer(path: Path) -> Signer:
    """The signing key of a file.

    Raises:
        UnsafeKeyFile: It is missing, no key file, or others than its owner may read or write it.
    """
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UnsafeKeyFile(f"{path} cannot be read as a signing key.", mend="Run `troth init`.") from error
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise UnsafeKeyFile(
            f"{path} is open to others (mode {stat.S_IMODE(mode):04o}).", mend=f"Run `chmod 600 {path}`."
        )
    if not text.startswith(_PRIVATE):
        raise UnsafeKeyFile(f"{path} holds no private key.", mend="Name the file that `troth init` made.")
    text = text.removeprefix(_PRIVATE)
    try:
        name, kind, seed = parse_key(text, "private key")
    except MalformedNote as error:
        raise UnsafeKeyFile(f"{path} holds no private key: {error.what}") from error
    signer = Signer(name, seed, kind)
    if f"{key_id(name, kind, signer.key.public):08x}" != text.split("+", 2)[1]:
        raise UnsafeKeyFile(f"The id in {path} does not fit its key: the file is damaged.")
    return signer
