"""A promised mail goes out although the process died at any moment, and a receiver can tell a repeat."""

import json
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

import troth
from tests.adapters.sink import Sink, serving
from tests.support.policies import any_serial_file
from tests.support.process import TROTH, ClockFile, Troth
from tests.support.waiting import wait_until
from troth.gate import stage_mail
from troth.kernel import micros
from troth.storage.jobs import LEASE

REGISTER = "essential.service.product_registration"
CASE = "0" * 31 + "7"
_DYING = """
    import os, signal, sys
    from pathlib import Path
    import troth
    from troth.adapters import SmtpMailer

    when, send = sys.argv[2], SmtpMailer.send

    def dying(self, mail):
        if when == "after":
            send(self, mail)
        os.kill(os.getpid(), signal.SIGKILL)

    SmtpMailer.send = dying
    with troth.open(Path(sys.argv[1])) as opened:
        opened.background.run_due()
"""


class Company:
    """A folder whose mail goes to a server of the test.

    Args:
        program: The folder and its program.
        sink: The server.
    """

    def __init__(self, program: Troth, sink: Sink) -> None:
        self.program, self.sink = program, sink
        with troth.open(program.folder, clock=program.clock, sequencer=False) as opened:
            point = opened.policy().points["product-registration"]
            key, _ = opened.issue_key(name="site", role="service.collection", purposes=["essential"])
            (registered,) = opened.perform(
                [
                    troth.Ask(
                        act="collect",
                        purpose=REGISTER,
                        key=key,
                        values={
                            "name": "Ann",
                            "email": "ann@example.com",
                            "product": "sensor",
                            "serial": "SN-1",
                        },
                        channel="web",
                        point=point.name,
                        notice=str(point.notice),
                        age_passed=True,
                    )
                ]
            )
        assert registered.permitted, registered
        self.person = registered.person

    def promise(self, count: int = 1, after: timedelta = timedelta()) -> list[str]:
        """Promise mails to the person; gives the jobs."""
        with troth.open(self.program.folder, clock=self.program.clock, sequencer=False) as opened:
            due = micros(self.program.clock.now() + after)
            with opened.database.transaction() as tx:
                return [
                    stage_mail(tx, "case-news", person=self.person, now=due, case=CASE) for _ in range(count)
                ]

    def ids(self) -> list[str]:
        """Message-IDs of what arrived, in the order of arrival, without what surrounds the job."""
        return [str(mail["Message-ID"]).strip("<>").partition("@")[0] for mail in self.sink.mails]

    def die(self, when: str) -> None:
        """Run what is due in a process that is killed before or after it hands the first mail over."""
        script = textwrap.dedent(_DYING)
        died = subprocess.run(
            [sys.executable, "-c", script, self.program.folder, when],
            env=self.program.environment,
            timeout=60,
            check=False,
            capture_output=True,
        )
        assert died.returncode == -signal.SIGKILL, died.stderr


@pytest.fixture
def company(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Company]:
    """A company on each engine in turn, whose mail server is one of the test's."""
    sink = Sink()
    if engine == "postgresql":
        request.getfixturevalue("on_postgres")
    with serving(sink) as port:
        program = Troth(tmp_path / "data", ClockFile(tmp_path / "clock"), dict(os.environ))
        program.environment["TROTH_CLOCK_FILE"] = str(program.clock.path)
        program.environment["TROTH_DATA"] = str(program.folder)
        program.init("--policy", any_serial_file(program.folder.parent))
        settings = program.folder / "troth.toml"
        text = settings.read_text()
        settings.write_text(text.replace('transport = "folder"', f'transport = "smtp://127.0.0.1:{port}"'))
        yield Company(program, sink)


@pytest.mark.slow
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_mail_survives_a_kill(company: Company, when: str) -> None:
    """Killed between commit and handing over, or just after it, the mail goes out later, each time by the same Message-ID."""
    (job,) = company.promise()
    company.die(when)
    arrived = ["before", "after"].index(when)
    assert company.ids() == [job] * arrived
    company.program.run("jobs", "run")
    assert company.ids() == [job] * arrived, "the dead process still holds its lease"
    company.program.clock.advance(LEASE)
    company.program.run("jobs", "run")
    company.program.run("jobs", "run")
    assert company.ids() == [job] * (arrived + 1)
    sends = json.loads(company.program.run("--json", "jobs", "list", "--done").stdout)["jobs"]
    assert [(one["job"], one["attempts"], one["error"]) for one in sends if one["topic"] == "mail.send"] == [
        (job, 2, "")
    ]


@pytest.mark.slow
def test_a_server_sends_at_once_and_when_the_clock_jumps(company: Company) -> None:
    """A running server sends what another process promised, and what falls due when its clock is moved, soon."""
    with company.program.serving():
        now = company.promise()
        wait_until(lambda: company.ids() == now, "the mail goes out")
        later = company.promise(after=timedelta(days=1))
        assert company.ids() == now
        company.program.clock.advance(timedelta(days=1))
        wait_until(lambda: company.ids() == now + later, "the mail of the next day goes out")


@pytest.mark.slow
def test_two_workers_send_each_mail_once(company: Company) -> None:
    """Two processes over one database share the mails; none is sent by both, and none is left."""
    promised = company.promise(30)
    command: list[str | Path] = [TROTH, "--data", company.program.folder, "jobs", "run"]
    workers = [
        subprocess.Popen(command, env=company.program.environment, stdout=subprocess.DEVNULL)
        for _ in range(2)
    ]
    assert [worker.wait(120) for worker in workers] == [0, 0]
    assert sorted(company.ids()) == sorted(promised)


@pytest.mark.slow
def test_a_mail_waits_for_its_server(company: Company) -> None:
    """While the mail server refuses for now the mail waits; refused for good it is over; neither is in the log."""
    company.sink.reply = "451 later ann@example.com"
    company.promise()
    with company.program.serving() as server:
        wait_until(lambda: _errors(company) == ["unavailable"], "the mail is put off")
        company.sink.reply = "250 OK"
        company.program.clock.advance(timedelta(minutes=1))
        wait_until(lambda: len(company.ids()) == 1, "the mail goes out")
        company.sink.reply = "550 unknown ann@example.com"
        company.promise()
        wait_until(lambda: _errors(company, "--done")[:1] == ["undeliverable"], "the mail is given up")
        assert "ann@example.com" not in server.log.read_text()


def _errors(company: Company, *options: str) -> list[str]:
    found = json.loads(company.program.run("--json", "jobs", "list", *options).stdout)["jobs"]
    return [one["error"] for one in found if one["topic"] == "mail.send"]
