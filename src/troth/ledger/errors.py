"""What can be wrong with a log, each its own error, so that a reader knows what to look at."""

from typing import ClassVar

from troth.kernel import Conflict, Corrupt, InvalidInput, Unavailable


class MalformedNote(InvalidInput):
    """A note, checkpoint, key or receipt does not have the shape of its specification."""

    code: ClassVar[str] = "malformed-note"


class BadSignature(Corrupt):
    """No signature of the expected key stands under the text, or it does not fit the text."""

    code: ClassVar[str] = "bad-signature"


class BadProof(Corrupt):
    """A Merkle proof does not lead to the root that it should."""

    code: ClassVar[str] = "bad-proof"


class RootMismatch(Corrupt):
    """The hashes of a log do not add up to the root that its checkpoint signs."""

    code: ClassVar[str] = "root-mismatch"


class EntryAltered(Corrupt):
    """An entry is not the one that the signed tree holds.

    Args:
        what: What happened.
        leaf: Index of the first leaf at fault.
    """

    code: ClassVar[str] = "entry-altered"

    def __init__(self, what: str, *, leaf: int, mend: str = "") -> None:
        super().__init__(what, mend=mend)
        self.leaf = leaf


class TileAltered(Corrupt):
    """A hash tile disagrees with the entries below it, though these are the signed ones."""

    code: ClassVar[str] = "tile-altered"


class TileMissing(Corrupt):
    """A tile or entry bundle that the checkpoint needs is not there."""

    code: ClassVar[str] = "tile-missing"


class Truncated(Corrupt):
    """Entries at the end of the log are gone.

    Args:
        what: What happened.
        seen: The signed checkpoint that proves the longer log; empty when the log's own checkpoint does.
        shown: The signed checkpoint that the log shows now.
    """

    code: ClassVar[str] = "truncated"

    def __init__(self, what: str, *, seen: str = "", shown: str = "", mend: str = "") -> None:
        super().__init__(what, mend=mend)
        self.seen = seen
        self.shown = shown


class Forked(Corrupt):
    """The log signed two histories that cannot both be true.

    Args:
        what: What happened.
        seen: The signed checkpoint of the one history.
        shown: The signed checkpoint of the other.
    """

    code: ClassVar[str] = "forked"

    def __init__(self, what: str, *, seen: str, shown: str, mend: str = "") -> None:
        super().__init__(what, mend=mend)
        self.seen = seen
        self.shown = shown


class CountMismatch(Corrupt):
    """A number or index kept beside the entries differs from what the entries say."""

    code: ClassVar[str] = "count-mismatch"


class StillStaged(Conflict):
    """The entry is recorded, but stands in no signed tree yet."""

    code: ClassVar[str] = "still-staged"


class UnsafeKeyFile(Unavailable):
    """A signing key's file can be read by others, or is no key file."""

    code: ClassVar[str] = "unsafe-key-file"
