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
from troth.campaigns import LEASE
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


def _company(folder: Path, clock: ClockFile, port: int, uncertain: str) -> tuple[str, str]:
    """A folder whose mail goes to a server, with a campaign that was started; gives its case and the key of marketing."""
    made_folder(folder, clock, any_serial_file(folder.parent))
    settings = folder / "troth.toml"
    text = settings.read_text(encoding="utf-8")
    text = text.replace('transport = "folder"', f'transport = "smtp://127.0.0.1:{port}"')
    settings.write_text(text.replace('uncertain = "again"', f'uncertain = "{uncertain}"'))
    with open_troth(folder, clock=clock, sequencer=False) as troth:
        marketing = Marketing(troth, clock, PEOPLE + 1)
        case = marketing.draft().case
        troth.campaigns.start(marketing.key, case)
    return case, marketing.key


@pytest.mark.slow
@pytest.mark.parametrize("uncertain", ["again", "count"])
def test_a_killed_campaign_loses_or_repeats_only_what_nobody_knows(tmp_path: Path, uncertain: str) -> None:
    """After kill -9 at three moments nobody is left out, or nobody has it twice, as was set; all others have it once.

    What came twice came under one Message-ID. What nobody knows is what was on the connections at that moment.
    """
    clock, folder, sink = ClockFile(tmp_path / "clock"), tmp_path / "data", Sink()
    with serving(sink) as port:
        case, _ = _company(folder, clock, port, uncertain)
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


@pytest.mark.slow
@pytest.mark.parametrize("when", ["after its lease", "before"])
def test_a_killed_campaign_that_is_stopped_tells_what_became_of_every_copy(tmp_path: Path, when: str) -> None:
    """Once nobody can have it in hand any more, stopping, or a later look, leaves no copy open and no file, and sends nothing."""
    clock, folder, sink = ClockFile(tmp_path / "clock"), tmp_path / "data", Sink()
    with serving(sink) as port:
        case, key = _company(folder, clock, port, "again")
        process = _run(folder, case, clock)
        wait_until(partial(_arrived, sink, KILLS[0]), "some copies are there", 60)
        process.send_signal(signal.SIGKILL)
        process.wait(60)
        with open_troth(folder, clock=clock, sequencer=False) as troth:
            if when != "before":
                clock.advance(LEASE + timedelta(seconds=1))
            troth.campaigns.stop(key, case)
            if when == "before":
                assert troth.campaigns.progress(case).left > 0, (
                    "the dead process may still be at work, for all we know"
                )
                assert troth.campaign_runner.run_due() == 0
                clock.advance(LEASE + timedelta(seconds=1))
                assert troth.campaign_runner.run_due() == 1
            told = troth.campaigns.progress(case)
            assert troth.campaign_runner.run_due() == 0
    came = {str(one["Message-ID"]) for one in sink.mails}
    assert (told.campaign.state, told.left, told.total) == ("stopped", 0, PEOPLE)
    assert told.skipped["stopped"] >= PEOPLE - len(came) - UNCERTAIN
    assert told.counts["sent"] <= len(came) <= told.counts["sent"] + told.counts["failed"]
    assert told.counts["failed"] <= UNCERTAIN
    assert list((folder / "handovers").iterdir()) == []
