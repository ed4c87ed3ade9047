"""The secret that signs what the web hands to browsers: random, in a file that only its owner can read."""

import secrets
from contextlib import suppress
from pathlib import Path

from troth.kernel import Corrupt
from troth.storage import put_whole

SECRET_FILE = Path("keys") / "web.key"
_BYTES = 32


def web_secret(folder: Path) -> bytes:
    """The secret of a data folder; made when there is none. Servers of one site on several machines share the file.

    Raises:
        Corrupt: The file does not hold a secret.
    """
    path = folder / SECRET_FILE
    path.parent.mkdir(mode=0o700, exist_ok=True)
    if not path.exists():
        with suppress(FileExistsError):  # another process was first
            put_whole(path, f"{secrets.token_hex(_BYTES)}\n".encode(), fresh=True)
    text = path.read_text(encoding="ascii").strip()
    try:
        found = bytes.fromhex(text)
    except ValueError:
        found = b""
    if len(found) != _BYTES:
        raise Corrupt(
            f"{SECRET_FILE} does not hold a secret.", mend="Remove it; the next start makes another."
        )
    return found
