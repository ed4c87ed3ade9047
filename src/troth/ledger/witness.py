"""A witness: somebody else who remembers what the log showed, and signs only what grew out of it (C2SP tlog-cosignature).

A log alone can show two people two histories, or lose its end, without either noticing. A witness run by another party
notices both: its memory lies in its own folder, not in the log's database.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import NoReturn

from troth.kernel import Clock, Unavailable
from troth.ledger.errors import BadProof, Forked, RootMismatch, Truncated
from troth.ledger.files import write_atomically
from troth.ledger.merkle import consistency_proof, root_at, verify_consistency
from troth.ledger.note import COSIGNATURE_V1, Checkpoint, Note
from troth.ledger.signing import Signer, Verifier, open_checkpoint
from troth.ledger.sources import Source, open_source, read_checkpoint, read_tile
from troth.ledger.tiles import TileReader


class Witness:
    """Looks at logs and cosigns what is consistent with what it saw before.

    Args:
        folder: The witness's own folder, one file a log; made when missing.
        signer: The witness's key (`create_signer(..., cosigner=True)`).
        clock: Tells when it looked.

    Raises:
        Unavailable: The key is a log's.
    """

    def __init__(self, folder: Path, signer: Signer, clock: Clock) -> None:
        if signer.key.kind != COSIGNATURE_V1:
            raise Unavailable(
                f"The key of {signer.name} is a log's key.",
                mend="Make one for the witness: it signs another message.",
            )
        self._folder = folder
        self._signer = signer
        self._clock = clock

    def look(self, place: str | Path | Source, vkey: str) -> str:
        """Compare a log with what it showed before, remember it and cosign it.

        Args:
            place: The log's folder, web address or source.
            vkey: The log's verifier key.

        Returns:
            The checkpoint note with the witness's signature.

        Raises:
            BadSignature: The log did not sign its checkpoint.
            Truncated: The log is shorter than it was; both checkpoints are in the error and in the folder.
            Forked: The log's history is another one; both checkpoints are in the error and in the folder.
            RootMismatch: The log's tiles do not give the root that it signs.
            TileMissing: A tile that is needed is gone.
        """
        source, log = open_source(place), Verifier.parse(vkey)
        with self._locked():
            note = read_checkpoint(source)
            shown = open_checkpoint(note, log)
            read = TileReader(shown.size, lambda tile: read_tile(source, tile))
            seen_note = self.seen(shown.origin)
            if seen_note is not None:
                seen = open_checkpoint(seen_note, log, self._signer.verifier)
                self._compare(read, seen, seen_note, shown, note)
            if root_at(read, shown.size) != shown.root:
                raise RootMismatch(f"The tiles of {shown.origin} do not give the root that it signs.")
            cosigned = self._cosign(note)
            write_atomically(self._file(shown.origin), cosigned.encode(), durable=True)
        return cosigned

    def seen(self, origin: str) -> str | None:
        """The last checkpoint note that the witness cosigned for a log; None if it never saw the log."""
        try:
            return self._file(origin).read_text(encoding="utf-8")
        except FileNotFoundError:
            return None

    def _compare(
        self, read: TileReader, seen: Checkpoint, seen_note: str, shown: Checkpoint, note: str
    ) -> None:
        if shown.size < seen.size:
            self._raise(
                Truncated(
                    f"{shown.origin} shows {shown.size} entries, but showed {seen.size} before.",
                    seen=seen_note,
                    shown=note,
                    mend=f"Both checkpoints are kept in {self._evidence(shown.origin)}.",
                )
            )
        try:
            proof = consistency_proof(read, seen.size, shown.size)
            verify_consistency(seen.size, seen.root, shown.size, shown.root, proof)
        except BadProof as error:
            if root_at(read, shown.size) != shown.root:
                raise RootMismatch(
                    f"The tiles of {shown.origin} do not give the root that it signs."
                ) from error
            self._raise(
                Forked(
                    f"{shown.origin} shows a history that does not contain the {seen.size} entries it showed before.",
                    seen=seen_note,
                    shown=note,
                    mend=f"Both checkpoints are kept in {self._evidence(shown.origin)}.",
                )
            )

    def _raise(self, error: Truncated | Forked) -> NoReturn:
        """Keep the two checkpoints that contradict each other, then raise."""
        origin = Checkpoint.of_note(error.shown).origin
        write_atomically(self._evidence(origin), f"{error.seen}\n{error.shown}".encode(), durable=True)
        raise error

    def _cosign(self, note: str) -> str:
        parsed = Note.parse(note)
        others = [line for line in parsed.signatures if line.key_id != self._signer.key.key_id]
        seconds = int(self._clock.now().timestamp())
        mine = self._signer.cosign(parsed.text, seconds)
        return Note(parsed.text, (*others, mine)).to_text()

    def _file(self, origin: str) -> Path:
        return self._folder / f"{sha256(origin.encode()).hexdigest()[:16]}.checkpoint"

    def _evidence(self, origin: str) -> Path:
        return self._file(origin).with_suffix(".evidence")

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """One look at a time, also between processes."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            file = (self._folder / "lock").open("wb")
        except OSError as error:
            raise Unavailable(
                f"The witness's folder {self._folder} cannot be written ({error.strerror}).",
                mend="Check its mode.",
            ) from error
        with file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
