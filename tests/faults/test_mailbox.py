"""A process that is killed between taking a mail out of a mailbox and marking it there takes it once."""

import signal
import subprocess
import sys
from datetime import timedelta

import pytest

from tests.clauses.conftest import vendor
from tests.clauses.mailbox import mails
from tests.clauses.test_III_4 import letter, open_numbers
from tests.clauses.test_III_4_mailbox import server
from tests.clauses.vendor import CANARY, Vendor
from tests.support.imap_server import ImapServer

__all__ = ["server", "vendor"]
pytestmark = pytest.mark.slow
_KILLED = """
import os, signal, sys
from pathlib import Path
from troth.adapters.inbound import imap
from troth.bootstrap import open_troth
imap._Folder.mark = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
with open_troth(Path(sys.argv[1])) as troth:
    troth.background.run_due()
"""


def test_a_kill_between_taking_and_marking(vendor: Vendor, server: ImapServer) -> None:
    """One case and one acknowledgement come of the mail, which is marked by the next process."""
    with server.serving():
        server.deliver(letter("Please delete my data", f"All of it. {CANARY}").as_bytes())
        killed = subprocess.run(
            [sys.executable, "-c", _KILLED, vendor.data], env=vendor.program.environment, check=False
        )
        assert killed.returncode == -signal.SIGKILL
        assert server.flags() == [set()]
        assert len(vendor.json("mail", "list", "--state", "waiting")["mails"]) == 1
        for _ in range(2):
            vendor.clock.advance(timedelta(hours=1))
            vendor.json("jobs", "run")
        assert server.flags() == [{"\\Seen"}]
    assert len(open_numbers(vendor)) == 1
    assert len(mails(vendor, "ann@example.org")) == 1
    assert vendor.files_with(CANARY) == []
