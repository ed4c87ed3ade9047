"""A throw-away MariaDB for one test run, from Debian's package: another company's database beside Troth.

One server serves all workers of a run. It listens on a Unix socket in its own folder only, so runs beside each other never meet. It
keeps nothing safe: it dies with the run.
"""

import fcntl
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import sqlalchemy as sa

from tests.support.waiting import wait_until

FOLDER_VARIABLE = "TROTH_TEST_MARIADB_FOLDER"
_PLACES = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin"
_SETTINGS = (
    "--skip-networking",
    "--skip-log-bin",
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-doublewrite=0",
    "--innodb-flush-method=nosync",
    "--innodb-file-per-table=0",
    "--sync-frm=0",
    "--innodb-buffer-pool-size=32M",
    "--performance-schema=0",
    "--character-set-server=utf8mb4",
    "--collation-server=utf8mb4_general_ci",
)


class NoMariadb(Exception):
    """The server could not be brought up; the message says why and what to do."""


class Server:
    """The server of this test run; the first worker that needs it starts it, the controller stops it.

    Args:
        folder: Where data, log and socket stand; empty at first, removed at the end.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._data = folder / "data"
        self._socket = folder / "socket"
        self._pid = folder / "pid"
        self._log = folder / "server.log"

    def url(self, name: str = "") -> str:
        """The URL of a database."""
        return f"mariadb://root@localhost/{name}?unix_socket={quote(str(self._socket))}"

    def run(self, *statements: str) -> None:
        """Run statements as the administrator."""
        driver = self.url().replace("mariadb:", "mariadb+pymysql:")
        engine = sa.create_engine(driver, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            for one in statements:
                connection.exec_driver_sql(one)

    def ensure(self) -> None:
        """Start the server unless another worker already has.

        Raises:
            NoMariadb: It did not come up.
        """
        with (self.folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (self.folder / "ready").exists():
                self._start()
                (self.folder / "ready").touch()

    def stop(self) -> None:
        """Stop the server, if it ever ran, and remove its folder."""
        with suppress(FileNotFoundError, ProcessLookupError, ValueError):
            os.kill(int(self._pid.read_text()), signal.SIGTERM)
            wait_until(lambda: not self._pid.exists(), "MariaDB stops")
        shutil.rmtree(self.folder, ignore_errors=True)

    def _start(self) -> None:
        user = _unprivileged()
        if user:
            shutil.chown(self.folder, user, pwd.getpwnam(user).pw_gid)
        common = ["--no-defaults", f"--datadir={self._data}", *([f"--user={user}"] if user else [])]
        made = subprocess.run(
            [
                _program("mariadb-install-db"),
                *common,
                "--auth-root-authentication-method=normal",
                "--skip-test-db",
            ],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if made.returncode:
            raise NoMariadb(f"mariadb-install-db failed:\n{made.stdout}{made.stderr}")
        places = [f"--socket={self._socket}", f"--pid-file={self._pid}", f"--log-error={self._log}"]
        process = subprocess.Popen(
            [_program("mariadbd"), *common, *places, *_SETTINGS],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        wait_until(lambda: self._answers(process), "MariaDB answers")

    def _answers(self, process: "subprocess.Popen[bytes]") -> bool:
        if process.poll() is not None:
            raise NoMariadb(f"MariaDB did not start:\n{self._log.read_text() if self._log.exists() else ''}")
        ping = [_program("mariadb-admin"), "--no-defaults", f"--socket={self._socket}", "--user=root", "ping"]
        if subprocess.run(ping, stdin=subprocess.DEVNULL, capture_output=True, check=False).returncode:
            return False
        process.returncode = 0  # it outlives this worker; the controller stops it
        return True


def new_folder() -> Path:
    """A folder for a server; its path is short, for the system limits the length of a socket's path."""
    folder = Path(tempfile.mkdtemp(prefix="troth-mdb-", dir="/tmp"))
    folder.chmod(0o755)
    return folder


def _program(name: str) -> str:
    found = shutil.which(name, path=_PLACES)
    if found is None:
        raise NoMariadb(f"{name} is not installed. Run `make outside` as root, or install mariadb-server.")
    return found


def _unprivileged() -> str:
    """The account to run as: MariaDB refuses root. Empty for the present one."""
    return "nobody" if os.geteuid() == 0 else ""
