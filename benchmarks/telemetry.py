"""Telemetry: reports with tokens over HTTP, each on disk, against the same server with an empty handler."""

import secrets
import shutil
import sys
import tempfile
from base64 import urlsafe_b64encode
from pathlib import Path
from time import perf_counter
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPrivateNumbers, RSAPublicNumbers

import troth
from benchmarks.events import EMPTY
from benchmarks.over_http import free_port, rate_of, serving
from benchmarks.report import Report, Result
from troth.adapters import blind_signed
from troth.bootstrap import Troth
from troth.ingress import week_of
from troth.policy import schema_document
from troth.telemetry import Schema, sample_report

_REPORTS = 6_000
"""Of a round; each needs a token of its own, and making one takes longer than taking it in."""
_ROUNDS = 2
_PSS = padding.PSS(padding.MGF1(hashes.SHA384()), 48)


def run(report: Report, place: Path) -> None:
    """Measure the whole sample of the reference policy, sent again and again with fresh tokens."""
    folder = Path(tempfile.mkdtemp(prefix="troth-telemetry-", dir=place))
    try:
        troth.init_folder(folder / "data")
        with troth.open(folder / "data", sequencer=False) as opened:
            rounds, verified = _rounds(opened)
        program = str(Path(sys.executable).parent / "troth")
        mine, empty = free_port(), free_port()
        command = [program, "serve", "--data", str(folder / "data"), "--port", str(mine)]
        file = folder / "empty.py"
        file.write_text(EMPTY, encoding="utf-8")
        raw = taken = 0.0
        with serving(command, mine), serving([sys.executable, str(file), str(empty)], empty):
            for requests in rounds:  # in turn, because a shared machine changes
                raw = max(raw, rate_of(empty, requests, count=_REPORTS, status=202))
                taken = max(taken, rate_of(mine, requests, count=_REPORTS, status=202))
    finally:
        shutil.rmtree(folder)
    report.add(
        Result(
            "POST /telemetry/reports, one worker, 64 connections, each 202 on disk",
            taken,
            "/s",
            "3,000/s",
            taken >= 3_000,
            f"the same server, empty handler: {raw:,.0f}/s",
            f"{taken / raw:.2f} of empty",
            f"a token verified ({verified * 1e6:,.0f} us alone), read strictly, spent, decided, recorded, committed",
        )
    )


def _rounds(opened: Troth) -> tuple[list[list[bytes]], float]:
    """Requests with tokens that were never shown, and the seconds that verifying one takes."""
    keys = opened.telemetry.keys
    key = keys.current()
    private = _private(keys._signer(key.key_id))
    document = schema_document(opened.policy())
    assert document is not None
    day = opened.clock.now().date()
    body = sample_report(
        Schema.from_document(document), "example-sensor", "5.2", week_of(day), day=day.isoformat()
    )
    rounds = []
    for _ in range(_ROUNDS):
        messages = [secrets.token_bytes(64) for _ in range(_REPORTS)]
        signed = [private.sign(one, _PSS, hashes.SHA384()) for one in messages]
        rounds.append([_request(key.key_id, *pair, body) for pair in zip(messages, signed, strict=True)])
    began = perf_counter()
    for pair in zip(messages, signed, strict=True):
        assert blind_signed(key.public, *pair)
    return rounds, (perf_counter() - began) / _REPORTS


def _private(signer: Any) -> RSAPrivateKey:
    """The key that signs, for signing openly: blinding each token would take a minute, and is not what is measured."""
    p, q, e = signer._p, signer._q, signer._e
    public = RSAPublicNumbers(e, p * q)
    whole = pow(e, -1, (p - 1) * (q - 1))
    return RSAPrivateNumbers(p, q, whole, signer._dp, signer._dq, signer._inverse, public).private_key()


def _request(key: str, message: bytes, signature: bytes, body: bytes) -> bytes:
    head = (
        "POST /telemetry/reports HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Authorization: Token {key}.{_text(message)}.{_text(signature)}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _text(value: bytes) -> str:
    return urlsafe_b64encode(value).rstrip(b"=").decode()
