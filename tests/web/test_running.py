"""What the running system says about itself: health, metrics, well-known files, the ledger's files."""

import re
from datetime import timedelta

import sectxt

from tests.web.conftest import SUPPORT, Web
from troth.gate import stage_mail
from troth.kernel import micros
from troth.ledger import Verifier, open_checkpoint, verify_receipt
from troth.storage import stage_job


def test_health_names_every_part(shared: Web) -> None:
    """Database, key store, ledger, policy and background work."""
    health = shared.get("/health")
    assert health.status_code == 200
    parts = ("database", "keystore", "ledger", "policy", "background")
    assert health.json()["parts"] == dict.fromkeys(parts, "ok")
    assert health.json()["policy"] == shared.troth.policy().sha256


def test_waiting_jobs_are_counted(web: Web) -> None:
    """Health and metrics say how many jobs wait and for how long the oldest has been due; a later one is not late."""
    due = micros(web.clock.now())
    with web.troth.database.transaction() as tx:
        stage_job(tx, "mail.send", {}, due=due)
        stage_job(tx, "mail.send", {}, due=due + 3_600_000_000)
    web.clock.advance(timedelta(seconds=90))
    assert web.get("/health").json()["jobs"] == {"waiting": 2, "late": 90}
    told = web.get("/metrics").text
    assert 'troth_jobs_waiting{topic="mail.send"} 2.0' in told
    assert "troth_jobs_late_seconds 90.0" in told
    web.troth.background.run_due()
    assert web.get("/health").json()["jobs"] == {"waiting": 1, "late": 0}
    web.clock.advance(timedelta(hours=1))
    web.troth.background.run_due()
    assert web.get("/health").json()["jobs"] == {"waiting": 0, "late": 0}
    assert "troth_jobs_waiting{" not in web.get("/metrics").text


def test_metrics_count_acts_and_hold_nothing_personal(web: Web) -> None:
    """Acts by kind and effect, seconds, batches, and the ledger's size and lag."""
    web.register("canary-4711@example.com")
    person, case = web.ticket("canary-4711@example.com")
    web.get(f"/v1/people/{person}", "support", fields="email", purpose=SUPPORT, case=case)
    web.get(f"/v1/people/{person}", "support", fields="email", purpose=SUPPORT)
    web.troth.flush_ledger()
    text = web.get("/metrics").text
    found = dict(re.findall(r"^(\S+) (\S+)$", text, re.MULTILINE))
    assert found['troth_acts_total{act="use",effect="permit"}'] == "1.0"
    assert found['troth_acts_total{act="use",effect="deny"}'] == "1.0"
    assert found['troth_acts_total{act="collect",effect="permit"}'] == "1.0"
    assert found["troth_act_seconds_count"] == found["troth_batch_acts_count"] == "4.0"
    assert found["troth_ledger_entries"] == "4.0"
    assert found["troth_ledger_staged_entries"] == "0.0"
    assert found['troth_http_responses_total{status="4xx"}'] == "1.0"
    assert person not in text
    assert "canary" not in text


def test_mails_are_counted_by_what_became_of_them(web: Web) -> None:
    """A mail that went out shows as a number and nothing else."""
    web.register("canary-4711@example.com")
    person, case = web.ticket("canary-4711@example.com")
    assert "troth_mails_total{" not in web.get("/metrics").text
    with web.troth.database.transaction() as tx:
        stage_mail(tx, "case-news", person=person, now=micros(web.clock.now()), case=case)
    web.troth.background.run_due()
    text = web.get("/metrics").text
    assert 'troth_mails_total{fate="sent"} 1.0' in text
    assert "example.com" not in text


def test_two_applications_have_metrics_of_their_own(web: Web) -> None:
    """A second application over the same folder starts counting at nothing."""
    from litestar.testing import TestClient

    from troth.web import create_app

    web.register()
    with TestClient(create_app(web.troth)) as other:
        assert "troth_act_seconds_count 0.0" in other.get("/metrics").text


def test_global_privacy_control_is_announced(shared: Web) -> None:
    """The support resource as JSON, dated by the policy in force."""
    answer = shared.get("/.well-known/gpc.json")
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == {"gpc": True, "lastUpdate": "2015-04-16"}


def test_security_txt_is_valid(shared: Web) -> None:
    """As an outside checker reads it (RFC 9116)."""
    answer = shared.get("/.well-known/security.txt")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    parser = sectxt.Parser(answer.content, urls="https://privacy.example.com/.well-known/security.txt")
    late = {"expired", "long_expiry"}  # the checker looks at the machine's clock, the page at ours
    assert [error["code"] for error in parser.errors if error["code"] not in late] == []
    assert "Contact: mailto:support@example.com\n" in answer.text
    assert "Expires: 2026-07-04T09:00:00Z\n" in answer.text


def test_the_checkpoint_is_signed_by_the_published_key(shared: Web) -> None:
    """And covers what a receipt proves."""
    vkey = shared.get("/ledger/key").text.strip()
    checkpoint = open_checkpoint(shared.get("/ledger/checkpoint").text, Verifier.parse(vkey))
    assert checkpoint.size == shared.get("/health").json()["ledger"]["entries"]
    tile = shared.get(f"/ledger/tile/0/000.p/{checkpoint.size}")
    assert len(tile.content) == 32 * checkpoint.size
    assert tile.headers["content-type"] == "application/octet-stream"


def test_entries_need_a_key_and_hold_no_value(shared: Web) -> None:
    """They concern people, if only by handles."""
    size = shared.get("/health").json()["ledger"]["entries"]
    path = f"/ledger/tile/entries/000.p/{size}"
    assert shared.get(path).status_code == 401
    answer = shared.get(path, "support")
    assert answer.status_code == 200
    assert b"ann@example.com" not in answer.content
    assert answer.headers["cache-control"] == "private, no-store"


def test_tiles_that_cannot_be_are_404(shared: Web) -> None:
    """Odd paths never reach the log."""
    for path in (
        "0/999",
        "99/000",
        "0/%2e%2e/%2e%2e/checkpoint",
        "entries",
        "x",
        "0/000.p/0",
        "0/000.p/999",
        "-1/000",
    ):
        assert shared.get(f"/ledger/tile/{path}", "support").status_code == 404, path


def test_a_receipt_verifies_offline(web: Web) -> None:
    """Right after the answer, with the published key and nothing else."""
    entry = web.register().json()["entry"]
    text = web.get(f"/v1/receipts/{entry}").text
    verified = verify_receipt(text, web.get("/ledger/key").text.strip())
    assert entry.encode() in verified.body
    assert web.get(f"/v1/receipts/{'0' * 32}").status_code == 404
    assert web.get("/v1/receipts/..%2f..").status_code == 404
