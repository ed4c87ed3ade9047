"""The root key of a running folder: the one that its settings name now, also after another process changed it."""

from pathlib import Path

from troth.adapters import open_root_key
from troth.bootstrap.settings import read_settings
from troth.storage import put_whole
from troth.vault import RootKey, WrongRoot

_COMING = Path("keys") / "root.coming"
"""Names the place of the root key that is being put over the key store, until the settings do."""


def coming_root(folder: Path) -> str:
    """Place of the root key that a change began to put over the key store; empty when none is under way or was cut off."""
    try:
        return (folder / _COMING).read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return ""


def note_coming_root(folder: Path, place: str) -> None:
    """Note the place of a root key before the key store goes under it."""
    (folder / _COMING).parent.mkdir(mode=0o700, exist_ok=True)
    put_whole(folder / _COMING, f"{place}\n".encode())


def forget_coming_root(folder: Path) -> None:
    """Remove the note; the settings name the place now."""
    (folder / _COMING).unlink(missing_ok=True)


class FollowedRoot:
    """A root key that looks again where it lies when it opens nothing any more: in the note of a change, then in the settings.

    Without this a server that runs on through `troth keys rotate-root` could not open the store key of the next rotation,
    and nobody could open a folder between the change of the key store and that of the settings, nor after a kill there.

    Args:
        folder: The data folder.
        place: Place of the root key, as in the settings.

    Raises:
        WrongRoot: There is no root key at that place, or it is none.
    """

    def __init__(self, folder: Path, place: str) -> None:
        self._folder = folder
        self._place = place
        self._root: RootKey = open_root_key(place, folder)

    @property
    def place(self) -> str:
        """Where the root key lies that opened something last."""
        return self._place

    @property
    def name(self) -> str:
        """What the root key is, fit to be stored and shown."""
        return self._root.name

    def wrap(self, secret: bytes, context: bytes) -> bytes:
        """Wrap a secret so that it opens only with the same context."""
        return self._root.wrap(secret, context)

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """Open a secret.

        Raises:
            WrongRoot: Neither this root key nor the one of a change under way, nor that of the settings, wrapped it so.
        """
        try:
            return self._root.unwrap(wrapped, context)
        except WrongRoot:
            # The note first: it goes when the settings are written.
            for place in (coming_root(self._folder), read_settings(self._folder).keys.root):
                if place not in {"", self._place} and self._opens(place, wrapped, context):
                    return self._root.unwrap(wrapped, context)
            raise

    def _opens(self, place: str, wrapped: bytes, context: bytes) -> bool:
        """Whether the root key at a place opens a secret; it is the one from then on."""
        root = open_root_key(place, self._folder)
        try:
            root.unwrap(wrapped, context)
        except WrongRoot:
            return False
        self._root, self._place = root, place
        return True
