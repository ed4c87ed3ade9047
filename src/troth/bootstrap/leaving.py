"""The keys that sign exit links: two lines in a file that only the service can read, newest first."""

import base64
import binascii
import secrets
from contextlib import suppress
from pathlib import Path

from troth.choice import ExitKey
from troth.kernel import Unavailable
from troth.storage import held, put_whole

KEY_FILE = Path("keys") / "exit.key"
_BYTES = 32
_ID_BYTES = 4
_KEPT = 2


class ExitKeys:
    """The keys of a folder, made when there are none, and read again when another process changed them.

    Args:
        folder: The data folder.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / KEY_FILE
        self._stamp: tuple[int, int] = (0, 0)
        self._keys: tuple[ExitKey, ...] = ()

    def __call__(self) -> tuple[ExitKey, ...]:
        """The keys, newest first.

        Raises:
            Unavailable: The file cannot be read or written, or holds no keys.
        """
        try:
            if not self._path.is_file():
                self._begin()
            found = self._path.stat()
            stamp = (found.st_mtime_ns, found.st_ino)
            if stamp != self._stamp:
                self._keys, self._stamp = _read(self._path), stamp
        except OSError as error:
            raise Unavailable(
                f"The key file of exit links cannot be used ({error.strerror}).", mend=f"Check {self._path}."
            ) from error
        return self._keys

    def rotate(self) -> str:
        """Sign with a new key from now on; links signed with the last one still work. Gives the new key's id."""
        key = _new_key()
        self()
        with held(self._path):  # two at once: the key of each signs or is the last one
            put_whole(self._path, _written((key, *self()[: _KEPT - 1])))
        return key.key_id

    def _begin(self) -> None:
        self._path.parent.mkdir(mode=0o700, exist_ok=True)
        with suppress(FileExistsError):  # another process or thread was first; its key signs
            put_whole(self._path, _written((_new_key(),)), fresh=True)


def _new_key() -> ExitKey:
    return ExitKey(secrets.token_hex(_ID_BYTES), secrets.token_bytes(_BYTES))


def _written(keys: tuple[ExitKey, ...]) -> bytes:
    return "".join(f"{one.key_id} {base64.b64encode(one.secret).decode()}\n" for one in keys).encode()


def _read(path: Path) -> tuple[ExitKey, ...]:
    try:
        lines = [line.split(" ") for line in path.read_text(encoding="ascii").splitlines()]
        keys = tuple(ExitKey(key_id, base64.b64decode(secret, validate=True)) for key_id, secret in lines)
    except (ValueError, binascii.Error) as error:
        raise Unavailable("The key file of exit links is malformed.", mend=f"Remove {path}.") from error
    if not keys:
        raise Unavailable("The key file of exit links is empty.", mend=f"Remove {path}.")
    return keys
