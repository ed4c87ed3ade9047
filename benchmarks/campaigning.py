"""A campaign, from choosing people to a mail server, and one whose process is killed on its way."""

import os
import shutil
import signal
import smtplib
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import formatdate
from pathlib import Path
from tempfile import mkdtemp
from threading import Event
from time import perf_counter, process_time

import troth
from benchmarks.company import RIGHTS, Company, company, done
from benchmarks.over_http import free_port
from benchmarks.report import Report, Result
from troth import Ask
from troth.adapters import new_dkim_key
from troth.bootstrap import compile_texts
from troth.campaigns import LEASE
from troth.outreach import read_message

_LEAST = 600
_KILLS = 5
_MOST_TWICE = 20_000
"""Copies up to which a campaign that nobody kills is measured too; beyond, only the one that is killed."""
_GROUP = 200
_MESSAGE = """---
name: spring-news
purpose: marketing.communications.email
channel: email
topic: product-news
subject: News about the sensor
language: en
---
{greeting}

the **new sensor** is out: <https://www.example.com/sensor>

It looks after itself, and it tells you when it needs you.
"""
_SINK = """
import asyncio, sys
from email.parser import BytesHeaderParser
from aiosmtpd.smtp import SMTP

class Sink:
    def __init__(self, kept):
        self.kept = kept

    async def handle_DATA(self, server, session, envelope):
        head = BytesHeaderParser().parsebytes(envelope.content)
        self.kept.write(f"{head['To']} {head['Message-ID']}\\n")
        self.kept.flush()
        return "250 taken"

async def main():
    loop = asyncio.get_running_loop()
    kept = open(sys.argv[2], "a")
    server = await loop.create_server(lambda: SMTP(Sink(kept)), "127.0.0.1", int(sys.argv[1]))
    print("ready", flush=True)
    await server.serve_forever()

asyncio.run(main())
"""
_RUN = """
import sys
from pathlib import Path
import troth
with troth.open(Path(sys.argv[1])) as opened:
    while opened.campaigns.campaign(sys.argv[2]).state != "done":
        opened.campaign_runner.run_due()
"""


def run(report: Report, place: Path, copies: int) -> None:
    """Measure a campaign to so many people, and another whose process is killed five times on its way."""
    kept = Path(mkdtemp(prefix="troth-bench-sink-", dir=place)) / "arrived"
    try:
        with _serving(kept) as port, company(copies, place, tickets=False) as made:
            plain = _plain(port, min(copies, 1_000))
            _lead_to(made, port)
            ask_for_announcements(made)
            made.troth.messages.add(compile_texts(made.troth, [read_message(_MESSAGE)]))
            if copies <= _MOST_TWICE:
                _whole(report, made, plain)
            _killed(report, made, kept)
    finally:
        shutil.rmtree(kept.parent)


def _lead_to(made: Company, port: int) -> None:
    """Let the company's mail be signed and go to the server."""
    made.troth.close()
    key, settings = made.folder / "keys" / "dkim-troth.pem", made.folder / "troth.toml"
    key.write_bytes(new_dkim_key("rsa"))
    key.chmod(0o600)
    text = settings.read_text(encoding="utf-8")
    for was, becomes in (
        ('transport = "folder"', f'transport = "smtp://127.0.0.1:{port}"'),
        ('[mail.dkim]\ndomain = ""', '[mail.dkim]\ndomain = "example.com"'),
    ):
        if was not in text:
            raise RuntimeError(f"the settings of a new folder lack {was}")
        text = text.replace(was, becomes)
    settings.write_text(text, encoding="utf-8")
    made.troth = troth.open(made.folder)


def ask_for_announcements(made: Company) -> None:
    """Everybody agrees to announcements by e-mail."""
    for start in range(0, len(made.people), _GROUP):
        asks = [
            Ask(
                act="instruct", order="record-stance", purpose=RIGHTS, key=made.privacy_key, person=who,
                about="marketing.communications.email", stance="consented",
            )
            for who in made.people[start : start + _GROUP]
        ]  # fmt: skip
        done(made.troth.perform(asks))


def _started(made: Company) -> str:
    key, _ = made.troth.issue_key(
        name="marketing", role="staff.marketing", purposes=["marketing"], cases=["campaign"]
    )
    draft = made.troth.campaigns.draft(
        key, name="Spring", message="spring-news", expression='product = "sensor"'
    )
    made.troth.campaigns.start(key, draft.case)
    return str(draft.case)


def _whole(report: Report, made: Company, plain: float) -> None:
    case, runner = _started(made), made.troth.campaign_runner
    copies = len(made.people)
    began = perf_counter()
    while made.troth.campaigns.progress(case).counts["planned"] < copies:
        runner.step()
    chosen = perf_counter() - began
    began, worked = perf_counter(), process_time()
    runner.run_due()
    took, worked = perf_counter() - began, process_time() - worked
    counts = made.troth.campaigns.progress(case).counts
    if counts["sent"] != copies:
        raise RuntimeError(f"the campaign ended otherwise: {counts}")
    report.add(
        Result(
            "choose people for a campaign",
            copies / chosen,
            "/s",
            note="each decided; handles into the outbox",
        )
    )
    report.add(
        Result(
            "decide, write, sign and hand over marketing mail, one core",
            copies / worked,
            "/s",
            f"{_LEAST}/s",
            copies / worked >= _LEAST,
            f"unprotected, unsigned, no record, the standard library: {plain:,.0f}/s",
            f"{copies / worked / plain:.2f} times",
            f"{copies:,} copies by a second of our processor; {copies / took:,.0f}/s by the clock with the server beside it",
        )
    )


def _killed(report: Report, made: Company, kept: Path) -> None:
    case, copies, before = _started(made), len(made.people), len(_lines(kept))
    made.troth.close()
    began, now = perf_counter(), datetime.now(UTC)
    for number in range(1, _KILLS + 1):
        process = _sending(made.folder, case, now)
        _wait_for(kept, before + copies * number // (_KILLS + 1))
        process.send_signal(signal.SIGKILL)
        process.wait()
        now += LEASE + timedelta(seconds=1)  # the lease of whoever was killed has ended
    if _sending(made.folder, case, now).wait():
        raise RuntimeError("the last process failed")
    took = perf_counter() - began
    came = Counter(_lines(kept)[before:])
    made.troth = troth.open(made.folder)
    if len(came) != copies or len({one.partition(" ")[0] for one in came}) != copies:
        raise RuntimeError(f"{copies} were to get a copy, and {len(came)} different ones came")
    report.add(
        Result(
            "copies of a killed campaign that came twice",
            float(sum(came.values()) - copies),
            "copies",
            baseline=f"{copies:,} copies, {_KILLS} kills",
            note=f"each person has one, repeats bear its Message-ID; chosen and sent at {copies / took:,.0f}/s in all",
        )
    )


def _sending(folder: Path, case: str, now: datetime) -> "subprocess.Popen[bytes]":
    clock = folder.parent / "clock"
    clock.write_text(now.isoformat(), encoding="utf-8")
    environment = {**os.environ, "TROTH_CLOCK_FILE": str(clock)}
    return subprocess.Popen([sys.executable, "-c", _RUN, folder, case], env=environment)


def _lines(kept: Path) -> list[str]:
    return kept.read_text(encoding="ascii").splitlines()


def _wait_for(kept: Path, number: int) -> None:
    pause = Event()
    while kept.stat().st_size == 0 or len(_lines(kept)) < number:
        pause.wait(0.2)


def _plain(port: int, copies: int) -> float:
    """Mails a second of our processor that the standard library writes and hands over, without any of what Troth does."""
    began = process_time()
    with smtplib.SMTP("127.0.0.1", port) as server:
        for number in range(copies):
            mail = EmailMessage()
            mail["From"], mail["To"] = "support@example.com", f"plain{number}@example.com"
            mail["Subject"], mail["Message-ID"] = "News about the sensor", f"<{number}@plain.example>"
            mail["Date"] = formatdate(0)
            mail.set_content(_MESSAGE)
            mail.add_alternative(f"<p>{_MESSAGE}</p>", subtype="html")
            server.send_message(mail)
    return copies / (process_time() - began)


@contextmanager
def _serving(kept: Path) -> Iterator[int]:
    """A mail server in another process that notes to whom which message came."""
    kept.touch()
    port = free_port()
    command = [sys.executable, "-c", _SINK, str(port), str(kept)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        server.stdout.readline()
        try:
            yield port
        finally:
            server.terminate()
