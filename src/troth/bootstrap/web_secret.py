"""The secret that signs what the web hands to browsers: random, in a file that only its owner can read."""

import os
import secrets
from pathlib import Path

from troth.kernel import Corrupt

SECRET_FILE = Path("keys") / "web.key"
_BYTES = 32
_OWNER_ONLY = 0o600


def web_secret(folder: Path) -> bytes:
    """The secret of a data folder; made when there is none. Servers of one site on several machines share the file.

    Raises:
        Corrupt: The file does not hold a secret.
    """
    path = folder / SECRET_FILE
    path.parent.mkdir(mode=0o700, exist_ok=True)
    beside = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    if not path.exists():
        # Whole under another name first: another process that starts at once must not read half of it.
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(_BYTES) + "\n")
        try:
            os.link(beside, path)
        except FileExistsError:  # the other process was first
            pass
        finally:
            beside.unlink()
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
