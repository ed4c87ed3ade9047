"""A campaign whose process is killed again and again: nobody is lost, and nobody gets two different copies."""

import os
import signal
import subprocess
import sys
import textwrap
from collections import Counter
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from tests.adapters.sink import Sink, serving
from tests.campaigns.company import Marketing
from tests.support.folders import made_folder
from tests.support.policies import any_serial_file
from tests.support.process import ClockFile
from tests.support.waiting import wait_until
from troth.bootstrap import open_troth
from troth.campaigns.running import LEASE

PEOPLE = 400
KILLS = (40, 160, 290)
"""Copies after whose arrival the process is killed."""
UNCERTAIN = 40
"""Most copies of a kill that may arrive twice: those on the connections, and those whose end was not noted yet."""
_RUN = """
    import sys
    from pathlib import Path
    import troth
    with troth.open(Path(sys.argv[1]), sequencer=False) as opened:
        while opened.campaigns.campaign(sys.argv[2]).state != "done":
            opened.campaign_runner.run_due()
"""


def _run(folder: Path, case: str, clock: ClockFile) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "TROTH_CLOCK_FILE": str(clock.path)}
    return subprocess.Popen([sys.executable, "-c", textwrap.dedent(_RUN), folder, case], env=environment)


def _arrived(sink: Sink, number: int) -> bool:
    return len(sink.mails) >= number


@pytest.mark.slow
def test_a_killed_campaign_loses_nobody_and_repeats_only_what_nobody_knows(tmp_path: Path) -> None:
    """After kill -9 at three moments everybody has one message; what came twice came under one Message-ID, and was in hand."""
    clock, folder, sink = ClockFile(tmp_path / "clock"), tmp_path / "data", Sink()
    made_folder(folder, clock, any_serial_file(tmp_path))
    with serving(sink) as port:
        settings = folder / "troth.toml"
        text = settings.read_text(encoding="utf-8")
        settings.write_text(text.replace('transport = "folder"', f'transport = "smtp://127.0.0.1:{port}"'))
        with open_troth(folder, clock=clock, sequencer=False) as troth:
            marketing = Marketing(troth, clock, PEOPLE + 1)
            case = marketing.draft().case
            troth.campaigns.start(marketing.key, case)
        for moment in KILLS:
            process = _run(folder, case, clock)
            wait_until(partial(_arrived, sink, moment), "some copies are there", 60)
            process.send_signal(signal.SIGKILL)
            process.wait(20)
            clock.advance(LEASE + timedelta(seconds=1))
        assert _run(folder, case, clock).wait(120) == 0
    with open_troth(folder, clock=clock, sequencer=False) as troth:
        assert troth.campaigns.progress(case).counts["sent"] == PEOPLE
    came = Counter((str(one["To"]), str(one["Message-ID"])) for one in sink.mails)
    assert len(came) == PEOPLE, "one Message-ID for each person, and each person"
    assert len({to for to, _ in came}) == PEOPLE
    assert sum(came.values()) - PEOPLE <= UNCERTAIN * len(KILLS)
