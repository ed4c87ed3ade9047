"""A real mail server on this machine (Postfix): it takes mail by STARTTLS and hands it on to a server of the test.

It starts as root, as it must, and its parts run as the user `postfix`; everything that it writes lies in a folder of its own.
"""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from string import Template

from tests.support.process import free_port
from tests.support.waiting import wait_until

EXECUTABLE = "/usr/sbin/postfix"
_MAIN = Template("""
compatibility_level = 3.6
queue_directory = $folder/queue
data_directory = $folder/data
maillog_file = $folder/log
maillog_file_prefixes = $folder
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mail.example.net
mydestination =
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_tls_cert_file = $certificate
smtpd_tls_key_file = $key
smtpd_tls_security_level = encrypt
relayhost = [127.0.0.1]:$next
smtp_tls_security_level = none
disable_dns_lookups = yes
smtp_host_lookup = native
local_recipient_maps =
notify_classes =
alias_maps =
""")
_MASTER = Template("""
127.0.0.1:$port inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
""")


@contextmanager
def postfix(certificate: tuple[Path, Path], onward: int) -> Iterator[int]:
    """Serve; gives the port.

    Args:
        certificate: Files with its certificate and key.
        onward: Port of the server that it hands mail on to.
    """
    assert os.geteuid() == 0, "Postfix starts as root."
    with tempfile.TemporaryDirectory(prefix="postfix-") as name:
        folder, port = Path(name), free_port()
        folder.chmod(0o711)  # its parts run as somebody else
        for part in ("queue", "config"):
            (folder / part).mkdir(mode=0o755)
        values = {
            "folder": folder,
            "certificate": certificate[0],
            "key": certificate[1],
            "next": onward,
            "port": port,
        }
        (folder / "config" / "main.cf").write_text(_MAIN.substitute(values))
        (folder / "config" / "master.cf").write_text(_MASTER.substitute(values))
        command = [EXECUTABLE, "-c", str(folder / "config")]
        with (
            (folder / "said").open("wb") as said,
            subprocess.Popen([*command, "start-fg"], stdout=said, stderr=said) as process,
        ):
            try:
                wait_until(lambda: process.poll() is not None or _greets(port), "the mail server answers")
                assert process.poll() is None, (folder / "said").read_text()
                yield port
            finally:
                subprocess.run([*command, "stop"], check=False, capture_output=True, timeout=60)
                process.wait(60)


def _greets(port: int) -> bool:
    import smtplib

    try:
        with smtplib.SMTP("127.0.0.1", port, timeout=60) as client:
            return client.noop()[0] == 250
    except (OSError, smtplib.SMTPException):
        return False
