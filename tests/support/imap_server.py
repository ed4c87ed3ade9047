"""A real IMAP server on this machine (Dovecot), as whoever runs the tests."""

import getpass
import grp
import imaplib
import os
import pwd
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from pathlib import Path
from secrets import token_hex
from string import Template
from typing import Any

from tests.support.process import free_port
from tests.support.waiting import wait_until

EXECUTABLE = "/usr/sbin/dovecot"
USER, PASSWORD = "mailbox@example.com", "gemacht-für-Tests"
_CONFIG = Template("""
base_dir = $folder/run
state_dir = $folder/state
log_path = $folder/log
protocols = imap
listen = 127.0.0.1
first_valid_uid = 0
first_valid_gid = 0
mail_location = maildir:~/Maildir
auth_failure_delay = 0
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service imap-login {
  inet_listener imap {
    port = $port
  }
  inet_listener imaps {
    port = $tls_port
  }
}
$tls
$users
passdb {
  driver = static
  args = password=$password
}
userdb {
  driver = static
  args = uid=$uid gid=$gid home=$folder/home/%u
}
""")


# Dovecot lets no root talk to strangers; whoever is not root can be nobody else.
_AS_ROOT = "service auth {\n  user = root\n}"
_AS_USER = """
default_internal_user = $user
default_internal_group = $group
default_login_user = $user
service anvil {
  chroot =
}
service imap-login {
  chroot =
}
"""


class ImapServer:
    """A server with a mailbox for whoever comes.

    Args:
        folder: Where its files go; others must be able to get there, for root serves mail as somebody else.
        certificate: Files with certificate and key, for TLS; None for none.
    """

    def __init__(self, folder: Path, certificate: tuple[Path, Path] | None = None) -> None:
        self.port, self.tls_port = free_port(), free_port()
        self._folder, self._certificate = folder, certificate
        self.user = USER
        (folder / "home").mkdir()
        self._owner = pwd.getpwnam("nobody") if os.getuid() == 0 else pwd.getpwuid(os.getuid())
        if os.getuid() == 0:
            folder.chmod(0o755)
            os.chown(folder / "home", self._owner.pw_uid, self._owner.pw_gid)

    @contextmanager
    def serving(self) -> Iterator[None]:
        """Serve while the block runs."""
        tls = "ssl = no"
        if self._certificate is not None:
            tls = f"ssl = yes\nssl_cert = <{self._certificate[0]}\nssl_key = <{self._certificate[1]}"
        config = self._folder / "dovecot.conf"
        config.write_text(
            _CONFIG.substitute(
                folder=self._folder,
                users=_AS_ROOT if os.getuid() == 0 else _as_user(),
                uid=self._owner.pw_uid,
                gid=self._owner.pw_gid,
                password=PASSWORD,
                port=self.port,
                tls_port=self.tls_port if self._certificate else 0,
                tls=tls,
            ),
            encoding="utf-8",
        )
        with subprocess.Popen([EXECUTABLE, "-F", "-c", config]) as process:
            try:
                wait_until(self._greets, "the IMAP server answers")
                yield
            finally:
                process.terminate()
                process.wait(60)

    def with_another(self) -> "ImapServer":
        """The same server, with an empty mailbox of somebody else."""
        other = copy(self)
        other.user = f"{token_hex(8)}@example.com"
        return other

    def deliver(self, *mails: bytes, folder: str = "INBOX", flags: str = "") -> None:
        """Put mails into the mailbox."""
        with self.client() as client:
            for one in mails:
                assert client.append(folder, flags, "", one)[0] == "OK"

    def flags(self, folder: str = "INBOX") -> list[set[str]]:
        """The flags of each mail, without the one that tells who looked first."""
        with self.client() as client:
            status, (count,) = client.select(folder, readonly=True)
            assert status == "OK"
            if count == b"0":
                return []
            rows: Sequence[Any] = client.fetch("1:*", "(FLAGS)")[1]
            found = [{one.decode() for one in imaplib.ParseFlags(row)} for row in rows if row]
            return [one - {"\\Recent"} for one in found]

    @contextmanager
    def client(self) -> Iterator[imaplib.IMAP4]:
        """Somebody who is signed in to the mailbox."""
        with imaplib.IMAP4("127.0.0.1", self.port, timeout=60) as client:
            client.authenticate("PLAIN", lambda _: f"\0{self.user}\0{PASSWORD}".encode())
            yield client

    def _greets(self) -> bool:
        try:
            with self.client():
                return True
        except (OSError, imaplib.IMAP4.error):
            return False


@contextmanager
def imap_server(certificate: tuple[Path, Path] | None = None) -> Iterator[ImapServer]:
    """A server, not running yet, whose files go at the end."""
    with tempfile.TemporaryDirectory(prefix="imap-") as folder:
        yield ImapServer(Path(folder), certificate)


def _as_user() -> str:
    group = grp.getgrgid(os.getgid()).gr_name
    return Template(_AS_USER).substitute(user=getpass.getuser(), group=group)
