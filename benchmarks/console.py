"""The console's queue with 100,000 open requests: a page from the request to its last byte, in process."""

import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from litestar.testing import TestClient
from pyotp import TOTP

import troth
from benchmarks.gdprbench.server import server
from benchmarks.report import Report, Result
from troth.bootstrap import Troth
from troth.kernel import micros
from troth.rights import KINDS
from troth.storage import Statement, data_tables
from troth.web import create_app

_OPEN = 100_000
_ROUNDS = 30
_MOST_MS = 100.0
_DAY = 86_400_000_000
_PASSWORD = "correct horse battery staple"  # noqa: S105  of a made person
PAGES: tuple[tuple[str, dict[str, str]], ...] = (
    ("first page", {}),
    ("a page in the middle", {"behind": "middle"}),
    ("one kind in one state", {"kind": "erase", "state": "verified"}),
    ("one's own", {"mine": "yes"}),
    ("late ones", {"late": "yes"}),
)


def run(report: Report, place: Path) -> None:
    """Measure pages of the queue on each engine; a tenth of the requests is late."""
    for engine in ("sqlite", "postgresql"):
        folder = Path(tempfile.mkdtemp(prefix="troth-bench-", dir=place))
        try:
            with _opened(folder, engine, place) as opened:
                for name, milliseconds in _measured(opened):
                    _tell(report, engine, name, milliseconds)
        finally:
            shutil.rmtree(folder)


def _tell(report: Report, engine: str, name: str, milliseconds: float) -> None:
    note = f"median of {_ROUNDS}, in process, {_OPEN:,} open requests, one in ten late, 50 on a page"
    work = f"queue page ({name}), {engine}"
    report.add(Result(work, milliseconds, "ms", f"{_MOST_MS:.0f} ms", milliseconds <= _MOST_MS, note=note))


@contextmanager
def _opened(folder: Path, engine: str, place: Path) -> Iterator[Troth]:
    if engine == "sqlite":
        troth.init_folder(folder / "data")
        with troth.open(folder / "data") as opened:
            yield opened
        return
    with server(place) as running:
        urls = [running.database(name) for name in ("troth_data", "troth_keys")]
        troth.init_folder(folder / "data", database_url=urls[0], keystore_url=urls[1])
        with troth.open(folder / "data") as opened:
            yield opened


def _measured(opened: Troth) -> Iterator[tuple[str, float]]:
    now = opened.clock.now()
    key, staff = somebody(opened, now)
    middle = _fill(opened, micros(now), staff)
    headers = {"Cookie": f"{cookie_name(opened)}={key}"}
    with TestClient(create_app(opened)) as client:
        for name, query in PAGES:
            asked: dict[str, Any] = {**query, "behind": middle} if "behind" in query else dict(query)
            taken = []
            for _ in range(_ROUNDS):
                started = perf_counter()
                answer = client.get("/console", params=asked, headers=headers)
                taken.append((perf_counter() - started) * 1000)
                assert answer.status_code == 200, answer.text
            assert "past the due date" in answer.text
            yield name, median(taken)


def somebody(opened: Troth, now: datetime, role: str = "staff.privacy") -> tuple[str, str]:
    """A member of staff who is signed in: key and id."""
    member, token = opened.roster.add(name="ann.example", title="Ann", role=role)
    _, seed = opened.roster.invited(token)
    code = TOTP(opened.roster.codes.shared(seed)).at(now)
    recovery = opened.roster.enrol(token, _PASSWORD, code)
    return opened.staff.sign_in("ann.example", _PASSWORD, recovery[0]), member.staff


def _fill(opened: Troth, now: int, staff: str) -> str:
    """Make the open requests; gives a place in the middle of the queue."""
    matter = data_tables.tables["matter"]
    names = [column.name for column in matter.columns]
    first = now - 3 * _DAY
    policy = opened.policy().sha256
    rows = []
    for number in range(_OPEN):
        due = first + number * 27 * _DAY // _OPEN
        case = f"{number:032x}"
        row = {
            "case_id": case, "number": f"R-{number:09d}", "matter": "request", "kind": KINDS[number % len(KINDS)],
            "state": ("verified", "planned", "executing", "received")[number % 4], "person": secrets.token_hex(16), "record": "",
            "channel": "web", "about": "", "policy": policy, "language": "en", "handler": staff if number % 50 == 0 else "",
            "reviewer": "", "received_at": due - 30 * _DAY, "due_at": due, "due_rule": "", "verified_at": due - 29 * _DAY,
            "overdue_at": 0, "ended_at": 0, "outcome": "", "slot": case, "uses": "",
        }  # fmt: skip
        rows.append(tuple(row[name] for name in names))
    with opened.database.transaction() as tx:
        tx.run_many(Statement(matter.insert()), rows)
    if opened.database.dialect == "postgresql":  # as autovacuum does within a minute
        with opened.database.transaction() as tx:
            tx.script("ANALYZE matter")
    return f"{rows[_OPEN // 2][names.index('due_at')]}.{_OPEN // 2:032x}"


def cookie_name(opened: Troth) -> str:
    """The cookie that a session at the console stands in."""
    from troth.policy import Cookie

    return next(one.wire_name for one in opened.policy().of(Cookie) if one.remembers == "staff")
