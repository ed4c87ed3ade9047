"""Submissions of visitors through gate, vault and ledger: as JSON and as a form that a browser sends."""

import http.client
import json
import re
import shutil
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlencode

import troth
from benchmarks.company import any_serial
from benchmarks.over_http import CONNECTIONS, free_port, rate_of, serving
from benchmarks.report import Report, Result

_POINT = "product-registration"
_COUNT = 4_000
_ROUNDS = 3
_LEAST = 1_000


def run(report: Report, place: Path) -> None:
    """Measure submissions of new people by 64 connections to one worker, each with keys of its own."""
    folder = Path(tempfile.mkdtemp(prefix="troth-bench-", dir=place))
    try:
        troth.init_folder(folder / "data", policy=any_serial(folder / "data"))
        with troth.open(folder / "data") as opened:
            notice = str(opened.policy().points[_POINT].notice)
        port = free_port()
        command = [str(Path(sys.executable).parent / "troth"), "serve", "--data", str(folder / "data")]
        with serving([*command, "--port", str(port)], port):
            as_json = [_rate_json(port, notice, number) for number in range(_ROUNDS)]
            as_form = [_rate_form(port, notice, number) for number in range(_ROUNDS)]
    finally:
        shutil.rmtree(folder)
    _tell(report, "POST /collect, a new person each", max(as_json))
    _tell(report, "POST /forms, form-encoded, a new person each", max(as_form))


def _tell(report: Report, work: str, figure: float) -> None:
    target = f"{_LEAST:,}/s"
    note = (
        f"one worker, {CONNECTIONS} connections; four fields sealed and the entry on disk before each answer"
    )
    report.add(Result(work, figure, "/s", target, figure >= _LEAST, note=note))


def _values(mark: str) -> dict[str, str]:
    return {
        "name": f"Person {mark}",
        "email": f"{mark}@example.com",
        "product": "sensor",
        "serial": f"SN-{mark}",
    }


def _rate_json(port: int, notice: str, number: int) -> float:
    age = {"year": 1970, "month": 4}
    requests = [
        _request(
            f"/collect/{_POINT}",
            json.dumps(
                {"channel": "web", "notice": notice, "age": age, "values": _values(f"j{number}x{person}")}
            ),
            "Content-Type: application/json",
        )
        for person in range(_COUNT)
    ]
    return rate_of(port, requests, _COUNT, 201)


def _rate_form(port: int, notice: str, number: int) -> float:
    """A visitor who has passed the age screen; each submission carries the cookie and the token."""
    cookie, token = _passed(port)
    own = {"troth-notice": notice, "troth-token": token}
    requests = [
        _request(
            f"/forms/{_POINT}",
            urlencode({**own, **_values(f"f{number}x{person}")}),
            f"Content-Type: application/x-www-form-urlencoded\r\nCookie: {cookie}",
        )
        for person in range(_COUNT)
    ]
    return rate_of(port, requests, _COUNT, 303)


def _passed(port: int) -> tuple[str, str]:
    path = f"/forms/{_POINT}"
    cookie, token = _asked(port, "GET", path, "", "")
    answer = {"troth-token": token, "troth-birth-month": "4", "troth-birth-year": "1970"}
    cookie, _ = _asked(port, "POST", f"{path}/age", urlencode(answer), cookie)
    _, token = _asked(port, "GET", path, "", cookie)
    return cookie, token


def _asked(port: int, method: str, path: str, body: str, cookie: str) -> tuple[str, str]:
    """The form cookie and the token of an answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    headers = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    found = re.search(r'name="troth-token" value="([^"]*)"', text)
    return (answer.getheader("Set-Cookie") or "").partition(";")[0] or cookie, found[1] if found else ""


def _request(path: str, body: str, headers: str) -> bytes:
    content = body.encode()
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\nContent-Length: {len(content)}\r\n\r\n"
    return head.encode() + content
