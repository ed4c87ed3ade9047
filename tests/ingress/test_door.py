"""The receiving door: one report for a token, keys by week, and what is kept and disposed of."""

import secrets
from datetime import timedelta
from typing import Any

import pytest

from tests.ingress.conftest import WEEK, Receiving
from tests.support.telemetry import Installed, blinded, canonical, unpacked
from troth.adapters import BlindSigner, blind_signed, new_blind_key, public_numbers
from troth.ingress.lake import ReportLake
from troth.ingress.tables import token_secret, token_spent
from troth.kernel import Unavailable
from troth.policy import Telemetry
from troth.storage import Statement, StoredBatch
from troth.telemetry import PublicKey, blind, finalize, prepare

CANARY = "zq-canary-telemetry"


def test_a_signature_that_was_made_blindly_verifies() -> None:
    """The client's own blinding and ours fit together, both ways (RFC 9474)."""
    private, public = new_blind_key()
    key = PublicKey(*public_numbers(public))
    signer = BlindSigner(private)
    message = prepare(b"a token")
    hidden = blind(key, message)
    signed = signer.sign(hidden.message)
    assert signed is not None
    assert signer.sign(hidden.message) == signed
    signature = finalize(key, message, signed, hidden.inverse)
    assert blind_signed(public, message, signature)
    assert not blind_signed(public, message + b"x", signature)
    assert signer.sign(b"short") is None
    assert signer.sign(b"\xff" * signer.length) is None


def test_a_report_is_kept_without_its_sender(engine_receiving: Receiving) -> None:
    """What is kept is what the report says, its day and its entry; a token serves once, however often it comes."""
    one = engine_receiving.installed()
    report = one.report(WEEK, {"cores": 4, "product_edition": "server"})
    assert one.upload(report).status_code == 202
    assert one.upload(report).status_code == 403
    (line,) = engine_receiving.lines()
    assert line[:-1] == (
        "example-sensor",
        "5.2",
        WEEK,
        report["schema"],
        "troth",
        {"cores": 4},
        {"product_edition": "server"},
    )
    (batch,) = engine_receiving.batches()
    assert batch.at % timedelta(days=1).total_seconds() == 0


def test_a_receipt_may_be_shown_by_who_cannot_blind(receiving: Receiving) -> None:
    """The receipt itself opens the door for its own product, and for no other, until it is over."""
    one = receiving.installed()
    report = canonical(one.report(WEEK))
    send = one.send
    assert send("POST", "/telemetry/reports", content=report, headers=one.shown()).status_code == 202
    other = canonical(one.report(WEEK, product="example-server"))
    assert send("POST", "/telemetry/reports", content=other, headers=one.shown()).status_code == 403
    assert one.opt_out().status_code == 204
    assert send("POST", "/telemetry/reports", content=report, headers=one.shown()).status_code == 403
    assert len(receiving.lines()) == 1


def test_one_token_a_week(receiving: Receiving) -> None:
    """The same blinded message gets the same signature; another one is refused until the next week."""
    one = Installed(receiving.web.client.request)
    assert one.opt_in().status_code == 201
    key = one.key()
    n, e = (int.from_bytes(unpacked(key[part]), "big") for part in ("n", "e"))
    hidden, _ = blinded(n, e, secrets.token_bytes(64))
    first = one.ask(key, hidden)
    assert first.status_code == 200
    assert one.ask(key, hidden).json() == first.json()
    assert one.fetch().status_code == 409
    receiving.web.clock.advance(timedelta(days=7))
    assert one.ask(key, hidden).json()["type"] == "/problems/token-closed"
    assert one.fetch().status_code == 200


def test_a_token_is_taken_until_the_end_of_the_next_week(receiving: Receiving) -> None:
    """A late report is taken for a week; then the key, and all that is noted of its tokens, is gone."""
    late, later = receiving.installed(), receiving.installed()
    report = late.report(WEEK)
    receiving.web.clock.advance(timedelta(days=13))
    assert late.upload(report).status_code == 202
    receiving.web.clock.advance(timedelta(days=1))
    assert later.upload(report).json()["type"] == "/problems/token-closed"
    keys = receiving.web.troth.telemetry.keys
    keys.tidy()
    keys.current()
    with receiving.web.troth.database.snapshot() as tx:
        assert tx.rows(Statement(token_spent.select())) == []
    with receiving.web.troth.keystore.snapshot() as tx:
        assert len(tx.rows(Statement(token_secret.select()))) == 1
    assert later.upload(report).status_code == 403


def test_without_its_private_key_a_week_gets_another(receiving: Receiving) -> None:
    """A key store from a copy holds no signing keys: the key closes and the next one signs."""
    one = receiving.installed()
    old = one.key()["key"]
    keys = receiving.web.troth.telemetry.keys
    keys.forget([old])
    assert one.key()["key"] != old
    assert one.upload(one.report(WEEK)).json()["type"] == "/problems/token-closed"
    assert one.fetch().status_code == 200
    assert one.upload(one.report(WEEK)).status_code == 202


def test_nobody_learns_whether_a_receipt_is_known(receiving: Receiving) -> None:
    """Opting out answers the same for a known, an ended and an unknown receipt."""
    one = receiving.installed()
    stranger = Installed(receiving.web.client.request)
    stranger.receipt = "A" * 43
    answers = [one.opt_out(), one.opt_out(), stranger.opt_out()]
    assert {(answer.status_code, answer.content) for answer in answers} == {(204, b"")}
    stranger.receipt = "no receipt"
    assert stranger.opt_out().status_code == 401


def test_reports_move_into_the_lake_once(receiving: Receiving, monkeypatch: pytest.MonkeyPatch) -> None:
    """Folding empties the inbox; a crash behind the table's commit counts nothing twice."""
    keeper = receiving.web.troth.telemetry.keeper
    assert keeper.lake is not None
    for number in range(3):
        one = receiving.installed()
        assert one.upload(one.report(WEEK, {"cores": number, "product_edition": "server"})).status_code == 202
    append = ReportLake.append

    def append_and_fail(lake: ReportLake, batches: list[StoredBatch], number: int) -> None:
        append(lake, batches, number)
        raise Unavailable("The process ended here.")

    with monkeypatch.context() as broken:
        broken.setattr(ReportLake, "append", append_and_fail)
        with pytest.raises(Unavailable):
            keeper.fold()
    one = receiving.installed()
    assert one.upload(one.report(WEEK, {"cores": 3})).status_code == 202
    assert keeper.fold() == 1
    assert receiving.lines() == []
    rows: list[tuple[Any, ...]] = [
        row
        for found in keeper.lake.table().scan(columns=["day", "numbers", "words"])
        for row in zip(*(found.column(name).to_pylist() for name in ("day", "numbers", "words")), strict=True)
    ]
    assert sorted(dict(numbers)["cores"] for _, numbers, _ in rows) == [0, 1, 2, 3]
    assert {day for day, _, _ in rows} == {"2026-01-05"}
    assert sum(dict(words).get("product_edition") == "server" for _, _, words in rows) == 3


def test_reports_go_when_their_time_is_over(receiving: Receiving) -> None:
    """After the declared two years they go from inbox and lake, and the ledger says how many."""
    keeper = receiving.web.troth.telemetry.keeper
    for folded in (True, False):
        one = receiving.installed()
        assert one.upload(one.report(WEEK)).status_code == 202
        if folded:
            keeper.fold()
    receiving.web.clock.advance(timedelta(days=729))
    assert keeper.dispose().reports == 0
    receiving.web.clock.advance(timedelta(days=3))
    assert keeper.dispose().reports == 2
    assert keeper.dispose().reports == 0
    assert keeper.lake is not None
    assert keeper.lake.condition().events == 0
    assert receiving.lines() == []


def test_what_is_not_declared_never_reaches_disk(receiving: Receiving) -> None:
    """Names, labels and texts that nobody declared: refused, and no byte of them in any file (clause II.7)."""
    one = receiving.installed()
    strange: list[dict[str, Any]] = [
        {CANARY: 1},
        {"cores": CANARY},
        {"plugins_in_use": {CANARY: 1}},
        {"product_edition": CANARY},
        {"search_time": [CANARY] * 7},
    ]
    bodies = [canonical(one.report(WEEK, metrics)) for metrics in strange]
    bodies += [
        canonical({**one.report(WEEK), name: CANARY})
        for name in ("host", "product", "release", "week", "schema")
    ]
    for body in bodies:
        answer = one.upload(body)
        assert answer.status_code in {409, 422}
        assert answer.status_code == 409 or answer.json()["field"]
    receiving.web.troth.telemetry.keeper.fold()
    folder = receiving.web.troth.folder
    assert [
        path for path in folder.rglob("*") if path.is_file() and CANARY.encode() in path.read_bytes()
    ] == []
    assert one.upload(one.report(WEEK)).status_code == 202


def test_the_clauses_of_metrics_lead_to_the_explainer(receiving: Receiving) -> None:
    """Each published clause that declares a metric leads to the page that explains every field, and no other does."""
    sections = receiving.web.client.get("/policy").text.split('<section class="clause" id="')[1:]
    linked = {part.partition('"')[0] for part in sections if 'links"><a href="/telemetry"' in part}
    policy = receiving.web.troth.policy()
    assert linked == {metric.clause for metric in policy.of(Telemetry)}
    assert linked


def test_telemetry_answers_on_its_own_host_alone(receiving: Receiving) -> None:
    """Where a host name is set, telemetry answers there and nowhere else, and nothing else answers there."""
    import msgspec
    from litestar.testing import TestClient

    from troth.web import create_app

    troth = receiving.web.troth
    web = msgspec.structs.replace(troth.settings.web, telemetry_host="telemetry.example.com")
    troth.settings = msgspec.structs.replace(troth.settings, web=web)
    with TestClient(create_app(troth)) as client:
        there = {"Host": "telemetry.example.com"}
        assert client.get("/telemetry", headers=there).status_code == 200
        assert client.get("/telemetry").status_code == 404
        assert client.get("/policy", headers=there).status_code == 404
        assert client.post("/telemetry/reports", content=b"{}").status_code == 404
        assert client.post("/telemetry/reports", content=b"{}", headers=there).status_code == 422
        assert client.get("/policy").status_code == 200
        links = client.get("/telemetry", headers=there).text
        assert f'href="{web.public_url}/policy' in links
        assert 'href="/policy' not in links
