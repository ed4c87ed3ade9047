"""User and password of a mail server: from the environment, or a file that only its owner can read."""

from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple

from troth.kernel import InvalidInput

_OTHERS = 0o077


class Credentials(NamedTuple):
    """User and password of a mail server."""

    user: str
    password: str

    def __repr__(self) -> str:
        return "Credentials(...)"


class Kept(NamedTuple):
    """Where user and password of a server are kept.

    Args:
        user: Environment variable with the user.
        password: Environment variable with the password.
        file: File inside the data folder that holds both, each on a line of its own.
        field: The setting that names the server, for messages.
    """

    user: str
    password: str
    file: Path
    field: str


def read_credentials(folder: Path, environment: Mapping[str, str], kept: Kept) -> Credentials | None:
    """User and password; None when neither the environment nor the file has them.

    Args:
        folder: The data folder.
        environment: Variables of the process.
        kept: Where they are kept.

    Raises:
        InvalidInput: The file can be read by others, or does not hold both.
    """
    user, password = environment.get(kept.user, ""), environment.get(kept.password, "")
    if user and password:
        return Credentials(user, password)
    file = folder / kept.file
    if not file.is_file():
        return None
    if file.stat().st_mode & _OTHERS:
        raise InvalidInput(
            f"Others than its owner can reach {file}.", field=kept.field, mend=f"chmod 600 {file}"
        )
    lines = file.read_text(encoding="utf-8").split("\n")
    if len(lines) < 2 or not (lines[0] and lines[1]):  # noqa: PLR2004  user and password
        raise InvalidInput(
            f"{file} does not hold user and password.",
            field=kept.field,
            mend="Write each on a line of its own.",
        )
    return Credentials(lines[0], lines[1])


def is_here(host: str) -> bool:
    """Whether a name is this machine's own and what is sent there leaves it not."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
