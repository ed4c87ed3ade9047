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
from troth.outreach.batches import CONNECTIONS

PEOPLE = 400
KILLS = (40, 160, 290)
"""Copies after whose arrival the process is killed."""
UNCERTAIN = CONNECTIONS
"""Most copies of a kill that may arrive twice: those on the connections, whose answer was not read yet."""
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
@pytest.mark.parametrize("uncertain", ["again", "count"])
def test_a_killed_campaign_loses_or_repeats_only_what_nobody_knows(tmp_path: Path, uncertain: str) -> None:
    """After kill -9 at three moments nobody is left out, or nobody has it twice, as was set; all others have it once.

    What came twice came under one Message-ID. What nobody knows is what was on the connections at that moment.
    """
    clock, folder, sink = ClockFile(tmp_path / "clock"), tmp_path / "data", Sink()
    made_folder(folder, clock, any_serial_file(tmp_path))
    with serving(sink) as port:
        settings = folder / "troth.toml"
        text = settings.read_text(encoding="utf-8")
        text = text.replace('transport = "folder"', f'transport = "smtp://127.0.0.1:{port}"')
        settings.write_text(text.replace('uncertain = "again"', f'uncertain = "{uncertain}"'))
        with open_troth(folder, clock=clock, sequencer=False) as troth:
            marketing = Marketing(troth, clock, PEOPLE + 1)
            case = marketing.draft().case
            troth.campaigns.start(marketing.key, case)
        for moment in KILLS:
            process = _run(folder, case, clock)
            wait_until(partial(_arrived, sink, moment), "some copies are there", 60)
            process.send_signal(signal.SIGKILL)
            process.wait(60)
            clock.advance(LEASE + timedelta(seconds=1))
        assert _run(folder, case, clock).wait(120) == 0
    with open_troth(folder, clock=clock, sequencer=False) as troth:
        counts = troth.campaigns.progress(case).counts
    came = Counter((str(one["To"]), str(one["Message-ID"])) for one in sink.mails)
    assert len({to for to, _ in came}) == len(came), "one Message-ID for each person"
    twice = sum(came.values()) - len(came)
    if uncertain == "again":
        assert (len(came), counts["sent"]) == (PEOPLE, PEOPLE)
        assert twice <= UNCERTAIN * len(KILLS)
    else:
        assert (twice, counts["sent"] + counts["failed"]) == (0, PEOPLE)
        assert counts["sent"] <= len(came) <= PEOPLE
        assert counts["failed"] <= UNCERTAIN * len(KILLS)
