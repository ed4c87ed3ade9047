"""A root key in a file that only its owner can read."""

import hashlib
import stat
from pathlib import Path

from troth.kernel import Corrupt, NotFound
from troth.storage import put_whole
from troth.vault import KEY_BYTES, new_secret, root_unwrap, root_wrap

_NAME_BYTES = 6


class FileRootKey:
    """A root key read from a file.

    Args:
        path: The file: 32 bytes, mode 0600.

    Raises:
        NotFound: There is no such file.
        Corrupt: It can be read by others, or does not hold a key.
    """

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise NotFound(
                f"There is no root key at {path}.", mend="Put it back from where you keep it safe."
            )
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077:
            raise Corrupt(
                f"The root key {path} has mode {mode:04o}; others can read it.", mend=f"chmod 600 {path}"
            )
        self._secret = path.read_bytes()
        if len(self._secret) != KEY_BYTES:
            raise Corrupt(
                f"{path} does not hold a root key of {KEY_BYTES} bytes.", mend="Put the right file back."
            )
        # Two files may have one name, and one key may be moved: a keyed digest names the key itself, and tells nothing.
        digest = hashlib.blake2b(b"troth.root-key", key=self._secret, digest_size=_NAME_BYTES)
        self.name = f"file:{path.name}#{digest.hexdigest()}"

    def wrap(self, secret: bytes, context: bytes) -> bytes:
        """See `RootKey.wrap`."""
        return root_wrap(self._secret, secret, context)

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """See `RootKey.unwrap`."""
        return root_unwrap(self._secret, wrapped, context)


def create_root_key_file(path: Path) -> None:
    """Make a root key, whole and on disk with its name; a file that exists is never overwritten.

    Raises:
        FileExistsError: There is a file already.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    put_whole(path, new_secret(), fresh=True)
