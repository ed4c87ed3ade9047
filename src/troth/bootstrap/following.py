"""The root key of a running folder: the one that its settings name now, also after another process changed it."""

from pathlib import Path

from troth.adapters import open_root_key
from troth.bootstrap.settings import read_settings
from troth.vault import RootKey, WrongRoot


class FollowedRoot:
    """A root key that looks into the settings again when it opens nothing any more.

    Without this a server that runs on through `troth keys rotate-root` could not open the store key of the next rotation.

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
    def name(self) -> str:
        """What the root key is, fit to be stored and shown."""
        return self._root.name

    def wrap(self, secret: bytes, context: bytes) -> bytes:
        """Wrap a secret so that it opens only with the same context."""
        return self._root.wrap(secret, context)

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """Open a wrapped secret.

        Raises:
            WrongRoot: Neither this root key nor the one that the settings name now wrapped it with this context.
        """
        try:
            return self._root.unwrap(wrapped, context)
        except WrongRoot:
            place = read_settings(self._folder).keys.root
            if place == self._place:
                raise
        self._root = open_root_key(place, self._folder)
        self._place = place
        return self._root.unwrap(wrapped, context)
